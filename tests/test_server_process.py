"""The server as a process: it starts light, survives a torn client, and ends in the middle of a making (see also test_endings)."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import stdio_client
from sandboxed import settings_at
from served import REQUEST, WITHIN, call, child, make_by_client, names, served
from wire import Wire, gone

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")


@pytest.fixture
def wire(tmp_path: Path, sandbox_cache: Path) -> Iterator[Wire]:
    opened = Wire(tmp_path / "home", sandbox_cache)
    yield opened
    opened.process.kill()
    opened.process.communicate(timeout=WITHIN)


def test_the_oldest_handshake_is_served_and_told_that_the_list_changes(wire: Wire):
    hello = wire.shake_hands()["result"]
    assert hello["protocolVersion"] == "2024-11-05"
    assert hello["capabilities"]["tools"] == {"listChanged": True}
    assert "make_tool" in hello["instructions"]
    wire.send("tools/list", id=1)
    assert [tool["name"] for tool in wire.answer(1)["result"]["tools"]] == [
        "call_tool",
        "dispatch",
        "make_tool",
        "report_result",
    ]


def test_the_sandbox_is_got_ready_only_after_the_first_list(wire: Wire):
    wire.shake_hands()
    time.sleep(1)
    assert wire.children() == set()
    wire.send("tools/list", id=1)
    wire.answer(1)
    assert wire.warm()


@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
def test_the_server_ends_in_the_middle_of_a_making(tmp_path: Path, sandbox_cache: Path, how: str):
    log = tmp_path / "log"
    wire = Wire(tmp_path / "home", sandbox_cache, log, 600)
    try:
        wire.shake_hands()
        wire.send("tools/list", id=1)
        wire.answer(1)
        workers = wire.warm()
        wire.send("tools/call", {"name": "make_tool", "arguments": REQUEST}, id=2)
        deadline = time.monotonic() + WITHIN
        while not log.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert wire.process.stdin is not None
        if how == "SIGTERM":
            wire.process.terminate()
        else:
            wire.process.stdin.close()
            wire.process.stdin = None
        wire.process.wait(10)
        assert gone(workers)
    finally:
        wire.process.kill()
        wire.process.communicate(timeout=WITHIN)


def test_a_library_that_cannot_be_opened_ends_the_server_at_once_with_its_sentence(tmp_path: Path, sandbox_cache: Path):
    (tmp_path / "home").write_text("a file where the folder should be", encoding="utf-8")
    how = child(tmp_path / "home", sandbox_cache)
    process = subprocess.Popen([how.command, *how.args], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.wait(WITHIN) == 1  # though its input stays open
    assert "StoreUnusable: The library" in process.communicate()[1]


def test_a_line_of_many_megabytes_is_read_and_answered(wire: Wire):
    wire.shake_hands()
    examples = [{"question": "q" * 60_000, "answer": str(number)} for number in range(400)]
    wire.send("tools/call", {"name": "make_tool", "arguments": {"examples": examples}}, id=1)
    assert wire.answer(1)["result"]["isError"] is True


def test_torn_lines_and_late_or_unknown_cancellations_are_harmless(wire: Wire):
    wire.shake_hands()
    wire.send("notifications/cancelled", {"requestId": 99, "reason": "late"})
    wire.send_raw(b'{"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "dispatch", "argum')
    wire.send_raw(
        b'{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"dispatch","arguments":{"question":"a\\ud83d"}}}'
    )
    wire.send_raw(b"\xff\xfe not UTF-8")
    wire.send("tools/list", id=7)
    assert len(wire.answer(7)["result"]["tools"]) == 4
    wire.send("notifications/cancelled", {"requestId": 7, "reason": "late"})
    wire.send("tools/call", {"name": "dispatch", "arguments": {"question": "Who?"}}, id=8)
    assert wire.answer(8)["result"]["structuredContent"]["outcome"] == "new"


def test_starting_imports_nothing_that_a_session_may_never_need():
    code = "import sys, latm_mcp.server; print([m for m in ('openai', 'rich', 'wasmtime', 'jsonschema') if m in sys.modules])"
    source = str(Path(__file__).parent.parent / "src")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {code}"],
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.anyio
async def test_a_sandbox_that_is_compiled_already_is_not_talked_about(
    tmp_path: Path, sandbox_cache: Path, caplog: pytest.LogCaptureFixture
):
    settings = settings_at(tmp_path / "home", sandbox_cache)
    async with served(settings, "auto") as client:
        await make_by_client(client)
    caplog.set_level(logging.INFO, "latm_mcp")
    async with served(settings, "auto") as client:
        assert "sort_words" in await names(client)
        assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
    assert "sandbox" not in caplog.text


@pytest.mark.anyio
async def test_nothing_but_the_protocol_is_on_standard_output(tmp_path: Path, sandbox_cache: Path):
    noisy = tmp_path / "log"
    with anyio.fail_after(WITHIN):
        transport = stdio_client(child(tmp_path / "home", sandbox_cache, noisy, 0))
        async with Client(transport, mode="legacy") as client:
            made = await call(client, "make_tool", **REQUEST)
            assert made["status"] == "published"
            assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}


@pytest.mark.anyio
async def test_a_tool_made_over_stdio_is_there_after_the_process_was_killed(tmp_path: Path, sandbox_cache: Path):
    with anyio.fail_after(WITHIN):
        async with Client(child(tmp_path / "home", sandbox_cache), mode="auto") as client:
            await make_by_client(client)
    wire = Wire(tmp_path / "home", sandbox_cache)
    try:
        wire.shake_hands()
        wire.send("tools/list", id=1)
        assert "sort_words" in [tool["name"] for tool in wire.answer(1)["result"]["tools"]]
        wire.process.kill()
        wire.process.wait(10)
    finally:
        wire.process.communicate(timeout=WITHIN)
    async with Client(child(tmp_path / "home", sandbox_cache), mode="legacy") as client:
        assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
