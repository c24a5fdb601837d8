"""`latm-mcp queue` through the front door: what waits, and a person's hand on it."""

from pathlib import Path

import pytest
from front_door import FrontDoor, good_sorter, scripted_model
from scripted import SORT_EXAMPLES
from test_store import a_task

from latm_mcp.latm_queue import Waiting
from latm_mcp.store import open_store

SORTING = [f"Sort the following words alphabetically: List: {words}" for words in ("b a", "d c", "f e")]
DAYS = ["How many days are there from 3 May to 9 May?", "How many days are there from 5 May to 7 May?"]
HOSTILE = "Is this \x1b[31mred\x1b[0m? [bold]no[/bold] \u202eeslaf\n\n 9 other_tool 6 of 6\n{0} %s"


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    """A library with two groups and a question that a tool refused."""
    home = tmp_path / "home"
    with open_store(home) as store:
        waiting = Waiting(store, 6, 3)
        for question in (*SORTING, *DAYS):
            waiting.cache(question)
            waiting.tell(question, question[-3:], "client", "a client")
        waiting.cache("Sort: b\tä", tool="sort_words")
    return FrontDoor(home, sandbox_cache)


def test_an_empty_queue_says_that_it_is_off(tmp_path: Path, sandbox_cache: Path):
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    assert (
        door.run("queue").stdout == "No question waits. The queue is off: LATM_QUEUE=on keeps what no tool answers.\n"
    )
    door.more["LATM_QUEUE"] = "on"
    assert door.run("queue").stdout == "No question waits.\n"
    assert door.json("queue") == []


def test_the_list_has_each_group_with_what_it_has_and_needs(door: FrontDoor):
    door.more |= {"LATM_QUEUE": "on", "LATM_MAKE_AT": "3", "LATM_GROW_AT": "2"}
    lines = door.run("queue").stdout.splitlines()
    assert lines[0].split() == ["group", "kind", "answered", "for", "state", "note"]
    assert "3 of 3" in lines[2]
    assert "has enough" in lines[2] + lines[3]
    rows = door.json("queue")
    assert [(row["id"], row["answered"], row["needed"], row["tool"], row["ready"]) for row in rows] == [
        (1, 3, 3, None, True),
        (2, 2, 3, None, False),
        (3, 0, 2, "sort_words", False),
    ]
    assert rows[1]["kind"] == DAYS[0]


def test_a_group_is_shown_with_its_questions_and_who_answered_what(door: FrontDoor):
    said = door.run("queue", "show", "2").stdout
    assert "2 of 6 questions have an answer that counts." in said
    assert f"  | {DAYS[0]}\n- client a client says: 'ay?'\n" in said
    shown = door.json("queue", "show", "2")
    assert [row["question"] for row in shown["questions"]] == DAYS
    assert shown["questions"][0]["told"][0]["who"] == "client"


def test_a_group_in_making_is_shown_with_how_far_it_is(door: FrontDoor):
    with open_store(door.home) as store:
        group = store.group(1)
        assert group is not None
        job = store.open_job("group:1", a_task())
        assert store.begin_group(group, job.id)
        store.set_progress(job.id, "asking a model for a function")
    assert "progress: asking a model for a function\n" in door.run("queue", "show", "1").stdout


def test_a_persons_answer_settles_a_question_and_another_persons_opens_it_again(door: FrontDoor):
    assert door.run("queue", "answer", "1", "a b").stdout == "Kept: group 1 has 3 of 6.\n"
    (first, *_) = door.json("queue", "show", "1")["questions"]
    assert (first["answer"], first["told"][-1]["who"], first["disputed"]) == ("a b", "person", False)
    with open_store(door.home) as store:
        store.tell(SORTING[0], "b a", "person", "somebody else")
    (first, *_) = door.json("queue", "show", "1")["questions"]
    assert (first["answer"], first["disputed"]) == (None, True)
    assert "does not count" in door.run("queue", "answer", "1", "a  b").stdout
    assert door.json("queue")[0]["disputed"] == 1
    assert "1 disputed" in " ".join(door.run("queue").stdout.split())


def test_groups_are_named_merged_split_and_dropped(door: FrontDoor):
    door.run("queue", "name", "1", "word_sorter")
    assert door.run("queue", "merge", "1", "2").stdout == "Group 2 is now part of group 1: group 1 has 5 of 6.\n"
    assert "new group 4: group 4 has 2 of 6" in door.run("queue", "split", "1", "4", "5").stdout
    assert door.json("queue", "drop", "4") == {"said": "Group 4 and its questions are forgotten."}
    assert [(row["id"], row["kind"], row["waiting"]) for row in door.json("queue")] == [
        (1, "word_sorter", 3),
        (3, "Sort: b ä", 1),
    ]
    with open_store(door.home) as store:
        actors = {row.actor.split()[0] for row in store.audit_log(10)}
    assert actors == {"person"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "9"), "There is no group 9"),
        (("name", "9", "days"), "There is no group 9"),
        (("name", "1", "Word Sorter"), "wrong form"),
        (("merge", "1", "1"), "name two groups"),
        (("merge", "1", "3"), "different tools"),
        (("split", "1", "4"), "has no question 4"),
        (("split", "1", "1", "2", "3"), "leave at least one"),
        (("drop", "9"), "There is no group 9"),
        (("answer", "99", "x"), "No question 99 waits"),
        (("answer", "1", "x" * 10_000), "shorten it"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(door: FrontDoor, arguments: tuple[str, ...], said: str):
    with open_store(door.home) as store:
        before = store.groups()
        assert said in door.refusal("queue", *arguments)
        assert store.groups() == before


@pytest.mark.parametrize("number", ["-1", "٣", "99999999999999999999"])
def test_a_number_that_cannot_be_one_is_bad_usage(door: FrontDoor, number: str):
    assert "Traceback" not in door.run("queue", "show", number, code=2).stderr


def test_hostile_text_reaches_no_terminal(door: FrontDoor):
    with open_store(door.home) as store:
        store.enqueue(HOSTILE, None, seen=store.queue_generation())
        store.tell(HOSTILE, f"{HOSTILE}\nquestion 77, confirmed:", "client", "\x1b[2Jme")
        store.set_group(4, note=HOSTILE)
    for shown in (
        door.run("queue").stdout,
        door.run("queue", "show", "4").stdout,
        str(door.json("queue", "show", "4")),
    ):
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)
        assert "[bold]no[/bold]" in " ".join(shown.split())
    lines = door.run("queue", "show", "4").stdout.splitlines()
    assert not [line for line in lines if line.startswith(("question 77", " 9 other_tool"))]


def test_a_person_makes_a_group_before_it_has_enough_and_it_is_gone(tmp_path: Path, sandbox_cache: Path):
    home = tmp_path / "home"
    with open_store(home) as store:
        waiting = Waiting(store, 6, 3)
        for question, answer in SORT_EXAMPLES[:4]:
            waiting.cache(question)
            waiting.tell(question, answer, "client", "a client")
    door = FrontDoor(home, sandbox_cache)
    assert "LATM_MAKER_MODEL" in door.refusal("queue", "make", "1")
    door.run("queue", "name", "1", "order_words")
    with scripted_model(good_sorter) as maker:
        door.more = maker
        assert "published: order_words" in door.run("queue", "make", "1").stdout
    assert door.json("queue") == []
    assert [row["name"] for row in door.json("list")] == ["order_words"]


def test_a_group_with_nothing_that_counts_is_not_made(door: FrontDoor):
    assert "Group 3 has 0 answered questions that count" in door.refusal("queue", "make", "3")
    assert "There is no group 9" in door.refusal("queue", "make", "9")
