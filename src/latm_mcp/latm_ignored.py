"""Whether an adapter passed over something in a question that nobody ever showed its tool (design, 6.3).

A question that is like a tool's but asks for another computation says so in words that no example has, and an adapter that takes it
all the same has passed over them: without these words, or with others in their place, it reads the same. A word of the
instance it has to read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import anyio

from latm_mcp.job import Workshop
from latm_mcp.masking import tokens
from latm_mcp.masking_unseen import Piece, Shown, pieces_at
from latm_mcp.models import Tool
from latm_mcp.outcomes import AnswerQuestion, Json, Outcome, Program, Returned
from latm_mcp.using.use import Answer

MOST_PIECES = 24  # that are tried for one question; where there are more, the question is not like the examples
MOST_TOOLS = 100  # whose examples' words are kept
SECONDS = 2.0  # for one reading
VALUE_WORDS = (
    8  # of an argument: a longer text may be the question itself, and the answer alone tells what was read of it
)
OTHERS = {"word": ("zorvik", "brundel"), "number": ("7", "83"), "signs": ("鑫淼", "犇羴"), "sign": ("~", "^")}


class Ignoring:
    """Puts questions to adapters again without what is unseen in them."""

    def __init__(self, shop: Workshop):
        self._shop = shop
        self._shown: dict[tuple[str, str, int], Shown] = {}

    async def passed_over(self, tool: Tool, question: str, answer: Answer, odd: Sequence[int] = ()) -> bool:
        """Whether the tool's adapter gave this answer without regard to a part of the question that no example has.

        odd: places of further tokens that it must not pass over.
        """
        unseen = {*self._shown_to(tool).unseen(question), *pieces_at(question, odd)}
        pieces = list(_left(question, sorted(unseen, key=lambda piece: piece.start), answer.arguments))
        if not pieces:
            return False
        if len(pieces) > MOST_PIECES:
            return True
        asked = [variant for piece in pieces for variant in _variants(question, piece)]
        limits = self._shop.limits_of(tool.name)
        bounded = replace(limits, seconds=min(SECONDS, limits.seconds), cpu_seconds=min(SECONDS, limits.cpu_seconds))
        with anyio.move_on_after(limits.seconds):
            program = Program(tool.source, tool.signature.function)
            outcomes = await self._shop.sandbox.run_batch(
                program, [AnswerQuestion(one) for one in asked], limits=bounded
            )
            was = _reading(answer.arguments, answer.answer)
            return any(_read(outcome) == was for outcome in outcomes)
        return True

    def _shown_to(self, tool: Tool) -> Shown:
        key = (tool.name, tool.version, len(tool.examples))
        if key not in self._shown:
            if len(self._shown) >= MOST_TOOLS:
                self._shown.clear()
            self._shown[key] = Shown(example.question for example in tool.examples)
        return self._shown[key]


def _variants(question: str, piece: Piece) -> Iterator[str]:
    """The question without a piece, and with another in its place."""
    before, own, after = question[: piece.start], question[piece.start : piece.end], question[piece.end :]
    other = next(one for one in OTHERS[piece.kind] if one != own.lower())
    if piece.kind == "word" and own[0].isupper():
        other = other.upper() if own.isupper() and len(own) > 1 else other.title()
    yield before + other + after
    if piece.kind != "number":
        yield before.rstrip(" ") + after if after[:1] in (" ", "") else before + after


def _read(outcome: Outcome) -> tuple[object, ...] | None:
    if not isinstance(outcome, Returned):
        return None
    return _reading(outcome.value["arguments"], outcome.value["answer"])


def _reading(arguments: dict[str, Json], answer: str) -> tuple[object, ...]:
    """What was read of a question: the arguments but for long texts, and the answer."""
    return ({name: _shortened(value) for name, value in arguments.items()}, answer)


def _shortened(value: Json) -> Json:
    if isinstance(value, str):
        return value if _is_value(value) else ""
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    return value


def _is_value(text: str) -> bool:
    return len(tokens(text)) <= VALUE_WORDS


def _texts(value: Json) -> Iterator[str]:
    """All texts in arguments that are no longer than a value."""
    if isinstance(value, str):
        if _is_value(value):
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _texts(one)


def _left(question: str, pieces: Sequence[Piece], arguments: dict[str, Json]) -> Iterator[Piece]:
    """The pieces but for words that are in the arguments, and for signs there: what is left of the piece."""
    texts = {text for value in arguments.values() for text in _texts(value)}
    words = {token.text for text in texts for token in tokens(text)}
    for piece in pieces:
        if piece.kind == "signs":
            yield from _without(question, piece, texts)
        elif not words.issuperset(token.text for token in tokens(question[piece.start : piece.end])):
            yield piece


def _without(question: str, piece: Piece, texts: set[str]) -> Iterator[Piece]:
    read = set[int]()
    for text in texts:
        at = question.find(text) if len(text) > 1 else -1
        while at >= 0:
            read.update(range(at, at + len(text)))
            at = question.find(text, at + 1)
    start = piece.start
    for place in range(piece.start, piece.end + 1):
        if place == piece.end or place in read:
            if start < place:
                yield Piece(piece.kind, start, place)
            start = place + 1
