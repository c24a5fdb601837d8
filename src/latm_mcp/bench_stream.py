"""The paper's setting end to end: questions of all tasks, mixed and unlabelled, come into an empty library that makes its own tools.

What no tool answers is put to an oracle, which plays the paper's human labeller: it gives the file's own answer, as a person would. Where
the dispatcher asks which tool is meant, it says so by that answer alone: the candidate whose adapter gives it, else none of them. It never
says which file a question is from. After each question all makings are worked off, so that a run can be repeated.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from latm_mcp.bench_files import DataFile, draw
from latm_mcp.bench_results import Results
from latm_mcp.bench_stream_figures import MadeTool, StreamPart, StreamRow, stream_part
from latm_mcp.bench_tools import Told
from latm_mcp.compare import comparison_of, same, same_result
from latm_mcp.latm import Latm
from latm_mcp.latm_report import NONE, Said
from latm_mcp.latm_sentences import step_words
from latm_mcp.models import Comparison, Example, Progress
from latm_mcp.models_using import DispatchOutcome, How
from latm_mcp.using import use

ORACLE = "oracle"


@dataclass(frozen=True, slots=True)
class Pooled:
    """One question of the stream. name: its file and its row there, from 0; comparison: of its file's answers."""

    task: str
    row: int
    example: Example
    comparison: Comparison

    @property
    def name(self) -> str:
        return f"{self.task}:{self.row}"


@dataclass(frozen=True, slots=True)
class Spent:
    """What the ledger has until now."""

    using: int
    making: int
    tokens: int
    usd: float


@dataclass(frozen=True, slots=True)
class AskedOnce:
    """How a question was dispatched; kept before anything comes of it, since it would go otherwise a second time."""

    outcome: DispatchOutcome
    how: How | None
    tool: str | None
    answer: str
    right: bool | None
    before: Spent
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """Where a question went. cluster: the place of the first question of its group; tool: the one that refused it, or was meant."""

    cluster: int | None
    tool: str | None


def pool_of(files: Sequence[DataFile], count: int, seed: int) -> list[Pooled]:
    """Up to `count` questions of all files' rows, in random order, each text once."""
    pool: dict[str, Pooled] = {}
    for file in files:
        comparison = comparison_of(file.rows)
        for row, example in enumerate(file.rows):
            pool.setdefault(example.question, Pooled(file.stem, row, example, comparison))
    return draw(list(pool.values()), count, "stream", seed)


async def run_stream(
    latm: Latm, files: Sequence[DataFile], count: int, seed: int, results: Results, told: Told
) -> StreamPart:
    """Ask all questions in turn; every step is kept. Raises: MakerFailed, StaleRecording, with everything kept."""
    stream = Stream(latm, pool_of(files, count, seed), results, told)
    return stream_part([await stream.step(place) for place in range(len(stream.pool))], seed)


class Stream:
    """One run over a pool of questions, into a library whose queue is on."""

    def __init__(self, latm: Latm, pool: Sequence[Pooled], results: Results, told: Told):
        self.pool = pool
        self._latm = latm
        self._results, self._told = results, told
        self._place_of = {one.example.question: place for place, one in enumerate(pool)}
        self._known: set[tuple[str, str]] = set()  # versions of tools that earlier questions brought

    async def step(self, place: int) -> StreamRow:
        """One question, and what comes of it; read, where it was kept before."""
        one = self.pool[place]
        row = self._results.value(StreamRow, "stream", place)
        if row is None:
            self._told("stream", f"question {place + 1} of {len(self.pool)}", place / len(self.pool))
            asked = self._results.value(AskedOnce, "stream", place, "asked")
            if asked is None:
                asked = await self._ask(one)
                self._results.keep(asdict(asked), "stream", place, "asked")
            queued = self._results.value(Queued, "stream", place, "queued")
            if queued is None:
                queued = await self._label(one, asked)
                self._results.keep(asdict(queued), "stream", place, "queued")
            await self._latm.growth.settle(self._report)
            row = self._row(place, asked, queued)
            self._results.keep(asdict(row), "stream", place)
        self._known |= {(made.tool, made.version) for made in row.made}
        return row

    async def _ask(self, one: Pooled) -> AskedOnce:
        before = self._spent()
        came = await self._latm.dispatch(one.example.question)
        if came.answer is None:
            names = tuple(found.row.name for found in came.candidates)
            return AskedOnce(came.outcome, None, None, "", None, before, names)
        given = came.answer
        right = same(one.comparison, one.example.answer, given.answer)
        right = right or (
            given.how == "tool and model" and same_result(one.comparison, one.example.answer, given.result)
        )
        return AskedOnce(came.outcome, given.how, given.tool or None, given.answer[:200], right, before)

    async def _label(self, one: Pooled, asked: AskedOnce) -> Queued:
        """The oracle's answer to what nobody answered, and where the question waits with it."""
        question, meant = one.example.question, None
        if asked.outcome != "answered":
            if asked.outcome == "ask":
                meant = await self._meant(one, asked.candidates)
            tool = NONE if asked.outcome == "ask" and meant is None else meant
            await self._latm.report(Said(question, "person", ORACLE, answer=one.example.answer, tool=tool))
        kept = self._latm.store.queued(question)
        if kept is None:
            return Queued(None, meant)
        places = [self._place_of[row.question] for row in kept[0].instances if row.question in self._place_of]
        return Queued(min(places), kept[0].tool)

    async def _meant(self, one: Pooled, candidates: Sequence[str]) -> str | None:
        """The candidate whose adapter gives the oracle's answer; None: the question is for none of them."""
        for name in candidates:
            tool, limits = self._latm.live(name), self._latm.limits_of(name)
            if tool.adapter:
                got = await use.answer(tool, one.example.question, self._latm.sandbox, limits)
                if isinstance(got, use.Answer) and same(tool.comparison, one.example.answer, got.answer):
                    return name
        return None

    def _row(self, place: int, asked: AskedOnce, queued: Queued) -> StreamRow:
        now, before, one = self._spent(), asked.before, self.pool[place]
        return StreamRow(
            place,
            one.task,
            one.row,
            asked.outcome,
            asked.how,
            asked.tool or queued.tool,
            asked.answer,
            asked.right,
            asked.outcome != "answered",
            queued.cluster,
            now.using - before.using,
            now.making - before.making,
            now.tokens - before.tokens,
            round(now.usd - before.usd, 9),
            tuple(self._made()),
        )

    def _made(self) -> list[MadeTool]:
        """The versions that came since the question before."""
        store, name_of = self._latm.store, {one.example.question: one.name for one in self.pool}
        made = []
        for row in store.listed():
            versions = [version for version, _ in reversed(store.versions(row.name))]
            for number, version in enumerate(versions):
                tool = store.tool(row.name, version)
                if (row.name, version) in self._known or tool is None:
                    continue
                tries = tool.provenance.propose_tries + tool.provenance.verify_tries - 1  # one draft was both
                examples = tuple(name_of.get(example.question, "") for example in tool.examples)
                made.append(MadeTool(row.name, version, tries, number > 0, examples))
        return made

    def _spent(self) -> Spent:
        rows = self._latm.store.usage()
        making = sum(row.replies for row in rows if row.role == "maker")
        tokens = sum(row.tokens_in + row.tokens_out for row in rows)
        return Spent(sum(row.replies for row in rows) - making, making, tokens, sum(row.usd for row in rows))

    def _report(self, step: Progress) -> None:
        self._told("making", step_words(step), step.done)
