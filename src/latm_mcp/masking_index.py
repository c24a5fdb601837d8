"""Profiles: how alike a question and a tool's examples are, by the rarity of what they share (design, 6.1).

What a feature weighs (its rarity among all examples of all tools) changes with every tool. It is worked out for the question's
features alone; what a profile knows of itself by such weights is kept until the library has grown or shrunk by a quarter.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from latm_mcp.masking_postings import Postings
from latm_mcp.masking_words import instructing

STALE = 1.25  # times as many examples in the library, or as few
MOST_FEATURES = 600  # of one tool, those that most of its examples have
MOST_SINGLE = 40  # of these, such as only one example has
PART = 1 / 6  # of a tool's examples: what fewer of them have, though two, is an instance's
SAID_PART = 0.3  # of all that a question's words tell: under this, what they tell of one tool is by chance
SAID_COVER = 0.25  # of all words of a question, the same
LEAST_ALIKE = 0.05  # examples less alike than this are no measure: by them one shared word would be a great likeness


class Weights:
    """What a feature tells, by its rarity among all examples of all tools (idf); features are numbered as they come.

    Features are kept as their hashes: a library has a hundred thousand of them.
    """

    def __init__(self) -> None:
        self.total = 0
        self._numbers: dict[int, int] = {}
        self._counts = array("I")

    def number(self, feature: str) -> int:
        """The number of a feature, a new one if need be."""
        found = self._numbers.setdefault(hash(feature), len(self._counts))
        if found == len(self._counts):
            self._counts.append(0)
        return found

    def known(self, of: Iterable[str]) -> list[int]:
        """The numbers of those of these features that some tool has or had."""
        return [self._numbers[key] for key in map(hash, of) if key in self._numbers]

    def count(self, numbers: Iterable[int], counts: Iterable[int], sign: int) -> None:
        """Take one tool's features in (sign 1), or out (-1)."""
        for number, count in zip(numbers, counts, strict=True):
            self._counts[number] += sign * count

    def __getitem__(self, number: int) -> float:
        return math.log((self.total + 1) / (self._counts[number] + 0.5)) + 0.5

    @property
    def unseen(self) -> float:
        """The weight of a feature that no tool has."""
        return math.log((self.total + 1) / 0.5) + 0.5


class Asked:
    """A question's features, each that some tool has with its weight, and the weight of them all.

    stems: how much each stem tells, from 0 to 1: that of one tool alone; told: the sum of those that any tool has.
    """

    def __init__(self, own: frozenset[str], stems: frozenset[str], weights: Weights, postings: Postings):
        known = weights.known(own)
        self.weights = {number: weights[number] for number in known}
        self.size = sum(self.weights.values()) + (len(own) - len(known)) * weights.unseen
        rarities = ((number, postings.rarity(number)) for number in weights.known(stems))
        self.stems = {number: rarity for number, rarity in rarities if rarity}
        self.told = sum(self.stems.values())
        self.words = len(stems)


@dataclass(frozen=True, slots=True)
class _Measure:
    """What a profile knows of itself by the weights of a time. sizes: of its examples and aliases, in weight."""

    total: int
    alike: float
    whole: float
    sizes: tuple[float, ...]


class Profile:
    """In how many of a tool's examples each feature is, and in which; as numbers, a few kilobytes for each tool."""

    __slots__ = (
        "_about",
        "_aliases",
        "_counts",
        "_ends",
        "_examples",
        "_measure",
        "_others",
        "_rows",
        "_stems",
        "numbers",
    )

    def __init__(
        self,
        bank: Sequence[frozenset[str]],
        aliases: Sequence[frozenset[str]],
        weights: Weights,
        about: frozenset[str] = frozenset(),
    ):
        counts = _profiled(bank, Counter(feature for own in bank for feature in own))
        for more in (frozenset().union(*aliases), about):
            for feature in sorted(more - counts.keys())[:MOST_FEATURES]:
                counts[feature] = 0
        places = {feature: place for place, feature in enumerate(counts)}
        self.numbers = array("I", map(weights.number, counts))
        self._counts = array("H", counts.values())
        self._examples, self._aliases = len(bank), len(aliases)
        least = max(min(2, len(bank)), PART * len(bank))
        own_stems = (place for feature, place in places.items() if feature[0] == "~" and counts[feature] >= least)
        self._stems = array("H", own_stems)
        self._about = array("H", (places[feature] for feature in about & places.keys()))
        rows = [sorted(places[feature] for feature in own & places.keys()) for own in (*bank, *aliases)]
        self._rows = array("H", (place for row in rows for place in row))
        self._ends = array("I", _sums(map(len, rows)))
        self._others = array("I", (len(own) - len(row) for own, row in zip((*bank, *aliases), rows, strict=True)))
        self._measure: _Measure | None = None

    def join(self, weights: Weights, sign: int) -> None:
        """Count this profile's examples among all (sign 1), or no more (-1)."""
        weights.total += sign * self._examples
        weights.count(self.numbers, self._counts, sign)

    def ratio(self, asked: Asked, weights: Weights, alias_worth: float) -> float:
        """How alike a question is to the examples, over how alike they are among themselves; or to the nearest of them.

        alias_worth: the most that likeness to an alias counts for: it is only somebody's word.
        """
        measure = self._measured(weights)
        shared = [asked.weights.get(number, 0.0) for number in self.numbers]
        hits = [(count / self._examples, weight) for count, weight in zip(self._counts, shared, strict=True) if weight]
        recall = sum(share * share * weight for share, weight in hits)
        covered = sum(share * weight for share, weight in hits)
        score = _likeness(recall, measure.whole / self._examples**2, covered, asked.size)
        near = [self._overlap(row, shared, asked.size, measure) for row in range(len(self._ends) - 1)]
        to_alias = max(near[self._examples :], default=0.0)
        return max(score / measure.alike, *near[: self._examples], min(to_alias, alias_worth))

    def told(self, asked: Asked) -> float:
        """How much the question's stems tell of this tool, over all that they tell, and over all of its own stems.

        Stems of few examples do not count: they are an instance's.
        """
        shares = {self.numbers[place]: self._counts[place] / self._examples for place in self._stems}
        hits = shares.keys() & asked.stems.keys()
        if not hits:
            return 0.0
        told = [(shares[number], asked.stems[number]) for number in hits]
        recall = sum(share for share, _ in told) / sum(shares.values())
        precision = sum(rare for _, rare in told) / asked.told
        return sum(share * rare for share, rare in told) * recall * precision

    def said(self, asked: Asked) -> float:
        """What the question's stems tell of the tool by what is said of it and most examples have; 0.0 for a small part of it all."""
        own = {self.numbers[place] for place in (*self._about, *self._stems)}
        both = sum(rarity for number, rarity in asked.stems.items() if number in own)
        return both if both >= SAID_PART * asked.told and both >= SAID_COVER * asked.words else 0.0

    def alike(self, weights: Weights) -> float:
        """How alike the examples are among themselves: the mean of leaving one out."""
        return self._measured(weights).alike

    def _overlap(self, row: int, shared: list[float], size: float, measure: _Measure) -> float:
        both = sum(map(shared.__getitem__, self._row(row)))
        return both / max(size + measure.sizes[row] - both, 1e-9)

    def _row(self, row: int) -> Sequence[int]:
        return self._rows[self._ends[row] : self._ends[row + 1]]

    def _measured(self, weights: Weights) -> _Measure:
        kept = self._measure
        if kept is None or not kept.total / STALE <= weights.total <= kept.total * STALE:
            kept = self._measure = self._measure_by(weights)
        return kept

    def _measure_by(self, weights: Weights) -> _Measure:
        own = [weights[number] for number in self.numbers]
        whole = sum(count * count * weight for count, weight in zip(self._counts, own, strict=True))
        rows = range(len(self._ends) - 1)
        sizes = tuple(sum(map(own.__getitem__, self._row(row))) + self._others[row] * weights.unseen for row in rows)
        scores = [self._left_out(row, own, whole, sizes[row]) for row in range(self._examples)]
        return _Measure(weights.total, max(sum(scores) / len(scores), LEAST_ALIKE), whole, sizes)

    def _left_out(self, row: int, own: list[float], whole: float, size: float) -> float:
        """How alike one example is to the others: from the counts, less its own."""
        mine = [(self._counts[place], own[place]) for place in self._row(row)]
        others = whole - sum(weight * (2 * count - 1) for count, weight in mine)
        if self._examples == 1 or others < 1e-9:  # there is nothing to compare it with but itself
            return 1.0 if mine else 0.0
        recall = sum(weight * (count - 1) ** 2 for count, weight in mine)
        covered = sum(weight * (count - 1) for count, weight in mine) / (self._examples - 1)
        return _likeness(recall, others, covered, size)


def _profiled(bank: Sequence[frozenset[str]], counts: Mapping[str, int]) -> dict[str, int]:
    """The features that tell a tool: those of two or more examples, and of one such as may be another wording's."""
    often = sorted((feature for feature, count in counts.items() if count > 1), key=lambda f: (-counts[f], f))
    known, closed = frozenset(often), instructing(tuple(range(6)))
    single = sorted(feature for feature in counts.keys() - known if len(bank) < 3 or _worded(feature, known, closed))
    room = MOST_FEATURES if len(bank) < 3 else MOST_SINGLE
    return {feature: counts[feature] for feature in (*often, *single[:room])[:MOST_FEATURES]}


def _worded(feature: str, known: frozenset[str], closed: frozenset[str]) -> bool:
    return feature[0] != "~" and any(
        word in closed or ("\x1f" in feature and word in known) for word in feature.split("\x1f")
    )


def _likeness(recall: float, whole: float, covered: float, size: float) -> float:
    """Weighted recall of a profile, times the square root of the question's own coverage."""
    return recall / max(whole, 1e-9) * math.sqrt(covered / max(size, 1e-9))


def _sums(lengths: Iterable[int]) -> Iterable[int]:
    total = 0
    yield total
    for length in lengths:
        total += length
        yield total
