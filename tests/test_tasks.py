"""The generated questions: repeatable, varied, and right by a second way of working each of them out (tests/second_ways.py)."""

import builtins
import io
import re
import subprocess
import sys

import pytest
from second_ways import SECOND_WAYS

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.models import MAX_ANSWER_BYTES, MAX_DESCRIPTION, MAX_QUESTION_BYTES
from latm_mcp.tasks import GENERATED, questions

NAMES = [task.name for task in GENERATED]
every_task = pytest.mark.parametrize("name", NAMES)

# What 200 questions of a task must show between them: patterns, each found in some question or answer.
VARIETY = {
    "word_sorting": [
        "List: ",
        "Sort these words alphabetically: ",
        "Put these words in alphabetical order: ",
        "&",
        "'",
        "-",
    ],
    "close_brackets": [r"Input: [\[({<] ", r"Input: [\[({<]{2}", "{", "}"],
    "remainders": ["; if we divide them"],
    "order_five_objects": [
        *("five books", "five birds", "five vehicles", "five fruits", "five golfers", "five parcels", "five cousins"),
        *(
            "is the leftmost.",
            "second from the right.",
            "is to the left of",
            "is to the right of",
            "is the second-newest.",
        ),
        *("are less expensive than", "are more expensive than", "are the third-most expensive", "is older than the"),
        *("finished above", "finished below", "finished second-to-last", "finished first", "is newer than"),
    ],
    "track_swaps": [
        *(
            "square dance",
            "avid readers",
            "soccer match",
            "white elephant",
            "each holding a ball",
            "nurses",
            "chess club",
        ),
        *("has a orange ball", "has a black ball"),
    ],
    "meeting_slot": ["a 0.5-hour", "a 1-hour", "a 1.5-hour", "a 2-hour", "a 2.5-hour", "No time slot works.", ":45"],
    "log_line_fields": ["HTTP/1.1", r"sshd\[", r"ERROR \[", 'msg="', r'\\"', "Firefox"],
    "iso_date": [
        r"\(day first\)",
        r"\(month first\)",
        "Sept",
        "day, ",
        "3rd",
        "th of ",
        r"\d-[A-Z][a-z]{2}-\d\d\n",
        r"\d{4}\.\d",
    ],
    "due_date": ["Also leave out these holidays: ", "Which date is", "An invoice of", "Start date: "],
    "split_bill": ["by shares: ", "by what everyone had. ", "equally among ", "Tip: 0%"],
    "product_code": [
        "EAN-13",
        "UPC-A",
        "ISBN-10",
        "ISBN-13",
        r"\(shown as \?\)",
        r"[\d -]X\b",
        "\\nvalid",
        "\\ninvalid",
        r"97[89]-\d-",
    ],
}


def test_the_registry_names_eleven_tasks_in_order():
    assert NAMES == [
        "word_sorting",
        "close_brackets",
        "remainders",
        "order_five_objects",
        "track_swaps",
        "meeting_slot",
        "log_line_fields",
        "iso_date",
        "due_date",
        "split_bill",
        "product_code",
    ]
    assert all(task.description.endswith(".") and len(task.description) <= MAX_DESCRIPTION for task in GENERATED)


@every_task
def test_the_same_seed_gives_the_same_distinct_questions(name: str):
    first = questions(name, 120, seed=5)
    assert first == questions(name, 120, seed=5)
    assert first[:40] == questions(name, 40, seed=5)
    assert len({example.question for example in first}) == 120
    assert first != questions(name, 120, seed=6)


def test_another_process_gives_the_same_questions():
    script = "import sys; from latm_mcp.tasks import questions; print([questions(n, 3, 9) for n in sys.argv[1:]])"
    command = [sys.executable, "-W", "error", "-c", script, *NAMES]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert printed.strip() == str([questions(name, 3, 9) for name in NAMES])


@every_task
def test_a_second_way_of_working_it_out_agrees_with_every_answer(name: str):
    for example in questions(name, 300, seed=11):
        assert example.standing == "confirmed"
        SECOND_WAYS[name](example.question, example.answer)


@every_task
def test_a_wrong_answer_is_noticed_by_the_second_way(name: str):
    examples = questions(name, 30, seed=3)
    for example in examples:
        other = next(another.answer for another in examples if another.answer != example.answer)
        with pytest.raises(AssertionError):
            SECOND_WAYS[name](example.question, other)


@every_task
def test_two_hundred_questions_show_every_wording(name: str):
    examples = questions(name, 200, seed=21)
    text = "\n".join(f"{example.question}\n{example.answer}" for example in examples)
    assert [part for part in VARIETY[name] if not re.search(part, text)] == []


@every_task
def test_no_answer_is_the_answer_to_most_questions(name: str):
    answers = [example.answer for example in questions(name, 200, seed=2)]
    assert max(answers.count(answer) for answer in set(answers)) <= 100
    assert len(set(answers)) >= 5


def test_valid_and_invalid_codes_are_balanced():
    answers = [example.answer for example in questions("product_code", 600, seed=4)]
    assert 0.8 < answers.count("valid") / answers.count("invalid") < 1.25


@every_task
def test_questions_and_answers_are_plain_text_within_the_bounds(name: str):
    for example in questions(name, 200, seed=8):
        assert 0 < len(example.question.encode()) <= min(4096, MAX_QUESTION_BYTES)
        assert 0 < len(example.answer.encode()) <= min(1024, MAX_ANSWER_BYTES)
        assert example.question.isascii()
        assert example.question == example.question.strip()
        assert example.answer == example.answer.strip()


def test_no_two_tasks_open_a_question_with_the_same_words():
    owner: dict[str, str] = {}
    for name in NAMES:
        for example in questions(name, 200, seed=13):
            opening = " ".join(example.question.split()[:3])
            assert owner.setdefault(opening, name) == name


@every_task
def test_no_file_is_read_for_a_question(name: str, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a generator opened a file")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(io, "open", refuse)
    assert len(questions(name, 20, seed=1)) == 20


def test_a_task_that_is_not_generated_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(NotFound, match=r"'haiku'.*word_sorting.*product_code"):
        questions("haiku", 3, 1)


def test_more_questions_than_a_task_has_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("latm_mcp.tasks.DRAWS_PER_QUESTION", 0)
    with pytest.raises(BadInput, match="no 3 distinct"):
        questions("iso_date", 3, 1)
