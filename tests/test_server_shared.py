"""Real server processes and their clients: a making shared and paid for once, followed and cancelled; and both exposures."""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from scripted import sort_words
from served import ERAS, REQUEST, WITHIN, call, child, installed, make_by_client, names
from wire import alive, children, descendants

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("era", ERAS),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc"),
]
FIXED = ["call_tool", "dispatch", "make_tool", "report_result"]
SPIN = sort_words().replace(
    "return sorted(words)", "while 'spin' in words and len(words) == 1: pass\n    return sorted(words)"
)


async def soon(condition: Callable[[], Any]) -> None:
    """Wait until something holds, not for ever."""
    with anyio.fail_after(WITHIN):
        while not condition():
            await anyio.sleep(0.01)


def ticks(worker: int) -> int:
    """How long a worker and its children, in which code may run, have computed, in hundredths of a second."""
    used = 0
    for pid in {worker, *descendants(worker)}:
        with suppress(OSError):  # a child that has ended meanwhile
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            used += int(fields[11]) + int(fields[12])
    return used


async def the_worker(before: set[int]) -> int:
    """The one sandbox process of the one server that was started since."""
    found: set[int] = set()

    def started() -> bool:
        nonlocal found
        servers = set(children(os.getpid())) - before
        found = {worker for server in servers for worker in children(server)}
        return len(found) == 1

    await soon(started)
    (worker,) = found
    return worker


async def cancelled_once_it_computes(worker: int, work: Callable[[], Awaitable[Any]]) -> None:
    """Begin a request whose code never ends, and cancel it while that code runs."""
    begun = ticks(worker)
    with anyio.fail_after(WITHIN):
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            await soon(lambda: ticks(worker) > begun + 30)
            group.cancel_scope.cancel()


@pytest.mark.parametrize("command", ["make_tool", "call_tool", "sort_words"])
async def test_cancelling_a_request_kills_the_process_that_runs_its_code(
    tmp_path: Path, sandbox_cache: Path, era: str, command: str
):
    before = descendants(os.getpid())
    patient = {"LATM_CALL_SECONDS": "600", "LATM_WORKERS": "1"}
    async with Client(installed(tmp_path / "home", sandbox_cache, **patient), mode=era) as client:
        if command == "make_tool":
            begun = await call(client, "make_tool", **REQUEST)
            endless = sort_words().replace("return sorted(words)", "while True: pass")
            given: dict[str, Any] = {"job": begun["job"], "draft": {"source": endless}}
        else:
            await make_by_client(client, SPIN)
            given = {"words": ["spin"]}
            given = {"name": "sort_words", "arguments": given} if command == "call_tool" else given
        await client.list_tools()
        worker = await the_worker(before)
        await cancelled_once_it_computes(worker, partial(client.call_tool, command, given))
        with anyio.fail_after(2):
            while alive(worker):
                await anyio.sleep(0.01)
        if command == "make_tool":
            assert (await call(client, "make_tool", job=begun["job"]))["tries_left"] == {"propose": 3, "verify": 4}
            await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}


async def test_two_processes_asked_for_the_same_making_pay_once_and_both_hear_of_it(
    tmp_path: Path, sandbox_cache: Path, era: str
):
    log, got, heard = tmp_path / "log", [], []

    async def hear(done: float, total: float | None, sentence: str | None) -> None:
        heard.append(sentence)

    async with (
        Client(child(tmp_path / "home", sandbox_cache, log, 2), mode=era) as one,
        Client(child(tmp_path / "home", sandbox_cache, log, 2), mode=era) as two,
    ):

        async def ask(client: Client, hear: Any = None) -> None:
            result = await client.call_tool("make_tool", REQUEST, progress_callback=hear)
            got.append((result.structured_content["status"], result.structured_content["job"]))

        with anyio.fail_after(WITHIN):
            async with anyio.create_task_group() as group:
                group.start_soon(ask, one)
                await soon(log.exists)
                group.start_soon(ask, two, hear)
        for client in (one, two):
            assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
    assert got == [("published", got[0][1])] * 2
    assert log.read_text(encoding="utf-8").split() == ["asked", "replied"]
    assert any("asking scripted for a function" in sentence for sentence in heard)


@pytest.mark.parametrize("exposure", ["hybrid", "static"])
async def test_the_command_lines_server_lists_made_tools_or_the_fixed_commands_alone(
    tmp_path: Path, sandbox_cache: Path, era: str, exposure: str
):
    how = installed(tmp_path / "home", sandbox_cache, "--exposure", exposure)
    with anyio.fail_after(WITHIN):
        async with Client(how, mode=era) as client:
            await make_by_client(client)
            assert await names(client) == (FIXED if exposure == "static" else [*FIXED, "sort_words"])
            assert await call(client, "call_tool", name="sort_words", arguments={"words": ["b", "a"]}) == {
                "result": ["a", "b"]
            }
