"""`latm-mcp run` and what lies beside its file: no file of anybody else's is followed, overwritten or removed."""

import os
from pathlib import Path

import pytest
from front_door import FrontDoor
from scripts_library import make_library
from test_run import ASK, lines, read
from test_run_resumed import here


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    folder = tmp_path_factory.mktemp("beside")
    make_library(folder / "home", sandbox_cache)
    return FrontDoor(folder / "home", sandbox_cache)


@pytest.fixture
def rows(door: FrontDoor, tmp_path: Path) -> Path:
    """Two rows, of which a run has answered one into f.jsonl."""
    rows = lines(tmp_path / "in.jsonl", {"question": ASK + "b a"}, {"question": "none"})
    assert here(door, "sort_words", "--in", rows, "--out", tmp_path / "f.jsonl") == 1
    return rows


def test_plain_files_of_like_names_stay_as_they_are(door: FrontDoor, tmp_path: Path, rows: Path):
    others = [tmp_path / "f.jsonl.retry", tmp_path / "f.jsonl.lock"]
    for other in others:
        other.write_text("mine")
    for more in ((), ("--retry",)):
        assert here(door, "sort_words", "--in", rows, "--out", tmp_path / "f.jsonl", *more) == 1
    assert [other.read_text() for other in others] == ["mine", "mine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.jsonl", "f.jsonl.lock", "f.jsonl.retry", "in.jsonl"]


@pytest.mark.parametrize("beside", [".f.jsonl.latm-retry", ".f.jsonl.latm-lock"])
@pytest.mark.parametrize("kind", ["link", "dangling", "file", "folder", "pipe"])
def test_what_lies_at_our_own_names_is_not_followed_overwritten_or_removed(
    door: FrontDoor, tmp_path: Path, rows: Path, beside: str, kind: str
):
    there, target, out = tmp_path / beside, tmp_path / "target", tmp_path / "f.jsonl"
    if kind == "link":
        target.write_bytes(out.read_bytes())  # what a file of ours begins with
    if kind in ("link", "dangling"):
        there.symlink_to(target)
    elif kind == "file":
        there.write_text("mine")
    else:
        there.mkdir() if kind == "folder" else os.mkfifo(there)
    before, told = out.read_bytes(), there.lstat()
    assert here(door, "sort_words", "--in", rows, "--out", out, "--retry") == 2
    assert out.read_bytes() == before
    assert not out.is_symlink()
    assert os.path.samestat(there.lstat(), told)
    assert kind != "file" or there.read_text() == "mine"
    assert target.exists() == (kind == "link")


def test_what_a_killed_retry_left_is_removed(door: FrontDoor, tmp_path: Path, rows: Path):
    out = tmp_path / "f.jsonl"
    for left in (b"", b'{"la', out.read_bytes()[:40]):
        (tmp_path / ".f.jsonl.latm-retry").write_bytes(left)
        (tmp_path / ".f.jsonl.latm-lock").write_bytes(b"")
        assert here(door, "sort_words", "--in", rows, "--out", out, "--retry") == 1
        assert len(read(out)) == 2
        assert sorted(path.name for path in tmp_path.iterdir()) == ["f.jsonl", "in.jsonl"]


def test_a_lone_carriage_return_in_a_csv_is_read_again(door: FrontDoor, tmp_path: Path):
    rows = lines(tmp_path / "in.jsonl", {"question": ASK + "b a", "note": "x\ry"})
    whole = b""
    for _ in range(2):
        assert here(door, "sort_words", "--in", rows, "--out", tmp_path / "f.csv") == 0
        assert whole in (b"", (tmp_path / "f.csv").read_bytes())
        whole = (tmp_path / "f.csv").read_bytes()
    assert read(tmp_path / "f.csv")[0]["note"] == "x\ry"


def test_a_pipe_is_refused_and_not_waited_for(door: FrontDoor, tmp_path: Path):
    os.mkfifo(tmp_path / "in.jsonl")
    assert "no plain file" in door.refusal(
        "run", "sort_words", "--in", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl"
    )


def test_a_pipe_to_write_to_is_refused_and_not_waited_for(door: FrontDoor, tmp_path: Path):
    rows = lines(tmp_path / "in.jsonl", {"question": ASK + "b a"})
    os.mkfifo(tmp_path / "out.jsonl")
    assert "no plain file" in door.refusal("run", "sort_words", "--in", rows, "--out", tmp_path / "out.jsonl")
