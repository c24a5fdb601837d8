"""kill -9 at any point of a making: the library opens and holds the whole tool or none of it; nothing is paid twice."""

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from latm_mcp.store import open_store

CHILD = Path(__file__).with_name("crash_child.py")
PATH = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]
TRIES = ("asked propose 1", "asked verify 2")  # what the child's maker has to be asked: the first draft is refused
JUDGING, PUBLISHED = "checking the draft", "sort_words is verified and published"


def start(home: Path, cache: Path, log: Path, *hold: str) -> subprocess.Popen[bytes]:
    """A process that makes the tool; hold: the line, and which of those lines, at which it holds still."""
    code = f"import sys, runpy; sys.path[:0] = {PATH!r}; runpy.run_path({str(CHILD)!r}, run_name='__main__')"
    return subprocess.Popen([sys.executable, "-c", code, str(home), str(cache), str(log), *hold])


def lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def kill_at(child: subprocess.Popen[bytes], log: Path, line: str, which: int, later: float = 0.0) -> None:
    """Kill the process so many seconds after it has said the line so many times."""
    deadline = time.monotonic() + 90
    try:
        while sum(said.startswith(line) for said in lines(log)) < which:
            assert child.poll() is None, f"ended before it said {line!r}: {lines(log)}"
            assert time.monotonic() < deadline, f"never said {line!r}: {lines(log)}"
            time.sleep(0.002)
        time.sleep(later)
    finally:
        child.kill()
        child.wait()


def go_on(home: Path, cache: Path, log: Path) -> list[str]:
    """What another process says that makes the same tool, when the dead one's lease has run out."""
    with closing(sqlite3.connect(home / "library.sqlite")) as library, library:
        library.execute("UPDATE jobs SET lease_until = 0")  # what 30 seconds would do
    child = start(home, cache, log)
    try:
        assert child.wait(90) == 0
    finally:
        child.kill()
    return lines(log)


def whole_or_none(home: Path) -> bool:
    """Whether the library holds the tool: then whole, and else nothing of it."""
    with open_store(home) as store:
        tool = store.tool("sort_words")
        assert [row.name for row in store.listed()] == ([] if tool is None else ["sort_words"])
    if tool is not None:
        assert tool.evidence.held_out.passed + tool.evidence.blind.passed == 5
    return tool is not None


@pytest.mark.parametrize(
    ("line", "which", "asked"),
    [
        ("ready", 1, (1, 1)),
        ("asked propose 1", 1, (2, 1)),  # the reply had not arrived
        (JUDGING, 1, (1, 1)),
        ("refused", 1, (1, 1)),
        ("asked verify 2", 1, (1, 2)),
        (JUDGING, 2, (1, 1)),
        (PUBLISHED, 1, (1, 1)),
        ("end published", 1, (1, 1)),
    ],
)
def test_after_kill_9_the_making_goes_on_and_asks_again_only_for_a_reply_that_had_not_arrived(
    tmp_path: Path, sandbox_cache: Path, line: str, which: int, asked: tuple[int, int]
):
    home, first = tmp_path / "home", tmp_path / "first"
    kill_at(start(home, sandbox_cache, first, line, str(which)), first, line, which)
    made = whole_or_none(home)
    assert made == (line in (PUBLISHED, "end published"))

    said = go_on(home, sandbox_cache, tmp_path / "second")

    assert said[-1] == ("end fits" if made else "end published")
    assert whole_or_none(home)
    in_all = Counter([*lines(first), *said])
    assert tuple(in_all[a_try] for a_try in TRIES) == asked


@pytest.mark.parametrize("later", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("which", [1, 2])
def test_after_kill_9_in_the_middle_of_judging_the_kept_reply_is_not_asked_for_again(
    tmp_path: Path, sandbox_cache: Path, which: int, later: float
):
    home, first = tmp_path / "home", tmp_path / "first"
    kill_at(start(home, sandbox_cache, first), first, JUDGING, which, later)
    made = whole_or_none(home)

    said = go_on(home, sandbox_cache, tmp_path / "second")

    assert said[-1] == ("end fits" if made else "end published")
    assert whole_or_none(home)
    in_all = Counter([*lines(first), *said])
    assert in_all[TRIES[0]] == 1
    unanswered = which == 1 and TRIES[1] in lines(first)  # the kill came so late that the next reply was asked for
    assert in_all[TRIES[1]] in ((1, 2) if unanswered else (1,))
