"""The bench through the front door, on two small generated files, with a scripted model over HTTP."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from front_door import FrontDoor, asked_name, good_sorter, scripted_model, sorting_rows, write_json
from sandboxed import settings_at
from scripted import fenced

from latm_mcp.bench import run_bench, take_in_starter
from latm_mcp.bench_files import read_folder
from latm_mcp.latm import open_latm
from latm_mcp.tasks import questions

pytestmark = pytest.mark.anyio

SORTING, CODES = "word_sorting", "product_code"
QUESTIONS = 8  # each file has 6 rows as examples, 4 that nobody uses, then these


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two files: one that the scripted model makes a tool for, and one that it does not."""
    folder = tmp_path / "data"
    write_json(folder / f"{SORTING}.json", {"canary": "x", "examples": sorting_rows(10 + QUESTIONS, seed=5)})
    codes = [{"input": row.question, "target": row.answer} for row in questions(CODES, 12, seed=5)]
    write_json(folder / f"{CODES}.json", {"examples": codes})
    return folder


def sorts_only(conversation: list[dict[str, str]]) -> str:
    """A model that can sort words and nothing else."""
    return good_sorter(conversation) if asked_name(conversation) == SORTING else "I cannot."


def by_task(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["task"]: row for row in rows}


def test_each_file_is_answered_by_a_tool_made_from_its_first_rows(door: FrontDoor, data: Path, tmp_path: Path):
    with scripted_model(sorts_only) as door.more:
        done = door.run("bench", data, "--json", "--record", tmp_path / "recorded", code=1)
    rows = by_task(json.loads(done.stdout))
    sorting, codes = rows[SORTING], rows[CODES]
    assert (sorting["status"], sorting["right"], sorting["wrong"], sorting["questions"]) == ("published", 8, 0, 8)
    assert (sorting["tries"], sorting["model_calls"]) == (1, {"making": 1, "using": 0})
    assert sorting["paper_percent"] == 98.3
    assert (codes["status"], codes["tool"], codes["tries"], codes["paper_percent"]) == ("failed", None, 3, None)
    assert "no code" in codes["fault"]
    door.more = {}
    again = by_task(door.json("bench", data, "--recording", tmp_path / "recorded", code=1))
    assert again[SORTING]["right"] == 8
    assert again[CODES]["status"] == "failed"


def test_a_wrong_and_an_abstained_answer_are_counted_apart(door: FrontDoor, tmp_path: Path):
    rows = sorting_rows(10 + QUESTIONS, seed=5)
    rows[10]["target"] += " more"
    rows[11]["input"] = "How old are you?"
    write_json(tmp_path / "data" / "sorting.json", {"examples": rows})
    with scripted_model(good_sorter) as door.more:
        done = door.run("bench", tmp_path / "data", "--keep-home", tmp_path / "kept")
        [row] = door.json("bench", tmp_path / "data", "--keep-home", tmp_path / "kept")
    assert re.search(r"^ sorting +made +1 +6/8 +1 +1 +75.0 +- +1\+0$", done.stdout, re.M)
    assert "of rows 11 to 250" in done.stdout
    assert (row["status"], row["right"], row["wrong"], row["abstained"]) == ("fits", 6, 1, 1)  # from the kept library
    assert [tool["name"] for tool in door.json("--home", tmp_path / "kept", "list")] == ["sorting"]
    assert not door.home.exists() or door.json("list") == []


def test_a_file_with_nothing_to_ask_says_so_and_its_tool_is_made(door: FrontDoor, tmp_path: Path):
    write_json(tmp_path / "data" / "sorting.json", {"examples": sorting_rows(7, seed=5)})
    with scripted_model(good_sorter) as door.more:
        done = door.run("bench", tmp_path / "data")
    assert re.search(r"^ sorting +made +1 +none ", done.stdout, re.M)
    assert "sorting: nothing was asked, since its file has no row 11" in done.stderr


def test_six_makings_are_asked_for_at_once(door: FrontDoor, tmp_path: Path):
    from threading import Barrier

    together = Barrier(6, timeout=60)  # breaks, and fails the makings, unless six wait at the same time

    def reply(conversation: list[dict[str, str]]) -> str:
        together.wait()
        return "I cannot." if len(conversation) > 2 else fenced("def nothing(): ...")

    for number in range(6):
        write_json(tmp_path / "data" / f"task_{number}.json", {"examples": sorting_rows(8, seed=30 + number)})
    with scripted_model(reply) as door.more:
        rows = door.json("bench", tmp_path / "data", code=1)
    assert [row["tries"] for row in rows] == [3] * 6


async def test_a_starter_tool_is_found_to_fit(door: FrontDoor, data: Path, tmp_path: Path, sandbox_cache: Path):
    (data / f"{CODES}.json").unlink()
    with scripted_model(good_sorter) as door.more:
        door.run("bench", data, "--keep-home", tmp_path / "kept")
    folder = tmp_path / "kept" / "tools_store" / SORTING
    settings = settings_at(tmp_path / "other", sandbox_cache)
    async with open_latm(settings) as latm:
        await take_in_starter(latm, [folder], _unheard)
        [fits] = await run_bench(latm, read_folder(data), None, None, _unheard)
    assert (fits.status, fits.tool, fits.right, fits.making) == ("fits", SORTING, QUESTIONS, 0)
    async with open_latm(replace(settings, home=tmp_path / "empty")) as latm:
        [row] = await run_bench(latm, read_folder(data), None, None, _unheard)
    assert row.status == "failed"
    assert "no tool" in row.fault


def _unheard(task: str, sentence: str, done: float) -> None:
    """Nobody listens."""


def _none(folder: Path) -> None:
    folder.mkdir()


def _other(folder: Path) -> None:
    write_json(folder / "bad.json", {"rows": []})


def _numbers(folder: Path) -> None:
    write_json(folder / "bad.json", {"examples": [{"input": "2 + 2", "target": 4}]})


def _bytes(folder: Path) -> None:
    folder.mkdir()
    (folder / "bad.json").write_bytes(b"\xff\xfe{}")


@pytest.mark.parametrize(
    ("write", "sentence"),
    [(_none, "no *.json"), (_other, "'bad.json' is not of the form"), (_numbers, "no text"), (_bytes, "not UTF-8")],
)
def test_a_folder_that_cannot_be_benched_is_refused(
    door: FrontDoor, tmp_path: Path, write: Callable[[Path], None], sentence: str
):
    write(tmp_path / "data")
    assert sentence in door.refusal("bench", tmp_path / "data", "--recording", tmp_path)


def test_a_bench_without_a_maker_or_with_two_ways_at_once_is_refused(door: FrontDoor, data: Path, tmp_path: Path):
    done = door.run("bench", data, code=2)
    assert "set LATM_MAKER_MODEL" in done.stderr
    assert "--starter makes nothing" in door.refusal("bench", data, "--starter", "--record", tmp_path / "recorded")


def test_a_file_without_a_recording_fails_alone(door: FrontDoor, data: Path, tmp_path: Path):
    (tmp_path / "recorded").mkdir()
    rows = door.json("bench", data, "--recording", tmp_path / "recorded", code=1)
    assert [row["status"] for row in rows] == ["failed", "failed"]
    assert all("recording" in row["fault"] for row in rows)
