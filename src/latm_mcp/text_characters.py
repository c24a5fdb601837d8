"""Which characters a reader cannot see or trust: control, bidirectional, invisible; and what is markup.

Written out as ranges, so that the answer does not change with the Unicode tables of the Python that runs it.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["control", "bidirectional", "invisible", "surrogate"]

_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_SURROGATE = "\ud800-\udfff"
_KINDS: dict[Kind, re.Pattern[str]] = {
    "control": re.compile(f"[{_CONTROL}]"),
    "bidirectional": re.compile(f"[{_BIDIRECTIONAL}]"),
    "invisible": re.compile(f"[{_INVISIBLE}]"),
    "surrogate": re.compile(f"[{_SURROGATE}]"),
}
_HIDDEN = re.compile(f"[{_CONTROL}{_BIDIRECTIONAL}{_INVISIBLE}{_SURROGATE}]")
_JOINERS = "\u200c\u200d"
_EMOJI_STYLE = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"

_MARKUP: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a tag", re.compile(r"<[/!?|A-Za-z]")),
    ("a character reference", re.compile(r"&(?:#\w{1,10}|[A-Za-z]\w{1,30});")),
    ("a code fence", re.compile(r"```|~~~")),
    ("a link", re.compile(r"!\[|\]\(|^\s*\[[^\]\n]*\]:", re.MULTILINE)),
    ("a heading", re.compile(r"^\s*#{1,6}(?=\s)|\n[ \t]*(?:={3,}|-{3,})[ \t]*(?=\n|$)", re.MULTILINE)),
    ("a prompt's own mark", re.compile(r"\[/?INST\]", re.IGNORECASE)),
)


def hidden_characters(text: str) -> Iterator[tuple[int, Kind]]:
    """Yield index and kind of every character that a reader cannot see or trust, in order.

    A joiner between letters of a script that needs it (Persian, Hindi, emoji), and a style selector right
    after its symbol, are writing and not hidden.
    """
    for found in _HIDDEN.finditer(text):
        if not _is_writing(text, found.start()):
            yield found.start(), next(kind for kind, pattern in _KINDS.items() if pattern.match(found.group()))


def without_hidden(text: str) -> str:
    """Return `text` with surrogates as U+FFFD and every other hidden character left out."""

    def shown(found: re.Match[str]) -> str:
        if _is_writing(text, found.start()):
            return found.group()
        return "\ufffd" if _KINDS["surrogate"].match(found.group()) else ""

    return _HIDDEN.sub(shown, text)


def markup_in(text: str) -> tuple[str, int] | None:
    """Return what kind of markup `text` has first and at which index, or None."""
    found = ((pattern.search(text), what) for what, pattern in _MARKUP)
    places = [(match.start(), what) for match, what in found if match]
    return (min(places)[1], min(places)[0]) if places else None


def _is_writing(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if not before:
        return False
    if text[at] in _JOINERS:
        visible = before not in _EMOJI_STYLE or _is_writing(text, at - 1)
        return visible and _is_joined(before) and bool(after) and _is_joined(after) and after not in _EMOJI_STYLE
    if text[at] in _EMOJI_STYLE:
        return after == _KEYCAP or (unicodedata.category(before) in ("So", "Sm", "Po", "Sk") and not before.isascii())
    return False


def _is_joined(char: str) -> bool:
    if char.isascii() or (_HIDDEN.match(char) and char not in _EMOJI_STYLE):
        return False
    return unicodedata.category(char)[0] in "LM" or unicodedata.category(char) in ("So", "Sk")
