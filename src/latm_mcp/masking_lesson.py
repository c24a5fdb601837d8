"""Learning a tool's guard from its examples: which steps they take, where they differ, and how much (design, 6.2)."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from latm_mcp.masking import Token, features
from latm_mcp.masking_guard import EDGES, Guard, Hashes, hashed
from latm_mcp.masking_words import instructing, is_instructing, languages_of

LEARNT_TOKENS = 6000  # of all examples together: of a longer one, its beginning and its end
COMMON = 0.5  # a word in such a share of the examples is the task's and stands for itself alone
RARE = 0.25  # a word in at most such a share may be the instance's


def learn(bank: Sequence[Sequence[Token]]) -> Guard:
    """The guard of a tool from its examples' tokens."""
    return _Lesson(bank).guard()


class _Lesson:
    """The steps of a tool's examples, counted by example."""

    def __init__(self, bank: Sequence[Sequence[Token]]):
        self._count = len(bank)
        budget = LEARNT_TOKENS // max(self._count, 1)
        self._lines = [(EDGES[0], *_cut(own, budget), EDGES[1]) for own in bank]
        self._df = Counter(word for line in self._lines for word in {token.text for token in line})
        often = {word for word, count in self._df.items() if count >= max(2, COMMON * self._count)}
        self._common = often or set(self._df)
        self._languages = languages_of(self._common)
        self._closed = instructing(self._languages)
        self._rare = max(1, RARE * self._count)
        self._steps: dict[tuple[str, str], int] = {}
        self._fillers: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        self._gaps: dict[tuple[str, str], dict[str, int]] = {}
        for number, line in enumerate(self._lines):
            self._walk(number, line)

    def _walk(self, number: int, line: Sequence[Token]) -> None:
        """Takes an example's steps in; _steps and _fillers hold the one example that has a step, or -1: more than one."""
        free = [self._free(token) and self._df[token.text] <= self._rare for token in line]
        for place, (a, b) in enumerate(pairwise(line)):
            step = (a.text, b.text)
            self._steps[step] = number if self._steps.get(step, number) == number else -1
            for opening in _openings(a, b, free[place], free[place + 1]):
                fillers = self._fillers.setdefault(opening, {})
                fillers[step] = number if fillers.get(step, number) == number else -1
        for a, b, c in zip(line, line[1:], line[2:], strict=False):
            if self._free(b):
                words = self._gaps.setdefault((a.text, c.text), {})
                words[b.text] = number if words.get(b.text, number) == number else -1

    def _free(self, token: Token) -> bool:
        return bool(token.kind) and not is_instructing(token.text, token.kind, self._closed)

    def guard(self) -> Guard:
        """What was learnt, as hashes."""
        contract, kept = self._contract()
        slight, unknown = zip(*map(self._left_out, range(self._count)), strict=True)
        opened = [opening for opening, fillers in self._fillers.items() if self._open(fillers, -2)]
        return Guard(
            examples=self._count,
            languages=self._languages,
            words=_hashes((word,) for word in self._df),
            common=_hashes((word,) for word in self._df if self._is_common(word, 0)),
            steps=_hashes(self._steps),
            openings=_hashes(opened),
            gaps=_hashes(gap for gap, words in self._gaps.items() if self._varies(words)),
            forced=_hashes(self._forced),
            contract=_hashes((feature,) for feature in contract),
            slight=sorted(slight)[-2:][0],
            unknown=sorted(unknown)[-2:][0],
            kept=kept,
        )

    def _open(self, fillers: dict[tuple[str, str], int], without: int) -> bool:
        """Whether two different steps lead there, in two examples, one of them left out."""
        left = [number for number in fillers.values() if number != without]
        return len(left) > 1 and (-1 in left or len(set(left)) > 1)

    def _varies(self, words: dict[str, int]) -> bool:
        """Whether examples have different words there, one of them in one example alone: then the next may have another."""
        return len(words) > 1 and max(words.values()) >= 0

    def _is_common(self, word: str, less: int) -> bool:
        return self._df[word] - less >= COMMON * (self._count - bool(less))

    @cached_property
    def _forced(self) -> frozenset[tuple[str, str]]:
        return frozenset(self._find_forced())

    def _find_forced(self) -> Iterator[tuple[str, str]]:
        """Words that all examples have, always with the same next one, or the same before."""
        after: dict[str, set[str]] = {}
        before: dict[str, set[str]] = {}
        for a, b in self._steps:
            after.setdefault(a, set()).add(b)
            before.setdefault(b, set()).add(a)
        enough = self._count - (self._count >= 12)
        yield from ((word, "") for word, others in after.items() if len(others) == 1 and self._df[word] >= enough)
        yield from (("", word) for word, others in before.items() if len(others) == 1 and self._df[word] >= enough)

    def _left_out(self, number: int) -> tuple[int, int]:
        """How many slight departures one example has from the others, and unknown words in them."""
        forced, found, unknown = self._forced, 0, set()
        for a, b in pairwise(self._lines[number]):
            alone = self._steps[a.text, b.text] == number
            if alone and not any(self._open(self._fillers.get(way, {}), number) for way in self._ways(a, b)):
                found += (a.text, "") not in forced and ("", b.text) not in forced
                unknown |= {token.text for token in (a, b) if token.kind and self._df[token.text] == 1}
        return found, len(unknown)

    def _ways(self, a: Token, b: Token) -> Iterator[tuple[str, str]]:
        for x in self._forms(a):
            for y in self._forms(b):
                yield x, y

    def _forms(self, token: Token) -> list[str]:
        free = self._free(token) and not self._is_common(token.text, 1)
        return [token.text, token.kind] if free else [token.text]

    def _contract(self) -> tuple[list[str], float]:
        """What all examples have, and the mean share that each has of what all the others have."""
        banks = [features(list(line[1:-1])) for line in self._lines]
        counts = Counter(feature for bank in banks for feature in bank)
        nearly = {feature for feature, count in counts.items() if count == self._count - 1}
        whole = [feature for feature, count in counts.items() if count == self._count]
        shares = [len(whole) / max(len(whole) + len(nearly - bank), 1) for bank in banks]
        return whole, sum(shares) / len(shares)


def _openings(a: Token, b: Token, free_a: bool, free_b: bool) -> Iterator[tuple[str, str]]:
    """A step with one or both of its words as its kind, where they may be the instance's."""
    if free_a:
        yield a.kind, b.text
    if free_b:
        yield a.text, b.kind
    if free_a and free_b:
        yield a.kind, b.kind


def _cut(own: Sequence[Token], budget: int) -> Sequence[Token]:
    if len(own) <= budget:
        return own
    return (*own[: budget * 2 // 3], *own[-(budget // 3) :])


def _hashes(rows: Iterable[tuple[str, ...]]) -> Hashes:
    return array("i", {hashed(*row) for row in rows})
