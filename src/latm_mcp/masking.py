"""What belongs to a question's task and what to its instance: its words, with numbers, quotations, options and names told apart.

For retrieval only: `parse` and `render` get the question unchanged. Masking knows scripts, not languages: a word is a run
of letters, or two neighbouring signs where a script writes no spaces. Whether a capital makes a name
cannot be told from the question alone (German writes all nouns so): a token has its word and what it may be besides.
Every pattern's repetitions end at the sign that they begin with, so the time grows with the question's length alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import normalize

from latm_mcp.masking_words import GRAMMAR

_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20, ord("§"): 0x20, 0x3002: 0x2E, 0x3001: 0x2C}
_MARKS = (
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0970-\u0dff\u200c\u200d"
)
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPACED = rf"[^\W\d_{_UNSPACED}]"
_LETTER = rf"(?:{_SPACED}|[{_MARKS}])"
_QUOTES = ('""', "``", "“”", "„“", "„”", "«»", "»«", "‹›", "「」", "『』", "《》", "‘’", "‚‘")
_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<opt>(?<![^\n])[ \t]{0,8}(?:\([A-Za-z]\)|[A-Z][).](?=[ \t]))[^\n.?!;]*+(?:[.?!;](?![ \t]+\S)[^\n.?!;]*+)*+|\([A-Z]\))",
            "(?P<str>" + "|".join(rf"{q[0]}[^{q}\n]{{1,400}}+{q[1]}" for q in _QUOTES) + r"|(?<![\w'’])'[^'\n]{1,80}+'(?!\w))",
            r"(?P<br>[\[\](){}<>](?:\s*+[\[\](){}<>])++)",
            rf"(?P<han>[{_UNSPACED}]++)",
            r"(?P<path>(?<![\w.:])/\w[^\s\"'<>]*+|\w++://[^\s\"'<>]++)",
            rf"(?P<code>{_SPACED}{{1,64}}+\d(?:{_SPACED}|\d|_)*+|\d{{1,64}}+{_SPACED}{{1,64}}+\d(?:{_SPACED}|\d|_)*+)",
            r"(?P<num>(?:(?<![\w\])])[-+−])?\d(?:[\d.,:/%٫٬−-]*[\d%])?+(?:(?:st|nd|rd|th|am|pm)(?![^\W\d_]))?)",
            rf"(?P<word>{_LETTER}++(?:['’‑-]{_LETTER}++)*+(?:-\d{{1,3}}(?![\d.,:]))?+)",
            r"(?P<line>\n)",
            r"(?P<sign>[^\s\w])",
        )
    ),
)  # fmt: skip
_MASKED = frozenset(("opt", "str", "br", "path", "code", "num"))
_PERCENT = "%٪"
_SENTENCE_END = frozenset(".?!:¿¡")
_SEPARATORS = frozenset(",;")
STEM = 5  # letters that are left of a word, so that its other forms have the same
_LONGEST = 64  # letters of a word: what is longer differs in its beginning


@dataclass(frozen=True, slots=True)
class Token:
    """One word, sign or mask of a question. text: `§num` and the like, or the word in small letters.

    kind: what it may stand for besides: `§name` (a capital within a sentence), `§word`, `§han` (two signs of a script
    without spaces); empty for signs and masks, which stand for nothing else.
    """

    text: str
    kind: str = ""


def tokens(question: str) -> list[Token]:
    """The question's tokens in order, instance parts that show themselves replaced by their kind."""
    return [token for token, _, _ in located(question)]


def located(question: str) -> list[tuple[Token, int, int]]:
    """The question's tokens with where each begins and ends in it; those of a script without spaces overlap by a sign."""
    found: list[tuple[Token, int, int]] = []
    start = True
    for match in _TOKEN.finditer(question.translate(_WIDE)):
        group = match.lastgroup or ""
        if group == "line":
            start = True
            continue
        text, at = match.group(), match.start()
        if group == "han":
            width = min(2, len(text))
            found.extend((Token(text[n : n + 2], "§han"), at + n, at + n + width) for n in range(max(1, len(text) - 1)))
        else:
            found.append((_token(group, text, start), at, match.end()))
        start = text in _SENTENCE_END or (start and group == "sign")
    return found


def _token(group: str, text: str, start: bool) -> Token:
    if group == "word":
        return _word(text, start)
    if group == "num" and text[-1] in _PERCENT:
        return Token("§share")
    return Token(f"§{group}" if group in _MASKED else text)


def _word(text: str, start: bool) -> Token:
    named = text[0].isupper() and not start
    if text.isascii():
        return Token(text[:_LONGEST].lower(), "§name" if named else "§word")
    return Token(normalize("NFC", text[:_LONGEST]).lower().replace("’", "'"), "§name" if named else "§word")


def features(of: list[Token]) -> frozenset[str]:
    """A question's words and the pairs of neighbours among them; what may be a name as itself and as a name.

    Commas and repeated masks are left out: how many things a question lists belongs to its instance.
    """
    words = list(_plain(of))
    single = {token.text for token in words} | {token.kind for token in words if token.kind == "§name"}
    return frozenset(single | {pair for a, b in pairwise(words) for pair in _pairs(a, b)})


def stems(of: list[Token]) -> frozenset[str]:
    """The beginnings of a question's words but those of grammar: what is left of its task when it is told in other words."""
    words = {token.text for token in of if token.kind or token.text == "§br"}
    return frozenset(f"~{word if word[0] == '§' else word[:STEM]}" for word in words - GRAMMAR)


def _plain(of: list[Token]) -> Iterator[Token]:
    last = ""
    for token in of:
        if token.text in _SEPARATORS or (token.text == last and not token.kind):
            continue
        last = token.text
        yield token


def _pairs(a: Token, b: Token) -> Iterator[str]:
    yield f"{a.text}\x1f{b.text}"
    named = (a.kind == "§name", b.kind == "§name")
    if any(named) and not all(named):
        yield f"{a.kind if named[0] else a.text}\x1f{b.kind if named[1] else b.text}"
