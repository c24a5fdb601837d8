"""The dispatcher finds the tool that a question is for, and is certain only if the question has all that its examples share."""

import statistics
import time

import pytest
from scripted import SORT_EXAMPLES

from latm_mcp.masking import masked
from latm_mcp.models import Example
from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.dispatch import Dispatcher

BANKS = {row.name: questions(row.name, 10, seed=3) for row in GENERATED}
SORTING = [Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES]


@pytest.mark.parametrize("name", BANKS)
def test_new_questions_of_a_task_name_its_tool_first(name: str):
    dispatcher = Dispatcher(BANKS)
    first = [dispatcher.candidates(example.question)[:1] for example in questions(name, 30, seed=4)]
    right = [found for found in first if found and found[0].name == name]
    assert len(right) >= 20  # ten examples do not hold every wording of a task
    assert all(not found or found[0].name == name for found in first)


def test_a_question_that_asks_for_something_else_in_the_same_words_is_not_certain():
    (candidate,) = Dispatcher({"sort_words": SORTING}).candidates(
        "Sort the following words by length: List: pear fig apple"
    )
    assert not candidate.certain
    assert {"by", "length"} <= set(candidate.lacks)


def test_a_question_of_the_same_form_is_certain():
    (candidate,) = Dispatcher({"sort_words": SORTING}).candidates(
        "Sort the following words alphabetically: List: quartz onyx"
    )
    assert candidate.certain
    assert candidate.ratio > 0.9


def test_two_examples_are_too_few_to_be_certain():
    (candidate,) = Dispatcher({"sort_words": SORTING[:2]}).candidates(SORT_EXAMPLES[5][0])
    assert not candidate.certain


@pytest.mark.parametrize("question", ["What is the weather in Paris?", "", "??", "Wie spät ist es?", "\u200b§num§"])
def test_a_foreign_question_has_no_candidates(question: str):
    assert Dispatcher(BANKS).candidates(question) == []


def test_an_empty_library_has_no_candidates():
    assert Dispatcher({}).candidates("Sort these words: b a") == []
    assert Dispatcher({"empty": []}).candidates("Sort these words: b a") == []


def test_a_question_without_words_has_no_candidates_though_a_tool_has_such_an_example():
    bank = [Example(question=question, answer="a") for question in (",", ";")]
    assert Dispatcher({"commas": bank}).candidates(",") == []


def test_a_tool_whose_examples_have_nothing_in_common_is_not_likelier_than_the_right_one():
    odd = [Example(question=text, answer="a") for text in ("Fig?", "Alpha beta gamma", "following delta epsilon")]
    found = Dispatcher({"odd": odd, "sort_words": SORTING}).candidates(
        "Sort the following words alphabetically: List: fig date"
    )
    assert found[0].name == "sort_words"


def in_letters(*numbers: int) -> str:
    return "x".join(str(number).translate(str.maketrans("0123456789", "abcdefghij")) for number in numbers)


def many(tools: int, first: int, count: int) -> dict[str, list[Example]]:
    """So many tools' examples, in 60 words each: half of a wording is everybody's, the rest a tool's own or a family's."""
    banks = {}
    for tool in range(tools):
        usual = ((n,) if n % 2 else (n, tool if n % 4 else tool // 10) for n in range(50))
        wording = [in_letters(*parts) for parts in usual]
        banks[f"tool_{tool}"] = [
            Example(question=" ".join((*wording, *(in_letters(tool * n % 97, row, n) for n in range(10)))), answer="a")
            for row in range(first, first + count)
        ]
    return banks


def test_a_thousand_tools_are_built_in_seconds_and_a_question_takes_milliseconds():
    banks = many(1000, 0, 12)
    began = time.process_time()
    dispatcher = Dispatcher(banks)
    built, took = time.process_time() - began, []
    for name, (example,) in many(1000, 90, 1).items():
        if int(name.removeprefix("tool_")) % 20 == 0:
            began = time.process_time()
            found = dispatcher.candidates(example.question)
            took.append(time.process_time() - began)
            assert [candidate.name for candidate in found[:1] if candidate.certain] == [name]
    assert built < 4, "seconds"
    assert statistics.median(took) < 0.06, "seconds"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Add 12 and 3,5.", ["add", "§num", "and", "§num", "."]),
        ("What did Ann Miller buy?", ["what", "did", "§name", "buy", "?"]),
        ('Count the letters in "banana split".', ["count", "the", "letters", "in", "§str", "."]),
        ("Сколько букв в слове 7?", ["сколько", "букв", "в", "слове", "§num", "?"]),
        ("Close it: ( [ {", ["close", "it", ":", "§br"]),
        ("Pick\n(A) one\n(B) two", ["pick", "§opt"]),
    ],
)
def test_what_belongs_to_the_instance_is_masked_whatever_the_language(question: str, words: list[str]):
    assert masked(question) == words
