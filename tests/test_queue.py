"""Questions that wait for a tool, through the real library: grouped as they come in, answered, counted, kept by every process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.latm_queue import Disputed, Waiting, agreed
from latm_mcp.store import Store, open_store
from latm_mcp.tasks import questions

SRC = Path(__file__).parent.parent / "src"
SORTING = [
    f"Sort the following words alphabetically: List: {words}" for words in ("b a", "d c", "f e", "h g", "j i", "l k")
]
DAYS = [f"How many days are there from {day} May to {day + 9} May?" for day in (1, 3, 5, 7, 9, 11)]
TASKS = ("word_sorting", "close_brackets", "remainders", "order_five_objects", "track_swaps", "meeting_slot")


class Clock:
    """Seconds since 1970 that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def waiting(store: Store) -> Waiting:
    return Waiting(store, 3, 2)


def fill(waiting: Waiting, asked: list[str], answers: str = "abcdefgh") -> int:
    """Put these there with an answer of a model each; the group of the last."""
    for question, answer in zip(asked, answers, strict=False):
        waiting.cache(question)
        told = waiting.tell(question, answer, "model", "strong")
        assert told is not None
    return told.group.id


def test_a_mixed_stream_falls_into_one_group_for_each_task(store: Store):
    waiting = Waiting(store, 6, 3)
    rows = [(row, name) for name in TASKS for row in questions(name, 8, seed=5)]
    for row, _ in sorted(rows, key=lambda pair: hash_of(pair[0].question)):
        waiting.cache(row.question)
        waiting.tell(row.question, row.answer, "model")
    task_of = {row.question: name for row, name in rows}
    for ready in waiting.ready():
        assert len({task_of[example.question] for example in ready.examples}) == 1
    # Words are sorted in several wordings, each a group of its own.
    assert len(waiting.ready()) >= len(TASKS) - 1


def hash_of(question: str) -> int:
    """Any order, the same on every run."""
    return sum(ord(sign) * place for place, sign in enumerate(question, 1)) % 997


@pytest.mark.parametrize(
    ("alike", "other"),
    [
        (["Capital of France?", "Capital of Peru?", "Capital of Japan?"], "Population of Japan, please"),
        (
            ["计算三加四的结果是多少", "计算五加九的结果是多少", "计算二加八的结果是多少"],
            "请把下面的单词按字母顺序排列",
        ),
        (
            ["Wie viele Tage hat der Mai?", "Wie viele Tage hat der Juni?"],
            "Sortiere diese Wörter nach dem Alphabet: b a",
        ),
    ],
)
def test_short_questions_in_any_language_find_each_other(waiting: Waiting, alike: list[str], other: str):
    groups = {waiting.cache(question).group.id for question in alike}
    assert len(groups) == 1
    assert waiting.cache(other).group.id not in groups


def test_a_group_is_ready_when_enough_of_its_questions_are_answered(waiting: Waiting):
    fill(waiting, SORTING[:2])
    third = waiting.cache(SORTING[2])
    assert (third.answered, third.needed, third.ready, waiting.ready()) == (2, 3, False, [])
    told = waiting.tell(SORTING[2], "c", "client", "a client")
    assert told is not None
    assert (told.answered, told.ready) == (3, True)
    (ready,) = waiting.ready()
    assert [example.answer for example in ready.examples] == ["a", "b", "c"]
    assert {example.standing for example in ready.examples} == {"provisional"}


def test_a_group_in_making_is_not_ready_again_and_one_that_failed_is(waiting: Waiting, store: Store):
    group = fill(waiting, SORTING[:3])
    store.set_group(group, state="making", job="job_1")
    assert waiting.ready() == []
    store.set_group(group, state="failed", note="its maker gave up")
    assert [(ready.group.job, ready.group.note) for ready in waiting.ready()] == [("job_1", "its maker gave up")]


def test_answers_that_are_all_the_same_make_no_new_tool(waiting: Waiting):
    fill(waiting, SORTING[:4], "aaaa")
    assert waiting.ready() == []
    fill(waiting, [SORTING[4]], "b")
    assert len(waiting.ready()) == 1


def test_the_same_question_asked_again_is_kept_once(waiting: Waiting):
    first, again = waiting.cache(SORTING[0]), waiting.cache(SORTING[0])
    assert first.instance.id == again.instance.id
    assert len(again.group.instances) == 1


def test_a_question_that_differs_in_white_space_alone_counts_once(waiting: Waiting):
    for question in (SORTING[0], f" {SORTING[0]}", SORTING[0].replace(" ", "  ", 1)):
        waiting.cache(question)
        told = waiting.tell(question, "a b", "model")
    assert told is not None
    assert (told.answered, told.disputed) == (1, 0)
    told = waiting.tell(SORTING[0], "b a", "model")
    assert told is not None
    assert (told.answered, told.disputed) == (0, 1)


def test_what_nobody_asked_cannot_be_answered(waiting: Waiting, store: Store):
    assert waiting.tell(SORTING[0], "a b", "client") is None
    assert store.groups() == []


def test_two_persons_who_disagree_leave_a_question_open(waiting: Waiting):
    fill(waiting, SORTING[:3])
    waiting.tell(SORTING[0], "one", "person", "Ada")
    told = waiting.tell(SORTING[0], "another", "person", "Bob")
    assert told is not None
    assert (told.answered, told.disputed, told.ready) == (2, 1, False)
    assert isinstance(agreed(told.instance), Disputed)
    settled = waiting.tell(SORTING[0], "another", "person", "Ada")
    assert settled is not None
    assert (settled.answered, settled.disputed) == (3, 0)


def test_a_persons_word_stands_over_what_models_and_clients_said(waiting: Waiting):
    fill(waiting, SORTING[:3])
    waiting.tell(SORTING[0], "poison", "client", "a client")
    told = waiting.tell(SORTING[0], "right", "person", "Ada")
    assert told is not None
    example = agreed(told.instance)
    assert example is not None
    assert not isinstance(example, Disputed)
    assert (example.answer, example.standing) == ("right", "confirmed")


@pytest.mark.parametrize(("one", "other"), [("42", "42.0"), ("a  b", "a b\n"), ("cafe\u0301", "café")])
def test_answers_that_are_written_differently_agree(waiting: Waiting, one: str, other: str):
    waiting.cache(SORTING[0])
    waiting.tell(SORTING[0], one, "client", "a")
    told = waiting.tell(SORTING[0], other, "client", "b")
    assert told is not None
    assert (told.answered, told.disputed) == (1, 0)


def test_a_refused_question_waits_for_the_tool_that_refused_it(waiting: Waiting):
    group = fill(waiting, SORTING[:2])
    refused = waiting.cache(SORTING[2], tool="sort_words")
    again = waiting.cache(DAYS[0], tool="sort_words")
    assert (refused.group.tool, refused.needed) == ("sort_words", 2)
    assert again.group.id == refused.group.id != group
    assert waiting.cache(SORTING[3]).group.id == group  # which no tool has refused


def test_a_client_alone_makes_no_tool_grow(waiting: Waiting):
    for question in SORTING[:2]:
        waiting.cache(question, tool="sort_words")
        waiting.tell(question, "poison", "client", "a client")
    assert waiting.ready() == []
    waiting.tell(SORTING[0], "a b", "model", "strong")
    told = waiting.tell(SORTING[1], "c d", "person", "Ada")
    assert told is not None
    assert told.ready
    assert [example.answer for example in waiting.ready()[0].examples] == ["a b", "c d"]


def test_what_a_tool_refuses_during_its_making_waits_for_the_next(waiting: Waiting, store: Store):
    first = waiting.cache(SORTING[0], tool="sort_words")
    store.set_group(first.group.id, state="making", job="job_1")
    assert waiting.cache(SORTING[1], tool="sort_words").group.id != first.group.id


def test_groups_are_named_merged_split_and_dropped_by_a_person(waiting: Waiting, store: Store):
    sorting, days = fill(waiting, SORTING[:3]), fill(waiting, DAYS[:2])
    store.name_group(days, "day_count", "Ada")
    store.merge_groups(sorting, days, "Ada")
    (merged,) = store.groups()
    assert (merged.name, len(merged.instances)) == ("day_count", 5)
    new = store.split_group(sorting, [one.id for one in merged.instances if one.question in DAYS], "Ada")
    assert waiting.cache(DAYS[2]).group.id == new  # what was moved is learnt
    assert waiting.cache(SORTING[3]).group.id == sorting
    store.drop_group(new, "Ada")
    assert waiting.cache(DAYS[0]).group.id not in (sorting, new)
    assert [(row.action, row.actor) for row in store.audit_log(4)][::-1] == [
        (action, "Ada") for action in ("name_group", "merge_groups", "split_group", "drop_group")
    ]


def test_what_cannot_be_merged_or_split_is_refused_and_left(waiting: Waiting, store: Store):
    sorting, days = fill(waiting, SORTING[:2]), fill(waiting, DAYS[:2])
    tools = waiting.cache(DAYS[2], tool="sort_words").group.id
    ids = [one.id for one in waiting.cache(SORTING[0]).group.instances]
    for into, other in ((sorting, sorting), (sorting, tools)):
        with pytest.raises(BadInput):
            store.merge_groups(into, other, "Ada")
    for moved in ([], ids):
        with pytest.raises(BadInput):
            store.split_group(sorting, moved, "Ada")
    with pytest.raises(NotFound):
        store.split_group(days, ids[:1], "Ada")
    for missing in (
        lambda: store.drop_group(99, "Ada"),
        lambda: store.name_group(99, "x", "Ada"),
        lambda: store.set_group(99, state="open"),
    ):
        with pytest.raises(NotFound):
            missing()
    store.set_group(days, state="making", job="job_1")
    with pytest.raises(BadInput, match="in making"):
        store.merge_groups(sorting, days, "Ada")
    assert [(group.id, len(group.instances)) for group in store.groups()] == [(sorting, 2), (days, 2), (tools, 1)]


def test_what_was_asked_before_a_moment_is_erased_from_the_file(
    waiting: Waiting, store: Store, clock: Clock, tmp_path: Path
):
    fill(waiting, [f"{SORTING[0]} zanzibar{n}" for n in range(40)], "a" * 40)
    clock.now += 100
    kept = waiting.cache(DAYS[0])
    assert store.forget_questions(clock.now) == 80  # questions and answers
    assert [group.id for group in store.groups()] == [kept.group.id]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"zanzibar" not in files
    assert b"How many days" in files
    assert waiting.cache(SORTING[0]).group.id != kept.group.id


def test_what_one_process_keeps_another_groups_by(store: Store, tmp_path: Path):
    with open_store(tmp_path) as second:
        one, other = Waiting(store, 3, 2), Waiting(second, 3, 2)
        groups = {waiting.cache(question).group.id for question in SORTING for waiting in (one, other)}
        assert len(groups) == 1
        assert store.groups() == second.groups()


WRITER = """
import sys
from pathlib import Path
from latm_mcp.latm_queue import Waiting
from latm_mcp.store import open_store
home, number, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_store(home) as store:
    waiting = Waiting(store, 6, 3)
    for n in range(count):
        question = f"Sort the following words alphabetically: List: w{number} x{n} y z"
        waiting.cache(question)
        waiting.tell(question, f"answer {n}", "model", number)
        print(n, flush=True)
"""


def writer(home: Path, number: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(SRC)!r})\n{WRITER}",
            str(home),
            str(number),
            str(count),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_ask_at_the_same_time_lose_nothing_and_make_one_group(store: Store, tmp_path: Path):
    children = [writer(tmp_path, number, 40) for number in range(3)]
    try:
        assert [child.wait(60) for child in children] == [0, 0, 0]
    finally:
        for child in children:
            child.kill()
            child.communicate()
    (group,) = store.groups()
    assert len(group.instances) == len({one.question for one in group.instances}) == 120
    assert Waiting(store, 6, 3).state()[0].answered == 120


def test_a_process_that_is_killed_leaves_the_queue_whole(tmp_path: Path):
    child = writer(tmp_path, 0, 100_000)
    assert child.stdout is not None
    said = [int(child.stdout.readline()) for _ in range(25)]
    child.kill()
    said += [int(line) for line in child.communicate(timeout=30)[0].splitlines() if line.isdecimal()]
    with open_store(tmp_path) as store:
        (group,) = store.groups()
        answered = [one for one in group.instances if one.told]
        # All that it was told was kept; at most one question had no answer yet.
        assert len(answered) >= len(said) >= 25
        assert len(group.instances) - len(answered) <= 1
        assert all(len(one.told) == 1 for one in answered)
        assert Waiting(store, 6, 3).cache(f"{SORTING[0]} z").group.id == group.id


def test_a_queue_that_nobody_changed_is_not_read_again(waiting: Waiting, store: Store, tmp_path: Path):
    fill(waiting, SORTING[:3])
    fill(waiting, DAYS[:3])
    before = store.groups()
    assert [one is other for one, other in zip(before, store.groups(), strict=True)] == [True, True]
    waiting.tell(DAYS[0], "10", "client")
    after = store.groups()
    assert [one is other for one, other in zip(before, after, strict=True)] == [True, False]
    with open_store(tmp_path) as second:  # which has read all of it
        assert second.groups() == after


def test_a_group_that_was_chosen_before_a_change_is_chosen_again(waiting: Waiting, store: Store):
    seen = store.queue_generation()
    group = fill(waiting, SORTING[:1])
    assert store.enqueue(SORTING[1], group, seen=seen) is None
    assert store.queued(SORTING[1]) is None
    kept = store.enqueue(SORTING[0], None, seen=seen)  # which is there already
    assert kept is not None
    assert [one.id for one in store.groups()[0].instances] == [kept.id]
