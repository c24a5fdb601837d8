"""However and whenever a server ends, it ends in time and leaves no process; and a call that is cancelled frees its worker."""

import fcntl
import logging
import os
import shutil
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from sandboxed import wasm_alone
from scripted import sort_words
from served import QUESTION, REQUEST, WITHIN, call, installed, make_by_client
from wire import Wire, alive, descendants, gone

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")

logger = logging.getLogger(__name__)  # `--log-cli-level=INFO` shows how long everything took

ENDED = 2.0  # seconds
FREED = 2.0  # seconds for a cancelled call's worker, or the one in its place, to answer the next; likewise
ENDLESS = {"words": ["for", "ever"]}
SOURCE = sort_words().replace("return sorted", 'while words == ["for", "ever"]:\n        pass\n    return sorted')
PIPE_BYTES = 60_000  # a full pipe, or nearly: it holds 64 KiB in pages
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """A library whose one tool never ends on ENDLESS."""
    home = tmp_path_factory.mktemp("library")

    async def make() -> None:
        with anyio.fail_after(WITHIN):
            async with Client(installed(home, sandbox_cache)) as client:
                made = await make_by_client(client, SOURCE)
                assert made["status"] == "published"
                assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}

    anyio.run(make)
    return home


@pytest.fixture
def home(library: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(library, tmp_path / "home"))


@contextmanager
def started(home: Path, cache: Path, client: bool = False, **environment: str) -> Iterator[Wire]:
    """A server whose calls may take a minute, after the handshake."""
    how = installed(home, cache, LATM_CALL_SECONDS="60", **environment)
    wire = Wire(home, cache, how=how, client=client)
    try:
        wire.shake_hands()
        yield wire
    finally:
        for pid in (*descendants(wire.process.pid), wire.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wire.process.communicate(timeout=WITHIN)


def ask(wire: Wire, command: str, arguments: dict[str, Any], id: int) -> None:
    wire.send("tools/call", {"name": command, "arguments": arguments}, id=id)


def sorted_by(wire: Wire, id: int) -> None:
    """A call of the made tool that must work."""
    ask(wire, "sort_words", {"words": ["b", "a"]}, id)
    assert wire.answer(id)["result"]["structuredContent"] == {"result": ["a", "b"]}


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait_for_work(wire: Wire, processes: int, seconds: float) -> None:
    """Wait until so many of the server's descendants have each used so much processor time from now on."""
    before = {pid: processor_seconds(pid) for pid in wire.children()}

    def worked() -> int:
        return sum(processor_seconds(pid) - before.get(pid, 0.0) >= seconds for pid in wire.children())

    until(lambda: worked() >= processes)


def idle(wire: Wire) -> None:
    sorted_by(wire, 1)


def in_a_call(wire: Wire) -> None:
    sorted_by(wire, 1)
    ask(wire, "sort_words", ENDLESS, 2)
    wait_for_work(wire, 1, 0.3)


def with_two_calls_and_more_queued(wire: Wire) -> None:
    sorted_by(wire, 1)
    for number in range(2, 8):
        ask(wire, "sort_words", ENDLESS, number)
    wait_for_work(wire, 2, 1.0)  # that is more than one of them takes to start


def judging_a_draft(wire: Wire) -> None:
    sorted_by(wire, 1)
    ask(wire, "make_tool", {**REQUEST, "name": "sorter", "force": True}, 2)
    job = wire.answer(2)["result"]["structuredContent"]["job"]
    source = sort_words("sorter").replace("return sorted(words)", "while True: pass")
    ask(wire, "make_tool", {"job": job, "draft": {"source": source}}, 3)
    wait_for_work(wire, 1, 0.3)


def with_a_client_that_reads_no_more(wire: Wire) -> None:
    sorted_by(wire, 1)
    for number in range(2, 5):
        ask(wire, "sort_words", {"words": ["word" * 1000] * 10}, number)
    until(lambda: unread(wire) >= PIPE_BYTES)


def unread(wire: Wire) -> int:
    """The bytes that the server has written and nobody has read."""
    assert wire.process.stdout is not None
    return struct.unpack("i", fcntl.ioctl(wire.process.stdout, termios.FIONREAD, b"0000"))[0]


STATES: dict[str, Callable[[Wire], None]] = {
    state.__name__: state
    for state in (
        idle,
        in_a_call,
        with_two_calls_and_more_queued,
        judging_a_draft,
        with_a_client_that_reads_no_more,
    )
}
ENDINGS = ("end of input", "both pipes closed", "SIGTERM", "SIGKILL", "SIGKILL of its client")
CASES = [(state, how) for state in STATES for how in ENDINGS]
CASES += [("in_a_call", how) for how in ("SIGINT", "SIGHUP")]  # which go the way of SIGTERM


def end(wire: Wire, how: str) -> None:
    """End the server in this way, and wait for its end and that of all that it started."""
    server, children = wire.server, wire.children()
    began = time.monotonic()
    if how == "end of input":
        wire.close_input()
    elif how == "both pipes closed":
        wire.close_output()
        wire.close_input()
    elif how == "SIGKILL of its client":
        wire.process.kill()
    else:
        os.kill(server, getattr(signal, how))
    assert gone({server}, ENDED), "the server goes on"
    ended = time.monotonic() - began
    assert gone(children, ENDED), f"left behind: {[pid for pid in children if alive(pid)]}"
    if not wire.client:
        assert wire.process.wait(WITHIN) == -getattr(signal, how, 0)
    logger.info("%s: the server has ended after %.2f s, all after %.2f s", how, ended, time.monotonic() - began)


@pytest.mark.parametrize(("state", "how"), CASES)
def test_a_server_ends_in_time_and_leaves_no_process(home: Path, sandbox_cache: Path, state: str, how: str):
    with started(home, sandbox_cache, client=how == "SIGKILL of its client") as wire:
        STATES[state](wire)
        assert wire.children()
        end(wire, how)


@wasm_alone
@pytest.mark.parametrize(
    ("moment", "how"),
    [
        *(("as it compiles", how) for how in ENDINGS),
        *(("as its worker starts", how) for how in ("end of input", "SIGKILL", "SIGKILL of its client")),
    ],
)
def test_a_server_ends_in_time_while_the_sandbox_is_compiled(home: Path, tmp_path: Path, moment: str, how: str):
    cache = tmp_path / "empty"
    with started(home, cache, client=how == "SIGKILL of its client") as wire:
        ask(wire, "sort_words", {"words": []}, 1)
        until(wire.children)
        if moment == "as it compiles":
            until(lambda: list(cache.glob("*.partial")))
            wait_for_work(wire, 1, 0.5)
        end(wire, how)

    assert not list(cache.glob("*.cwasm"))


@wasm_alone
def test_what_was_half_compiled_is_never_loaded(home: Path, tmp_path: Path):
    cache = tmp_path / "empty"
    with started(home, cache) as wire:
        ask(wire, "sort_words", {"words": []}, 1)
        until(lambda: list(cache.glob("*.partial")))
        end(wire, "SIGKILL")
    next(cache.glob("*.partial")).write_bytes(b"half of it")

    with started(home, cache) as wire:
        sorted_by(wire, 1)
    assert not list(cache.glob("*.partial"))


def test_a_cancelled_call_frees_its_worker_at_once(home: Path, sandbox_cache: Path):
    with started(home, sandbox_cache, LATM_WORKERS="1") as wire:
        in_a_call(wire)
        worker = wire.children()
        ask(wire, "sort_words", {"words": ["b", "a"]}, 3)  # there is one worker, so it waits
        began = time.monotonic()
        wire.send("notifications/cancelled", {"requestId": 2, "reason": "enough"})
        assert wire.answer(3)["result"]["structuredContent"] == {"result": ["a", "b"]}
        took = time.monotonic() - began
        logger.info("the next call was answered after %.2f s", took)
        assert took < FREED
        assert len(wire.children()) <= len(worker)


def test_a_call_that_is_cancelled_while_it_waits_is_never_run_and_stops_no_other(home: Path, sandbox_cache: Path):
    with started(home, sandbox_cache, LATM_WORKERS="1") as wire:
        in_a_call(wire)
        worker = wire.children()
        ask(wire, "sort_words", ENDLESS, 3)
        ask(wire, "call_tool", {"name": "sort_words", "question": QUESTION}, 4)
        wire.send("notifications/cancelled", {"requestId": 3, "reason": "enough"})
        wire.send("tools/list", id=5)
        wire.answer(5)  # by then the cancellation has been read
        assert wire.children() == worker
        wire.send("notifications/cancelled", {"requestId": 2, "reason": "enough"})
        assert wire.answer(4)["result"]["structuredContent"]["answer"] == "bear cat wolf"
