"""How answers are compared, on friendly and on hostile text; and what so many passes prove."""

import random
import time
from fractions import Fraction
from math import comb

import pytest

from latm_mcp.compare import comparison_of, lower_bound, result_as_answer, same, same_result
from latm_mcp.models import Example

OPTIONS = "Who is last?\nOptions:\n(A) Ann\n(B) Bob\n(C) Cid"


def examples(*answers: str, question: str = "how many") -> list[Example]:
    return [Example(question=f"{number} {question}", answer=answer) for number, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("answers", "question", "comparison"),
    [
        (["(A)", "(B)"], OPTIONS, "choice"),
        (["A", "(C)", " b "], OPTIONS, "choice"),
        (["A", "B"], "Which?\nA. Ann\nB. Bob", "choice"),
        (["A", "B"], "Which? A) Ann B) Bob", "choice"),
        (["(A)", "(D)"], OPTIONS, "text"),
        (["A", "B"], "Which letter?", "text"),
        (["A", "B"], "Which note, e.g. (A)?", "text"),
        (["(A)", "Ann"], OPTIONS, "text"),
        (["1", "-2.50", "0", "0.5", " 7 "], "how many", "number"),
        (["1", "007"], "how many", "text"),
        (["1", "1e5"], "how many", "text"),
        (["1", "1,000"], "how many", "text"),
        (["1", "٣"], "how many", "text"),
        (["1", "NaN"], "how many", "text"),
        (["1", "5."], "how many", "text"),
        (["1", "one"], "how many", "text"),
        ([], "how many", "text"),
    ],
)
def test_the_answers_decide_how_they_are_compared(answers: list[str], question: str, comparison: str):
    assert comparison_of(examples(*answers, question=question)) == comparison


@pytest.mark.parametrize(
    ("comparison", "expected", "got", "alike"),
    [
        ("text", "a b", " a \n b ", True),
        ("text", "caf\u00e9", "cafe\u0301", True),
        ("text", "a\u00a0b", "a b", True),
        ("text", "a", "A", False),
        ("text", "ab", "a b", False),
        ("text", "5", "5.0", False),
        ("text", "(A)", "A", False),
        ("text", "ﬁ", "fi", False),
        ("text", "a", "a\u200b", False),
        ("choice", "(A)", "A", True),
        ("choice", "A", " (a) ", True),
        ("choice", "(A)", "(B)", False),
        ("choice", "(A)", "(A) Ann", False),
        ("choice", "(A)", "", False),
        ("choice", "Ann", "Bob", False),
        ("number", "5", "5.0", True),
        ("number", "-0", "0", True),
        ("number", "0.1", "0.10", True),
        ("number", "1", "1.0000000000000000000000000000000000001", False),
        ("number", "100", "1e2", False),
        ("number", "7", "007", False),
        ("number", "5", "٥", False),
        ("number", "seven", "seven", True),
    ],
)
def test_answers_are_alike_or_not(comparison: str, expected: str, got: str, alike: bool):
    assert same(comparison, expected, got) is alike


HOSTILE = [
    "", "NaN", "nan", "sNaN", "Infinity", "-inf", "1e999999999", "1E+999999999999999999", "--1", "1_000", "0x10",
    "\ud800", "\x00", "9" * 100_000, "0." + "9" * 100_000, "(" * 100_000, "[" * 100_000, "\u202e1",
    "a" + "\u0300\u0316" * 60_000, "ﷺ" * 10_000, " " * 1_000_000, "1" * 2_000_000,
]  # fmt: skip


@pytest.mark.parametrize("comparison", ["choice", "number", "text"])
def test_hostile_text_is_no_answer_and_is_read_in_time(comparison: str):
    started = time.monotonic()
    for got in HOSTILE:
        for expected in ("(A)", "1", "a\u0300", "9" * 8000):
            assert not same(comparison, expected, got)
            assert not same_result(comparison, expected, got)
    assert time.monotonic() - started < 10


def test_every_text_is_the_same_as_itself():
    dice = random.Random(7)
    for _ in range(500):
        text = "".join(chr(dice.choice([dice.randrange(0x80), dice.randrange(0x110000)])) for _ in range(20))
        for comparison in ("choice", "number", "text"):
            assert same(comparison, text, f" {text}\n")
            assert not same(comparison, text, text + "x")


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ("as is ", "as is "),
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (2.5, "2.5"),
        ([1, "é"], '[1,"é"]'),
        ({"b": 1, "a": [None]}, '{"b":1,"a":[null]}'),
    ],
)
def test_a_result_is_an_answer_as_text(result: object, answer: str):
    assert result_as_answer(result) == answer


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("result", [10**5000, nested(100_000), {1, 2}], ids=["long", "deep", "no JSON"])
def test_a_result_that_cannot_be_written_is_no_answer(result: object):
    assert "cannot be written as JSON" in result_as_answer(result)
    assert not same_result("text", "[" * 8000, result)
    assert not same_result("text", "1", result)


@pytest.mark.parametrize(
    ("comparison", "expected", "result", "alike"),
    [
        ("text", "[1, 2]", [1, 2], True),
        ("text", '{"a": 1, "b": [true]}', {"b": [True], "a": 1.0}, True),
        ("text", "[1, 2]", [2, 1], False),
        ("text", "[1]", [True], False),
        ("text", "[1]", [1, 1], False),
        ("text", "true", True, True),
        ("text", "1", True, False),
        ("text", "null", None, True),
        ("text", "hello", "hello", True),
        ("text", "hello", None, False),
        ("text", "[NaN]", [float("nan")], False),
        ("text", "[1, 2", [1, 2], False),
        ("number", "5", 5.0, True),
        ("number", "100000000000000000000", 1e20, True),
        ("number", "0.3", 0.1 + 0.2, False),
        ("choice", "(B)", "B", True),
    ],
)
def test_a_result_without_adapter_is_compared_as_text_or_as_json(
    comparison: str, expected: str, result: object, alike: bool
):
    assert same_result(comparison, expected, result) is alike


def exact_tail(passed: int, total: int, share: Fraction) -> Fraction:
    return sum((comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(passed, total + 1)), Fraction(0))


def test_three_passes_of_three_prove_37_percent():
    assert lower_bound(3, 3) == pytest.approx(0.05 ** (1 / 3)) == pytest.approx(0.3684, abs=1e-4)


@pytest.mark.parametrize(
    ("passed", "total", "bound"),
    [
        (0, 0, 0.0),
        (0, 10, 0.0),
        (1, 1, 0.05),
        (9, 10, 0.6058),
        (1, 10, 0.0051),
        (95, 100, 0.8977),
        (999, 1000, 0.99526),
    ],
)
def test_the_bound_is_that_of_the_tables(passed: int, total: int, bound: float):
    assert lower_bound(passed, total) == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize(("passed", "total"), [(1, 2), (5, 9), (17, 20), (3, 40), (59, 60)])
def test_the_bound_is_the_share_at_which_so_many_passes_are_a_5_percent_chance(passed: int, total: int):
    bound = Fraction(lower_bound(passed, total))
    assert float(exact_tail(passed, total, bound)) == pytest.approx(0.05, abs=1e-9)


def test_more_passes_never_lower_the_bound_and_it_stays_below_the_share():
    for total in (1, 7, 100):
        bounds = [lower_bound(passed, total) for passed in range(total + 1)]
        assert bounds == sorted(bounds)
        assert all(bound <= passed / total for passed, bound in enumerate(bounds))
    assert 0.0 < lower_bound(1, 1000) < lower_bound(500, 1000) < lower_bound(1000, 1000) < 1.0


def test_a_higher_confidence_gives_a_lower_bound():
    assert lower_bound(9, 10, confidence=0.99) < lower_bound(9, 10)
    assert lower_bound(9, 9, confidence=0.99) == pytest.approx(0.01 ** (1 / 9))


def test_more_passes_than_questions_are_a_mistake():
    for passed, total in ((2, 1), (-1, 1)):
        with pytest.raises(ValueError, match="passed"):
            lower_bound(passed, total)
