"""Comparison is the harness's choice, from the examples' answers (design 2.3); and what so many passes prove."""

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from latm_mcp.models import MAX_ANSWER_BYTES, Comparison, Example
from latm_mcp.outcomes import Json
from latm_mcp.text import has_mark_flood

_CHOICE = re.compile(r"\(([A-Za-z])\)|([A-Za-z])")
_OPTION = re.compile(r"\(([A-Za-z])\)|(?<!\S)([A-Za-z])[.):](?=\s)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_MOST_CHARACTERS = 16 * MAX_ANSWER_BYTES


def comparison_of(examples: Sequence[Example]) -> Comparison:
    """Return how answers of this task are compared.

    `choice` if all look like `(A)` or `A` and the questions list such an option; `number` if all are plain
    decimals without leading zeros; else `text`.
    """
    if examples and all(_chooses(example) for example in examples):
        return "choice"
    if examples and all(_NUMBER.fullmatch(example.answer.strip()) for example in examples):
        return "number"
    return "text"


def same(comparison: Comparison, expected: str, got: str) -> bool:
    """Whether `got` is the expected answer. Reads any text, of any size, without raising."""
    if len(got) > _MOST_CHARACTERS:
        return False
    if _written_alike(expected, got):
        return True
    if comparison == "choice":
        letter = _letter(expected)
        return letter is not None and letter == _letter(got)
    if comparison == "number":
        one, other = expected.strip(), got.strip()
        # Only plain decimals reach Decimal: a hostile exponent or NaN never does.
        return bool(_NUMBER.fullmatch(one) and _NUMBER.fullmatch(other)) and Decimal(one).compare(Decimal(other)) == 0
    return False


def result_as_answer(result: Json) -> str:
    """Return a function's result as the text of an answer: a string as it is, all else as compact JSON."""
    if isinstance(result, str):
        return result
    try:
        return json.dumps(result, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # NaN or no JSON, an integer too long to print, a cycle, too deep
        return f"a result of type {type(result).__name__!r} that cannot be written as JSON"


def same_result(comparison: Comparison, expected: str, result: Json) -> bool:
    """Whether a function's result is itself the expected answer, for tools without an adapter.

    As text; or, where the expected answer is JSON text, as a JSON value (1 and 1.0 are the same, true is not 1).
    """
    if same(comparison, expected, result_as_answer(result)):
        return True
    try:
        return _same_value(json.loads(expected, parse_constant=_refuse), result)
    except (ValueError, RecursionError):
        return False


def lower_bound(passed: int, total: int, confidence: float = 0.95) -> float:
    """Return the one-sided lower bound on the share of right answers (Clopper-Pearson), never above the exact one.

    passed of total were right: 0.05 ** (1 / total) if all were, 0.0 if none was.
    """
    if not 0 <= passed <= total:
        raise ValueError(f"passed {passed} of {total}")
    if passed == 0:
        return 0.0
    if passed == total:
        return float((1 - confidence) ** (1 / total))
    low, high = 0.0, passed / total
    for _ in range(60):
        middle = (low + high) / 2
        if _tail(passed, total, middle) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def _tail(passed: int, total: int, share: float) -> float:
    """The probability of `passed` or more right answers out of `total` at this share; in logarithms, to not underflow."""
    if share <= 0.0:
        return 0.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    ways = math.lgamma(total + 1)
    return math.fsum(
        math.exp(ways - math.lgamma(k + 1) - math.lgamma(total - k + 1) + k * log_share + (total - k) * log_rest)
        for k in range(passed, total + 1)
    )


def _chooses(example: Example) -> bool:
    letter = _letter(example.answer)
    if letter is None:
        return False
    options = {(bracketed or bare).upper() for bracketed, bare in _OPTION.findall(example.question)}
    return letter in options and len(options) > 1


def _letter(answer: str) -> str | None:
    found = _CHOICE.fullmatch(answer.strip())
    return (found[1] or found[2]).upper() if found else None


def _written_alike(expected: str, got: str) -> bool:
    one, other = " ".join(expected.split()), " ".join(got.split())
    if one == other:
        return True
    if has_mark_flood(one) or has_mark_flood(other):
        return False  # normalising would take quadratic time, and no writing is like that
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def _same_value(expected: Json, result: Json) -> bool:
    if isinstance(expected, bool) or isinstance(result, bool):
        return expected is result
    if isinstance(expected, list) and isinstance(result, list):
        return len(expected) == len(result) and all(map(_same_value, expected, result))
    if isinstance(expected, dict) and isinstance(result, dict):
        return expected.keys() == result.keys() and all(_same_value(expected[key], result[key]) for key in expected)
    return bool(expected == result)


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is no JSON")
