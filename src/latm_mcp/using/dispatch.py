"""The dispatcher (paper, 3.2): which of the library's tools is a question for, if any (design, section 6).

Profiles, guard and ratio are learnt from each tool's own examples, so the few thresholds here are relative to them; no model is asked. Only
tools that share the question's rarest features are scored, and a profile is worked out when its tool is first scored: a
thousand tools cost little more than twenty.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import chain

from latm_mcp.masking import features, lacking
from latm_mcp.models import Example

GUARD_SLACK = 0.02  # measured in the design: the share of a tool's contract that a question may lack
MIN_RATIO = 0.35  # under this a tool is no candidate: fewer likenesses than its own examples have among themselves
LEAST_ALIKE = 0.05  # examples less alike than this are no measure: by them one shared word would be a great likeness
SCORED = 24  # tools that are scored for one question: those that share most of its rarest features
POSTINGS = 6000  # entries of the index that are read for one question, the rarest features' first


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool that a question may be for. ratio: likeness, 1.0 is that of the tool's own examples among themselves.

    certain: the guard holds: the question has all that every example of the tool has.
    lacks: words of the question that no example of the tool has.
    """

    name: str
    ratio: float
    certain: bool
    lacks: tuple[str, ...]


class Dispatcher:
    """The profiles of a library's tools, built from their examples' questions."""

    def __init__(self, banks: Mapping[str, Sequence[Example]]):
        sets = {name: tuple(features(example.question) for example in bank) for name, bank in banks.items() if bank}
        self._weights = _Weights(sum(map(len, sets.values())))
        self._index: dict[str, list[str]] = {}
        self._profiles: dict[str, _Profile] = {}
        for name, bank in sets.items():
            counts = Counter(chain.from_iterable(bank))
            self._weights.count(counts)
            for feature in counts:
                self._index.setdefault(feature, []).append(name)
            self._profiles[name] = _Profile(bank, counts, self._weights)

    def candidates(self, question: str, most: int = 3) -> list[Candidate]:
        """The tools that the question may be for, likeliest first."""
        asked = _Asked(features(question), self._weights)
        scored = [(self._profiles[name].ratio(asked), name) for name in self._to_score(asked.features, most)]
        likely = [row for row in sorted(scored, key=lambda row: (-row[0], row[1])) if row[0] >= MIN_RATIO]
        return [
            Candidate(name, ratio, profile.holds(asked), tuple(lacking(question, profile.counts)[:12]))
            for ratio, name in likely[:most]
            for profile in (self._profiles[name],)
        ]

    def _to_score(self, own: frozenset[str], most: int) -> list[str]:
        """All tools, if they are few; else those that share most of the question's rarest features."""
        enough = max(SCORED, most)
        if len(self._profiles) <= enough:
            return list(self._profiles)
        shared: dict[str, float] = {}
        left = POSTINGS
        for names in sorted((self._index[feature] for feature in own & self._index.keys()), key=len):
            rare = math.log(1 + len(self._profiles) / len(names))
            for name in names:
                shared[name] = shared.get(name, 0.0) + rare
            left -= len(names)
            if left <= 0:
                break
        return nlargest(enough, shared, key=shared.__getitem__)


class _Weights:
    """What a feature tells, by its rarity among all examples of all tools (idf)."""

    def __init__(self, total: int):
        self._total = total
        self._counts: dict[str, int] = {}

    def count(self, counts: Mapping[str, int]) -> None:
        """Take one tool's examples in."""
        for feature, count in counts.items():
            self._counts[feature] = self._counts.get(feature, 0) + count

    def __getitem__(self, feature: str) -> float:
        return math.log((self._total + 1) / (self._counts.get(feature, 0) + 0.5)) + 0.5

    def sum(self, of: Iterable[str]) -> float:
        return sum(map(self.__getitem__, of))


class _Asked:
    """A question's features, each with its weight, and their sum."""

    def __init__(self, own: frozenset[str], weights: _Weights):
        self.features = own
        self.weights = {feature: weights[feature] for feature in own}
        self.size = sum(self.weights.values())

    def shared(self, of: frozenset[str]) -> float:
        """The weight of what it has in common with these features."""
        return sum(map(self.weights.__getitem__, self.features & of))


class _Profile:
    """What one tool's examples have in common: in how many of them each feature is.

    What hangs on the weights is worked out when the tool is first scored: it changes with every tool that is added.
    """

    def __init__(self, bank: tuple[frozenset[str], ...], counts: Mapping[str, int], weights: _Weights):
        self.counts = counts
        self._bank, self._weights = bank, weights

    def ratio(self, asked: _Asked) -> float:
        """How alike the question is to the examples, over how alike they are among themselves; or to the nearest one."""
        return max(self._score(asked) / self._alike[0], self._nearest(asked))

    def holds(self, asked: _Asked) -> bool:
        """The guard: whether the question has as much of what all examples have as each of them has of the others'."""
        whole = self._weights.sum(self._contract)
        share = asked.shared(self._contract) / whole if whole else 0.0
        return len(self._bank) >= 3 and share >= self._alike[1] - GUARD_SLACK

    def _score(self, asked: _Asked) -> float:
        of = len(self._bank)
        hits = [(self.counts[f] / of, weight) for f, weight in asked.weights.items() if f in self.counts]
        recall = sum(share * share * weight for share, weight in hits)
        covered = sum(share * weight for share, weight in hits)
        return _likeness(recall, self._whole / (of * of), covered, asked.size)

    def _nearest(self, asked: _Asked) -> float:
        """The weighted overlap with the most similar example: a tool may know several wordings, each in few examples."""
        shared = [asked.shared(example) for example in self._bank]
        return max(both / max(asked.size + size - both, 1e-9) for both, size in zip(shared, self._sizes, strict=True))

    def _left_out(self, own: frozenset[str]) -> tuple[float, float]:
        """How alike one example is to the others, and its share of what they all have: from the counts, less its own."""
        others = len(self._bank) - 1
        mine = [(self.counts[feature], self._weights[feature]) for feature in own]
        whole = self._whole - sum(weight * (2 * count - 1) for count, weight in mine)
        if others == 0 or whole < 1e-9:  # there is nothing to compare it with but itself
            return self._score(_Asked(own, self._weights)), float(bool(own))
        recall = sum(weight * (count - 1) ** 2 for count, weight in mine)
        covered = sum(weight * (count - 1) for count, weight in mine) / others
        kept = sum(weight for count, weight in mine if count > others)
        contract = kept + self._all_but_one - sum(weight for count, weight in mine if count == others)
        score = _likeness(recall, whole, covered, sum(weight for _, weight in mine))
        return score, kept / contract if kept else 0.0

    @cached_property
    def _alike(self) -> tuple[float, float]:
        """How alike the examples are among themselves, and the guard: the means of leaving one out."""
        scores, shares = zip(*map(self._left_out, self._bank), strict=True)
        return max(sum(scores) / len(scores), LEAST_ALIKE), sum(shares) / len(shares)

    @cached_property
    def _whole(self) -> float:
        return sum(count * count * self._weights[feature] for feature, count in self.counts.items())

    @cached_property
    def _all_but_one(self) -> float:
        return self._weights.sum(f for f, count in self.counts.items() if count == len(self._bank) - 1)

    @cached_property
    def _contract(self) -> frozenset[str]:
        return frozenset(feature for feature, count in self.counts.items() if count == len(self._bank))

    @cached_property
    def _sizes(self) -> tuple[float, ...]:
        return tuple(map(self._weights.sum, self._bank))


def _likeness(recall: float, whole: float, covered: float, size: float) -> float:
    """Weighted recall of a profile, times the square root of the question's own coverage."""
    return recall / max(whole, 1e-9) * math.sqrt(covered / max(size, 1e-9))
