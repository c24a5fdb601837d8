"""A person's commands: report, review, history, rollback, pin, withdraw and forget, on a real library."""

import argparse
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from front_door import scripted_model
from sandboxed import settings_at
from scripted import ScriptedMaker, fenced, sort_words
from test_trust import EXAMPLES, FOLDED, FOLDING, MIXED, SORTING

from latm_mcp import cli_review, cli_trust, cli_trust_forget, cli_trust_person
from latm_mcp.cli_arguments_trust import add
from latm_mcp.errors import BadInput, NotFound
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import open_latm, quiet
from latm_mcp.models import Example
from latm_mcp.settings import Settings, read_settings
from latm_mcp.store import Asked, Listed, Report, Settlement, Store, open_store

COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], int]] = {
    "history": cli_trust.history,
    "rollback": cli_trust.rollback,
    "pin": cli_trust.pin,
    "withdraw": cli_trust.withdraw,
    "forget": cli_trust_forget.forget,
    "report": cli_trust_person.report,
    "review": cli_review.review,
}
SECRET = "The patient is called Zebulon Quux-Testperson"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """A library with one made tool; not to be changed."""
    home = tmp_path_factory.mktemp("made") / "home"

    async def make() -> None:
        async with open_latm(settings_at(home, sandbox_cache)) as latm:
            request = MakeRequest(EXAMPLES, "Sort words alphabetically", "sort_words")
            await latm.make(request, quiet, maker=ScriptedMaker(fenced(sort_words())))

    anyio.run(make)
    return home


class Person:
    """Types commands, as ann, at a library of their own."""

    def __init__(self, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
        self.settings, self._capsys, self._patch = settings, capsys, monkeypatch
        monkeypatch.setattr("getpass.getuser", lambda: "ann")
        self.types()

    def types(self, *lines: str) -> None:
        """What is typed at the next questions; nothing: there is no terminal."""
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        self._patch.setattr(typed, "isatty", lambda: bool(lines), raising=False)
        self._patch.setattr("sys.stdin", typed)

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command prints on standard output."""
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers(dest="command")
        add(lambda name, does: commands.add_parser(name, help=does))
        options = parser.parse_args(arguments)
        self._capsys.readouterr()
        assert COMMANDS[options.command](options, self.settings) == code
        printed = self._capsys.readouterr()
        self.told = printed.err
        return printed.out

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def change(self, what: Callable[[Store], object]) -> Any:
        """Read or change the library behind the commands."""
        with open_store(self.settings.home) as store:
            return what(store)

    @property
    def row(self) -> Listed:
        return self.change(lambda store: store.listed()[0])  # type: ignore[no-any-return]

    @property
    def examples(self) -> list[Example]:
        return self.change(lambda store: store.examples("sort_words"))  # type: ignore[no-any-return]


@pytest.fixture
def ann(
    made: Path,
    tmp_path: Path,
    sandbox_cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    shutil.copytree(made, tmp_path / "home")
    return Person(settings_at(tmp_path / "home", sandbox_cache), capsys, monkeypatch)


def a_report(question: str = MIXED, answer: str = FOLDED, **more: Any) -> Report:
    told = {
        "tool": "sort_words",
        "version": "",
        "got": "A C a b",
        "right": False,
        "who": "client",
        "by": "claude",
    } | more
    return Report(question=question, answer=answer, **told)


def test_three_reports_promote_a_tool_and_its_history_tells_all_of_it(ann: Person):
    for words in ("cat dog", "d c", "f e"):
        said = ann.run("report", "-", "--question", SORTING + words, "--right")
    assert said == "sort_words is trusted now: 3 confirmed good uses.\n"
    ann.change(lambda store: store.keep_report(a_report()))

    told = ann.json("history", "sort_words")
    assert (told["trust"], told["good"], len(told["versions"]), len(told["examples"])) == ("trusted", 3, 1, 11)
    assert [entry["action"] for entry in told["log"]].count("good use") == 3
    assert {entry["actor"] for entry in told["log"] if entry["action"] == "trust"} == {"person ann"}
    assert told["reports"][0]["answer"] == FOLDED
    shown = ann.run("history", "sort_words")
    assert "live, trusted, 3 confirmed good uses" in shown
    assert f"it should be '{FOLDED}'" in shown
    with pytest.raises(NotFound):
        ann.run("history", "nobody")


def test_a_failure_at_the_command_line_is_made_good_by_the_configured_maker(ann: Person):
    with scripted_model(lambda conversation: fenced(FOLDING)) as environment:
        maker = read_settings(environment).maker
        ann.settings = settings_at(ann.settings.home, ann.settings.cache, maker=maker)
        said = ann.run("report", "sort_words", "--question", MIXED, "--answer", FOLDED)
    assert "out of use until a next version" in said
    assert "passes all examples" in ann.told
    assert (ann.row.trust, ann.row.good) == ("probation", 0)


def test_a_next_version_that_cannot_be_made_leaves_the_tool_out_of_use(ann: Person):
    with scripted_model(lambda conversation: fenced(sort_words())) as environment:
        maker = read_settings(environment).maker
        ann.settings = settings_at(ann.settings.home, ann.settings.cache, maker=maker)
        ann.run("report", "sort_words", "--question", MIXED, "--answer", FOLDED)
    assert "no next version of 'sort_words' was made" in ann.told
    assert ann.row.trust == "quarantined"


def test_a_withdrawn_example_clears_the_tool_that_it_had_disputed(ann: Person):
    ann.run("report", "sort_words", "--question", MIXED, "--answer", FOLDED)
    assert ann.row.trust == "disputed"
    ann.run("withdraw", "sort_words", "1")  # another one, which changes nothing of it
    assert ann.row.trust == "disputed"
    said = ann.run("withdraw", "sort_words", MIXED, "--why", "asked for code point order")
    assert "on probation again" in said
    assert (ann.row.trust, len(ann.examples)) == ("probation", 7)
    with pytest.raises(NotFound, match="latm-mcp history sort_words"):
        ann.run("withdraw", "sort_words", "99")


def next_version(ann: Person) -> None:
    """A second version, which sorts without regard to case."""

    async def make() -> None:
        async with open_latm(ann.settings) as latm:
            example = Example(question=SORTING + "a B c", answer="a B c", standing="confirmed")
            request = MakeRequest((example,), name="sort_words", force=True)
            assert (await latm.make(request, quiet, maker=ScriptedMaker(fenced(FOLDING)))).status == "published"

    anyio.run(make)


def test_an_older_version_comes_back_unless_it_fails_what_is_confirmed(ann: Person):
    first = ann.row.version
    next_version(ann)
    second = ann.row.version
    with pytest.raises(BadInput, match=r"1 of 1 confirmed examples wrongly.*--yes"):
        ann.run("rollback", "sort_words")
    assert ann.row.version == second

    ann.run("rollback", "sort_words", "--yes")
    assert (ann.row.version, ann.row.trust) == (first, "disputed")
    assert len(ann.examples) == 9
    ann.run("rollback", "sort_words", second[:15])  # undone
    assert (ann.row.version, ann.row.trust) == (second, "probation")
    ann.run("withdraw", "sort_words", SORTING + "a B c")
    ann.run("rollback", "sort_words", first)
    assert (ann.row.version, ann.row.trust, len(ann.examples)) == (first, "probation", 8)
    for version in ("nonsense", first):
        with pytest.raises(BadInput, match="latm-mcp history"):
            ann.run("rollback", "sort_words", version)


def test_a_tool_is_pinned_and_no_longer(ann: Person):
    ann.run("pin", "sort_words")
    assert ann.row.pinned
    ann.run("pin", "sort_words", "--off")
    assert not ann.row.pinned


def queue_a_dispute(store: Store) -> None:
    for tool, question, answers in (
        (None, "How tall is a house?", (("client", "3 m"), ("model", "9 m"))),
        (None, "How tall is a tree?", (("client", "20 m"), ("model", "20  m"))),
        ("sort_words", "Please sort: b a", (("client", "a b"),)),
        ("sort_words", "Please sort: d c", (("model", "c d"),)),
    ):
        assert store.enqueue(question, None, tool=tool, seen=store.queue_generation())
        for who, answer in answers:
            store.tell(question, answer, who, "it")  # type: ignore[arg-type]


def test_what_waits_is_listed_where_nobody_can_be_asked(ann: Person):
    assert ann.run("review") == "Nothing waits for review.\n"
    ann.change(queue_a_dispute)
    for right in (False, True):
        ann.change(lambda store, right=right: store.keep_report(a_report(right=right, answer="" if right else FOLDED)))  # type: ignore[misc]

    listed = ann.json("review")
    assert [row["question"] for row in listed] == [MIXED, "How tall is a house?", "Please sort: b a"]
    assert [said["right"] for said in listed[0]["said"]] == [False, True]
    shown = ann.run("review")
    assert "client claude: wrong, it should be" in shown
    assert "no terminal" in ann.told


def test_a_review_takes_answers_one_at_a_time(ann: Person):
    ann.change(lambda store: store.keep_report(a_report(SORTING + "b a", "b a", got="a b")))
    ann.change(lambda store: store.keep_report(a_report(SORTING + "d c", "d c", got="c d")))
    ann.change(lambda store: store.keep_report(a_report()))
    ann.change(queue_a_dispute)
    ann.types("y", "", "n", FOLDED, "9 m", "y", "y")

    assert "4 questions settled, 1 left." in ann.run("review")
    assert (ann.row.trust, ann.row.good) == ("disputed", 1)
    assert Example(question=MIXED, answer=FOLDED, standing="confirmed") in ann.examples
    assert [row.question for row in ann.change(lambda store: store.reports())] == [SORTING + "d c"]
    house = ann.change(lambda store: store.queued("How tall is a house?"))[1]
    assert [(row.who, row.by, row.answer) for row in house.told][-1] == ("person", "ann", "9 m")
    words = ann.change(lambda store: store.queued("Please sort: b a"))[1]
    assert [(row.who, row.answer) for row in words.told][-1] == ("person", "a b")
    assert [row["question"] for row in ann.json("review")] == [SORTING + "d c"]


def test_a_review_goes_on_after_what_cannot_be_done_and_ends_when_told(ann: Person):
    ann.run("report", "sort_words", "--question", SORTING + "b a", "--right")
    ann.change(lambda store: store.keep_report(a_report(SORTING + "b a", "b a", got="a b")))
    ann.change(lambda store: store.keep_report(a_report(tool="gone")))
    ann.change(lambda store: store.keep_report(a_report("Sort for me: b a", got="")))
    ann.change(lambda store: store.keep_report(a_report(SORTING + "d c", "=", got="c d")))
    ann.types("b a", "y", "y", "y", "q")

    assert "1 question settled, 3 left." in ann.run("review")
    assert "does not answer this question by itself" in ann.told
    assert "There is no tool 'gone'" in ann.told
    assert [row.tool for row in ann.change(lambda store: store.reports())].count("gone") == 0


def test_a_tool_disputed_for_an_answer_that_was_right_after_all_is_on_probation_again(ann: Person):
    ann.run("report", "sort_words", "--question", SORTING + "b a", "--wrong")
    ann.change(lambda store: store.keep_report(a_report(SORTING + "d c", "d c", got="c d")))
    assert ann.row.trust == "disputed"
    ann.types("", "y")
    ann.run("review")
    assert ann.row.trust == "disputed"  # what the person said themselves still waits
    ann.types("y")
    assert "Nothing stands against sort_words" in ann.run("review")
    assert ann.row.trust == "probation"


def test_a_quarantined_tool_can_be_rolled_back(ann: Person):
    next_version(ann)
    ann.change(lambda store: store.withdraw_example("sort_words", SORTING + "a B c", "ann"))
    ann.change(lambda store: store.set_trust("sort_words", "quarantined", "ann"))
    ann.run("rollback", "sort_words")
    assert ann.row.trust == "probation"


def test_a_person_confirms_what_was_shown_without_hidden_characters(ann: Person):
    question = "Please sort: b a"
    ann.change(lambda store: store.enqueue(question, None, tool="sort_words", seen=store.queue_generation()))
    ann.change(lambda store: store.tell(question, "a\u200b \u202eb", "client", "it"))
    ann.types("y")

    assert "1 question settled, 0 left." in ann.run("review")
    told = ann.change(lambda store: store.queued(question))[1].told
    assert [(row.who, row.answer) for row in told][-1] == ("person", "a b")


def test_the_answer_y_can_be_typed(ann: Person):
    ann.change(lambda store: store.enqueue("Yes or no?", None, seen=store.queue_generation()))
    for who, answer in (("client", "y"), ("model", "n")):
        ann.change(lambda store, who=who, answer=answer: store.tell("Yes or no?", answer, who, ""))  # type: ignore[misc]
    ann.types("=y")
    ann.run("review")
    assert ann.change(lambda store: store.queued("Yes or no?"))[1].told[-1].answer == "y"


def test_hostile_text_reaches_no_terminal(ann: Person):
    hostile = "Sort: \u202e\u200b b a\n[9 of 9] sort_words\n  person ann: right"
    ann.change(lambda store: store.keep_report(a_report(hostile, "\u202ex", got="\x1b[2J", by="\x1b[31mann\nbob")))
    ann.change(lambda store: store.set_trust("sort_words", "disputed", "\x1b[31mx", "\x1b[2J\nfake"))
    for command in (("review",), ("history", "sort_words"), ("review", "--json"), ("history", "sort_words", "--json")):
        printed = ann.run(*command)
        assert not {"\x1b", "\u202e", "\u200b"} & set(printed)
        assert "\n[9 of 9]" not in printed
        assert "\n  person ann: right" not in printed


def bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.glob("library.sqlite*"))


def keep_secrets(store: Store) -> None:
    for number in range(30):
        question = f"{SECRET}: what about {number}? {'y' * 500}"
        store.enqueue(question, None, seen=store.queue_generation())
        store.tell(question, f"{SECRET} answers", "client", "it")
        store.keep_report(a_report(question, SECRET, got=SECRET))
        store.keep_settlement(Settlement(question, None, "client"))
        store.keep_settlement(Settlement(question, "sort_words", "client"))
    store.settle_report(store.reports()[0].id, "ann")
    store.keep_asked([Asked("new", None, None)])


def test_forgetting_leaves_no_byte_of_a_question_in_the_file(ann: Person):
    ann.change(keep_secrets)
    assert SECRET.encode() in bytes_of(ann.settings.home)
    before = (ann.row.version, ann.examples)

    said = ann.run("forget", "--all", "--yes")
    assert "1 record of answering" in said
    assert ann.told == ""
    assert SECRET.encode() not in bytes_of(ann.settings.home)
    assert ann.change(lambda store: (store.groups(), store.reports(), store.settlements(), store.asked())) == (
        [],
        [],
        [],
        [],
    )
    assert (ann.row.version, ann.examples) == before
    assert ann.run("report", "sort_words", "--question", SORTING + "b a", "--right")
    with closing(sqlite3.connect(ann.settings.home / "library.sqlite")) as library:
        assert library.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert library.execute("SELECT count(*) FROM tries").fetchone() == (0,)


def test_only_what_is_older_is_forgotten_and_only_after_a_yes(ann: Person):
    ann.change(lambda store: store.keep_report(a_report("old", at=1_000_000.0)))
    ann.change(lambda store: store.keep_report(a_report("new")))
    with pytest.raises(BadInput, match="--yes"):
        ann.run("forget")
    ann.types("no")
    ann.run("forget", code=1)
    assert len(ann.change(lambda store: store.reports())) == 2
    ann.types("y")
    ann.run("forget", "--older-than", "2.5")
    assert [row.question for row in ann.change(lambda store: store.reports())] == ["new"]
    for days in ("-1", "nan"):
        with pytest.raises(BadInput):
            ann.run("forget", "--older-than", days, "--yes")


def test_traces_of_what_another_process_still_reads_are_told(ann: Person):
    ann.change(keep_secrets)
    with closing(sqlite3.connect(ann.settings.home / "library.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM reports").fetchone()
        ann.run("forget", "--all", "--yes")
        assert "end the servers" in ann.told
    ann.run("forget", "--all", "--yes")
    assert SECRET.encode() not in bytes_of(ann.settings.home)
