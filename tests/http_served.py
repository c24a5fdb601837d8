"""The command line's own HTTP server as a process, and raw requests to it."""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
from front_door import LINE, FrontDoor
from mcp.server.lowlevel import Server
from served import WITHIN
from wire import descendants

from latm_mcp.server_http import http_app
from latm_mcp.server_http_listen import listening
from latm_mcp.server_http_uvicorn import Uvicorn
from latm_mcp.settings_http import HttpSettings

ACCEPT = {"accept": "application/json, text/event-stream"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}},
}
MODERN = "2026-07-28"
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
}


class HttpServer:
    """A server process."""

    def __init__(self, process: "subprocess.Popen[str]", home: Path):
        self.process, self.home = process, home
        self.url = ""
        self.said: list[str] = []
        self._served = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._served.wait(WITHIN) or not self.url:
            process.kill()
            raise AssertionError(f"no server: {self.said}")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://\S+/mcp", line):
                self.url = found[0]
                self._served.set()
        self._served.set()

    @property
    def port(self) -> int:
        return int(self.url.removesuffix("/mcp").rpartition(":")[2])

    def children(self) -> set[int]:
        """What the server has started."""
        return descendants(self.process.pid)

    def end(self, by: signal.Signals = signal.SIGTERM) -> float:
        """End it by a signal; how many seconds that took."""
        asked = time.monotonic()
        self.process.send_signal(by)
        self.process.wait(WITHIN)
        return time.monotonic() - asked

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WITHIN)
        self._reader.join(WITHIN)
        assert self.process.stdout is not None
        assert self.process.stdout.read() == ""
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def post(self, message: Any, headers: Any = (), modern: bool = False) -> httpx2.Response:
        """One message, or raw bytes."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        told = {**ACCEPT, "content-type": "application/json", **(routed(message) if modern else {}), **dict(headers)}
        return httpx2.post(self.url, content=body, headers=told, timeout=WITHIN)


def routed(message: Any) -> dict[str, str]:
    """The headers by which the newest revision says what is in a message."""
    told = {"mcp-protocol-version": MODERN}
    if isinstance(message, dict):
        told |= {"mcp-method": message["method"]}
        if "name" in message["params"]:
            told |= {"mcp-name": message["params"]["name"]}
    return told


def asking(method: str, **params: Any) -> dict[str, Any]:
    """A request of the newest revision."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": _META}}


@contextmanager
def http_server(door: FrontDoor, *options: str, **environment: str) -> Iterator[HttpServer]:
    """`latm-mcp serve --http` on a free port of the loopback; its output and its errors have to be clean at the end."""
    server = HttpServer(started(door, "--port", "0", *options, **environment), door.home)
    try:
        yield server
    finally:
        server.close()
    assert "Traceback" not in "".join(server.said), "".join(server.said)


def started(door: FrontDoor, *options: str, **environment: str) -> "subprocess.Popen[str]":
    """The process alone."""
    return subprocess.Popen(
        [*LINE, "serve", "--http", *options],
        env={**door.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@asynccontextmanager
async def over_http(server: Server[Any], **options: Any) -> AsyncIterator[str]:
    """A server object over HTTP in this process: its address."""
    app, started = http_app(server, HttpSettings(), **options), anyio.Event()
    with listening(HttpSettings(port=0), None) as place:
        uvicorn = Uvicorn(app, started.set)
        async with anyio.create_task_group() as group:
            group.start_soon(uvicorn.serve, list(place.sockets))
            await started.wait()
            yield place.url
            uvicorn.stop()
            app.end()
