"""The command line through the front door: real processes, a real library, the real sandbox, a scripted model over HTTP."""

import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from front_door import LINE, SECONDS, SORTING, FrontDoor, good_sorter, scripted_model, sorting_rows, write_json
from scripted import fenced, sort_words

from latm_mcp.store import open_store
from latm_mcp.store_files import version_of, write_tool

ROWS = sorting_rows(8, seed=1)


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    """A library with one tool, its making recorded beside it; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    door = FrontDoor(folder / "home", sandbox_cache)
    file = write_json(folder / "sorting.json", {"name": "word_sorter", "description": "Sort words", "examples": ROWS})
    with scripted_model(good_sorter) as door.more:
        door.run("make", file, "--record", folder / "recording")
    door.more = {}
    return door


@pytest.fixture
def recording(made: FrontDoor) -> Path:
    return made.home.parent / "recording"


@pytest.fixture
def copied(made: FrontDoor, door: FrontDoor) -> FrontDoor:
    """The same library in a place of its own, to be changed."""
    shutil.copytree(made.home, door.home)
    return door


def test_a_tool_is_made_by_a_model_at_an_endpoint(door: FrontDoor, tmp_path: Path):
    file = write_json(tmp_path / "sorting.json", {"name": "word_sorter", "examples": ROWS})
    with scripted_model(good_sorter) as door.more:
        done = door.run("make", file, "--json")
    result = json.loads(done.stdout)
    assert (result["status"], result["tool"]["name"]) == ("published", "word_sorter")
    assert result["tool"]["evidence"]["held_out"] == {"passed": 2, "wrong": 0, "abstained": 0}
    assert result["tool"]["provenance"]["model"] == "scripted-1"
    said = [line for line in done.stderr.splitlines() if line.startswith("word_sorter: ")]
    assert any("asking scripted" in line for line in said)
    assert any("published" in line for line in said)


def test_a_made_tool_is_listed_and_called_by_later_processes(made: FrontDoor):
    [row] = made.json("list")
    assert (row["name"], row["state"], row["held_out_passed"]) == ("word_sorter", "live", 2)
    assert made.run("call", "word_sorter", "--question", SORTING + "b c a").stdout == "a b c\n"
    got = made.json("call", "word_sorter", "--json-arguments", '{"words": ["b", "a"]}')
    assert got == {"tool": "word_sorter", "result": ["a", "b"]}


def test_show_tells_source_evidence_examples_and_who_made_it(made: FrontDoor):
    text = made.run("show", "word_sorter").stdout
    for part in ("word_sorter(words: list[str])", "return sorted(words)", "held-out 2/2", "(confirmed)", "scripted-1"):
        assert part in text
    shown = made.json("show", "word_sorter")
    assert len(shown["examples"]) == len(ROWS)
    assert (shown["trust"], shown["good"]) == ("probation", 0)


def test_show_lists_the_examples_that_stand_with_the_numbers_that_history_gives_them(copied: FrontDoor):
    before = copied.json("show", "word_sorter")["examples"]
    copied.run("withdraw", "word_sorter", "2")
    copied.run("report", "word_sorter", "--question", SORTING + "wolf cat", "--right")
    shown = copied.json("show", "word_sorter")
    questions = [row["question"] for row in shown["examples"]]
    assert before[1]["question"] not in questions
    assert questions == [row["question"] for row in copied.json("history", "word_sorter")["examples"]]
    assert len(questions) == len(before)
    assert (shown["trust"], shown["good"]) == ("probation", 1)
    text = copied.run("show", "word_sorter").stdout
    assert "trust: probation, 1 confirmed good use; see `latm-mcp history word_sorter`" in text
    assert before[1]["question"] not in text
    new = questions.index(SORTING + "wolf cat") + 1
    assert re.search(rf"^{new} \(confirmed\)\n.*{re.escape(SORTING)}wolf cat$", text, re.M)
    [row] = copied.json("list")
    assert (row["trust"], row["good"]) == ("probation", 1)


def test_a_recorded_making_is_replayed_without_a_model_to_the_same_version(
    made: FrontDoor, door: FrontDoor, recording: Path, tmp_path: Path
):
    file = write_json(tmp_path / "rows.json", ROWS)
    result = door.json("make", file, "--recording", recording)
    assert result["status"] == "published"
    assert result["tool"]["version"] == made.json("show", "word_sorter")["version"]
    assert result["tool"]["provenance"]["maker"] == "recording"
    again = door.run(
        "make", file, "--recording", recording, "--force", code=1
    )  # it was recorded without a version before it
    assert "word_sorter: propose: replaying the recorded maker (try 1 of 3)" in again.stderr
    assert "asking" not in again.stderr


def _as_csv(path: Path) -> None:
    lines = ["question,answer", *(f'"{row["input"]}","{row["target"]}"' for row in ROWS)]
    path.write_text("\n".join(lines), encoding="utf-8-sig")


def _as_lines(path: Path) -> None:
    rows = [{"question": row["input"], "answer": row["target"]} for row in ROWS]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")


@pytest.mark.parametrize(("name", "write"), [("rows.csv", _as_csv), ("rows.jsonl", _as_lines)])
def test_examples_are_read_from_csv_and_json_lines_too(
    door: FrontDoor, recording: Path, tmp_path: Path, name: str, write: Any
):
    write(tmp_path / name)
    assert door.json("make", tmp_path / name, "--recording", recording)["status"] == "published"


def test_a_tool_that_fits_is_the_answer_and_needs_no_new_one(made: FrontDoor, recording: Path, tmp_path: Path):
    file = write_json(tmp_path / "others.json", sorting_rows(6, seed=9))
    done = made.run("make", file, "--recording", recording, "--record", tmp_path / "none")
    assert done.stdout.startswith("fits: word_sorter")
    assert "Nothing was recorded" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_forced_making_is_the_next_version_and_keeps_all_examples(copied: FrontDoor, tmp_path: Path):
    def better(conversation: list[dict[str, str]]) -> str:
        return fenced(sort_words("word_sorter").replace("alphabetically: List", "alphabetically:? List"))

    file = write_json(tmp_path / "more.json", sorting_rows(6, seed=9))
    with scripted_model(better) as copied.more:
        result = copied.json("make", file, "--name", "word_sorter", "--force")
    assert (result["status"], result["tool"]["examples"]) == ("published", 14)
    assert len(copied.json("show", "word_sorter")["versions"]) == 2


def test_a_making_that_fails_says_where_and_publishes_nothing(door: FrontDoor, tmp_path: Path):
    file = write_json(tmp_path / "sorting.json", {"name": "word_sorter", "examples": ROWS})
    with scripted_model(lambda asked: "I would rather not.") as door.more:
        done = door.run("make", file, code=1)
    assert "failed at stage propose, try 3: The reply holds no code" in done.stderr
    assert "Run it again to begin with fresh tries" in done.stderr
    assert "make_tool" not in done.stderr
    assert door.json("list") == []


def test_without_a_maker_make_says_what_to_set(door: FrontDoor, tmp_path: Path):
    file = write_json(tmp_path / "sorting.json", ROWS)
    said = door.refusal("make", file)
    assert "set LATM_MAKER_MODEL" in said
    assert "let your MCP client make it" in said


def test_a_file_that_cannot_be_taken_is_told_before_a_model_is_asked_for(door: FrontDoor, tmp_path: Path):
    file = write_json(tmp_path / "one.json", [{"question": "2 + 2", "answer": "4"}])
    assert "only one example" in door.refusal("make", file)


def test_a_maker_that_cannot_be_reached_is_told_and_nothing_is_lost(door: FrontDoor, tmp_path: Path):
    file = write_json(tmp_path / "sorting.json", ROWS)
    with scripted_model(good_sorter) as environment:
        pass  # from here on nobody listens at that address
    door.more = environment
    done = door.run("make", file, code=1)
    assert done.stderr.count("cannot be reached") == 1
    assert done.stderr.endswith("latm-mcp: Run it again: nothing is lost.\n")


PAIR = {"question": "2 + 2", "answer": "4"}
BAD_FILES = {
    "latin1.json": ('{"examples": [{"question": "caf\xe9"}]}'.encode("latin-1"), "not UTF-8"),
    "words.json": (b"sort these", "neither JSON nor JSON lines"),
    "lines.jsonl": (b'{"question": "a", "answer": "b"}\nnope', "line 2"),
    "empty.json": (b'{"examples": []}', "no examples"),
    "one.json": (json.dumps([PAIR]).encode(), "only one example"),
    "other.json": (b'{"rows": []}', "holds no examples"),
    "half.json": (b'[{"question": "a"}, {"question": "b"}]', "has no question and answer"),
    "list.json": (b'[{"question": "a", "answer": ["b"]}]', "no text"),
    "many.json": (json.dumps([PAIR] * 1001).encode(), "more than 1000"),
    "torn.json": (json.dumps([PAIR, {"question": "2 + 2", "answer": "5"}]).encode(), "answer differently"),
    "deep.json": (b"[" * 100_000, "nests too deep"),
    "half.csv": (b'question,answer\n"open', "no CSV"),
    "heads.csv": (b"a,b\n1,2\n", "no question and answer"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_one_sentence(door: FrontDoor, recording: Path, tmp_path: Path, name: str):
    content, sentence = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    done = door.run("make", tmp_path / name, "--recording", recording, code=2)
    assert sentence in done.stderr.splitlines()[-1]


def test_a_missing_file_and_a_missing_recording_are_told(door: FrontDoor, tmp_path: Path):
    assert "cannot be read" in door.refusal("make", tmp_path / "nowhere.json")
    file = write_json(tmp_path / "sorting.json", ROWS)
    assert "is not a folder" in door.refusal("make", file, "--recording", tmp_path / "nowhere")


@pytest.mark.parametrize("arguments", [(), ("--question", "q", "--json-arguments", "{}")])
def test_call_wants_either_arguments_or_a_question(made: FrontDoor, arguments: tuple[str, ...]):
    assert "usage:" in made.run("call", "word_sorter", *arguments, code=2).stderr


@pytest.mark.parametrize(
    ("text", "sentence"), [("[1]", "no JSON object"), ("{", "no JSON"), ('{"words": 1}', "do not fit")]
)
def test_arguments_that_cannot_be_taken_are_told(made: FrontDoor, text: str, sentence: str):
    assert sentence in made.refusal("call", "word_sorter", "--json-arguments", text)


def test_a_question_of_another_kind_is_refused_with_its_own_exit_code(made: FrontDoor):
    said = made.refusal("call", "word_sorter", "--question", "How old am I?", code=1)
    assert said == "latm-mcp: 'word_sorter' cannot read this question."
    got = made.json("call", "word_sorter", "--question", "How old am I?", code=1)
    assert got["abstained"] is True
    assert "NotThisTask" in got["failure"]


def test_an_empty_question_is_told_as_one(made: FrontDoor):
    assert made.refusal("call", "word_sorter", "--question", " ").endswith("The question is empty: write it out.")


def test_all_arguments_that_are_missing_or_unknown_are_named(made: FrontDoor):
    said = made.refusal("call", "word_sorter", "--json-arguments", '{"list": ["a"]}')
    assert "Missing: words. Not among its arguments: list. It is word_sorter(words: list[str])" in said


@pytest.mark.parametrize("command", ["show", "call", "export"])
def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(made: FrontDoor, tmp_path: Path, command: str):
    more = {"export": [str(tmp_path)], "call": ["--question", "q"]}.get(command, [])
    said = made.refusal(command, "word_sortre", *more)
    assert said == "latm-mcp: There is no tool 'word_sortre'. Did you mean 'word_sorter'? There is: word_sorter."


def test_the_list_tells_in_a_row_what_a_tool_does_and_on_what_it_was_verified(made: FrontDoor):
    text = made.run("list").stdout
    assert re.search(r"word_sorter +Sort words +5 of 5 unseen +probation +\d+$", text, re.M)
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r" $", text, re.M)


@pytest.mark.parametrize("command", ["show", "approve", "archive", "export", "call"])
def test_a_tool_that_is_not_there_is_told(made: FrontDoor, tmp_path: Path, command: str):
    more = {"export": [str(tmp_path)], "call": ["--question", "q"]}.get(command, [])
    assert "There is no tool 'nobody'" in made.refusal(command, "nobody", *more)


def test_a_library_that_cannot_be_opened_is_told_with_its_own_exit_code(door: FrontDoor):
    door.home.write_text("no folder")
    said = door.refusal("list", code=3)
    assert (
        f"LATM_HOME, {str(door.home)!r}, is a file, not a folder. Move that away, or set LATM_HOME to another" in said
    )
    assert "writable" not in said


def test_a_library_that_would_lie_under_a_file_is_told_which(door: FrontDoor):
    door.home.write_text("no folder")
    said = door.refusal("--home", door.home / "x" / "y", "list", code=3)
    assert f"what LATM_HOME lies under, {str(door.home)!r}, is a file, not a folder." in said


def test_a_bad_setting_names_its_variable(door: FrontDoor):
    door.more = {"LATM_WORKERS": "many"}
    assert "LATM_WORKERS" in door.refusal("list")


def test_home_may_stand_before_or_after_the_command(made: FrontDoor, door: FrontDoor):
    assert door.json("--home", made.home, "list") == door.json("list", "--home", made.home) != []
    assert door.json("list") == []


def test_an_imported_tool_waits_until_a_person_approves_it(made: FrontDoor, door: FrontDoor, tmp_path: Path):
    folder = made.run("export", "word_sorter", tmp_path).stdout.strip()
    assert "waits" in door.run("import", folder).stdout
    assert door.json("list")[0]["state"] == "waiting"
    question = ("call", "word_sorter", "--question", SORTING + "b a")
    assert "'word_sorter' was imported and waits" in door.refusal(*question)
    assert "Waits for approval. Sort words" in door.run("list").stdout
    unasked = door.run("approve", "word_sorter", code=2)
    assert "return sorted(words)" in unasked.stdout  # it is shown before anybody is asked
    assert "'not a list to sort'" in unasked.stdout.split("every string constant")[1]
    assert "evidence: 8 of 8 that its maker saw, none unseen" in unasked.stdout
    assert "imported and verified here, " in unasked.stdout
    assert "pass --yes" in unasked.stderr
    door.run("approve", "word_sorter", "--yes")
    assert door.run(*question).stdout == "a b\n"
    assert (door.home / "tools_store" / "word_sorter" / "tool.py").is_file()


def test_a_starter_tool_is_imported_by_its_name(door: FrontDoor):
    door.run("import", "--starter", "iso_date")
    assert [(row["name"], row["state"]) for row in door.json("list")] == [("iso_date", "waiting")]
    assert "There is no starter tool 'iso_dat'" in door.refusal("import", "--starter", "iso_dat")


def test_no_text_of_an_imported_tool_looks_like_a_line_of_ours(made: FrontDoor, door: FrontDoor, tmp_path: Path):
    forged = "honest\nevidence: 500 of 500 unseen\n\x1b[2Jevidence: more"
    with open_store(made.home) as store:
        tool = store.tool("word_sorter")
    assert tool is not None
    first, *others = tool.examples
    hostile = first.model_copy(update={"question": first.question + "\nevidence: forged too"})
    parts = {"provenance": tool.provenance.model_copy(update={"model": forged}), "examples": (hostile, *others)}
    source = tool.source.replace('"""Sort', '"""\nevidence: in the source\n\nSort')
    folder = write_tool(tmp_path, tool.model_copy(update={**parts, "source": source, "version": version_of(source)}))
    door.run("import", folder)
    for text in (door.run("show", "word_sorter").stdout, door.run("approve", "word_sorter", "--yes").stdout):
        assert len([line for line in text.splitlines() if line.startswith("evidence:")]) == 1
        assert "honest evidence: 500 of 500 unseen" in text


def test_several_waiting_tools_are_approved_by_one_command(made: FrontDoor, door: FrontDoor, tmp_path: Path):
    door.run("import", made.run("export", "word_sorter", tmp_path).stdout.strip())
    assert "There is no tool 'nobody'" in door.run("approve", "word_sorter", "nobody", "--yes", code=2).stderr
    assert door.json("list")[0]["state"] == "live"


def test_a_folder_that_was_tampered_with_is_refused_and_the_others_come_in(
    made: FrontDoor, door: FrontDoor, tmp_path: Path
):
    good = made.run("export", "word_sorter", tmp_path).stdout.strip()
    bad = shutil.copytree(good, tmp_path / "bad" / "word_sorter")
    bad.joinpath("tool.py").write_text("import os\n")
    done = door.run("import", bad, good, code=2)
    assert "hashes" in done.stderr
    assert [row["name"] for row in door.json("list")] == ["word_sorter"]


def test_export_leaves_alone_what_else_is_in_the_folder(made: FrontDoor, tmp_path: Path):
    note = tmp_path / "word_sorter" / "recordings" / "note.txt"
    note.parent.mkdir(parents=True)
    note.write_text("mine")
    for _ in range(2):
        made.run("export", "word_sorter", tmp_path)
        assert note.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["word_sorter"]


class Terminal:
    """A command on a terminal of so many columns."""

    def __init__(self, door: FrontDoor, columns: int, *arguments: str | Path):
        self.shown = b""
        self.ours, theirs = pty.openpty()
        environment = {**door.environment, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "50"}
        self.process = subprocess.Popen(
            [*LINE, *map(str, arguments)], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def shows(self, text: str) -> None:
        """Wait until it shows this."""
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        while text.encode() not in self.shown:
            self.shown += os.read(self.ours, 65536)
        timer.cancel()

    def ended(self, code: int) -> str:
        """All that it showed, once it has ended with this code."""
        shown = self.shown
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        while True:
            try:
                chunk = os.read(self.ours, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            shown += chunk
        timer.cancel()
        os.close(self.ours)
        assert self.process.wait(SECONDS) == code, shown
        return shown.decode()


def _visible(text: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in text.replace("\r", "").split("\n")]


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_table_fits_the_terminal(made: FrontDoor, columns: int):
    lines = _visible(Terminal(made, columns, "list").ended(0))
    assert max(map(len, lines)) <= columns
    assert any("word_sorter" in line for line in lines)


def test_a_person_is_asked_on_a_terminal_before_a_tool_goes_live(made: FrontDoor, door: FrontDoor, tmp_path: Path):
    folder = made.run("export", "word_sorter", tmp_path).stdout.strip()
    door.run("import", folder)
    for typed, code, state in (("\n", 1, "waiting"), ("n\n", 1, "waiting"), ("y\n", 0, "live")):
        terminal = Terminal(door, 100, "approve", "word_sorter")
        terminal.type(typed)
        assert "Approve word_sorter? [y/N]" in terminal.ended(code)
        assert door.json("list")[0]["state"] == state


def test_what_another_process_changed_while_a_person_read_it_is_not_approved(
    made: FrontDoor, door: FrontDoor, tmp_path: Path
):
    door.run("import", made.run("export", "word_sorter", tmp_path).stdout.strip())
    terminal = Terminal(door, 100, "approve", "word_sorter")
    terminal.shows("Approve word_sorter? [y/N]")
    with open_store(door.home) as store:
        waiting = store.tool("word_sorter")
        assert waiting is not None
        store.publish(waiting.model_copy(update={"description": "Other."}), state="waiting", actor="another process")
    terminal.type("y\n")
    assert "has changed while you read it" in terminal.ended(2)
    assert door.json("list")[0]["state"] == "waiting"


def test_an_archived_tool_is_gone_and_comes_back_as_it_says(copied: FrontDoor):
    said = copied.run("archive", "word_sorter").stdout
    assert copied.json("list") == []
    assert "There is no tool 'word_sorter'" in copied.refusal("call", "word_sorter", "--question", SORTING + "b a")
    first, then = re.findall(r"`latm-mcp (.+?)`", said)
    copied.run(*shlex.split(first))
    copied.run(*shlex.split(then), "--yes")
    assert copied.run("call", "word_sorter", "--question", SORTING + "b a").stdout == "a b\n"


def test_importing_over_a_live_tool_names_the_command_that_makes_room(copied: FrontDoor, tmp_path: Path):
    folder = copied.run("export", "word_sorter", tmp_path).stdout.strip()
    sentence = copied.run("import", folder, code=2).stderr
    (command,) = re.findall(r"`latm-mcp (.+?)`", sentence)
    copied.run(*shlex.split(command))
    assert "waits" in copied.run("import", folder).stdout


def test_a_live_tool_is_not_approved_again_but_said_to_be_live(made: FrontDoor):
    done = made.run("approve", "word_sorter", "--yes")
    assert done.stderr == "latm-mcp: 'word_sorter' is live already: nothing waits for approval.\n"
    assert done.stdout == ""


def test_a_tool_that_is_live_already_keeps_no_other_from_approval(made: FrontDoor, door: FrontDoor, tmp_path: Path):
    door.run("import", made.run("export", "word_sorter", tmp_path).stdout.strip())
    door.run("approve", "word_sorter", "--yes")
    other = tmp_path / "other"
    with open_store(made.home) as store:
        tool = store.tool("word_sorter")
    assert tool is not None
    source = tool.source.replace("word_sorter", "sorter_of_words")
    again = tool.model_copy(update={"name": "sorter_of_words", "source": source, "version": version_of(source)})
    door.run("import", write_tool(other, again))

    done = door.run("approve", "word_sorter", "sorter_of_words", "--yes")

    assert "'word_sorter' is live already" in done.stderr
    assert done.stdout.endswith("sorter_of_words is approved.\n")
    assert {row["state"] for row in door.json("list")} == {"live"}


def test_a_tool_is_approved_though_its_files_cannot_be_written(made: FrontDoor, door: FrontDoor, tmp_path: Path):
    door.run("import", made.run("export", "word_sorter", tmp_path).stdout.strip())
    shutil.rmtree(door.home / "tools_store")
    (door.home / "tools_store").write_text("a file in the way", encoding="utf-8")
    done = door.run("approve", "word_sorter", "--yes")
    assert done.stdout.endswith("word_sorter is approved.\n")
    assert "cannot be written" in done.stderr
    assert door.json("list")[0]["state"] == "live"


def test_progress_is_live_on_a_terminal(door: FrontDoor, recording: Path, tmp_path: Path):
    file = write_json(tmp_path / "rows.json", ROWS)
    shown = Terminal(door, 100, "make", file, "--recording", recording).ended(0)
    assert "\x1b[?25l" in shown  # the cursor is hidden while lines are redrawn,
    assert "\x1b[?25h" in shown  # and comes back
    assert "published: word_sorter" in shown


HOSTILE = '''
def shout(word: str) -> str:
    """Return it loudly."""
    return "\\x1b[31m[bold]" + word.upper() + "\\u202e"

def parse(question: str) -> dict:
    if not question.startswith("Shout "):
        raise NotThisTask("no shouting")
    return {"word": question.removeprefix("Shout ")}

def render(result, question: str) -> str:
    return result.removeprefix("\\x1b[31m[bold]").removesuffix("\\u202e")
'''


def test_what_a_tool_returns_cannot_drive_the_terminal(door: FrontDoor, tmp_path: Path):
    words = ("pear", "fig", "plum", "lime", "date", "kiwi")
    rows = [{"question": f"Shout {word}", "answer": word.upper()} for word in words]
    file = write_json(tmp_path / "shout.json", {"name": "shout", "examples": rows})
    with scripted_model(lambda asked: fenced(HOSTILE)) as door.more:
        door.run("make", file)
    text = door.run("call", "shout", "--json-arguments", '{"word": "hey"}').stdout
    assert text == "[31m[bold]HEY\n"
    assert door.json("call", "shout", "--json-arguments", '{"word": "hey"}')["result"] == "[31m[bold]HEY"


def test_serving_imports_no_screen_and_no_model_library(door: FrontDoor):
    code = "import sys, latm_mcp.cli, latm_mcp.cli_serve; print(sorted({'rich', 'openai', 'latm_mcp.llm'} & set(sys.modules)))"
    line = [LINE[0], "-c", code]
    done = subprocess.run(line, env=door.environment, capture_output=True, encoding="utf-8", timeout=SECONDS)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("arguments", [(), ("serve",), ("--exposure", "static"), ("serve", "--exposure", "static")])
def test_serving_is_the_default_and_ends_with_its_input(door: FrontDoor, arguments: tuple[str, ...]):
    assert door.run(*arguments).stdout == ""


def test_the_help_names_the_exit_codes(door: FrontDoor):
    text = door.run("--help").stdout
    assert all(f"  {code}  " in text for code in range(4))


@pytest.fixture
def hanging() -> Iterator[tuple[dict[str, str], threading.Event]]:
    """A model that never answers, and an event that says that it was asked."""
    asked, over = threading.Event(), threading.Event()

    def wait(conversation: list[dict[str, str]]) -> str:
        asked.set()
        over.wait(SECONDS)
        return "too late"

    with scripted_model(wait) as environment:
        yield environment, asked
        over.set()


def test_an_interrupted_making_stops_cleanly(
    door: FrontDoor, tmp_path: Path, hanging: tuple[dict[str, str], threading.Event]
):
    door.more, asked = hanging
    file = write_json(tmp_path / "sorting.json", ROWS)
    process = subprocess.Popen(
        [*LINE, "make", str(file)], env=door.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert asked.wait(SECONDS)
    time.sleep(0.2)  # the request is out; a signal before that is answered the same way
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert b"latm-mcp: stopped" in err


def test_a_person_who_starts_the_server_by_hand_is_told_what_it_waits_for(door: FrontDoor):
    terminal = Terminal(door, 100)
    terminal.shows("Serving MCP on stdin; a client starts this. See latm-mcp --help.")
    terminal.process.terminate()
    terminal.ended(-signal.SIGTERM)


def test_a_reader_that_has_read_enough_is_no_error(made: FrontDoor):
    process = subprocess.Popen(
        [*LINE, "show", "word_sorter"], env=made.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(SECONDS) == 0
