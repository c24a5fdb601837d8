"""What belongs to a question's instance is told from its words whatever the language, in time that grows with its length alone."""

import gc
import time

import pytest

from latm_mcp.masking import features, stems, tokens
from latm_mcp.using.dispatch import Dispatcher


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Add 12 and 3,5.", ["add", "§num", "and", "§num", "."]),
        ('Count the letters in "banana split".', ["count", "the", "letters", "in", "§str", "."]),
        ("Wie viele Buchstaben hat „Ofen“?", ["wie", "viele", "buchstaben", "hat", "§str", "?"]),
        ("Combien de lettres dans « été » ?", ["combien", "de", "lettres", "dans", "§str", "?"]),
        ("Сколько букв в слове 7?", ["сколько", "букв", "в", "слове", "§num", "?"]),
        ("اجمع ١٢ و ٣٫٥", ["اجمع", "§num", "و", "§num"]),
        ("Close it: ( [ {", ["close", "it", ":", "§br"]),
        ("Pick\n(A) one\n(B) two", ["pick", "§opt", "§opt"]),
        ("Pick\nA) one\nB) two. Then undo it", ["pick", "§opt", "§opt", ".", "then", "undo", "it"]),
        ("求１２和３：", ["求", "§num", "和", "§num", ":"]),
        ("按长度排序", ["按长", "长度", "度排", "排序"]),
        ("from 2024-03-05 to 3/5/2024 at 9:30am", ["from", "§num", "to", "§num", "at", "§num"]),
        ("Is GET /api/v1/users an h2o?", ["is", "get", "§path", "an", "§code", "?"]),
        ("एक सूची", ["एक", "सूची"]),
        ("Cafe\u0301 n’est pas", ["café", "n'est", "pas"]),
    ],
)
def test_what_belongs_to_the_instance_is_masked_whatever_the_language(question: str, words: list[str]):
    assert [token.text for token in tokens(question)] == words


def test_a_capital_within_a_sentence_may_be_a_name_and_stays_a_word():
    kinds = {token.text: token.kind for token in tokens("What did Ann buy? Bread, Butter.")}
    assert (kinds["what"], kinds["ann"], kinds["bread"], kinds["butter"]) == ("§word", "§name", "§word", "§name")


HOSTILE = [
    "“",
    '"',
    "(A)",
    "\n(A)",
    "(",
    "( ",
    "a",
    "a'",
    "'a",
    "1",
    "1a",
    "1.",
    "1:",
    ".-",
    "/",
    "/a ",
    "a\u0301\u0316",
    "\u0316\u0301",
    "漢",
]
HOSTILE += [" ", "„“", "\n\t", "A) ", "://", "ﷺ", "§", "a-1", "«»", "(A);;", "a-", "\u200d"]


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_question_of_64_kib_is_read_in_about_twice_the_time_of_half_of_it(part: str):
    whole = part * (64 * 1024 // len(part.encode()))
    took = []
    gc.disable()  # a look through all that the other tests left takes as long
    try:
        for text in (whole[: len(whole) // 2], whole):
            began = time.process_time()
            read = tokens(text)
            assert len(features(read)) + len(stems(read)) <= 6 * len(read) + 1
            took.append(time.process_time() - began)
    finally:
        gc.enable()
    assert took[1] < 4 * took[0] + 0.3, "seconds"


def test_a_long_hostile_question_gets_its_candidates_in_a_bounded_time():
    dispatcher = Dispatcher({})
    began = time.process_time()
    for part in ("a1 ", "“x”", "Sort the ", "漢字"):
        dispatcher.candidates(part * (64 * 1024 // len(part.encode())))
    assert time.process_time() - began < 8, "seconds"
