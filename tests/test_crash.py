"""kill -9 at any point of a making: the library opens and holds the whole tool or none of it; nothing is paid twice."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from latm_mcp.store import open_store

CHILD = Path(__file__).with_name("crash_child.py")
PATH = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]


def start(home: Path, cache: Path, log: Path) -> subprocess.Popen[bytes]:
    code = f"import sys, runpy; sys.path[:0] = {PATH!r}; runpy.run_path({str(CHILD)!r}, run_name='__main__')"
    return subprocess.Popen([sys.executable, "-c", code, str(home), str(cache), str(log)])


def lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def wait_for(log: Path, line: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while line not in lines(log) and child.poll() is None:
        assert time.monotonic() < deadline, f"never said {line!r}: {lines(log)}"
        time.sleep(0.005)


def let_the_lease_run_out(home: Path) -> None:
    """Do to the dead process's lease what 30 seconds would."""
    with closing(sqlite3.connect(home / "library.sqlite")) as library, library:
        library.execute("UPDATE jobs SET lease_until = 0")


@pytest.mark.parametrize("point", range(8))
def test_after_kill_9_there_is_the_whole_tool_or_none_and_the_making_goes_on(
    tmp_path: Path, sandbox_cache: Path, point: int
):
    home, log = tmp_path / "home", tmp_path / "log"
    child = start(home, sandbox_cache, log)
    wait_for(log, "ready", child)
    time.sleep(random.Random(point).uniform(0, 0.3) + 0.12 * point)
    child.kill()
    child.wait()
    with open_store(home) as store:
        tool = store.tool("sort_words")
        listed = [row.name for row in store.listed()]
    assert listed == ([] if tool is None else ["sort_words"])
    if tool is not None:
        assert tool.evidence.held_out.passed + tool.evidence.blind.passed == 5
    let_the_lease_run_out(home)
    kept = [line for line in lines(log) if line.startswith("refused")]
    second = tmp_path / "second"
    again = start(home, sandbox_cache, second)
    wait_for(second, "end published" if tool is None else "end fits", again)
    assert again.wait(60) == 0
    with open_store(home) as store:
        assert store.tool("sort_words") is not None
    asked = [line for line in lines(second) if line.startswith("asked")]
    if tool is not None:
        assert asked == []
    elif kept:
        assert asked == ["asked verify 2"] or asked == []  # a kept try is not paid for again
