"""kill -9 in the middle of a making that the queue began: the queue is whole, and of two servers one goes on, paying once more at most."""

import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from front_door import LINE, FrontDoor, asked_name, good_sorter, scripted_model
from growing import COUNTING, fitting
from scripted import SORT_EXAMPLES, fenced

from latm_mcp.latm_queue import Waiting
from latm_mcp.store import open_store

SIX = SORT_EXAMPLES[:6]


class Model:
    """Says how to sort words once `gate` is set. asked: how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.gate = 0, threading.Event()

    def __call__(self, conversation: list[dict[str, str]]) -> str:
        self.asked += 1
        self.gate.wait(60)
        return good_sorter(conversation)


def fill(home: Path, pairs: list[tuple[str, str]]) -> None:
    """What clients asked and answered."""
    with open_store(home) as store:
        waiting = Waiting(store, 6, 3)
        for question, answer in pairs:
            waiting.cache(question)
            waiting.tell(question, answer, "client", "c")


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until something holds, not for ever."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def serving(door: FrontDoor, count: int = 1) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Server processes that no client says anything to; those that are left are asked to end, which they have to do by themselves."""
    more = {"LATM_QUEUE": "on", "LATM_WORKERS": "1", **door.more}
    servers = [
        subprocess.Popen(
            [*LINE, "serve"], env=door.environment | more, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        for _ in range(count)
    ]
    try:
        yield servers
        for server in servers:
            assert server.stdin is not None
            server.stdin.close()
        codes = [server.wait(30) for server in servers]
        assert set(codes) <= {0, -signal.SIGKILL}
    finally:
        for server in servers:
            server.kill()
            server.communicate()


def kill(server: subprocess.Popen[bytes]) -> None:
    """End it at once, and let its lease run out: what 30 seconds would do."""
    os.kill(server.pid, signal.SIGKILL)
    server.wait()


def run_out(home: Path) -> None:
    with closing(sqlite3.connect(home / "library.sqlite")) as library, library:
        library.execute("UPDATE jobs SET lease_until = 0")


def peek(home: Path, select: str) -> Any:
    with closing(sqlite3.connect(f"file:{home / 'library.sqlite'}?mode=ro", uri=True)) as library:
        return library.execute(select).fetchall()


def waiting_in(home: Path) -> list[tuple[str, list[str]]]:
    """All that waits, with what was said to it."""
    with open_store(home) as store:
        rows = [row for group in store.groups() for row in group.instances]
    return [(row.question, [told.answer for told in row.told]) for row in rows]


@pytest.mark.parametrize("reply_kept", [False, True])
def test_after_kill_9_one_of_two_servers_goes_on_and_a_reply_that_was_kept_is_not_asked_for_again(
    tmp_path: Path, sandbox_cache: Path, reply_kept: bool
):
    door, model = FrontDoor(tmp_path / "home", sandbox_cache), Model()
    fill(door.home, SIX)
    with scripted_model(model) as door.more:
        with serving(door) as (server,):
            until(lambda: model.asked)
            if reply_kept:
                model.gate.set()
                until(lambda: peek(door.home, "SELECT 1 FROM jobs WHERE pending IS NOT NULL"))
            kill(server)
        assert waiting_in(door.home) == [(question, [answer]) for question, answer in SIX]
        assert peek(door.home, "SELECT state FROM queue_groups") == [("making",)]
        assert peek(door.home, "SELECT name FROM tools") == []
        asked = model.asked
        model.gate.set()
        with serving(door, 2):
            run_out(door.home)
            until(lambda: peek(door.home, "SELECT name FROM tools") and not waiting_in(door.home))
        assert (asked, model.asked) == ((1, 1) if reply_kept else (1, 2))
        assert len(peek(door.home, "SELECT id FROM jobs")) == 1
        assert peek(door.home, "SELECT state, trust FROM tools") == [("live", "probation")]


def test_two_servers_make_each_of_two_groups_once(tmp_path: Path, sandbox_cache: Path):
    asked: list[str] = []

    def model(conversation: list[dict[str, str]]) -> str:
        asked.append(asked_name(conversation))
        return fenced(fitting(asked[-1], conversation[1]["content"]))

    door = FrontDoor(tmp_path / "home", sandbox_cache)
    with open_store(door.home), scripted_model(model) as door.more, serving(door, 2):
        fill(door.home, [*SIX, *COUNTING[:6]])
        until(lambda: len(peek(door.home, "SELECT name FROM tools")) == 2 and not waiting_in(door.home))
    assert len(asked) == len(set(asked)) == 2
    assert len(peek(door.home, "SELECT role FROM ledger")) == 2
