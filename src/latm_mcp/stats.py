"""What making tools has cost and saved: the paper's argument, O(nc + C) against O(nC), from a library's own records.

n questions of a task cost a strong model nC; with tools the making costs once what it costs, and each question c (paper, section 3).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from latm_mcp.store_nouns import Asked, UsageRow

BY_TOOL = ("adapter", "tool and model")
MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Way:
    """Questions that were answered in one way; of those that nobody answered here, the dispatcher's outcome."""

    way: str
    questions: int
    tokens: int
    usd: float
    instead_usd: float


@dataclass(frozen=True, slots=True)
class Account:
    """What tools cost and what they answered. tool None: all of them. usd, instead_usd: of the answered questions.

    instead_usd: what the strong model would have cost for the same, estimated.
    """

    tool: str | None
    making_usd: float
    answered: int
    usd: float
    instead_usd: float

    @property
    def saving(self) -> float:
        """US dollars saved by each answered question, in the mean; less than 0 where tools cost more than the strong model."""
        return (self.instead_usd - self.usd) / self.answered if self.answered else 0.0

    @property
    def break_even(self) -> int | None:
        """The question from which the making is paid for: C / (C - c) of the paper. None: never, or nothing is saved yet."""
        if self.making_usd <= 0:
            return 0
        return math.ceil(self.making_usd / self.saving - 1e-9) if self.saving > 0 else None

    @property
    def reached(self) -> bool:
        """Whether it has answered so many questions."""
        return self.break_even is not None and self.answered >= self.break_even


@dataclass(frozen=True, slots=True)
class Stats:
    """All figures of a library, or of what happened in it since a moment. usd: everything spent; making_usd: of it, on making.

    without_model: the share of all questions that a tool's own adapter answered. saved: what the strong model would have cost for
    the answered questions, less everything spent, failed makings too.
    """

    questions: int
    answered: int
    without_model: float
    usd: float
    making_usd: float
    instead_usd: float
    saved: float
    ways: tuple[Way, ...]
    tools: tuple[Account, ...]
    overall: Account
    spent: tuple[UsageRow, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """Sums after so many questions. labelled: those that no tool answered, which a strong model, a person or a client had to."""

    question: int
    spent: float
    instead: float
    labelled: int


def stats_of(asked: Sequence[Asked], spent: Sequence[UsageRow]) -> Stats:
    """The figures from `Store.asked()` and `Store.usage()` of the same time."""
    answered = [row for row in asked if row.how is not None]
    usd, instead = sum(row.usd for row in spent), sum(row.instead_usd for row in answered)
    makings: dict[str | None, float] = defaultdict(float)
    for row in spent:
        if row.role == "maker":
            makings[row.tool] += row.usd
    used = [row for row in answered if row.how in BY_TOOL]
    names = sorted({row.tool for row in used if row.tool} | {name for name in makings if name})
    alone = sum(row.how == "adapter" for row in answered)
    making = sum(makings.values())
    return Stats(
        questions=len(asked),
        answered=len(answered),
        without_model=alone / len(asked) if asked else 0.0,
        usd=usd,
        making_usd=making,
        instead_usd=instead,
        saved=instead - usd,
        ways=_ways(asked),
        tools=tuple(_account(name, makings[name], [row for row in used if row.tool == name]) for name in names),
        overall=_account(None, making, used),
        spent=tuple(spent),
    )


def curve(
    asked: Sequence[Asked], spent_until: Callable[[float], float], instead: Callable[[Asked], float]
) -> list[Point]:
    """The paper's curve, at most `MOST_POINTS` of it. asked: oldest first.

    spent_until: everything spent up to a moment, makings too; instead: what the strong model would have taken for a question. Both in
    the same unit.
    """
    step = max(1, math.ceil(len(asked) / MOST_POINTS))
    points, without, labelled = [], 0.0, 0
    for number, row in enumerate(asked, 1):
        without += instead(row) if row.how is not None else 0.0
        labelled += row.outcome == "new" or row.how in ("strong model", "person")
        if number % step == 0 or number in (1, len(asked)):
            points.append(Point(number, spent_until(row.at), without, labelled))
    return points


def _account(tool: str | None, making_usd: float, used: Sequence[Asked]) -> Account:
    return Account(tool, making_usd, len(used), sum(row.usd for row in used), sum(row.instead_usd for row in used))


def _ways(asked: Sequence[Asked]) -> tuple[Way, ...]:
    rows: dict[str, list[Asked]] = defaultdict(list)
    for row in asked:
        rows[row.how or f"not answered: {row.outcome}"].append(row)
    ways = (
        Way(
            way,
            len(of),
            sum(row.tokens for row in of),
            sum(row.usd for row in of),
            sum(row.instead_usd for row in of if row.how is not None),
        )
        for way, of in rows.items()
    )
    return tuple(sorted(ways, key=lambda way: (-way.questions, way.way)))
