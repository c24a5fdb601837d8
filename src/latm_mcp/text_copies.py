"""Whether what a model copied out of a question stands there: a small model's commonest mistake is a word miscopied.

Learnt from a tool's use cases: only where all texts of a parameter stand in their own questions are they looked for in another.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from latm_mcp.models import UseCase
from latm_mcp.outcomes import Json
from latm_mcp.text import plain

MAX_TOLD = 5
MAX_PLACES = 1000  # of one text in a question
MAX_WORDS = 2000  # of a question that is searched for what was meant


class Copies:
    """What the use cases of a tool show to be copied from the question, and how: as whole words, or as letters alone."""

    def __init__(self, cases: Sequence[UseCase], parameters: dict[str, Json]):
        chosen = {name for name, schema in parameters.get("properties", {}).items() if "enum" in schema}
        names = {name for case in cases for name in case.arguments} - chosen
        self._ways = {
            (name, kind): way
            for name in names
            for kind in ("keys", "values")
            if (way := _way(name, kind, cases)) is not None
        }

    def fault(self, arguments: dict[str, Json], question: str) -> str | None:
        """What is not in the question though it should be, for its writer; None where all is."""
        told = []
        asked = {way: _folded(question, way) for way in set(self._ways.values())}
        for (name, kind), way in self._ways.items():
            for text in dict.fromkeys(_texts(arguments.get(name), kind)):
                if not _stands(text, asked[way], way):
                    told.append(f"{text[:80]!r} in {name!r} is not in the question{_meant(text, question)}")
                if len(told) == MAX_TOLD:
                    break
        return "; ".join(told[:MAX_TOLD]) + ": copy exactly." if told else None


def _way(name: str, kind: str, cases: Sequence[UseCase]) -> str | None:
    """The strictest way in which all texts of a parameter stand in their questions; None where they do in no way."""
    told = [(case.question, list(dict.fromkeys(_texts(case.arguments.get(name), kind)))) for case in cases]
    if not any(texts for _, texts in told):
        return None
    return next((way for way in ("words", "letters") if all(_all_stand(*pair, way) for pair in told)), None)


def _all_stand(question: str, texts: Sequence[str], way: str) -> bool:
    asked = _folded(question, way)
    return all(_stands(text, asked, way) for text in texts)


def _texts(value: Json, kind: str) -> Iterator[str]:
    """All keys, or all other texts, of a value."""
    if isinstance(value, str):
        if kind == "values" and value.strip():
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, kind)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key, "values") if kind == "keys" else ()
            yield from _texts(item, kind)


def _stands(text: str, asked: str, way: str) -> bool:
    folded = _folded(text, way)
    if way == "letters":
        return folded in asked
    at = asked.find(folded)
    for _ in range(MAX_PLACES):
        if at < 0:
            return False
        end = at + len(folded)
        if not (_is_cut(asked[at - 1 : at], folded[0]) or _is_cut(folded[-1], asked[end : end + 1])):
            return True
        at = asked.find(folded, at + 1)
    return True  # not worth more time


def _is_cut(before: str, after: str) -> bool:
    """Whether a word goes on from one of these characters to the other."""
    return before.isalnum() and after.isalnum()


def _folded(text: str, way: str) -> str:
    folded = plain(text).casefold()
    return folded if way == "words" else folded.replace(" ", "")


def _meant(text: str, question: str) -> str:
    """The piece of the question that is most like it, as a hint."""
    words, long = question.split(), len(text.split())
    if len(words) > MAX_WORDS or not 0 < long <= 8:
        return ""
    pieces = {" ".join(words[at : at + long]).strip(".,;:!?\"'()") for at in range(len(words) - long + 1)}
    near = get_close_matches(text, sorted(pieces), 1)
    return f" (it has {near[0][:80]!r})" if near else ""
