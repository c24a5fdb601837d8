"""Who sent a request: what a client calls itself, and which one of all that call themselves so."""

from dataclasses import dataclass
from typing import Any

from mcp.server.context import ServerRequestContext

from latm_mcp.text import one_line


@dataclass(frozen=True, slots=True)
class Caller:
    """A client of this process.

    habit: its name, version and way of connecting, by which it is remembered whether clients of this kind list again; empty where it
    does not say. channel: what it has for itself alone, its pipe or session; None where each request stands for itself.

    Over HTTP the newest revision has no sessions: nothing in two requests tells that one client sent both, and an address does not
    either, behind a proxy or with clients that keep several connections. So nothing is assumed about what such a client has listed.
    """

    habit: str
    channel: object | None


class _InMemory:
    """The one client of a server inside its own process."""


_IN_MEMORY = _InMemory()


def client_of(ctx: ServerRequestContext[Any, Any]) -> str:
    """The client's name and version, bounded; empty where it does not say."""
    params = ctx.session.client_params
    return "" if params is None else one_line(f"{params.client_info.name} {params.client_info.version}", 200)


def caller_of(ctx: ServerRequestContext[Any, Any]) -> Caller:
    """Who sent this request."""
    name, over_http = client_of(ctx), ctx.request is not None
    connection = ctx.session._connection  # private: there is no public name for what requests of one client share
    alone = None if over_http else _IN_MEMORY
    channel = connection.outbound if connection.has_standalone_channel else alone
    # Over HTTP a client may behave otherwise: announcements reach only one that keeps a stream open.
    return Caller(f"{name} over HTTP" if name and over_http else name, channel)
