"""Where the server listens for HTTP: sockets that are this machine's own, or, where a token is asked for, anybody's."""

import errno
import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from latm_mcp.errors import BadInput
from latm_mcp.settings_http import HttpSettings

PATH = "/mcp"
MIN_TOKEN = 16  # characters: below that, guessing gets likely
BACKLOG = 256
TO_SET_ONE = (
    "set LATM_HTTP_TOKEN to a long random text (or keep it with `latm-mcp config key http`), for example from "
    "`python -c 'import secrets; print(secrets.token_urlsafe(32))'`"
)
# What else a name may resolve to that this machine cannot listen at, as ::1 where version 6 is turned off.
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True, slots=True)
class Listening:
    """Sockets that listen. url: where a client of this machine, or else a distant one, finds the server."""

    sockets: tuple[socket.socket, ...]
    url: str
    beyond: bool


@contextmanager
def listening(http: HttpSettings, token: str | None) -> Iterator[Listening]:
    """Listen where the settings say.

    Raises: BadInput, where nobody can listen there, or where other machines could reach a server that asks for no token.
    """
    check_token(token)
    addresses = _addresses(http)
    beyond = not all(map(_is_loopback, addresses))
    if beyond and token is None:
        raise BadInput(
            f"Beyond this machine ({http.host!r}) the server asks for a token, and none is set: {TO_SET_ONE}. "
            "Or serve on 127.0.0.1, the default."
        )
    with ExitStack() as stack:
        sockets = _opened(http, addresses, stack)
        yield Listening(sockets, _url(http.host, sockets[0].getsockname()[1]), beyond)


def check_token(token: str | None) -> None:
    """Raises: BadInput, for a token that can be guessed, or that no header can carry."""
    if token is None:
        return
    if len(token) < MIN_TOKEN:
        raise BadInput(f"The HTTP token has {len(token)} characters, fewer than {MIN_TOKEN}: {TO_SET_ONE}.")
    if not all("!" <= character <= "~" for character in token):
        raise BadInput(f"The HTTP token has spaces, or characters that are not ASCII: {TO_SET_ONE}.")


def _addresses(http: HttpSettings) -> list[Any]:
    """What the name resolves to, as `socket.getaddrinfo` gives it. It is asked once: what is checked is what is used."""
    try:
        flags = socket.AI_PASSIVE | getattr(socket, "AI_NUMERICSERV", 0)
        found = socket.getaddrinfo(http.host, http.port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no such name"
        raise BadInput(
            f"The address {http.host!r} is not known here ({why}): give one of this machine's own."
        ) from None
    return sorted(
        found, key=lambda one: one[0] != socket.AF_INET
    )  # the same port is easier had for both from version 4


def _is_loopback(address: Any) -> bool:
    found = ipaddress.ip_address(address[4][0])
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _opened(http: HttpSettings, addresses: list[Any], stack: ExitStack) -> tuple[socket.socket, ...]:
    sockets: list[socket.socket] = []
    failed: OSError | None = None
    port = http.port
    for family, _, _, _, (host, *_) in addresses:
        try:
            sockets.append(stack.enter_context(_socket(family, host, port)))
            port = sockets[0].getsockname()[1]
        except OSError as error:
            failed = error
            if error.errno not in _ABSENT:
                break
    if not sockets or (failed is not None and failed.errno not in _ABSENT):
        raise BadInput(_why_not(http, port, failed)) from None
    return tuple(sockets)


def _socket(family: int, host: str, port: int) -> socket.socket:
    # The protocol is named, or asyncio does not turn off the delay of small packets: 40 ms for each answer.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if (
            sys.platform == "win32"
        ):  # where others could listen at the same port otherwise, and get what is meant for us
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _why_not(http: HttpSettings, port: int, error: OSError | None) -> str:
    where = f"port {port} of {http.host!r}"
    match error.errno if error is not None else errno.EADDRNOTAVAIL:
        case errno.EADDRINUSE:
            return (
                f"Another program listens at {where}: end it, or choose another port with --port (0: any that is free)."
            )
        case errno.EACCES:
            return f"This user may not listen at {where}: choose another port with --port, above 1023."
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return f"The address {http.host!r} is none of this machine's: choose one of its own with --host."
    return f"The server cannot listen at {where}: {error}."


def _url(host: str, port: int) -> str:
    """For clients of this machine where it listens at every address."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}{PATH}"
