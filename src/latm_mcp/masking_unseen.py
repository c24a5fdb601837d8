"""What a question has that no example of its tool showed: the pieces of it that the tool's adapter must not pass over (design, 6.2)."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from latm_mcp.masking import Token, located
from latm_mcp.masking_words import LANGUAGES, SIGN_PARTS, instructing

# Signs that change no question: an unknown one of the others may be a unit.
_PLAIN = frozenset(".,;:?!¿¡\"'`´‘’“”„«»()[]{}-–—…*_#|")
CONSTANT = 3  # times that examples have the same number in the same place: it belongs to the task
_NUMBERS = frozenset(("§num", "§share"))
_EDGE = "§edge"

Located = tuple[Token, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a question, from one sign to another. kind: `number`, `word`, `signs` of a script without spaces, or `sign`."""

    kind: str
    start: int
    end: int


def pieces_at(question: str, places: Collection[int]) -> list[Piece]:
    """The words and numbers among a question's tokens at these places."""
    kinds = {"§word": "word", "§name": "word", "§han": "signs"}
    found = [row for place, row in enumerate(located(question)) if place in places]
    pieces = [
        Piece("number" if token.text in _NUMBERS else kinds.get(token.kind, ""), start, end)
        for token, start, end in found
    ]
    return [piece for piece in pieces if piece.kind]


class Shown:
    """The words of a tool's examples, and where they have numbers."""

    def __init__(self, questions: Iterable[str]):
        self._words: set[str] = set()
        self._closed = instructing(tuple(range(len(LANGUAGES))))
        self._numbers: dict[tuple[str, str], list[str]] = {}
        self._sides: set[tuple[str, str]] = set()
        self._slots: dict[tuple[str, str], Counter[str]] = {}
        self._questions = tuple(questions)
        for question in self._questions:
            line = located(question)
            self._words.update(token.text for token, _, _ in line)
            for before, (_, start, end), after in _numbers(line):
                self._numbers.setdefault((before, after), []).append(question[start:end])
                self._sides |= {(before, ""), ("", after)}
            for before, token, after in _between(line):
                self._slots.setdefault((before, after), Counter())[token.text] += 1

    def unseen(self, question: str) -> list[Piece]:
        """The pieces of a question that no example has, in order."""
        line = located(question)
        numbers = (
            Piece("number", start, end)
            for before, (_, start, end), after in _numbers(line)
            if not self._numbered(before, after, question[start:end])
        )
        return sorted([*numbers, *self._unseen_words(question, line)], key=lambda piece: piece.start)

    def _numbered(self, before: str, after: str, value: str) -> bool:
        """Whether examples have a number there, and not always the same other one."""
        values = self._numbers.get((before, after), [])
        if len(values) >= CONSTANT and len(set(values)) == 1:
            return value == values[0]
        return (before, "") in self._sides or ("", after) in self._sides

    def _in_slot(self, line: Sequence[Located], place: int) -> bool:
        """Whether examples have ever other words between the same two: then a new one there is no news."""
        fillers = self._slots.get((_text(line, place - 1), _text(line, place + 1)), Counter())
        return len(fillers) > 1 and 1 in fillers.values() and line[place][0].text not in self._closed

    def _signs_in_slot(self, question: str, piece: Piece) -> bool:
        """The same of a script without spaces, where a word is as long as another, or a sign longer."""
        if not SIGN_PARTS.isdisjoint(question[piece.start : piece.end]):
            return False
        before, after = question[max(piece.start - 1, 0) : piece.start], question[piece.end : piece.end + 1]
        width = piece.end - piece.start + 1
        pattern = rf"{re.escape(before) or '^'}([^\W\d]{{1,{width}}}?){re.escape(after) or '$'}"
        found = {match[1] for own in self._questions for match in re.finditer(pattern, own, re.MULTILINE)}
        return len(found) > 1

    def _unseen_words(self, question: str, line: Sequence[Located]) -> Iterator[Piece]:
        for place, (token, start, end) in enumerate(line):
            if token.text in self._words or token.text in _PLAIN or token.text in _NUMBERS:
                continue
            if token.kind in ("§word", "§name") and not self._in_slot(line, place):
                yield Piece("word", start, end)
            elif not token.kind and token.text[0] != "§":
                yield Piece("sign", start, end)
        for run in _runs(line):
            for known, group in groupby(run, key=lambda row: row[0].text in self._words):
                if not known:
                    yield from (piece for piece in _inner(list(group), run) if not self._signs_in_slot(question, piece))


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


def _between(line: Sequence[Located]) -> Iterator[tuple[str, Token, str]]:
    """Each word with the texts before and after it."""
    for place, (token, _, _) in enumerate(line):
        if token.kind:
            yield _text(line, place - 1), token, _text(line, place + 1)


def _text(line: Sequence[Located], place: int) -> str:
    return line[place][0].text if 0 <= place < len(line) else _EDGE


def _numbers(line: Sequence[Located]) -> Iterator[tuple[str, Located, str]]:
    """Each number with the texts before and after it."""
    for place, row in enumerate(line):
        if row[0].text in _NUMBERS:
            yield _text(line, place - 1), row, _text(line, place + 1)
