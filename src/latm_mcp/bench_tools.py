"""A tool for the bench: made from some rows, and put to others through its adapter; nothing here is kept or shown."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.bench_files import DataFile
from latm_mcp.bench_scores import Judged
from latm_mcp.errors import BadInput
from latm_mcp.job_intake import MakeRequest
from latm_mcp.judging import Run, judge
from latm_mcp.latm import Latm
from latm_mcp.latm_sentences import first_line, replaying, step_words
from latm_mcp.models import Example, Maker, Progress, Status, Tool, Usage
from latm_mcp.outcomes import AnswerQuestion, Program
from latm_mcp.recording import RecordedMaker
from latm_mcp.text import check_name, name_from

Told = Callable[[str, str, float], None]  # task, sentence, share done
MAX_GOT = 200


@dataclass(frozen=True, slots=True)
class Made:
    """How a making ended. tool: its name, or empty; fault: why there is none; usage, usd: of its maker, as the ledger has them."""

    status: Status
    tool: str
    tries: int
    usage: Usage
    usd: float
    seconds: float
    fault: str = ""


async def make_tool(
    latm: Latm, file: DataFile, examples: Sequence[Example], maker: Maker, record: Path | None, told: Told
) -> Made:
    """Make a tool for a file's task from these rows. Raises: what making raises, StaleRecording and MakerFailed among it."""
    started, recorded = time.monotonic(), isinstance(maker, RecordedMaker)
    request = MakeRequest(tuple(examples), name=tool_name(file))
    if isinstance(maker, RecordedMaker):
        request = MakeRequest(tuple(examples), name=maker.name, description=maker.description)

    def report(step: Progress) -> None:
        told(file.stem, step_words(replaying(step) if recorded else step), 0.9 * step.done)

    result = await latm.make(request, report, maker=maker, record=record)
    job = latm.store.job(result.job) if result.job else None
    usage, usd = spent_on(latm, job.task.name) if job else (Usage(), 0.0)
    fault = ""
    if result.tool is None:
        fault = first_line(result.failure.sentence) if result.failure else result.next
    name = result.tool.name if result.tool else ""
    seconds = round(time.monotonic() - started, 2)
    return Made(result.status, name, len(job.tries) if job else 0, usage, usd, seconds, fault)


def tool_name(file: DataFile) -> str:
    """The name of a file's tool: its stem, where that can be a tool's."""
    try:
        return check_name(file.stem)
    except BadInput:
        return name_from(file.stem, file.stem)


async def ask_adapter(latm: Latm, tool: Tool, examples: Sequence[Example]) -> list[Run]:
    """Questions through a tool's adapter, each judged as the harness does. The tool has one."""
    requests = [AnswerQuestion(example.question) for example in examples]
    program = Program(tool.source, tool.signature.function)
    outcomes = await latm.sandbox.run_batch(program, requests, limits=latm.limits_of(tool.name))
    return [judge(0, *each, tool.comparison) for each in zip(examples, requests, outcomes, strict=True)]


async def answered(latm: Latm, tool: Tool, examples: Sequence[Example]) -> list[Judged]:
    """What came of each question through the adapter; without one, all abstained."""
    if not tool.adapter:
        return [Judged("abstained", "the tool has no adapter")] * len(examples)
    return [Judged(run.verdict, run.got[:MAX_GOT]) for run in await ask_adapter(latm, tool, examples)]


def spent_on(latm: Latm, tool: str, role: str = "maker") -> tuple[Usage, float]:
    """Tokens, replies and US dollars that the ledger has for a tool in one role."""
    rows = [row for row in latm.store.usage() if row.tool == tool and row.role == role]
    usage = Usage(
        tokens_in=sum(row.tokens_in for row in rows),
        tokens_out=sum(row.tokens_out for row in rows),
        replies=sum(row.replies for row in rows),
        estimated=any(row.estimated for row in rows),
    )
    return usage, sum(row.usd for row in rows)
