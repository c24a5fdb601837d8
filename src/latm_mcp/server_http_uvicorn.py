"""uvicorn, with what it lacks here: nobody holds a connection without asking, and the project's own way to end."""

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from latm_mcp.server_http_listen import BACKLOG

if sys.platform != "win32":
    import resource

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 500  # each session of a client keeps one or two
MOST_TAKEN = 64  # at once: what has been taken already waits for as long
HEAD_SECONDS = 20.0
LINGER_SECONDS = 3  # after which uvicorn cancels what is still being answered
TOLD_SECONDS = 60.0  # between two lines that say that no connection can be taken
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_order = count()


def bounds() -> tuple[int, int]:
    """How many connections are kept, and how many the loop may take at once.

    Up to four times as many as it takes at once are open besides those that are kept, for each of two sockets: taken and not yet
    counted, or ended and not yet closed. What is left of the files that a process may have open is for the log and the library.
    """
    files = -1  # on Windows, where sockets are no files
    if sys.platform != "win32":
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files < 0:  # so says Linux where there is no bound
        return MOST_CONNECTIONS, MOST_TAKEN
    return min(MOST_CONNECTIONS, max(8, files * 2 // 5)), min(MOST_TAKEN, max(4, files // 20))


class Connection(H11Protocol):
    """A connection whose client has to ask for something in time, now and after each answer.

    Where there are too many, the new one takes the place of one whose client has nothing to wait for.
    """

    most = MOST_CONNECTIONS
    _head: asyncio.TimerHandle | None = None
    _since = 0  # in the order of their last answers, or of their begin

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's."""
        super().connection_made(transport)
        self._since = next(_order)
        self._await_head()
        if len(self.connections) > self.most:
            self._make_room()

    def _make_room(self) -> None:
        """End the connection that can best be spared: this one, where all others are being answered."""
        others = [one for one in self.connections if isinstance(one, Connection) and one is not self]
        spared = min((one for one in others if one.rank < 2), key=lambda one: (one.rank, one._since), default=self)
        self.connections.discard(spared)  # at once: the loop tells of its end later, when more may have come
        spared.transport.abort()

    @property
    def rank(self) -> int:
        """0: no whole request has come yet; 1: what was asked is answered; 2: it is being answered."""
        if self.cycle is None:
            return 0
        if self.cycle.response_complete:
            return 1
        return 0 if self.cycle.more_body else 2

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        super().connection_lost(exc)
        if self._head is not None:
            self._head.cancel()

    def on_response_complete(self) -> None:
        """As uvicorn's."""
        self._since = next(_order)
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
        most, taken = bounds()
        super().__init__(
            uvicorn.Config(
                app,
                http=type("BoundedConnection", (Connection,), {"most": most}),
                backlog=taken,  # asyncio's name for both: how many wait, and how many it takes at once
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="error",  # anybody can send what it warns of, and each warning would be written to the log
                access_log=False,
                proxy_headers=False,  # anybody can send X-Forwarded headers
                server_header=False,
                timeout_graceful_shutdown=LINGER_SECONDS,
            )
        )
        self._told = told
        self._silent_until = 0.0
        self._before: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then say so."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(
                BACKLOG
            )  # more may wait than are taken at once: what finds no place there tries again a second later
        self._told()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        loop = asyncio.get_running_loop()
        self._before = loop.get_exception_handler()
        loop.set_exception_handler(self._noted)
        try:
            await super().serve(sockets)
        finally:
            loop.set_exception_handler(self._before)

    def _noted(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """As before, but one line a minute where there is no room for a connection: asyncio tells of hundreds in a second."""
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in _NO_ROOM and "socket" in context):
            (self._before or type(loop).default_exception_handler)(loop, context)
        elif loop.time() >= self._silent_until:
            self._silent_until = loop.time() + TOLD_SECONDS
            logger.warning("a connection could not be taken: %s. Clients try again.", error.strerror)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """None: uvicorn would raise them again before the library is closed and the sandbox ended."""
        yield

    def stop(self) -> None:
        """Take no more connections, and return from `serve`."""
        self.should_exit = True
