"""What a stream comes to, from its rows alone: accuracy, model calls, cost, labels, grouping. Pure.

Grouping is judged by the files that the questions came from, which nothing but these figures knows. Purity: the share of questions
whose cluster is mostly of their file. Completeness: the share of questions that are in their file's largest cluster.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from latm_mcp.bench_scores import per_cent
from latm_mcp.models_using import DispatchOutcome, How


@dataclass(frozen=True, slots=True)
class MadeTool:
    """A version that was published after a question. tries: drafts; growth: of a tool that was there; examples: it was made from."""

    tool: str
    version: str
    tries: int
    growth: bool
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One question. task: the file that it is from; row: its place there, from 0; tool: that answered, or that it is queued for.

    right: of an answer that was given; None where the oracle was asked. cluster: the place of the first question of its group in the
    queue; None where it was not queued. using, making: model replies; usd: of all of them.
    """

    place: int
    task: str
    row: int
    outcome: DispatchOutcome
    how: How | None
    tool: str | None
    answer: str
    right: bool | None
    oracle: bool
    cluster: int | None
    using: int = 0
    making: int = 0
    tokens: int = 0
    usd: float = 0.0
    made: tuple[MadeTool, ...] = ()

    @property
    def without_model(self) -> bool:
        """Answered, and no model was asked to answer it."""
        return self.outcome == "answered" and self.using == 0


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that was wrong."""

    place: int
    task: str
    row: int
    how: str
    tool: str
    answer: str


@dataclass(frozen=True, slots=True)
class MadeAt:
    """A tool or its next version, and after how many questions it was there. task: the file that most of its examples are from."""

    questions: int
    tool: str
    task: str
    growth: bool
    tries: int
    examples: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """Per cent. queue: of the questions that were new, by group; whole: of all, by the tool that they went to or came to."""

    queue_questions: int
    queue_purity: float | None
    queue_completeness: float | None
    whole_purity: float | None
    whole_completeness: float | None


@dataclass(frozen=True, slots=True)
class StreamPart:
    """The whole stream. half: the place from which `late_*` are counted; curves have a value for each question, cumulative.

    accuracy: per cent right of the answers that tools and models gave. late_without_model: per cent of the late questions that were
    answered with no model call; late_right: per cent right of those.
    """

    questions: int
    seed: int
    answered: int
    right: int
    oracle: int
    accuracy: float | None
    half: int
    late_without_model: float | None
    late_right: float | None
    hows: dict[str, int]
    using: int
    making: int
    tokens: int
    usd: float
    tools: int
    made: tuple[MadeAt, ...]
    wrong: tuple[Wrong, ...]
    grouping: Grouping
    labels_curve: tuple[int, ...]
    calls_curve: tuple[int, ...]
    usd_curve: tuple[float, ...]


def stream_part(rows: Sequence[StreamRow], seed: int) -> StreamPart:
    """All figures of a stream's rows, in order."""
    half = len(rows) // 2
    given = [row for row in rows if row.outcome == "answered"]
    free = [row for row in rows[half:] if row.without_model]
    made = tuple(_made(rows))
    return StreamPart(
        len(rows),
        seed,
        len(given),
        sum(row.right is True for row in given),
        sum(row.oracle for row in rows),
        per_cent(sum(row.right is True for row in given), len(given)),
        half,
        per_cent(len(free), len(rows) - half),
        per_cent(sum(row.right is True for row in free), len(free)),
        dict(sorted(Counter(_how(row) for row in rows).items())),
        sum(row.using for row in rows),
        sum(row.making for row in rows),
        sum(row.tokens for row in rows),
        round(sum(row.usd for row in rows), 6),
        len({one.tool for one in made}),
        made,
        tuple(_wrong(row) for row in given if row.right is False),
        grouping(rows),
        tuple(int(n) for n in _sums(rows, lambda row: row.oracle)),
        tuple(int(n) for n in _sums(rows, lambda row: row.using + row.making)),
        tuple(round(usd, 6) for usd in _sums(rows, lambda row: row.usd)),
    )


def grouping(rows: Sequence[StreamRow]) -> Grouping:
    """How well the questions are sorted by task, nobody having said which is of which."""
    place_of = {(row.task, row.row): row for row in rows}
    became = {row.cluster: one.tool for row in rows for one in _came_of(rows, row)}
    queued = [(str(row.cluster), row.task) for row in place_of.values() if row.cluster is not None and row.tool is None]
    whole = [
        (row.tool or became.get(row.cluster) or f"group {row.cluster}", row.task)
        for row in place_of.values()
        if row.tool or row.cluster is not None
    ]
    return Grouping(
        len(queued),
        purity(queued),
        purity([(task, cluster) for cluster, task in queued]),
        purity(whole),
        purity([(task, cluster) for cluster, task in whole]),
    )


def purity(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Per cent of the pairs (cluster, label) whose label is their cluster's most frequent one."""
    clusters: dict[str, Counter[str]] = {}
    for cluster, label in pairs:
        clusters.setdefault(cluster, Counter())[label] += 1
    return per_cent(sum(max(counts.values()) for counts in clusters.values()), len(pairs))


def _came_of(rows: Sequence[StreamRow], row: StreamRow) -> Iterable[MadeTool]:
    """The new tools that hold this queued question."""
    if row.cluster is None or row.tool is not None:
        return []
    name = _named(row)
    return [one for later in rows[row.place :] for one in later.made if not one.growth and name in one.examples]


def _made(rows: Sequence[StreamRow]) -> Iterable[MadeAt]:
    task_of = {_named(row): row.task for row in rows}
    for row in rows:
        for one in row.made:
            tasks = Counter(task_of[name] for name in one.examples if name in task_of)
            task = tasks.most_common(1)[0][0] if tasks else ""
            yield MadeAt(row.place + 1, one.tool, task, one.growth, one.tries, len(one.examples))


def _named(row: StreamRow) -> str:
    """How a question is named in what is kept of a stream."""
    return f"{row.task}:{row.row}"


def _how(row: StreamRow) -> str:
    return row.how or ("oracle" if row.oracle else "nobody")


def _wrong(row: StreamRow) -> Wrong:
    return Wrong(row.place, row.task, row.row, _how(row), row.tool or "", row.answer)


def _sums(rows: Sequence[StreamRow], of: Callable[[StreamRow], float]) -> Iterable[float]:
    total = 0.0
    for row in rows:
        total += of(row)
        yield total
