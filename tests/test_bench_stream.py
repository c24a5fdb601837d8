"""The mixed stream end to end: unlabelled questions into an empty library, an oracle in a person's place, a scripted maker."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from bench_door import report_in, run_bench_command, scripted
from front_door import asked_name, write_json
from scripted import fenced

from latm_mcp.bench_files import read_folder
from latm_mcp.bench_stream import pool_of
from latm_mcp.errors import BadInput, MakerFailed

STREAM, MAKE_AT = 24, 4
TASKS = {
    "sums": ("What is {} plus {}?", lambda a, b: a + b, "a + b", r"What is (\d+) plus (\d+)\?"),
    "fences": ("A meadow is {} m long, {} m wide. How long is its fence?", lambda a, b: 2 * (a + b), "2 * (a + b)", ""),
    "tiles": (
        "Tell me the number of tiles in a room that has {} rows of {} tiles each.",
        lambda a, b: a * b,
        "a * b",
        "",
    ),
}


def write_streams(folder: Path) -> Path:
    """A file of ten rows for each task, all of one wording."""
    for number, (name, (wording, compute, _, _)) in enumerate(TASKS.items()):
        pairs = [(3 + number + 7 * n, 2 + 5 * n) for n in range(10)]
        rows = [{"input": wording.format(a, b), "target": str(compute(a, b))} for a, b in pairs]
        write_json(folder / f"{name}.json", {"examples": rows})
    return folder


class ToolMaker:
    """A model that writes the right tool for whichever task it is shown. makings: how many it was asked for."""

    def __init__(self, fails_at: int = 0):
        self.makings, self.fails_at = 0, fails_at

    def __call__(self, conversation: list[dict[str, str]]) -> str:
        if self.fails_at and self.makings + 1 >= self.fails_at:
            raise ConnectionAbortedError("as a machine that goes off")
        self.makings += 1
        brief, name = conversation[1]["content"], asked_name(conversation)
        wording, _, expression, _ = next(task for task in TASKS.values() if task[0].split("{}")[0] in brief)
        pattern = wording.replace("?", r"\\?").replace("{}", r"(\\d+)")
        return fenced(
            f'''
import re

def {name}(a: int, b: int) -> int:
    """Compute."""
    return {expression}

def parse(question: str) -> dict:
    match = re.fullmatch("{pattern}", question.strip())
    if match is None:
        raise NotThisTask("other words")
    return {{"a": int(match.group(1)), "b": int(match.group(2))}}

def render(result, question: str) -> str:
    return str(result)
'''
        )


def run_stream_command(home: Path, cache: Path, maker: ToolMaker, data: Path, *arguments: str | Path) -> int:
    with scripted(home, cache, maker, "maker") as settings:
        settings = replace(settings, make_at=MAKE_AT)
        return run_bench_command(settings, data, "--parts", "stream", "--stream", str(STREAM), *arguments)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """A folder with the data, a stream of it in `out`, and its makings in `recorded`."""
    folder = tmp_path_factory.mktemp("whole")
    data = write_streams(folder / "data")
    run_stream_command(
        folder, sandbox_cache, ToolMaker(), data, "--out", folder / "out", "--record", folder / "recorded"
    )
    return folder


def test_tools_make_themselves_from_what_the_oracle_said(whole: Path):
    stream = report_in(whole / "out")["stream"]
    asked = [one.task for one in pool_of(read_folder(whole / "data"), STREAM, 0)]
    expected = sorted(_places(asked, task)[MAKE_AT - 1] + 1 for task in TASKS)
    assert [(made["questions"], made["examples"], made["tries"]) for made in stream["made"]] == [
        (place, MAKE_AT, 1) for place in expected
    ]
    assert {made["task"] for made in stream["made"]} == set(TASKS)
    assert (stream["oracle"], stream["answered"], stream["right"]) == (12, 12, 12)
    assert (stream["making"], stream["using"], stream["tokens"]) == (3, 0, 45)
    assert stream["hows"] == {"adapter": 12, "oracle": 12}
    assert stream["labels_curve"][-1] == 12
    assert stream["grouping"]["queue_purity"] == stream["grouping"]["whole_completeness"] == 100.0
    assert "labelled by the oracle | 12 |" in (whole / "out" / "report.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in (whole / "recorded").iterdir()) == ["1", "2", "3"]


def test_a_stream_that_was_interrupted_in_a_making_comes_to_the_same(whole: Path, tmp_path: Path, sandbox_cache: Path):
    data, out = whole / "data", tmp_path / "out"
    with pytest.raises(MakerFailed):
        run_stream_command(tmp_path, sandbox_cache, ToolMaker(fails_at=2), data, "--out", out)
    assert 0 < sum('"asked"' in line for line in (out / "results.jsonl").read_text().splitlines()) < STREAM
    run_stream_command(tmp_path, sandbox_cache, ToolMaker(), data, "--out", out)
    assert report_in(out) == report_in(whole / "out")


def test_a_stream_is_replayed_without_a_maker(whole: Path, tmp_path: Path, sandbox_cache: Path):
    nobody, out = ToolMaker(fails_at=1), tmp_path / "out"
    run_stream_command(tmp_path, sandbox_cache, nobody, whole / "data", "--out", out, "--recording", whole / "recorded")
    assert report_in(out)["stream"] == report_in(whole / "out")["stream"]
    assert nobody.makings == 0


def test_a_stream_without_the_right_recordings_says_so(tmp_path: Path, sandbox_cache: Path):
    data = write_streams(tmp_path / "data")
    (tmp_path / "none").mkdir()
    with pytest.raises(BadInput, match="no numbered recording"):
        run_stream_command(tmp_path, sandbox_cache, ToolMaker(), data, "--recording", tmp_path / "none")


def test_a_library_that_is_gone_or_of_something_else_is_not_gone_on_with(
    whole: Path, tmp_path: Path, sandbox_cache: Path
):
    out = tmp_path / "out"
    (out / "stream").mkdir(parents=True)
    with pytest.raises(BadInput, match="do not go together"):
        run_stream_command(tmp_path, sandbox_cache, ToolMaker(), whole / "data", "--out", out)
    shutil.copytree(whole / "out", tmp_path / "copied", ignore=shutil.ignore_patterns("stream"))
    with pytest.raises(BadInput, match="do not go together"):
        run_stream_command(tmp_path, sandbox_cache, ToolMaker(), whole / "data", "--out", tmp_path / "copied")


def _places(asked: list[str], task: str) -> list[int]:
    return [place for place, name in enumerate(asked) if name == task]
