"""The HTTP requests that are being answered: a client that hangs up ends what its request began, and so does the server's end.

The revisions with a handshake would let a call run on for a client that comes back for its answer. None can come back here: no answer
is kept for later. Its work would use the sandbox, and perhaps money, for nobody.
"""

from collections.abc import Callable
from typing import Any

import anyio
from mcp import types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.shared.exceptions import MCPError
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latm_mcp.server_http_refuse import refuse

CALLS = "latm_mcp.calls"  # in a request's scope: its `_Calls`
LAST_WORDS_SECONDS = 0.2  # for a client to take the end of its answer
HUNG_UP = "The client hung up."


class Requests:
    """Keeps the requests that are being answered."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._open: set[anyio.CancelScope] = set()
        self._ended = False

    def end(self) -> None:
        """End all requests, and refuse those that still come."""
        self._ended = True
        for request in self._open:
            request.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; anything else is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        scope[CALLS] = calls = _Calls()
        with anyio.CancelScope() as request:
            if self._ended:
                request.cancel()
            self._open.add(request)
            try:
                await self._app(scope, receive, answer.send)
            finally:
                self._open.discard(request)
                calls.end()
        if request.cancelled_caught:
            with anyio.move_on_after(LAST_WORDS_SECONDS):
                await answer.end()


class Streams:
    """Notes which sessions have opened their stream for announcements: what came while it was broken off is told again.

    A client that names the last event it saw gets the stream as well: the SDK, which keeps no events here, would not answer it.
    """

    def __init__(self, app: ASGIApp, opened: Callable[[str], None]):
        self._app, self._opened = app, opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        session = Headers(scope=scope).get(MCP_SESSION_ID_HEADER)
        headers = [(name, value) for name, value in scope["headers"] if name != b"last-event-id"]

        async def noted(message: Message) -> None:
            await send(message)
            if session is not None and message["type"] == "http.response.start" and message["status"] == 200:
                self._opened(session)

        await self._app({**scope, "headers": headers}, receive, noted)


class DistinctIds:
    """Refuses a request whose id another one of its session has that is still being answered: the SDK would answer one of them alone.

    What is inside reads a body that has come whole, as one message.
    """

    def __init__(self, app: ASGIApp):
        self._app = app
        self._open: set[tuple[str, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        session = Headers(scope=scope).get(MCP_SESSION_ID_HEADER)
        if session is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        first = await receive()
        asked = _asked(first.get("body", b""))
        if asked is None:
            await self._app(scope, _after(first, receive), send)
        elif (session, asked) in self._open:
            await refuse(
                send, 409, "Another request of this session has the same id: wait for its answer, or take a new id."
            )
        else:
            self._open.add((session, asked))
            try:
                await self._app(scope, _after(first, receive), send)
            finally:
                self._open.discard((session, asked))


def _asked(body: bytes) -> str | None:
    """The id of what asks for an answer, as the SDK tells ids apart: 1 and "1" are one to it."""
    try:
        message = from_json(body)
    except ValueError:  # is refused by the SDK
        return None
    return str(message["id"]) if isinstance(message, dict) and "method" in message and "id" in message else None


def _after(first: Message, receive: Receive) -> Receive:
    again = iter((first,))

    async def replay() -> Message:
        return next(again, None) or await receive()

    return replay


class _Calls:
    """The calls that a request began; one that begins after its end is cancelled as well."""

    def __init__(self) -> None:
        self._running: set[anyio.CancelScope] = set()
        self._over = False

    def begin(self, call: anyio.CancelScope) -> None:
        self._running.add(call)
        if self._over:
            call.cancel()

    def done(self, call: anyio.CancelScope) -> None:
        self._running.discard(call)

    def end(self) -> None:
        self._over = True
        for call in self._running:
            call.cancel()


class _Answer:
    """How far a request is answered."""

    def __init__(self, send: Send):
        self._send = send
        self._begun = self._whole = False

    async def send(self, message: Message) -> None:
        await self._send(message)
        self._begun = True
        self._whole = message["type"] == "http.response.body" and not message.get("more_body", False)

    async def end(self) -> None:
        """What is left to say when the server ends."""
        if not self._begun:
            await refuse(self._send, 503, "The server is ending.", {"connection": "close"})
        elif not self._whole:
            await self._send({"type": "http.response.body", "body": b""})


async def ends_with_its_request(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware of the MCP server: a call is cancelled once its HTTP request is over."""
    calls = None if ctx.request is None else ctx.request.scope.get(CALLS)
    if calls is None or ctx.request_id is None:  # a notification is taken in after its request was answered
        return await call_next(ctx)
    with anyio.CancelScope() as call:
        calls.begin(call)
        try:
            return await call_next(ctx)
        finally:
            calls.done(call)
    raise MCPError(types.INTERNAL_ERROR, HUNG_UP)
