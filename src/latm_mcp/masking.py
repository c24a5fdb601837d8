"""What a question has in common with others of its task: its words, with numbers, names and quotations masked.

For retrieval only: `parse` and `render` get the question unchanged. Masking knows scripts, not languages: letters are
whatever Unicode calls letters.
"""

import re
from collections.abc import Container
from itertools import pairwise

_OPTIONS = re.compile(r"\(([A-Z])\)[^\n]*")
_QUOTED = re.compile(r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|«[^»\n]{1,400}»|「[^」\n]{1,400}」|`[^`\n]{1,400}`")
# These two begin with what they must find, for a search is then fast: a digit or sign after no letter, and a bracket.
_NUMBER = re.compile(r"[-+\d](?<![^\W\d_].)(?:(?<=\d)|\d)(?:[\d.,:/%-]*[\d%])?(?:st|nd|rd|th|am|pm)?(?![^\W\d_])")
_BRACKETS = re.compile(r"[\[\](){}<>](?:\s*[\[\](){}<>])+\s*")
_TOKEN = re.compile(r"§[a-z]+|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\s\w]")
_SENTENCE_END = frozenset(".?!:")


def masked(question: str) -> list[str]:
    """The question as words, in order: its instance's parts replaced by their kind (§num, §name, §str, §opt, §br)."""
    text = question.replace("§", " ")
    for pattern, kind in ((_OPTIONS, "opt"), (_QUOTED, "str"), (_BRACKETS, "br"), (_NUMBER, "num")):
        text = pattern.sub(f" §{kind} ", text)
    words: list[str] = []
    start = True
    for token in _TOKEN.findall(text):
        name = token[0].isupper() and not start
        word = "§name" if name else token.lower()
        if not (word.startswith("§") and words and words[-1] == word):
            words.append(word)
        start = token in _SENTENCE_END
    return [word for word in words if word not in ",;"]


def features(question: str) -> frozenset[str]:
    """The masked words of a question and the pairs of neighbours among them."""
    words = masked(question)
    return frozenset(words) | {f"{a}\x1f{b}" for a, b in pairwise(words)}


def lacking(question: str, known: Container[str]) -> list[str]:
    """The plain words of a question that are not among these features: what a tool never had in its examples."""
    return [word for word in dict.fromkeys(masked(question)) if word not in known and word[0].isalpha()]
