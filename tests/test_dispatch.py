"""The dispatcher finds the tool that a question is for, and is certain only if it asks for what all the tool's examples ask for."""

import pytest
from scripted import SORT_EXAMPLES

from latm_mcp.masking import tokens
from latm_mcp.models import Example
from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.dispatch import Candidate, Dispatcher

BANKS = {row.name: questions(row.name, 10, seed=3) for row in GENERATED}
FIXED_FORM = ("close_brackets", "remainders", "meeting_slot", "due_date")  # tasks whose ten examples hold every wording
SORTING = [Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES]


def bank(*asked: str) -> list[Example]:
    return [Example(question=question, answer="a") for question in asked]


def only(dispatcher: Dispatcher, question: str) -> Candidate:
    (candidate,) = dispatcher.candidates(question)
    return candidate


@pytest.mark.parametrize("name", BANKS)
def test_new_questions_of_a_task_name_its_tool_first(name: str):
    dispatcher = Dispatcher(BANKS)
    first = [dispatcher.candidates(example.question)[:1] for example in questions(name, 30, seed=4)]
    right = [found for found in first if found and found[0].name == name]
    assert len(right) >= 28


@pytest.mark.parametrize("name", BANKS)
def test_a_new_question_is_certain_for_its_own_tool_or_for_none(name: str):
    dispatcher = Dispatcher(BANKS)
    found = [dispatcher.candidates(example.question) for example in questions(name, 30, seed=4)]
    sure = [[candidate.name for candidate in row if candidate.certain] for row in found]
    assert all(names in ([], [name]) for names in sure)
    assert sum(map(bool, sure)) >= (29 if name in FIXED_FORM else 8)


@pytest.mark.parametrize(
    "question",
    [
        "Sort the following words by length: List: pear fig apple",
        "Sort the following words in reverse alphabetical order: List: pear fig apple",
        "Sort the following words alphabetically, ignoring the first letter: List: pear fig apple",
        "Count the following words alphabetically: List: pear fig apple",
        "Sort the following words alphabetically: List: pear fig apple. Leave out fruits.",
        "Sort the following words: List: pear fig apple",
        "How many of the following words come alphabetically last? List: pear fig apple",
    ],
)
@pytest.mark.parametrize("examples", [3, 6, 8])
def test_a_question_that_asks_for_something_else_in_the_same_words_is_not_certain(question: str, examples: int):
    assert not only(Dispatcher({"sort_words": SORTING[:examples]}), question).certain


def test_the_words_that_no_example_has_are_named():
    candidate = only(Dispatcher({"sort_words": SORTING}), "Sort the following words by length: List: pear fig apple")
    assert {"by", "length"} <= set(candidate.lacks)


@pytest.mark.parametrize("examples", [3, 6, 8])
def test_a_question_of_the_same_form_is_certain(examples: int):
    dispatcher = Dispatcher({"sort_words": SORTING[:examples]})
    candidate = only(dispatcher, "Sort the following words alphabetically: List: quartz onyx")
    assert candidate.certain
    assert candidate.ratio > 0.9


def test_two_examples_are_too_few_to_be_certain():
    assert not only(Dispatcher({"sort_words": SORTING[:2]}), SORT_EXAMPLES[5][0]).certain


@pytest.mark.parametrize("question", ["What is the weather in Paris?", "", "??", "Wie spät ist es?", "\u200b§num§"])
def test_a_foreign_question_has_no_candidates(question: str):
    assert Dispatcher(BANKS).candidates(question) == []


def test_an_empty_library_has_no_candidates():
    assert Dispatcher({}).candidates("Sort these words: b a") == []
    assert Dispatcher({"empty": []}).candidates("Sort these words: b a") == []


def test_a_question_without_words_has_no_candidates_though_a_tool_has_such_an_example():
    assert Dispatcher({"commas": bank(",", ";")}).candidates(",") == []


def test_a_tool_whose_examples_have_nothing_in_common_is_not_likelier_than_the_right_one():
    odd = bank("Fig?", "Alpha beta gamma", "following delta epsilon")
    found = Dispatcher({"odd": odd, "sort_words": SORTING}).candidates(
        "Sort the following words alphabetically: List: fig date"
    )
    assert found[0].name == "sort_words"


def test_a_question_in_other_words_names_its_tool_and_is_not_certain():
    found = Dispatcher(BANKS).candidates(
        "Could you sort these for me, alphabetically please? Words: freckle, hamlet, lilac"
    )
    assert [candidate.certain for candidate in found if candidate.name == "word_sorting"] == [False]


GERMAN = bank(
    "Sortiere die folgenden Wörter alphabetisch: Ofen, Straße, Kartoffel",
    "Sortiere die folgenden Wörter alphabetisch: Zaun, Ohr, Igel, Ast",
    "Sortiere die folgenden Wörter alphabetisch: Löffel, Brücke",
    "Sortiere die folgenden Wörter alphabetisch: Garten, Bus, Tisch, Regen, Hut",
)
CHINESE = bank(
    "请将下列词语按拼音顺序排列：苹果、香蕉、樱桃",
    "请将下列词语按拼音顺序排列：桌子、椅子",
    "请将下列词语按拼音顺序排列：太阳、月亮、星星、云彩",
    "请将下列词语按拼音顺序排列：老虎、狮子、大象",
)
RUSSIAN = bank(
    "Отсортируй следующие слова по алфавиту: яблоко, груша, слива",
    "Отсортируй следующие слова по алфавиту: дом, сад",
    "Отсортируй следующие слова по алфавиту: река, море, озеро, лес",
    "Отсортируй следующие слова по алфавиту: стол, стул, окно",
)
FRENCH = bank(
    "Triez les mots suivants par ordre alphabétique : « pomme, poire »",
    "Triez les mots suivants par ordre alphabétique : « chat, chien, loup »",
    "Triez les mots suivants par ordre alphabétique : « mer »",
)


@pytest.mark.parametrize(
    ("examples", "genuine", "other"),
    [
        (
            GERMAN,
            "Sortiere die folgenden Wörter alphabetisch: Wolke, Messer, Ziegel",
            "Sortiere die folgenden Wörter nach Länge: Wolke, Messer",
        ),
        (
            GERMAN,
            "Sortiere die folgenden Wörter alphabetisch: Wolke, Messer",
            "Sortiere die folgenden Zahlen alphabetisch: Wolke, Messer",
        ),
        (CHINESE, "请将下列词语按拼音顺序排列：电脑、手机", "请将下列词语按拼音倒序排列：电脑、手机"),
        (
            RUSSIAN,
            "Отсортируй следующие слова по алфавиту: небо, звезда",
            "Отсортируй следующие слова по длине: небо, звезда",
        ),
        (
            FRENCH,
            "Triez les mots suivants par ordre alphabétique : « fleur, arbre »",
            "Triez les mots suivants par ordre alphabétique inverse : « fleur, arbre »",
        ),
    ],
)
def test_other_languages_are_guarded_alike(examples: list[Example], genuine: str, other: str):
    dispatcher = Dispatcher({**BANKS, "sort_here": examples})
    sure, unsure = dispatcher.candidates(genuine)[0], dispatcher.candidates(other)[0]
    assert (sure.name, sure.certain) == ("sort_here", True)
    assert (unsure.name, unsure.certain) == ("sort_here", False)


def test_digits_of_any_script_are_numbers():
    dispatcher = Dispatcher({"days": bank(*(f"{n} Tage sind wie viele Stunden?" for n in ("12", "7", "365", "1.000")))})
    for number in ("31", "٣١", "３１"):
        assert only(dispatcher, f"{number} Tage sind wie viele Stunden?").certain


def test_a_tool_that_is_put_in_again_is_known_by_its_new_examples_alone():
    dispatcher = Dispatcher({"sort_words": SORTING})
    dispatcher.put("sort_words", BANKS["remainders"])
    assert dispatcher.candidates(SORT_EXAMPLES[0][0]) == []
    assert only(dispatcher, questions("remainders", 11, seed=4)[-1].question).certain
    assert dispatcher.names() == ["sort_words"]


def test_a_tool_that_is_dropped_is_no_candidate_and_leaves_the_others_as_if_it_had_never_been():
    question = questions("due_date", 3, seed=9)[2].question
    dispatcher, never = Dispatcher(BANKS), Dispatcher({name: own for name, own in BANKS.items() if name != "iso_date"})
    dispatcher.drop("iso_date")
    dispatcher.drop("nobody")
    assert "iso_date" not in dispatcher.names()
    assert dispatcher.candidates(question) == never.candidates(question)


def test_tools_put_in_one_by_one_are_found_like_tools_that_were_there_at_once():
    grown = Dispatcher({})
    for name, own in BANKS.items():
        grown.candidates(own[0].question)
        grown.put(name, own)
    asked, at_once = [example.question for name in BANKS for example in questions(name, 5, seed=8)], Dispatcher(BANKS)
    for question in asked:
        here, there = grown.candidates(question), at_once.candidates(question)
        assert [(c.name, c.certain) for c in here[:1]] == [(c.name, c.certain) for c in there[:1]]


def test_a_question_that_leaves_the_examples_says_where_if_it_has_all_their_words():
    dispatcher = Dispatcher({"sort_words": SORTING})
    asked = "Sort the following words alphabetically by length: List: pear fig"
    candidate = only(dispatcher, asked)
    assert not candidate.certain
    assert {tokens(asked)[place].text for place in candidate.odd or ()} >= {"alphabetically", "by", "length"}
    assert only(dispatcher, "Sort the following words by length: List: pear fig").odd is None


def test_a_tool_that_is_not_there_has_no_threshold():
    assert Dispatcher({}).threshold("nobody") is None
