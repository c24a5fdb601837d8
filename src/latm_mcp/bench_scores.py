"""One judged question, and what many of them come to: counts, tokens, seconds, US dollars. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from latm_mcp.judging import Verdict
from latm_mcp.outcomes import Json

MAX_GOT = 200  # characters of an answer that are kept


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one question. got: the answer, or why there is none, bounded; replies: of a model.

    alike: a light model's arguments came to the same result as those of `parse`; None where that is not known.
    """

    verdict: Verdict
    got: str = ""
    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    alike: bool | None = None

    def as_json(self) -> Json:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Score:
    """Many questions of one task, answered in one way. total: how many were asked."""

    total: int = 0
    right: int = 0
    wrong: int = 0
    abstained: int = 0
    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    @property
    def accuracy(self) -> float | None:
        """Per cent right of all that were asked; None where nothing was."""
        return per_cent(self.right, self.total)


def score(rows: Iterable[Judged]) -> Score:
    """The sum of judged questions."""
    judged = list(rows)
    verdicts = [row.verdict for row in judged]
    return Score(
        len(judged),
        verdicts.count("passed"),
        verdicts.count("wrong"),
        verdicts.count("abstained"),
        sum(row.replies for row in judged),
        sum(row.tokens_in for row in judged),
        sum(row.tokens_out for row in judged),
        round(sum(row.usd for row in judged), 6),
        round(sum(row.seconds for row in judged), 2),
    )


def per_cent(part: int, whole: int) -> float | None:
    """Rounded to a tenth; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of those that are known, rounded to a tenth."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 1) if known else None
