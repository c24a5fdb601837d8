"""`latm-mcp run`, stopped and gone on with: nothing asked twice, nothing lost, no answer at another row; one run at a time."""

import signal
from pathlib import Path
from typing import Any

import anyio
import pytest
from front_door import FrontDoor
from scripts_library import ECHO, ECHO_EXAMPLES, make_library, patient, settings_here, started, until
from test_run import ASK, lines, read
from wire import descendants, gone

from latm_mcp import Latm
from latm_mcp.cli import main

MANY = 4000


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    folder = tmp_path_factory.mktemp("resumed")
    make_library(folder / "home", sandbox_cache)
    return FrontDoor(folder / "home", sandbox_cache)


def many(path: Path, count: int = MANY) -> Path:
    """Rows with answers of many lengths, an error at every seventh."""
    rows = ({"id": n, "question": "none" if n % 7 == 3 else f"{ASK}{'b ' * (n % 40)}a"} for n in range(count))
    return lines(path, *rows)


def here(door: FrontDoor, *arguments: str | Path) -> int:
    """The same command in this process, which is sooner done."""
    places = [f"--set={name}={value}" for name, value in settings_here(door.cache).items()]
    return main(["run", *map(str, arguments), "--home", str(door.home), *places])


def test_a_run_that_was_killed_goes_on_where_it_was(door: FrontDoor, tmp_path: Path):
    rows, out = many(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    with started(door, "run", "sort_words", "--in", rows, "--out", out) as process:
        until(lambda: out.exists() and out.stat().st_size)
        workers = descendants(process.pid)
        process.kill()
        process.wait(10)
    there = out.read_bytes().count(b"\n")
    assert 0 < there < MANY
    assert gone(workers)
    got = door.json("run", "sort_words", "--in", rows, "--out", out, code=1)
    assert (got["rows"], got["kept"]) == (MANY, there)
    assert [row["id"] for row in read(out)] == list(range(MANY))
    whole = tmp_path / "whole.jsonl"
    door.run("run", "sort_words", "--in", rows, "--out", whole, code=1)
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_file_torn_at_any_point_is_mended(door: FrontDoor, tmp_path: Path, ending: str):
    texts = ['a "quoted"\nline, and', "é\r\n", "z"]
    rows = lines(tmp_path / "in.jsonl", *({"text": text, "times": 2} for text in texts))
    out = tmp_path / f"out.{ending}"
    assert here(door, "echo_text", "--in", rows, "--out", out) == 0
    whole = out.read_bytes()
    points = {0, 1, 8, len(whole) - 1, *range(20, len(whole), len(whole) // 15)}
    for point in sorted(points):
        out.write_bytes(whole[:point])
        assert here(door, "echo_text", "--in", rows, "--out", out) == 0
        assert out.read_bytes() == whole, point


def test_zeros_at_the_end_that_a_power_cut_left_are_mended(door: FrontDoor, tmp_path: Path):
    rows, out = many(tmp_path / "in.jsonl", 3), tmp_path / "out.jsonl"
    assert here(door, "sort_words", "--in", rows, "--out", out) == 0
    whole = out.read_bytes()
    out.write_bytes(whole + bytes(300))
    assert here(door, "sort_words", "--in", rows, "--out", out) == 0
    assert out.read_bytes() == whole


def test_ctrl_c_leaves_a_file_that_is_gone_on_with_and_no_child(door: FrontDoor, tmp_path: Path):
    rows, out = many(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    with started(door, "run", "sort_words", "--in", rows, "--out", out) as process:
        until(lambda: out.exists() and out.stat().st_size)
        workers = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert b"what was kept so far is kept" in error
    assert workers
    assert gone(workers)
    content = out.read_bytes()
    assert content.endswith(b"\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]
    door.run("run", "sort_words", "--in", rows, "--out", out, code=1)
    assert out.read_bytes().startswith(content)
    assert len(read(out)) == MANY


def changed(rows: list[dict[str, Any]], how: str) -> list[dict[str, Any]]:
    match how:
        case "another row":
            return [*rows[:2], {"id": 2, "question": ASK + "y x"}, *rows[3:]]
        case "a row less":
            return rows[:-1]
        case "a row more in front":
            return [rows[0], *rows]
    return list(reversed(rows))


@pytest.mark.parametrize("how", ["another row", "a row less", "a row more in front", "another order"])
@pytest.mark.parametrize("retry", [(), ("--retry",)])
def test_a_changed_input_is_refused_and_nothing_is_written(
    door: FrontDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str, retry: tuple[str, ...]
):
    rows = [{"id": n, "question": "none" if n == 1 else f"{ASK}{n} a"} for n in range(4)]
    out = tmp_path / "out.jsonl"
    assert here(door, "sort_words", "--in", lines(tmp_path / "in.jsonl", *rows), "--out", out) == 1
    whole = out.read_bytes()
    lines(tmp_path / "in.jsonl", *changed(rows, how))
    assert here(door, "sort_words", "--in", tmp_path / "in.jsonl", "--out", out, *retry) == 2
    assert "has been changed" in capsys.readouterr().err
    assert out.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_rows_that_were_added_at_the_end_are_answered(door: FrontDoor, tmp_path: Path):
    out = tmp_path / "out.csv"
    (tmp_path / "in.csv").write_text(f"question\n{ASK}b a\n")
    assert here(door, "sort_words", "--in", tmp_path / "in.csv", "--out", out) == 0
    with (tmp_path / "in.csv").open("a", newline="") as file:
        file.write(f"{ASK}d c\r\n")
    assert here(door, "sort_words", "--in", tmp_path / "in.csv", "--out", out) == 0
    assert [row["answer"] for row in read(out)] == ["a b", "c d"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("out.jsonl", b'{"question": "mine"}\n'),
        ("out.jsonl", b"precious"),
        ("out.jsonl", b'{"latm": "mine"}\n{"latm": "too"}\n'),
        ("out.csv", b"question,answer\na,b\n"),
        ("out.csv", b"precious"),
    ],
)
@pytest.mark.parametrize("retry", [(), ("--retry",)])
def test_a_file_of_somebody_else_is_left_alone(
    door: FrontDoor, tmp_path: Path, name: str, content: bytes, retry: tuple[str, ...]
):
    (tmp_path / name).write_bytes(content)
    rows = many(tmp_path / "in.jsonl", 2)
    assert here(door, "sort_words", "--in", rows, "--out", tmp_path / name, *retry) == 2
    assert (tmp_path / name).read_bytes() == content


def test_two_runs_never_write_one_file(door: FrontDoor, tmp_path: Path):
    rows, out = lines(tmp_path / "in.jsonl", {"text": "loop", "times": 1}), tmp_path / "out.jsonl"
    with patient(door), started(door, "run", "echo_text", "--in", rows, "--out", out) as process:
        until(lambda: descendants(process.pid))
        for more in ((), ("--retry",)):
            said = door.refusal("run", "echo_text", "--in", rows, "--out", out, *more)
            assert "Another run is writing to 'out.jsonl'" in said
        process.kill()
        process.wait(10)
    lines(rows, {"text": "oh", "times": 1})
    door.run("run", "echo_text", "--in", rows, "--out", out)  # its lock is left, and nobody holds it
    assert len(read(out)) == 1


def test_retry_asks_for_the_errors_again_and_for_nothing_else(door: FrontDoor, tmp_path: Path):
    rows, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines(rows, *({"text": text, "times": 1} for text in ("one", "loop", "raise", "two")))
    door.more = {"LATM_CALL_SECONDS": "1"}
    got = door.json("run", "echo_text", "--in", rows, "--out", out, code=1)
    assert got["errors"] == {"timed-out": 1, "raised": 1}
    again = door.json("run", "echo_text", "--in", rows, "--out", out, code=1)
    assert again["kept"] == 4
    door.more = {"LATM_CALL_SECONDS": "2"}
    got = door.json("run", "echo_text", "--in", rows, "--out", out, "--retry", code=1)
    door.more = {}
    assert (got["rows"], got["kept"], got["answered"]) == (4, 2, 2)
    assert "2 s" in read(out)[1]["error"]
    assert [row["text"] for row in read(out)] == ["one", "loop", "raise", "two"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_retry_that_is_stopped_loses_no_answer(door: FrontDoor, tmp_path: Path, sign: signal.Signals):
    rows, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines(rows, *({"text": text, "times": 1} for text in ("one", "loop", "two", "loop", "three")))
    door.more = {"LATM_CALL_SECONDS": "1"}
    door.run("run", "echo_text", "--in", rows, "--out", out, code=1)
    whole = out.read_bytes()
    with patient(door), started(door, "run", "echo_text", "--in", rows, "--out", out, "--retry") as process:
        until(lambda: descendants(process.pid))
        process.send_signal(sign)
        process.wait(60)
    assert out.read_bytes() == whole
    door.more = {"LATM_CALL_SECONDS": "1.5"}
    assert door.json("run", "echo_text", "--in", rows, "--out", out, "--retry", code=1)["kept"] == 3
    door.more = {}
    assert [row["error"].count("1.5 s") for row in read(out) if "error" in row] == [1, 1]


async def next_version(door: FrontDoor) -> None:
    async with Latm.open(home=door.home, settings=settings_here(door.cache)) as latm:
        louder = ECHO.replace('return {"text": said', 'said = said.replace("x", "X")\n    return {"text": said')
        await latm.make(ECHO_EXAMPLES, name="echo_text", force=True, draft=louder)


def test_answers_of_two_versions_are_mixed_only_where_retry_says_so(tmp_path: Path, sandbox_cache: Path):
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    make_library(door.home, sandbox_cache)
    rows, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines(rows, {"text": "x", "times": 1}, {"text": "raise", "times": 1})
    door.run("run", "echo_text", "--in", rows, "--out", out, code=1)
    anyio.run(next_version, door)
    lines(rows, {"text": "x", "times": 1}, {"text": "raise", "times": 1}, {"text": "x", "times": 1})
    said = door.refusal("run", "echo_text", "--in", rows, "--out", out)
    assert "another version of 'echo_text'" in said
    assert "--retry" in said
    door.run("run", "echo_text", "--in", rows, "--out", out, "--retry", code=1)
    first, second, third = read(out)
    assert (first["result"]["text"], third["result"]["text"]) == ("x", "X")
    versions = [row["latm"].split("@")[1] for row in (first, second, third)]
    assert versions[0] != versions[1] == versions[2]


def test_answers_of_another_tool_are_never_mixed(door: FrontDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows, out = many(tmp_path / "in.jsonl", 2), tmp_path / "out.jsonl"
    here(door, "sort_words", "--in", rows, "--out", out)
    for retry in ((), ("--retry",)):
        assert here(door, "echo_text", "--in", rows, "--out", out, *retry) == 2
        assert "has answers of 'sort_words'" in capsys.readouterr().err
