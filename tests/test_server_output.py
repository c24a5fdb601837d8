"""What a server process writes: whole lines of the protocol alone, to readers however slow, and never a reason not to end."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandboxed import settings_at
from served import PATH, WITHIN
from test_uses import adding
from wire import Wire

from latm_mcp.store import open_store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the SDK's own way there")
LONG = "def add(x: int) -> str:\n    return 'ä' * x\n"
NOISY = """
import os, sys
sys.path[:0] = {path!r}
import anyio
from latm_mcp import server, server_face
from latm_mcp.settings import read_settings
call_native = server_face.call_native
async def noisy(*given):
    print("noise", flush=True)
    os.write(1, b"more noise")
    return await call_native(*given)
server_face.call_native = noisy
anyio.run(server.serve_stdio, read_settings({environment!r}))
"""


@pytest.fixture
def wire(tmp_path: Path, sandbox_cache: Path) -> Iterator[Wire]:
    tool = adding(1)
    signature = tool.signature.model_copy(update={"returns": {"type": "string"}})
    with open_store(tmp_path / "home") as store:
        store.publish(tool.model_copy(update={"source": LONG, "signature": signature}), actor="test")
    opened = Wire(tmp_path / "home", sandbox_cache)
    yield opened
    opened.process.kill()
    opened.process.communicate(timeout=WITHIN)


def test_long_answers_arrive_whole_at_a_slow_reader(wire: Wire):
    wire.shake_hands()
    for number in range(1, 21):
        wire.send("tools/call", {"name": "add", "arguments": {"x": 30_000}}, id=number)
    time.sleep(1)  # by now no more fits into the pipe
    answers = dict(answer(wire) for _ in range(20))
    assert set(answers) == set(range(1, 21))
    assert all(found["structuredContent"]["result"] == "ä" * 30_000 for found in answers.values())


def answer(wire: Wire) -> tuple[int, dict[str, Any]]:
    assert wire.process.stdout is not None
    while "id" not in (message := json.loads(wire.process.stdout.readline())):
        pass
    return message["id"], message["result"]


def test_a_server_whose_client_reads_nothing_still_ends(wire: Wire):
    wire.shake_hands()
    for number in range(1, 21):
        wire.send("tools/call", {"name": "add", "arguments": {"x": 30_000}}, id=number)
    time.sleep(1)
    wire.process.send_signal(signal.SIGTERM)
    assert wire.process.wait(10) == -signal.SIGTERM


def test_a_client_that_goes_away_unread_ends_the_server(wire: Wire):
    wire.shake_hands()
    assert wire.process.stdout is not None
    wire.process.stdout.close()
    wire.send("tools/list", id=1)
    assert wire.process.wait(10) == 0
    wire.process.stdout = None


def test_what_is_printed_goes_to_standard_error(tmp_path: Path, sandbox_cache: Path):
    settings = settings_at(tmp_path / "home", sandbox_cache)
    with open_store(settings.home) as store:
        store.publish(adding(1), actor="test")
    environment = {"LATM_HOME": str(settings.home), "LATM_CACHE": str(settings.cache), "LATM_SANDBOX": settings.sandbox}
    code = NOISY.format(path=PATH, environment=environment)
    hello = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    asked: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "add", "arguments": {"x": 1}}},
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"".join(json.dumps({"jsonrpc": "2.0", **line}).encode() + b"\n" for line in asked))
        process.stdin.flush()
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert lines[1]["result"]["structuredContent"] == {"result": 2}
        process.stdin.close()
        process.stdin = None
        rest, said = process.communicate(timeout=WITHIN)
        assert rest == b""
        assert b"noise" in said
        assert b"more noise" in said
    finally:
        process.kill()
        process.wait(WITHIN)
