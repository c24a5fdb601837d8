"""A tool for the bench: made from some rows, and put to others through its adapter; nothing here is kept or shown."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.bench_files import DataFile
from latm_mcp.bench_scores import MAX_GOT, Judged
from latm_mcp.compare import same
from latm_mcp.errors import BadInput, MakerFailed
from latm_mcp.job_intake import MakeRequest
from latm_mcp.judging import Run, judge
from latm_mcp.latm import Latm
from latm_mcp.latm_sentences import first_line, replaying, step_words
from latm_mcp.models import Example, Maker, Progress, Status, Tool, Usage
from latm_mcp.outcomes import AnswerQuestion, CallFunction, Outcome, Program, RenderResult, Returned
from latm_mcp.recording import RecordedMaker
from latm_mcp.text import check_name, name_from

Told = Callable[[str, str, float], None]  # task, sentence, share done


@dataclass(frozen=True, slots=True)
class Made:
    """How a making ended. tool: its name, or empty; fault: why there is none; replies, tokens, usd: of its maker, by the ledger."""

    status: Status
    tool: str = ""
    tries: int = 0
    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    seconds: float = 0.0
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
    if result.kept and result.failure is not None:
        raise MakerFailed(result.failure.sentence)  # the maker was not asked: that says nothing about it
    job = latm.store.job(result.job) if result.job else None
    usage, usd = spent_on(latm, job.task.name) if job else (Usage(), 0.0)
    counts = (len(job.tries) if job else 0, usage.replies, usage.tokens_in, usage.tokens_out)
    fault = ""
    if result.tool is None:
        fault = first_line(result.failure.sentence) if result.failure else result.next
    name = result.tool.name if result.tool else ""
    seconds = round(time.monotonic() - started, 2)
    return Made(result.status, name, *counts, usd, seconds, fault)


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


async def call_perfectly(latm: Latm, tool: Tool, examples: Sequence[Example]) -> list[Judged]:
    """The function called with the arguments that `parse` reads, its result rendered: what a caller without fault would get.

    Abstained where `parse` reads none. Shows how right the tool is, whoever calls it. The tool has an adapter.
    """
    program, limits = Program(tool.source, tool.signature.function), latm.limits_of(tool.name)
    runs = await ask_adapter(latm, tool, examples)
    judged = {n: Judged("abstained", run.got[:MAX_GOT]) for n, run in enumerate(runs) if run.arguments is None}
    calls = [(n, CallFunction(run.arguments)) for n, run in enumerate(runs) if run.arguments is not None]
    results = await latm.sandbox.run_batch(program, [call for _, call in calls], limits=limits)
    renders = []
    for (n, call), outcome in zip(calls, results, strict=True):
        if isinstance(outcome, Returned):
            renders.append((n, RenderResult(outcome.value, examples[n].question)))
        else:
            judged[n] = Judged(
                judge(0, examples[n], call, outcome, tool.comparison).verdict, outcome.sentence[:MAX_GOT]
            )
    rendered = await latm.sandbox.run_batch(program, [render for _, render in renders], limits=limits)
    for (n, _), outcome in zip(renders, rendered, strict=True):
        judged[n] = _rendered(tool, examples[n], outcome)
    return [judged[n] for n in range(len(examples))]


def _rendered(tool: Tool, example: Example, outcome: Outcome) -> Judged:
    if not isinstance(outcome, Returned):
        return Judged("wrong", outcome.sentence[:MAX_GOT])
    right = same(tool.comparison, example.answer, outcome.value)
    return Judged("passed" if right else "wrong", f"answered {outcome.value!r}"[:MAX_GOT])


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
