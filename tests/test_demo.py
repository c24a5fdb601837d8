"""The demo through the front door: recordings replayed, then a real server process asked by a real client."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from front_door import SORTING, FrontDoor, good_sorter, scripted_model, sorting_rows, write_json
from scripted import fenced, sort_words

from latm_mcp.demo_starter import rounds, starter_root

TASK = "word_sorting"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """A starter library of one tool, made in two rounds; not to be changed."""
    folder = tmp_path_factory.mktemp("starter")
    door = FrontDoor(folder / "home", sandbox_cache)
    starter = folder / "starter"
    first = write_json(
        folder / "1.json", {"name": TASK, "description": "Sort words", "examples": sorting_rows(6, seed=1)}
    )
    second = write_json(folder / "2.json", {"name": TASK, "examples": sorting_rows(6, seed=2)})
    wider = sort_words(TASK).replace("alphabetically: List", "alphabetically:? List")
    with scripted_model(good_sorter) as door.more:
        door.run("make", first, "--record", starter / TASK / "recordings" / "1")
    with scripted_model(lambda asked: fenced(wider)) as door.more:
        door.run("make", second, "--force", "--record", starter / TASK / "recordings" / "2")
    door.run("export", TASK, starter)
    return starter


@pytest.fixture
def starter(recorded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded, tmp_path / "starter")


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


def test_every_round_is_made_again_and_the_tool_answers_over_mcp(door: FrontDoor, starter: Path):
    [row] = door.json("demo", "--only", TASK, "--starter", starter)
    assert (row["fault"], row["tool"], row["examples"], row["tries"]) == ("", TASK, 12, 2)
    assert row["evidence"]["held_out"]["passed"] == 6
    assert row["right"] + row["abstained"] == 40  # it abstains on the wordings that its makers never saw
    assert row["right"] > 10
    assert (row["wrong"], row["model_calls"]) == (0, 0)


def test_the_table_ends_in_what_to_do_next_and_the_users_library_is_untouched(door: FrontDoor, starter: Path):
    done = door.run("demo", "--only", TASK, "--starter", starter, "--questions", "5")
    assert re.search(rf"^ {TASK} +12 +2 +\d/5 +0 +\d +0 +\d+/\d+ ≥\d+%$", done.stdout, re.M)
    assert "Shown: 1 tool made" in done.stdout
    ours = done.stdout.split("To keep these tools")[0].splitlines()
    assert max(map(len, ours)) <= 80
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())
    assert not any(line.endswith(":") or "asking" in line for line in done.stderr.splitlines())
    assert '"mcpServers"' in done.stdout
    assert "answered over MCP: 5 of 5" in done.stderr
    assert not door.home.exists()
    [(folders, names)] = re.findall(r"^  .*latm.mcp import (.+)\n  .* approve (.+)$", done.stdout, re.M)
    door.run("import", *shlex.split(folders))
    door.run("approve", *names.split(), "--yes")
    assert [row["state"] for row in door.json("list")] == ["live"]


def test_a_library_for_the_demo_is_refused(door: FrontDoor, tmp_path: Path):
    assert "temporary library: leave --home out" in door.refusal("demo", "--home", tmp_path)


def test_a_task_without_recordings_fails_and_the_others_are_shown(door: FrontDoor, starter: Path):
    options = ("--only", TASK, "--only", "due_date", "--starter", str(starter), "--questions", "5")
    first, second = door.json("demo", *options, code=1)
    assert (first["task"], first["fault"]) == (TASK, "")
    assert (second["task"], second["tool"]) == ("due_date", None)
    assert "no recording" in second["fault"]


def test_a_stale_recording_fails_the_demo(door: FrontDoor, starter: Path):
    [brief] = starter.glob(f"{TASK}/recordings/2/*.request.md")
    brief.write_text(brief.read_text(encoding="utf-8") + "One more rule.\n", encoding="utf-8")
    [row] = door.json("demo", "--only", TASK, "--starter", starter, code=1)
    assert "stale" in row["fault"]


def test_a_wrong_answer_fails_the_demo(door: FrontDoor, starter: Path):
    seen = sorted({len(row["input"].removeprefix(SORTING).split()) for row in sorting_rows(6, seed=1)})
    right = "return sorted(words)"
    slips = f"return sorted(words) if len(words) in {seen} else words"
    for reply in starter.glob(f"{TASK}/recordings/*/*.reply.md"):
        text = reply.read_text(encoding="utf-8")
        assert right in text
        reply.write_text(text.replace(right, slips), encoding="utf-8")
    shutil.rmtree(starter / TASK / "recordings" / "2")  # its brief holds the first version's source
    [row] = door.json("demo", "--only", TASK, "--starter", starter, code=1)
    assert row["wrong"] > 0
    assert "was answered" in row["fault"]


def test_an_unknown_task_and_no_questions_are_refused(door: FrontDoor):
    assert "There is no task 'sorting'" in door.refusal("demo", "--only", "sorting")
    assert "--questions" in door.refusal("demo", "--questions", "0")


def test_the_starter_library_of_this_checkout_is_found():
    assert starter_root() == Path(__file__).parent.parent / "tools_store"


def test_rounds_are_in_the_order_in_which_they_were_made(tmp_path: Path, recorded: Path):
    for number in (1, 2, 10):
        shutil.copytree(recorded / TASK / "recordings" / "1", tmp_path / TASK / "recordings" / str(number))
    assert [folder.name for folder in rounds(tmp_path, TASK)] == ["1", "2", "10"]
    assert rounds(tmp_path, "due_date") == []
