"""The server at its edge: a process that is sent whatever bytes, everything that it says, and all that it ever started."""

import json
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from served import WITHIN, installed
from wire import alive, descendants, gone

from latm_mcp.store_look import look

HANDSHAKE, MODERN = "handshake", "modern"
ERAS = (HANDSHAKE, MODERN)
_ABOUT = "io.modelcontextprotocol/"
META = {
    f"{_ABOUT}protocolVersion": "2026-07-28",
    f"{_ABOUT}clientInfo": {"name": "edge", "version": "1"},
    f"{_ABOUT}clientCapabilities": {},
}


class Edge:
    """`python -m latm_mcp serve` on a library. answers: by the request's id, as they come."""

    def __init__(self, home: Path, cache: Path, era: str):
        self.home, self.era = home, era
        how = installed(home, cache)
        self.process = subprocess.Popen(
            [how.command, *how.args],
            env=how.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.answers: dict[Any, dict[str, Any]] = {}
        self.lines: list[bytes] = []
        self.said = b""
        self.started: set[int] = set()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._hear, self._log, self._look)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(WITHIN)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):  # what was not taken any more
                stream.close()

    def request(self, id: Any, method: str, params: dict[str, Any] | None = None) -> bytes:
        """A line of the era's own form."""
        params = dict(params or {}) | ({"_meta": META} if self.era == MODERN else {})
        return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode() + b"\n"

    def call(self, id: Any, command: str, /, **arguments: Any) -> bytes:
        return self.request(id, "tools/call", {"name": command, "arguments": arguments})

    def cancel(self, id: Any) -> bytes:
        params = {"requestId": id, "reason": "changed my mind"}
        return json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).encode() + b"\n"

    def opening(self) -> bytes:
        """What a client says first."""
        if self.era == MODERN:
            return self.request("open", "server/discover")
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "edge", "version": "1"}}
        return self.request("open", "initialize", hello) + b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'

    def send(self, *lines: bytes) -> None:
        """Write them; a server that has gone is no fault of the writer's."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            for line in lines:
                self.process.stdin.write(line)
            self.process.stdin.flush()

    def wait_for(self, ids: Iterable[Any], within: float = WITHIN) -> None:
        """Until all of these were answered."""
        deadline, wanted = time.monotonic() + within, set(ids)
        while missing := wanted - self.answers.keys():
            assert time.monotonic() < deadline, (
                f"{len(missing)} of {len(wanted)} were not answered: {list(missing)[:5]}"
            )
            assert self.process.poll() is None, f"the server ended: {self.said.decode()}"
            time.sleep(0.01)

    def structured(self, id: Any) -> dict[str, Any]:
        self.wait_for([id])
        result: dict[str, Any] = self.answers[id]["result"]
        assert not result.get("isError"), result
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    def ends(self, within: float = 30) -> None:
        """Close the input: it ends in time and well, has said nothing but the protocol, left no child, and its library is whole."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        assert self.process.wait(within) == 0, self.said.decode()
        for thread in self._threads:
            thread.join(WITHIN)
        assert gone({pid for pid in self.started if alive(pid)}), "a child was left"
        assert b"Traceback" not in self.said, self.said.decode()
        for line in self.lines:
            assert json.loads(line)["jsonrpc"] == "2.0"
        look(self.home)  # raises where it is not whole

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            message = json.loads(line)
            if "id" in message and "method" not in message:
                self.answers[message["id"]] = message

    def _log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line

    def _look(self) -> None:
        while self.process.poll() is None:
            self.started |= descendants(self.process.pid)
            time.sleep(0.02)
