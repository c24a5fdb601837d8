"""The dispatcher finds the tool that a question is for, and is certain only if the question has all that its examples share."""

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
