"""An endpoint on loopback that plays a client's model; it keeps what it was shown and what it did."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from real_clients.model import next_move
from real_clients.turns import Move, Say, Shown

SIDE = "Words"  # what the model says to requests beside the conversation: titles, summaries, what is next


class Dialect(Protocol):
    """How one client talks with its model."""

    def read(self, path: str, body: dict[str, Any]) -> Shown | None:
        """What a request shows the model; None where it is no turn of the conversation."""

    def write(self, path: str, body: dict[str, Any], move: Move) -> tuple[str, str]:
        """The reply's content type and text."""


@dataclass
class Endpoint:
    """A model that is being played: its address, and its turns, oldest first."""

    dialect: Dialect
    port: int = 0
    turns: list[tuple[Shown, Move]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def reply(self, path: str, body: dict[str, Any]) -> tuple[str, str]:
        """The model's move, kept."""
        self.requests.append({"path": path, "body": body})
        shown = self.dialect.read(path, body)
        move: Move = Say(SIDE) if shown is None else next_move(shown)
        if shown is not None:
            self.turns.append((shown, move))
        return self.dialect.write(path, body, move)

    def taken(self, file: Path) -> list[tuple[Shown, Move]]:
        """The turns since it was last asked; the requests are written down, for whoever has to find out what a client did."""
        file.write_text("\n".join(json.dumps(request) for request in self.requests), encoding="utf-8")
        turns, self.turns, self.requests = self.turns, [], []
        return turns


class _Handler(BaseHTTPRequestHandler):
    endpoint: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        kind, text = self.endpoint.reply(self.path, body)
        self._send(200, kind, text)

    def do_GET(self) -> None:
        """Lists of models and the like: there is nothing more to know of this one."""
        self._send(200, "application/json", json.dumps({"object": "list", "data": [], "models": []}))

    def do_HEAD(self) -> None:
        self._send(200, "text/plain", "")

    def do_CONNECT(self) -> None:
        """The endpoint is its client's proxy, too, so that nothing is reached beyond loopback."""
        self._send(403, "text/plain", "")

    def _send(self, status: int, kind: str, text: str) -> None:
        said = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


@contextmanager
def playing(dialect: Dialect) -> Iterator[Endpoint]:
    """An endpoint that speaks this dialect, for as long as the block lasts."""
    endpoint = Endpoint(dialect)
    handler = type("Handler", (_Handler,), {"endpoint": endpoint})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        endpoint.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()
