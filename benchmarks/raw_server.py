"""A server as a child process, and raw JSON lines over its pipes: no client's own work is counted."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from latm_mcp.outcomes import SandboxKind

OURS = [sys.executable, "-m", "latm_mcp", "serve"]
HELLO: list[dict[str, Any]] = [
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "benchmark", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
]


def yardstick(script: str, *arguments: object) -> list[str]:
    """The command line of a yardstick that lies beside this file."""
    return [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]


def environment(home: Path, kind: SandboxKind = "wasm", **more: object) -> dict[str, str]:
    """This process's own, with this library and this sandbox, and without a maker that costs money."""
    given = {**os.environ, "LATM_HOME": str(home), "LATM_SANDBOX": kind, **{k: str(v) for k, v in more.items()}}
    given.pop("LATM_MAKER_MODEL", None)
    return given


def tool_call(number: int, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The message that calls a tool."""
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


class RawServer:
    """A running server; ended with `with`. `listed` tools have been told by it."""

    def __init__(self, command: list[str], environment: dict[str, str]):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self.last = len(HELLO)
        self.send(*HELLO)
        self.listed = len(self.answer(2)["tools"])

    def send(self, *messages: dict[str, Any]) -> None:
        """Write messages, all at once."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(json.dumps(message) + "\n" for message in messages).encode())
        self.process.stdin.flush()

    def next_answer(self) -> dict[str, Any]:
        """The next message that answers a request, with its `id` and `result`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if "id" in message:
                return message
        raise RuntimeError(f"the server ended with {self.process.wait()} before it answered")

    def answer(self, number: int) -> dict[str, Any]:
        """The result of the request of this number; what comes before it is dropped."""
        while (message := self.next_answer())["id"] != number:
            pass
        result: dict[str, Any] = message["result"]
        return result

    def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool and wait for its result."""
        self.last += 1
        self.send(tool_call(self.last, name, arguments))
        return self.answer(self.last)

    def __enter__(self) -> "RawServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()
