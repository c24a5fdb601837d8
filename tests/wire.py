"""A server process spoken to in raw lines of JSON, and a look at the processes that it starts."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from served import WITHIN, child


class Wire:
    """A server process and raw lines of JSON."""

    def __init__(self, home: Path, cache: Path, *more: object):
        how = child(home, cache, *more)
        self.process = subprocess.Popen(
            [how.command, *how.args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
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

    def shake_hands(self) -> dict[str, Any]:
        info = {"name": "raw", "version": "1"}
        self.send("initialize", {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": info}, id=0)
        answer = self.answer(0)
        self.send("notifications/initialized")
        return answer

    def children(self) -> set[int]:
        return descendants(self.process.pid)

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
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            todo += [int(number) for number in listed.read_text().split()]
        found.add(pid)
    return found - {root}


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
