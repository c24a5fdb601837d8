"""The guard (design, 6.2): whether a question asks for the very computation that all of a tool's examples ask for.

Every step from one token of a question to the next must be one that the tool's examples take. A step into an instance's part is
taken where they differ from each other: into some word, if two of them step into two different ones there. Steps
that the examples never take are counted, the grave ones apart; how many others a genuine question brings
is learnt by leaving one example out. Nothing that was not an example of the tool changes its guard.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from latm_mcp.masking import Token, features
from latm_mcp.masking_words import PASSED_OVER, instructing, is_instructing

FEWEST = 3  # examples: with fewer there is nothing to tell what is the task's and what the instance's
_BITS = 0x7FFFFFFF
EDGES = (Token("§start"), Token("§end"))

Hashes: TypeAlias = "array[int]"


@dataclass(frozen=True, slots=True)
class Departures:
    """Where a question leaves its tool's examples. grave: steps that no genuine question takes; slight: the others.

    unknown: words in such steps that no example has. kept: the share of what all examples have that the question has.
    places: of the question's tokens at either end of such steps.
    """

    grave: int
    slight: int
    unknown: int
    kept: float
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """What one tool's examples have in common, as hashes: some kilobytes for each tool.

    slight, unknown: how many departures, and unknown words in them, an example has from the others (the one with most left out).
    kept: how alike the examples are: the mean share that each has of what all the others have.
    """

    examples: int
    languages: tuple[int, ...]
    words: Hashes
    common: Hashes
    steps: Hashes
    openings: Hashes
    gaps: Hashes
    forced: Hashes
    contract: Hashes
    slight: int
    unknown: int
    kept: float

    def holds(self, asked: Sequence[Token]) -> bool:
        """Whether the question is certainly of the examples' task."""
        return self.allows(self.departures(asked))

    def allows(self, found: Departures) -> bool:
        """Whether a question that departs so from the examples is certainly of their task."""
        if self.examples < FEWEST or found.grave:
            return False
        return found.slight <= self.slight and found.unknown <= self.unknown and found.kept == 1

    def has_words(self, asked: Iterable[Token]) -> bool:
        """Whether a question has every word that all examples have."""
        return frozenset(self.contract).intersection(self.words) <= {hashed(token.text) for token in asked}

    def departures(self, asked: Sequence[Token], own: frozenset[int] | None = None) -> Departures:
        """Where a question leaves the examples. own: its features as hashes, where they are there already."""
        return _Reading(self).departures(asked, hashed_features(asked) if own is None else own)

    def lacking(self, asked: Iterable[Token]) -> list[str]:
        """The question's words that no example has, in order, each once."""
        known = frozenset(self.words)
        words = dict.fromkeys(token.text for token in asked if token.kind)
        return [word for word in words if hashed(word) not in known]


class _Reading:
    """A guard as sets, for one question."""

    def __init__(self, guard: Guard):
        self._words, self._common = frozenset(guard.words), frozenset(guard.common)
        self._steps, self._openings = frozenset(guard.steps), frozenset(guard.openings)
        self._gaps, self._forced = frozenset(guard.gaps), frozenset(guard.forced)
        self._contract, self._closed = guard.contract, instructing(guard.languages)

    def departures(self, asked: Sequence[Token], own: frozenset[int]) -> Departures:
        """The question's steps against the examples'."""
        line = (EDGES[0], *asked, EDGES[1])
        new = [place for place in self._departing(line) if not self._in_gap(line, place)]
        foreign = {token for place in new for token in line[place : place + 2] if self._foreign(token)}
        if len(foreign) == 1 and self._passed_over(line, *foreign):
            foreign = set()
        grave = sum(self._is_forced(line[place], line[place + 1]) for place in new)
        kept = sum(feature in own for feature in self._contract) / max(len(self._contract), 1)
        unknown = {token.text for place in new for token in line[place : place + 2] if self._unknown(token)}
        places = sorted({at - 1 for place in new for at in (place, place + 1)} - {-1, len(asked)})
        return Departures(grave + len(foreign), len(new) - grave, len(unknown), kept, tuple(places))

    def _departing(self, line: Sequence[Token]) -> Iterator[int]:
        """The places whose steps no example takes."""
        forms = [self._forms(token) for token in line]
        for place, (a, b) in enumerate(pairwise(line)):
            if hash((a.text, b.text)) & _BITS in self._steps:
                continue
            if not any(hash((x, y)) & _BITS in self._openings for x in forms[place] for y in forms[place + 1]):
                yield place

    def _in_gap(self, line: Sequence[Token], place: int) -> bool:
        """Whether either end of the step is one word between two others that have different words between them."""
        return any(
            0 < at < len(line) - 1
            and self._free(line[at])
            and hashed(line[at - 1].text, line[at + 1].text) in self._gaps
            for at in (place, place + 1)
        )

    def _free(self, token: Token) -> bool:
        return bool(token.kind) and not is_instructing(token.text, token.kind, self._closed)

    def _foreign(self, token: Token) -> bool:
        """A word that says what to do, which no example has."""
        return is_instructing(token.text, token.kind, self._closed) and hashed(token.text) not in self._words

    def _unknown(self, token: Token) -> bool:
        return bool(token.kind) and hashed(token.text) not in self._words

    def _passed_over(self, line: Sequence[Token], token: Token) -> bool:
        places = [place for place, other in enumerate(line) if other == token]
        return token.text in PASSED_OVER and all(
            neighbour.kind and not self._foreign(neighbour) and hashed(neighbour.text) not in self._common
            for place in places
            for neighbour in (line[place - 1], line[place + 1])
        )

    def _is_forced(self, a: Token, b: Token) -> bool:
        return hashed(a.text, "") in self._forced or hashed("", b.text) in self._forced

    def _forms(self, token: Token) -> list[str]:
        forms = [token.text]
        if self._free(token) and hashed(token.text) not in self._common:
            forms.append(token.kind)
        return forms


def hashed(*words: str) -> int:
    """Words as a small number; two different ones have the same once in thousands of millions."""
    return hash(words) & _BITS


def hashed_features(of: Sequence[Token]) -> frozenset[int]:
    """A question's features, as hashes."""
    return frozenset(hash((feature,)) & _BITS for feature in features(list(of)))
