"""Worked examples as programs have them."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from latm_mcp.errors import BadInput
from latm_mcp.models import Example

Examples: TypeAlias = Iterable[tuple[str, str] | Mapping[str, str]]

_PAIRS = (("question", "answer"), ("input", "target"))


def examples_of(given: Examples) -> tuple[Example, ...]:
    """Pairs of question and answer, or mappings of these keys (or input and target). Raises: BadInput, naming the place."""
    if isinstance(given, str | bytes | Mapping):
        raise BadInput("`examples` is one value: pass a list of pairs of question and answer.")
    if not isinstance(given, Iterable):
        raise BadInput(f"`examples` is of type {type(given).__name__}: pass a list of pairs of question and answer.")
    return tuple(_example(one, number) for number, one in enumerate(given, 1))


def _example(one: tuple[str, str] | Mapping[str, str], number: int) -> Example:
    question, answer, standing = _parts(one, number)
    if not isinstance(question, str) or not isinstance(answer, str):
        raise BadInput(f"Example {number} has a question or an answer that is no text: pass both as str.")
    if standing == "confirmed":
        return Example(question=question, answer=answer, standing="confirmed")
    if standing == "provisional":
        return Example(question=question, answer=answer)
    raise BadInput(f"Example {number} has the standing {standing!r}: 'confirmed' or 'provisional'.")


def _parts(one: tuple[str, str] | Mapping[str, str], number: int) -> tuple[object, object, object]:
    if isinstance(one, Mapping):
        for question, answer in _PAIRS:
            if question in one and answer in one:
                return one[question], one[answer], one.get("standing", "provisional")
    elif isinstance(one, tuple | list) and len(one) == 2:
        return one[0], one[1], "provisional"
    raise BadInput(f"Example {number} has no question and answer: pass (question, answer), or a dict with these keys.")
