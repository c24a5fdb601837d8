"""Serving over HTTP: any number of clients of both protocol eras, on one endpoint, on this machine unless told otherwise.

What comes passes, in this order: the names that clients may use (`server_http_guard`), the token, the bounds of a body, and then the
SDK's own handling of sessions and eras. Encryption is a proxy's job, and whatever a proxy says of its clients is not believed.
"""

import logging
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from latm_mcp.errors import LatmError
from latm_mcp.models import Maker
from latm_mcp.models_using import LanguageModel
from latm_mcp.server import LatmServer, open_server
from latm_mcp.server_http_body import BoundedBody
from latm_mcp.server_http_guard import Guard, Token, listed_origins
from latm_mcp.server_http_listen import PATH, Listening, listening
from latm_mcp.server_http_requests import DistinctIds, Requests, Streams, ends_with_its_request
from latm_mcp.server_http_uvicorn import Uvicorn
from latm_mcp.server_log import keeping_log
from latm_mcp.server_results import first_of
from latm_mcp.server_signals import end_on_signal, leave
from latm_mcp.settings import Settings
from latm_mcp.settings_http import HttpSettings
from latm_mcp.settings_keys import http_token
from latm_mcp.store import Role

logger = logging.getLogger(__name__)

BODY_BYTES = 4 << 20
ESCAPED = 4  # times as long a text may be in JSON as the limit on arguments counts it, before it is refused unread
IDLE_SECONDS = 1800.0  # of a session without a request or a stream: its client has gone without a word
MOST_SESSIONS = 1000


def http_app(
    server: Server[Any], http: HttpSettings, body_bytes: int = BODY_BYTES, idle_seconds: float = IDLE_SECONDS
) -> Requests:
    """An ASGI app that serves this server at /mcp; run its lifespan once. http: host, token, hosts and origins count.

    body_bytes: of one request; a longer one is refused. idle_seconds: after which a silent session of the handshake eras ends.
    """
    server.middleware.insert(0, ends_with_its_request)
    sessions = StreamableHTTPSessionManager(
        server,
        session_idle_timeout=idle_seconds,
        max_request_body_size=body_bytes,
        max_sessions=MOST_SESSIONS,
    )
    endpoint: ASGIApp = BoundedBody(DistinctIds(StreamableHTTPASGIApp(sessions)), body_bytes)
    if isinstance(server, LatmServer):
        endpoint = Streams(endpoint, server.stream_opened)
    if http.token is not None:
        endpoint = Token(endpoint, http.token)
    app = Starlette(
        routes=[Route(PATH, endpoint=endpoint)],
        middleware=[Middleware(Guard, http), *_for_pages(http)],
        lifespan=lambda _: sessions.run(),
    )
    return Requests(app)


def _for_pages(http: HttpSettings) -> list[Middleware]:
    """What lets web pages in whose origins a person has listed; to all others browsers do not pass answers on."""
    if not http.origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=listed_origins(http.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["Mcp-Session-Id", "WWW-Authenticate"],
        )
    ]


async def serve_http(
    settings: Settings, maker: Maker | None = None, models: Mapping[Role, LanguageModel] | None = None
) -> None:
    """Serve any number of clients over HTTP until SIGTERM or Ctrl-C; no child is left.

    Raises: BadInput, where it may or can not listen; StoreUnusable, SandboxUnavailable.
    """
    http, ended = replace(settings.http, token=http_token(settings)), list[signal.Signals]()
    log = keeping_log(settings.log_folder if settings.log else None, "HTTP")
    with listening(http, http.token) as place, log:
        try:
            async with open_server(settings, maker, models, True) as server:  # warm at once
                app = http_app(server, http, max(BODY_BYTES, ESCAPED * settings.limits.argument_bytes))
                await _serve(app, place, _greeting(place, http), ended)
        except BaseExceptionGroup as group:  # task groups wrap what stands in the way of opening
            if known := group.subgroup(LatmError):
                raise first_of(known) from None
            raise
    leave(ended)


async def _serve(app: Requests, place: Listening, greeting: str, ended: list[signal.Signals]) -> None:
    def started() -> None:
        sys.stderr.write(greeting)
        sys.stderr.flush()

    uvicorn = Uvicorn(app, started)

    def end() -> None:
        uvicorn.stop()
        app.end()

    async with anyio.create_task_group() as group:
        group.start_soon(end_on_signal, end, ended)
        try:
            await uvicorn.serve(list(place.sockets))
        finally:  # also where Ctrl-C cancels it
            app.end()
        group.cancel_scope.cancel()


def _greeting(place: Listening, http: HttpSettings) -> str:
    """What the person who started the server reads."""
    shown = ' --header "Authorization: Bearer TOKEN"' if http.token else ""
    told = [f"Serving MCP over HTTP at {place.url}; Ctrl-C ends it."]
    told += [f"To connect Claude Code: claude mcp add --transport http latm {place.url}{shown}"]
    if place.beyond:
        told += ["Other machines can reach it, and what passes is not encrypted: put a proxy with TLS in front of it."]
    if http.hosts and not http.token:
        told += ["LATM_HTTP_HOSTS lets other names in: whoever comes through a proxy under them is asked for no token."]
    if not http.token:
        told += ["Every user of this machine can call it: set LATM_HTTP_TOKEN if that is not you alone."]
    return "".join(f"{line}\n" for line in told)
