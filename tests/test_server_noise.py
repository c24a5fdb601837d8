"""Whatever is printed in the server's process, by whom and when: every line of its standard output is a message."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sandboxed import KIND
from served import PATH, WITHIN
from test_uses import adding

from latm_mcp.store import open_store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its clients' environment is another")

# A library that prints while it is imported, and at the end of the process.
LOUD = """
import atexit, sys
class Loud:
    def find_spec(self, name, path=None, target=None):
        if name in ("mcp", "mcp.server", "latm_mcp.server"):
            print("noise of an import", flush=True)
sys.meta_path.insert(0, Loud())
atexit.register(print, "printed at the end", flush=True)
"""
# And a thread that never stops printing from when there is a server; it begins once ours has had its first moment.
SITE = (
    LOUD
    + """
import os, threading, time, warnings
def chatter():
    while os.path.samestat(os.fstat(1), WIRE):
        time.sleep(0.001)
    while True:
        print("chatter", flush=True)
        os.write(1, b"chatter without a line's end")
        time.sleep(0.002)
WIRE = os.fstat(1)
threading.Thread(target=chatter, daemon=True).start()
warnings.simplefilter("always")
showing = warnings.showwarning
warnings.showwarning = lambda *given, **more: print("warning", *given, flush=True)
"""
)
FLOOD = """
def add(x: int) -> int:
    'Prints megabytes.'
    for number in range(x):
        print("x" * 1000)
    return x
"""


def message(id: int | None, method: str, params: dict[str, Any]) -> bytes:
    told = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if id is None else {"id": id})
    return json.dumps(told).encode() + b"\n"


def test_every_line_on_standard_output_is_a_message_whatever_prints(tmp_path: Path, sandbox_cache: Path):
    home, site = tmp_path / "home", tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    with open_store(home) as store:
        store.publish(adding(1).model_copy(update={"source": FLOOD}), actor="test")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(site), PATH[1])),
        "PYTHONWARNINGS": "always",
        "PYTHONUNBUFFERED": "",
        "LATM_HOME": str(home),
        "LATM_CACHE": str(sandbox_cache),
        "LATM_SANDBOX": KIND,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "latm_mcp", "serve"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        said: list[bytes] = []
        assert server.stderr is not None
        listener = threading.Thread(target=lambda: said.append(server.stderr.read()), daemon=True)
        listener.start()
        try:
            lines = conversation(server)
        finally:
            server.kill()
            listener.join(WITHIN)

    messages = [json.loads(line) for line in lines]
    assert all(each["jsonrpc"] == "2.0" for each in messages)
    answers = {each["id"]: each["result"] for each in messages if "id" in each}
    assert set(answers) == {0, 1, 2}
    assert answers[1]["structuredContent"] == {"result": 20_000}
    assert b"chatter\n" in said[0]
    assert b"noise of an import" in said[0]


def conversation(server: subprocess.Popen[bytes]) -> list[bytes]:
    """All that the server wrote until it ended by itself, a flood of printing in the middle of it."""
    assert server.stdin is not None
    assert server.stdout is not None
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    call = {"name": "call_tool", "arguments": {"name": "add", "arguments": {"x": 20_000}}}
    server.stdin.write(message(0, "initialize", info) + message(None, "notifications/initialized", {}))
    server.stdin.write(message(1, "tools/call", call) + message(2, "tools/list", {}))
    server.stdin.flush()
    lines: list[bytes] = []
    while {b'"id":1,', b'"id":2,'} - {part for part in (b'"id":1,', b'"id":2,') if any(part in line for line in lines)}:
        lines.append(server.stdout.readline())
        assert lines[-1], lines
    server.stdin.close()
    server.stdin = None
    lines += server.stdout.readlines()
    assert server.wait(WITHIN) == 0
    return lines


def test_nothing_in_the_process_can_take_a_message_from_standard_input(tmp_path: Path, sandbox_cache: Path):
    site = tmp_path / "site"
    site.mkdir()
    thief = (
        "import os, sys, threading, time\n"
        "BEGAN = os.fstat(0)\n"
        "def steal():\n"
        "    while os.path.samestat(os.fstat(0), BEGAN):\n"
        "        time.sleep(0.001)\n"
        "    os.write(2, b'stolen: %r' % sys.stdin.read())\n"
        "threading.Thread(target=steal, daemon=True).start()\n"
    )
    (site / "sitecustomize.py").write_text(thief, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(site), PATH[1])),
        "LATM_HOME": str(tmp_path / "home"),
    }
    environment |= {"LATM_CACHE": str(sandbox_cache), "LATM_SANDBOX": KIND}
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    with subprocess.Popen(
        [sys.executable, "-m", "latm_mcp"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for number in range(20):
            server.stdin.write(message(number, "initialize" if not number else "ping", info if not number else {}))
            server.stdin.flush()
            assert json.loads(server.stdout.readline())["id"] == number
        _, said = server.communicate(timeout=WITHIN)

    assert b"stolen: ''" in said


@pytest.mark.parametrize("kind", ["a file", "a pipe"])
def test_printing_stays_out_of_a_file_as_well(tmp_path: Path, sandbox_cache: Path, kind: str):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(LOUD, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(site), PATH[1])),
        "LATM_HOME": str(tmp_path / "home"),
    }
    environment |= {"LATM_CACHE": str(sandbox_cache), "LATM_SANDBOX": KIND}
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    asked = tmp_path / "asked"
    asked.write_bytes(message(0, "initialize", info))
    answered = tmp_path / "answered"
    with asked.open("rb") as taken, answered.open("wb") as given:
        done = subprocess.run(
            [sys.executable, "-m", "latm_mcp"],
            env=environment,
            stdin=taken,
            stdout=given if kind == "a file" else subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=WITHIN,
        )
    [line] = (answered.read_bytes() if kind == "a file" else done.stdout).splitlines()
    assert json.loads(line)["id"] == 0
    assert b"noise" in done.stderr
