"""A server process spoken to in raw lines of JSON, and a look at the processes that it starts."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from mcp import StdioServerParameters
from served import WITHIN, child

# A client as the server sees it: a process that holds the other ends of its pipes, and passes on what comes.
CLIENT = """
import os, subprocess, sys, threading
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def pass_on(source, target):
    while chunk := os.read(source, 1 << 16):
        os.write(target, chunk)
    os.close(target)
threading.Thread(target=pass_on, args=(server.stdout.fileno(), 1), daemon=True).start()
pass_on(0, server.stdin.fileno())
server.wait()
"""


class Wire:
    """A server process and raw lines of JSON.

    how: the server, if not the tests' own; client: whether it gets a client process of its own, which is `process` then.
    """

    def __init__(
        self, home: Path, cache: Path, *more: object, how: StdioServerParameters | None = None, client: bool = False
    ):
        how = how or child(home, cache, *more)
        line = [sys.executable, "-c", CLIENT] if client else []
        self.client = client
        self.process = subprocess.Popen(
            [*line, how.command, *how.args],
            env={**os.environ, **(how.env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def send(self, method: str, params: Any = None, id: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params or {}} | ({} if id is None else {"id": id})
        self.send_raw(json.dumps(message).encode())

    def send_raw(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def answer(self, id: int) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if message.get("id") == id:
                return message
        raise AssertionError("the server closed its output")

    def close_input(self) -> None:
        """Say nothing more."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def close_output(self) -> None:
        """Hear nothing more."""
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.stdout = None

    def shake_hands(self) -> dict[str, Any]:
        info = {"name": "raw", "version": "1"}
        self.send("initialize", {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": info}, id=0)
        answer = self.answer(0)
        self.send("notifications/initialized")
        return answer

    @property
    def server(self) -> int:
        """The server's process."""
        if not self.client:
            return self.process.pid
        (pid,) = children(self.process.pid)
        return pid

    def children(self) -> set[int]:
        """What the server has started."""
        return descendants(self.server)

    def warm(self) -> set[int]:
        """Wait for the sandbox's worker."""
        deadline = time.monotonic() + WITHIN
        while not (found := self.children()):
            assert time.monotonic() < deadline, "no worker was started"
            time.sleep(0.02)
        return found


def descendants(root: int) -> set[int]:
    """The processes that a process has started, and those that they have."""
    found, todo = set(), [root]
    while todo:
        pid = todo.pop()
        todo += children(pid)
        found.add(pid)
    return found - {root}


def children(pid: int) -> list[int]:
    """The processes that a process has started itself; none where it is gone."""
    with suppress(OSError):
        lists = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(number) for listed in lists for number in listed.read_text().split()]
    return []


def gone(pids: set[int], within: float = 10) -> bool:
    """Whether all of these end in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
