"""Many rows for one version of a tool, on all workers: in batches that share an interpreter, written in the rows' order.

Nothing grows with the number of rows: so many batches are under way, and a row is read when there is room for it.
"""

import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

from latm_mcp.cli_run_answers import Answers
from latm_mcp.cli_run_records import Form, Kept
from latm_mcp.cli_run_rows import Row, Rows
from latm_mcp.cli_run_values import BAD_INPUT, BAD_ROW, Asked, answered, failed
from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json, Limits, Outcome, Program, Request, Returned
from latm_mcp.sandbox import Sandbox

AIM_SECONDS = 0.25  # what a batch is to take, by what rows took so far: a slow tool's rows are kept one by one
MOST, FIRST = 256, 8  # rows of a batch, and of the first ones
AHEAD = 4  # batches for each worker that are under way or wait for those before them
LOOK = 1000  # rows that are there already, between two looks at whether to stop

Told = Callable[[int, Counter[str]], None]  # bytes of the input that are done, counts


@dataclass(frozen=True, slots=True)
class Engine:
    """The one version that a run asks. tool: as marks have it; used: counts a use."""

    sandbox: Sandbox
    program: Program
    limits: Limits
    workers: int
    tool: str
    asked: Asked
    used: Callable[[], None]


@dataclass(slots=True)
class _Item:
    """A row with its record: as it was kept, or as it came out. old: that of an error which is asked for again."""

    row: Row
    record: bytes = b""
    old: bytes = b""
    request: Request | None = None


@dataclass(slots=True, eq=False)
class _Batch:
    items: list[_Item]
    done: anyio.Event = field(default_factory=anyio.Event)


class Running:
    """One run. counts: "answered", "kept" (of these, from before) and each kind of error; told: hears of every batch written."""

    def __init__(self, engine: Engine, rows: Rows, answers: Answers, form: Form, told: Told):
        self._engine, self._rows, self._answers, self._form, self._told = engine, rows, answers, form, told
        self.counts: Counter[str] = Counter()
        self._per_row = AIM_SECONDS / FIRST
        self._under_way: deque[_Batch] = deque()
        self._limiter = anyio.Semaphore(engine.workers)
        self._next = 1  # the place of the row that is written next
        self._in_step = True  # nothing was found that does not go with the rows

    async def run(self) -> None:
        """Ask for every row that is not there. Raises: BadInput, for a file that does not go with the rows; as `Sandbox.run_batch`."""
        try:
            async with anyio.create_task_group() as group:
                async for batch in self._batches():
                    self._under_way.append(batch)
                    group.start_soon(self._work, batch)
                    while len(self._under_way) >= AHEAD * self._engine.workers or self._first_done:
                        await self._write_first()
                while self._under_way:
                    await self._write_first()
        finally:
            self._end()

    @property
    def _first_done(self) -> bool:
        return bool(self._under_way) and self._under_way[0].done.is_set()

    async def _write_first(self) -> None:
        await self._under_way[0].done.wait()
        items = self._under_way.popleft().items
        self._write(items)
        self._told(items[-1].row.at, self.counts)

    def _write(self, items: list[_Item]) -> None:
        self._answers.write(b"".join(item.record for item in items))
        self._next = items[-1].row.place + 1

    def _end(self) -> None:
        """What is done is kept, however the run ends; a retry that was stopped leaves the rest as it was."""
        for item in (item for batch in self._under_way for item in batch.items):
            item.record = item.record or item.old
            if not item.record or item.row.place != self._next:
                break
            self._write([item])
        if self._answers.retry and self._in_step:
            self._answers.replace(self._next)

    async def _batches(self) -> AsyncIterator[_Batch]:
        items: list[_Item] = []
        async for item in self._items():
            items.append(item)
            if len(items) >= max(1, min(MOST, int(AIM_SECONDS / self._per_row))):
                yield _Batch(items)
                items = []
        if items:
            yield _Batch(items)

    async def _items(self) -> AsyncIterator[_Item]:
        """The rows whose records are to be written. The file is changed only after all that is there was found to be of these rows."""
        begun = False
        for row in self._rows:
            self._in_step = False
            kept = self._answers.match(row, self._engine.tool)
            self._in_step = True
            if kept is not None and not self._answers.retry:
                await self._skip(row, kept)
                continue
            if not begun:
                self._answers.begin(self._form.head)
                begun = True
            yield self._item(row, kept)
        self._in_step = False
        self._answers.none_left()
        self._in_step = True
        if not begun:
            self._answers.begin(self._form.head)

    async def _skip(self, row: Row, kept: Kept) -> None:
        self._count(kept.kind)
        self._next = row.place + 1
        self.counts["kept"] += 1
        if row.place % LOOK == 0:
            self._told(row.at, self.counts)
            await anyio.lowlevel.checkpoint()

    def _item(self, row: Row, kept: Kept | None) -> _Item:
        if kept is not None and not kept.kind:
            self._count("")
            self.counts["kept"] += 1
            return _Item(row, kept.record)
        old = b"" if kept is None else kept.record
        if row.fault:
            return self._failed(_Item(row, old=old), BAD_ROW, f"The row {row.fault}.")
        try:
            return _Item(row, old=old, request=self._engine.asked.request(row))
        except BadInput as error:
            return self._failed(_Item(row, old=old), BAD_INPUT, str(error))

    def _failed(self, item: _Item, kind: str, sentence: str) -> _Item:
        self._came(item, failed(kind, sentence))
        return item

    def _came(self, item: _Item, ours: dict[str, Json]) -> None:
        self._count(str(ours.get("error_kind", "")))
        item.record = self._form.record(item.row, self._engine.tool, ours)

    def _count(self, kind: str) -> None:
        self.counts[kind or "answered"] += 1

    async def _work(self, batch: _Batch) -> None:
        asked = [(item, item.request) for item in batch.items if item.request is not None]
        if asked:
            async with self._limiter:
                started = time.monotonic()
                outcomes = await self._outcomes([request for _, request in asked])
                self._per_row = max(1e-6, (time.monotonic() - started) / len(asked))
            for (item, request), outcome in zip(asked, outcomes, strict=True):
                self._came(item, _fields(request, outcome))
                if isinstance(outcome, Returned):
                    self._engine.used()
                item.request = None
        batch.done.set()

    async def _outcomes(self, requests: list[Request]) -> list[Outcome | BadInput]:
        """What each request comes to by itself; BadInput, where the sandbox does not take it.

        A batch that has cost too many workers ends with one outcome for all that is left of it, the very same object: those
        were never asked, and are asked in a batch of their own.
        """
        outcomes = list[Outcome | BadInput]()
        while len(outcomes) < len(requests):
            left = requests[len(outcomes) :]
            try:
                got = await self._batch(left)
            except BadInput as error:
                outcomes += [error] if len(left) == 1 else await self._one_by_one(left)
            else:
                outcomes += got[: _asked_of(got)]
        return outcomes

    async def _batch(self, requests: list[Request]) -> list[Outcome]:
        engine = self._engine
        return await engine.sandbox.run_batch(engine.program, requests, limits=engine.limits)

    async def _one_by_one(self, requests: list[Request]) -> list[Outcome | BadInput]:
        """A batch is refused as a whole for one of its rows: the others are not to miss their answers for it."""
        return [outcome for request in requests for outcome in await self._outcomes([request])]


def _fields(request: Request, outcome: Outcome | BadInput) -> dict[str, Json]:
    return failed(BAD_INPUT, str(outcome)) if isinstance(outcome, BadInput) else answered(request, outcome)


def _asked_of(outcomes: list[Outcome]) -> int:
    """How many of a batch were asked."""
    count = len(outcomes)
    while count > 1 and outcomes[count - 2] is outcomes[-1]:
        count -= 1
    return count


def counted_errors(counts: Counter[str]) -> Iterator[tuple[str, int]]:
    """Each kind of error with how many rows have it, the most frequent first."""
    return ((kind, number) for kind, number in counts.most_common() if kind not in ("answered", "kept"))
