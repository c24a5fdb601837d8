"""uvicorn, with what it lacks here: nobody holds a connection without asking, and the project's own way to end."""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 500  # each session of a client keeps one or two; more are answered by 503
HEAD_SECONDS = 20.0
LINGER_SECONDS = 3  # after which uvicorn cancels what is still being answered


class Connection(H11Protocol):
    """A connection whose client has to ask for something in time, now and after each answer."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        super().connection_lost(exc)
        if self._head is not None:
            self._head.cancel()

    def on_response_complete(self) -> None:
        """As uvicorn's."""
        super().on_response_complete()
        self._await_head()

    def _await_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
        self._head = self.loop.call_later(HEAD_SECONDS, self._late, self.cycle)

    def _late(self, before: object) -> None:
        if self.cycle is before and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()


class Uvicorn(uvicorn.Server):
    """The HTTP server. told: called once it answers."""

    def __init__(self, app: ASGIApp, told: Callable[[], None]):
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # anybody can send X-Forwarded headers
                server_header=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=LINGER_SECONDS,
            )
        )
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then say so."""
        await super().startup(sockets)
        self._told()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """None: uvicorn would raise them again before the library is closed and the sandbox ended."""
        yield

    def stop(self) -> None:
        """Take no more connections, and return from `serve`."""
        self.should_exit = True
