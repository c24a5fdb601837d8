"""Calling a made tool keeps nobody waiting: its use is counted after the answer, and its newest version is the one called."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import pytest
from sandboxed import settings_at
from served import WITHIN, call, refusal, served
from wire import Wire

from latm_mcp.models import Evidence, Provenance, Signature, Tool
from latm_mcp.settings import Settings
from latm_mcp.store import open_store
from latm_mcp.store_connection import BUSY_SECONDS
from latm_mcp.store_files import version_of

pytestmark = pytest.mark.anyio
NUMBER = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": False}


def adding(amount: int) -> Tool:
    """A version of the tool `add`, which adds this much."""
    source = f"def add(x: int) -> int:\n    return x + {amount}\n"
    return Tool(
        name="add",
        version=version_of(source),
        description="",
        source=source,
        signature=Signature(function="add", parameters=NUMBER, returns={"type": "integer"}, text="add(x: int) -> int"),
        adapter=False,
        comparison="number",
        examples=(),
        use_cases=(),
        evidence=Evidence(),
        provenance=Provenance(maker="import"),
    )


@pytest.fixture
def settings(tmp_path: Path, sandbox_cache: Path) -> Settings:
    settings = settings_at(tmp_path / "home", sandbox_cache)
    with open_store(settings.home) as store:
        store.publish(adding(1), actor="test")
    return settings


def uses(home: Path) -> int:
    """What another process reads in the library."""
    with open_store(home) as store:
        return store.uses()["add"]


@contextmanager
def somebody_writes(home: Path) -> Iterator[sqlite3.Connection]:
    """Another process is in the middle of a long write."""
    with closing(sqlite3.connect(home / "library.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def soon_used(home: Path, times: int) -> None:
    with anyio.fail_after(WITHIN):
        while uses(home) < times:
            await anyio.sleep(0.02)
    assert uses(home) == times


async def test_uses_are_counted_while_the_server_goes_on(settings: Settings):
    async with served(settings, "auto") as client:
        for number in range(3):
            assert await call(client, "add", x=number) == {"result": number + 1}
        await soon_used(settings.home, 3)
        assert await call(client, "call_tool", name="add", arguments={"x": 9}) == {"result": 10}
        await soon_used(settings.home, 4)


async def test_an_answer_waits_for_no_other_process_and_its_use_is_counted_all_the_same(settings: Settings):
    async with served(settings, "auto") as client:
        await call(client, "add", x=0)
        await soon_used(settings.home, 1)
        with somebody_writes(settings.home) as other:
            began = time.monotonic()
            while time.monotonic() < began + 1.5:  # longer than uses wait to be written
                assert await call(client, "add", x=1) == {"result": 2}
                await anyio.sleep(0.2)
            assert time.monotonic() < began + BUSY_SECONDS - 0.5  # not once did it wait for the lock
            other.execute("COMMIT")
        with anyio.fail_after(WITHIN):
            while uses(settings.home) < 3:
                await anyio.sleep(0.02)


async def test_uses_are_counted_at_the_end(settings: Settings):
    async with served(settings, "auto") as client:
        for number in range(5):
            await call(client, "add", x=number)
    assert uses(settings.home) == 5


@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
async def test_uses_are_counted_when_a_server_process_ends(settings: Settings, how: str):
    wire = Wire(settings.home, settings.cache)
    try:
        wire.shake_hands()
        wire.send("tools/call", {"name": "add", "arguments": {"x": 1}}, id=1)
        assert wire.answer(1)["result"]["structuredContent"] == {"result": 2}
        if how == "SIGTERM":
            wire.process.send_signal(signal.SIGTERM)
        else:
            assert wire.process.stdin is not None
            wire.process.stdin.close()
            wire.process.stdin = None
        wire.process.wait(10)
        assert uses(settings.home) == 1
    finally:
        wire.process.kill()
        wire.process.communicate(timeout=WITHIN)


async def test_the_end_waits_only_a_moment_for_another_process_that_writes(settings: Settings):
    wire = Wire(settings.home, settings.cache)
    try:
        wire.shake_hands()
        wire.send("tools/call", {"name": "add", "arguments": {"x": 1}}, id=1)
        wire.answer(1)
        with somebody_writes(settings.home):
            wire.send("tools/call", {"name": "add", "arguments": {"x": 1}}, id=2)
            wire.answer(2)
            assert wire.process.stdin is not None
            wire.process.stdin.close()
            wire.process.stdin = None
            assert wire.process.wait(2) == 0
    finally:
        wire.process.kill()
        wire.process.communicate(timeout=WITHIN)


async def test_what_another_process_does_to_a_tool_holds_from_the_next_call(settings: Settings):
    async with served(settings, "auto") as client:
        assert await call(client, "add", x=1) == {"result": 2}
        with open_store(settings.home) as other:
            other.publish(adding(10), replaces=adding(1).version, actor="test")
            assert await call(client, "add", x=1) == {"result": 11}
            other.archive("add", "test")
            assert "There is no tool 'add'" in await refusal(client, "add", x=1)
            other.publish(adding(1), actor="test")
            assert await call(client, "add", x=1) == {"result": 2}


async def test_arguments_that_do_not_fit_are_refused_however_often_the_tool_was_called(settings: Settings):
    async with served(settings, "auto") as client:
        for _ in range(2):
            assert await call(client, "add", x=1) == {"result": 2}
            assert "'1' is not of type 'integer'" in await refusal(client, "add", x="1")
            assert "Missing: x" in await refusal(client, "add")
            assert "Not among its arguments: y" in await refusal(client, "add", x=1, y=2)
    assert uses(settings.home) == 2
