"""A request's body: read whole, within bounds of size and time, before anything works on it."""

from collections.abc import Iterator

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latm_mcp.server_http_refuse import refuse

BODY_SECONDS = 30.0  # a client that sends a byte now and then would hold a place for ever


class _TooLarge(Exception):
    """More came than may."""


class BoundedBody:
    """Reads bodies of at most `most` bytes, sent within `BODY_SECONDS`."""

    def __init__(self, app: ASGIApp, most: int):
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            with anyio.fail_after(BODY_SECONDS):
                first = await self._read(Headers(scope=scope), receive)
        except TimeoutError:
            await refuse(
                send, 408, f"The request was not sent whole within {BODY_SECONDS:g} s.", {"connection": "close"}
            )
            return
        except _TooLarge:
            await refuse(send, 413, f"The request is too large: more than {self._most} bytes. Send less at once.")
            return
        again: Iterator[Message] = iter((first,))

        async def replay() -> Message:
            return next(again, None) or await receive()

        await self._app(scope, replay, send)

    async def _read(self, headers: Headers, receive: Receive) -> Message:
        """The whole body as one message, or that the client has gone. Raises: _TooLarge."""
        declared = headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > self._most:
            raise _TooLarge
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            if len(body) > self._most:
                raise _TooLarge
            if not message.get("more_body", False):
                return {"type": "http.request", "body": bytes(body), "more_body": False}
