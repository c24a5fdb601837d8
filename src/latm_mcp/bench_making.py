"""How often making succeeds (paper, table 3): each trial makes a task's tool anew from 6 other rows, in a library of its own."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import anyio

from latm_mcp.bench_files import EXAMPLE_ROWS, DataFile, draw
from latm_mcp.bench_paper import MAKING
from latm_mcp.bench_results import Results
from latm_mcp.bench_scores import per_cent, score
from latm_mcp.bench_tools import Told, answered, make_tool
from latm_mcp.errors import LatmError, MakerFailed, SandboxUnavailable, StoreUnusable
from latm_mcp.latm import Latm
from latm_mcp.models import Maker

AT_ONCE = 2  # each trial has a sandbox of its own

OpenLibrary = Callable[[Path], AbstractAsyncContextManager[Latm]]
MakerOf = Callable[[str, int], Maker]  # a file's stem, the trial from 1


@dataclass(frozen=True, slots=True)
class Trial:
    """One making and its tool's answers to all other rows of the file.

    made: published: right on its validation examples, whose answers the maker never saw (what the paper counts).
    """

    task: str
    trial: int
    made: bool
    adapter: bool = False
    tries: int = 0
    total: int = 0
    right: int = 0
    wrong: int = 0
    abstained: int = 0
    replies: int = 0
    tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    fault: str = ""

    @property
    def all_right(self) -> bool:
        """Whether every held-out row, all that the making had no part of, was answered rightly."""
        return self.made and self.right == self.total


@dataclass(frozen=True, slots=True)
class MakingRow:
    """A task's trials. accuracy: per cent right of the rows that were held out, of those trials that made a tool."""

    task: str
    trials: int
    made: int
    all_right: int
    accuracy: float | None
    wrong: int
    tries: int
    replies: int
    tokens: int
    usd: float
    paper: int | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MakingPart:
    """Making success by task."""

    trials: int
    rows: tuple[MakingRow, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """What the trials are run with. maker_of: for a stem and a trial; record: a folder for STEM/TRIAL, or None."""

    count: int
    seed: int
    opened: OpenLibrary
    maker_of: MakerOf
    record: Path | None
    results: Results
    told: Told


async def run_making(files: Sequence[DataFile], trials: Trials) -> MakingPart:
    """All trials of all files; each is kept when it ends, but one whose maker has written nothing is tried again in a rerun.

    Raises: MakerFailed, where the maker cannot be asked; SandboxUnavailable, StoreUnusable.
    """
    limiter = anyio.CapacityLimiter(AT_ONCE)
    done: dict[tuple[str, int], Trial] = {}

    async def one(file: DataFile, number: int) -> None:
        async with limiter:
            trial = done[file.stem, number] = await _trial(file, number, trials)
            if trial.tries:
                trials.results.keep(asdict(trial), "making", file.stem, number)

    numbers = range(1, trials.count + 1)
    async with anyio.create_task_group() as group:
        for file in files:
            for number in numbers:
                kept = trials.results.value(Trial, "making", file.stem, number)
                if kept is None:
                    group.start_soon(one, file, number)
                else:
                    done[file.stem, number] = kept
    rows = (summary(file.stem, [done[file.stem, number] for number in numbers]) for file in files)
    return MakingPart(trials.count, tuple(rows))


def summary(task: str, rows: Sequence[Trial]) -> MakingRow:
    """What a task's trials come to."""
    made = [row for row in rows if row.made]
    return MakingRow(
        task,
        len(rows),
        len(made),
        sum(row.all_right for row in made),
        per_cent(sum(row.right for row in made), sum(row.total for row in made)),
        sum(row.wrong for row in made),
        sum(row.tries for row in rows),
        sum(row.replies for row in rows),
        sum(row.tokens for row in rows),
        round(sum(row.usd for row in rows), 6),
        MAKING.get(task),
        tuple(dict.fromkeys(row.fault for row in rows if row.fault)),
    )


async def _trial(file: DataFile, number: int, trials: Trials) -> Trial:
    def told(task: str, sentence: str, done: float) -> None:
        trials.told(f"{task} {number}", sentence, done)

    try:
        with tempfile.TemporaryDirectory(prefix="latm-trial-") as home:
            async with trials.opened(Path(home)) as latm:
                trial = await _made_and_asked(latm, file, number, trials, told)
    except (MakerFailed, SandboxUnavailable, StoreUnusable):
        raise
    except LatmError as error:
        trial = Trial(file.stem, number, made=False, fault=str(error))
    told(file.stem, trial.fault or f"made; {trial.right} of {trial.total} right", 1.0)
    return trial


async def _made_and_asked(latm: Latm, file: DataFile, number: int, trials: Trials, told: Told) -> Trial:
    mixed = draw(file.rows, len(file.rows), "trial", file.stem, trials.seed, number)
    examples, rest = mixed[:EXAMPLE_ROWS], mixed[EXAMPLE_ROWS:]
    record = trials.record / file.stem / str(number) if trials.record else None
    made = await make_tool(latm, file, examples, trials.maker_of(file.stem, number), record, told)
    trial = Trial(
        file.stem,
        number,
        bool(made.tool),
        tries=made.tries,
        replies=made.replies,
        tokens=made.tokens_in + made.tokens_out,
        usd=made.usd,
        seconds=made.seconds,
        fault=made.fault,
    )
    tool = latm.store.tool(made.tool) if made.tool else None
    if tool is None:
        return trial
    told(file.stem, f"answering {len(rest)} rows that it was not made from", 0.95)
    came = score(await answered(latm, tool, rest))
    return replace(
        trial, adapter=tool.adapter, total=came.total, right=came.right, wrong=came.wrong, abstained=came.abstained
    )
