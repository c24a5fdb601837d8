"""The demo: the starter tools made again from their recordings, then served, called and questioned over MCP. No key needed.

Everything is the real thing but the model: the pipeline, the sandbox, the library (a temporary one), the server, the client.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from latm_mcp.demo_client import Answers, answered, called_once, listed_names
from latm_mcp.demo_starter import rounds
from latm_mcp.errors import BadInput, LatmError, SandboxUnavailable, StoreUnusable
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm
from latm_mcp.latm_sentences import first_line, replaying, step_words
from latm_mcp.models import Progress, Tool
from latm_mcp.peer import PeerGone, client_of
from latm_mcp.recording import RecordedMaker
from latm_mcp.settings import Settings
from latm_mcp.store import open_store
from latm_mcp.tasks import GENERATED, questions

SEED = 20_26  # the makers' examples come from other seeds
Told: TypeAlias = Callable[[str, str, float], None]  # task, sentence, share done


@dataclass(frozen=True, slots=True)
class DemoRow:
    """What came of one task. fault: what went wrong; model_calls: replies of any model while it was used."""

    task: str
    tool: Tool | None = None
    tries: int = 0
    answers: Answers = field(default_factory=Answers)
    model_calls: int = 0
    seconds: float = 0.0
    fault: str = ""

    @property
    def passed(self) -> bool:
        return not self.fault and self.tool is not None


@dataclass(frozen=True, slots=True)
class Show:
    """What is shown: which tasks, from which recordings, with how many questions each."""

    starter: Path
    tasks: tuple[str, ...]
    questions: int


def tasks_of(only: Sequence[str] | None) -> tuple[str, ...]:
    """The tasks to show, in order: all, or these. Raises: BadInput for one that there is not."""
    known = tuple(task.name for task in GENERATED)
    for name in only or ():
        if name not in known:
            raise BadInput(f"There is no task {name[:80]!r}: choose among {', '.join(known)}.")
    return tuple(name for name in known if not only or name in only)


async def run_demo(show: Show, home: Path, chosen: Settings, told: Told) -> list[DemoRow]:
    """Make every tool, then call and question each over MCP; a row for each task, failed ones too.

    home: an empty folder for the library; chosen: which sandbox, and where its compiled code is kept.
    Raises: SandboxUnavailable, StoreUnusable.
    """
    # Else the defaults: a recording depends on no one's environment.
    settings = Settings(home=home, cache=chosen.cache, sandbox=chosen.sandbox)
    rows = []
    async with open_latm(settings, progress=lambda sentence: told("sandbox", sentence, 0.0)) as latm:
        for task in show.tasks:
            rows.append(await _made(latm, show.starter, task, told))
    made = [row for row in rows if row.passed]
    used = await _used(made, show, settings, told) if made else []
    by_task = {row.task: row for row in used}
    return [by_task.get(row.task, row) for row in rows]


async def _made(latm: Latm, starter: Path, task: str, told: Told) -> DemoRow:
    """All recorded rounds of one task, each through the whole pipeline."""
    started = time.monotonic()
    row = DemoRow(task)
    folders = rounds(starter, task)
    if not folders:
        return replace(row, fault="there is no recording of its making")
    for number, folder in enumerate(folders, 1):

        def report(step: Progress, number: int = number) -> None:
            told(task, f"round {number}, {step_words(replaying(step))}", 0.5 * (number - 1 + step.done) / len(folders))

        try:
            row = await _round(latm, RecordedMaker(folder), number > 1, row, report)
        except (SandboxUnavailable, StoreUnusable):
            raise
        except LatmError as error:
            row = replace(row, fault=str(error))
        if row.fault:
            break
    return replace(row, seconds=time.monotonic() - started)


async def _round(
    latm: Latm, maker: RecordedMaker, force: bool, row: DemoRow, report: Callable[[Progress], None]
) -> DemoRow:
    """One making from a recording: its examples are a data file's, so they are confirmed."""
    examples = tuple(example.model_copy(update={"standing": "confirmed"}) for example in maker.examples)
    request = MakeRequest(examples=examples, description=maker.description, name=maker.name, force=force)
    result = await latm.make(request, report, maker=maker)
    job = latm.store.job(result.job) if result.job else None
    row = replace(row, tries=row.tries + (len(job.tries) if job else 0))
    if result.status == "published" and result.tool is not None:
        return replace(row, tool=result.tool)
    said = first_line(result.failure.sentence) if result.failure else result.next
    return replace(row, fault=f"the making ended {result.status!r}: {said}")


async def _used(rows: Sequence[DemoRow], show: Show, settings: Settings, told: Told) -> list[DemoRow]:
    """Every made tool called once and questioned, over MCP; the model calls are what the ledger counted meanwhile."""
    done: dict[str, DemoRow] = {}
    server = "server"
    told(server, "starting `latm-mcp serve` and connecting a client", 0.1)
    environment = {"LATM_CACHE": str(settings.cache), "LATM_SANDBOX": settings.sandbox}
    try:
        async with client_of(settings.home, environment) as client:
            names = await listed_names(client)
            told(server, f"the client sees {len(names)} tools", 1.0)
            for row in rows:
                before, started = _replies(settings.home), time.monotonic()
                assert row.tool is not None
                fault = await called_once(client, row.tool, names)
                asked = questions(row.task, show.questions, SEED)

                def count(number: int, task: str = row.task, of: int = len(asked)) -> None:
                    if number % 10 == 0 or number == of:
                        told(task, f"answered over MCP: {number} of {of}", 0.5 + 0.5 * number / of)

                answers, wrong = await answered(client, row.tool, asked, count)
                calls, seconds = _replies(settings.home) - before, row.seconds + time.monotonic() - started
                fault = fault or wrong
                done[row.task] = replace(row, answers=answers, model_calls=calls, seconds=seconds, fault=fault)
    except PeerGone as error:
        return [done.get(row.task, replace(row, fault=str(error))) for row in rows]
    return list(done.values())


def _replies(home: Path) -> int:
    with open_store(home) as store:
        return sum(row.replies for row in store.usage())
