"""What a question has that no example of its tool showed: the pieces of it that the tool's adapter must not pass over (design, 6.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from latm_mcp.masking import Token, located

# Signs that change no question: an unknown one of the others may be a unit.
_PLAIN = frozenset(".,;:?!¿¡\"'`´‘’“”„«»()[]{}-–—…*_#|")
CONSTANT = 3  # times that examples have the same number in the same place: it belongs to the task
_NUMBERS = frozenset(("§num", "§share"))
_EDGE = Token("§edge")

Located = tuple[Token, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a question, from one sign to another. kind: `number`, `word`, `signs` of a script without spaces, or `sign`."""

    kind: str
    start: int
    end: int


class Shown:
    """The words of a tool's examples, and where they have numbers."""

    def __init__(self, questions: Iterable[str]):
        self._words: set[str] = set()
        self._numbers: dict[tuple[str, str], list[str]] = {}
        self._sides: set[tuple[str, str]] = set()
        for question in questions:
            line = located(question)
            self._words.update(token.text for token, _, _ in line)
            for before, (_, start, end), after in _numbers(line):
                self._numbers.setdefault((before, after), []).append(question[start:end])
                self._sides |= {(before, ""), ("", after)}

    def unseen(self, question: str) -> list[Piece]:
        """The pieces of a question that no example has, in order."""
        line = located(question)
        numbers = (
            Piece("number", start, end)
            for before, (_, start, end), after in _numbers(line)
            if not self._numbered(before, after, question[start:end])
        )
        return sorted([*numbers, *self._unseen_words(line)], key=lambda piece: piece.start)

    def _numbered(self, before: str, after: str, value: str) -> bool:
        """Whether examples have a number there, and not always the same other one."""
        values = self._numbers.get((before, after), ())
        if len(values) >= CONSTANT and len(set(values)) == 1:
            return value == values[0]
        return (before, "") in self._sides or ("", after) in self._sides

    def _unseen_words(self, line: Sequence[Located]) -> Iterator[Piece]:
        for token, start, end in line:
            if token.text in self._words or token.text in _PLAIN or token.text in _NUMBERS:
                continue
            if token.kind in ("§word", "§name"):
                yield Piece("word", start, end)
            elif not token.kind and token.text[0] != "§":
                yield Piece("sign", start, end)
        for run in _runs(line):
            for known, group in groupby(run, key=lambda row: row[0].text in self._words):
                if not known:
                    yield from _inner(list(group), run)


def _inner(unknown: Sequence[Located], run: Sequence[Located]) -> Iterator[Piece]:
    """The signs that only unknown pairs have: those at the ends are half of a known pair too, but at the ends of the run."""
    start = unknown[0][1] + (unknown[0] is not run[0])
    end = unknown[-1][2] - (unknown[-1] is not run[-1])
    if start < end:
        yield Piece("signs", start, end)


def _runs(line: Sequence[Located]) -> Iterator[list[Located]]:
    """The unbroken runs of signs of a script without spaces."""
    run: list[Located] = []
    for row in line:
        if run and (row[0].kind != "§han" or row[1] != run[-1][1] + 1):
            yield run
            run = []
        if row[0].kind == "§han":
            run.append(row)
    if run:
        yield run


def _numbers(line: Sequence[Located]) -> Iterator[tuple[str, Located, str]]:
    """Each number with the texts before and after it."""
    for place, row in enumerate(line):
        if row[0].text in _NUMBERS:
            before = line[place - 1][0] if place else _EDGE
            after = line[place + 1][0] if place + 1 < len(line) else _EDGE
            yield before.text, row, after.text
