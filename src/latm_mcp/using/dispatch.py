"""The dispatcher (paper, 3.2): which of the library's tools is a question for, if any (design, section 6).

Profiles, guard and ratio are learnt from each tool's own examples; no threshold is global, and no model is asked.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latm_mcp.masking import features, lacking
from latm_mcp.models import Example

GUARD_SLACK = 0.02  # measured in the design: the share of a tool's contract that a question may lack
MIN_RATIO = 0.35  # under this a tool is no candidate: fewer likenesses than its own examples have among themselves


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


@dataclass(frozen=True, slots=True)
class _Profile:
    examples: tuple[frozenset[str], ...]
    shares: Mapping[str, float]
    contract: frozenset[str]
    likeness: float
    guard: float


class Dispatcher:
    """The profiles of a library's tools, built from their examples' questions."""

    def __init__(self, banks: Mapping[str, Sequence[Example]]):
        sets = {name: tuple(features(example.question) for example in bank) for name, bank in banks.items() if bank}
        self._counts = Counter(feature for bank in sets.values() for own in bank for feature in own)
        self._total = sum(map(len, sets.values()))
        self._profiles = {name: self._profile(bank) for name, bank in sets.items()}

    def candidates(self, question: str, most: int = 3) -> list[Candidate]:
        """The tools that the question may be for, likeliest first."""
        own = features(question)
        found = []
        for name, profile in self._profiles.items():
            ratio = max(self._score(own, profile.shares) / profile.likeness, self._nearest(own, profile.examples))
            if ratio >= MIN_RATIO:
                share = self._share(own, profile.contract)
                certain = len(profile.examples) >= 3 and share >= profile.guard - GUARD_SLACK
                found.append(Candidate(name, ratio, certain, tuple(lacking(question, profile.examples)[:12])))
        return sorted(found, key=lambda candidate: -candidate.ratio)[:most]

    def _profile(self, bank: tuple[frozenset[str], ...]) -> _Profile:
        shares = _shares(bank)
        contract = frozenset(feature for feature, share in shares.items() if share == 1.0)
        likeness, guard = [], []
        for index, own in enumerate(bank):  # leave one out: how alike the examples are among themselves
            rest = _shares(bank[:index] + bank[index + 1 :]) or shares
            likeness.append(self._score(own, rest))
            guard.append(self._share(own, frozenset(f for f, share in rest.items() if share == 1.0)))
        return _Profile(bank, shares, contract, max(sum(likeness) / len(likeness), 1e-6), sum(guard) / len(guard))

    def _weight(self, feature: str) -> float:
        return math.log((self._total + 1) / (self._counts[feature] + 0.5)) + 0.5

    def _score(self, own: frozenset[str], shares: Mapping[str, float]) -> float:
        """idf-weighted recall of the profile, times the square root of the question's own coverage."""
        weights = {feature: self._weight(feature) for feature in own}
        hits = [feature for feature in own if feature in shares]
        recall = sum(shares[f] ** 2 * weights[f] for f in hits)
        whole = sum(share**2 * self._weight(feature) for feature, share in shares.items())
        covered = sum(shares[f] * weights[f] for f in hits)
        return recall / max(whole, 1e-9) * math.sqrt(covered / max(sum(weights.values()), 1e-9))

    def _nearest(self, own: frozenset[str], examples: Sequence[frozenset[str]]) -> float:
        """The idf-weighted overlap with the most similar example: a tool may know several wordings, each in few examples."""
        size = sum(map(self._weight, own))
        return max(
            shared / (size + sum(map(self._weight, example)) - shared)
            for example in examples
            for shared in (sum(map(self._weight, own & example)),)
        )

    def _share(self, own: frozenset[str], contract: frozenset[str]) -> float:
        whole = sum(self._weight(feature) for feature in contract)
        return sum(self._weight(feature) for feature in contract & own) / whole if whole else 0.0


def _shares(bank: Sequence[frozenset[str]]) -> dict[str, float]:
    counts = Counter(feature for own in bank for feature in own)
    return {feature: count / len(bank) for feature, count in counts.items()}
