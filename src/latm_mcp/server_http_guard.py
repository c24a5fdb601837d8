"""Who is let in over HTTP: the Host and Origin headers (a web page must not reach the server through a person's browser), and the token."""

import hmac
import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from latm_mcp.server_http_refuse import refuse
from latm_mcp.settings_http import HttpSettings
from latm_mcp.text import one_line

DEFAULT_PORT = {"http": 80, "https": 443}
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:/@\s]+)(?::(?P<port>\d{1,5}))?")
_ORIGIN = re.compile(r"https?://(?P<host>[^/@\s]+)")


class Guard:
    """Refuses what comes under a foreign name or from a foreign page, before anything else is looked at."""

    def __init__(self, app: ASGIApp, http: HttpSettings):
        self._app, self._bound = app, http.host.lower()
        self._hosts = frozenset(map(str.lower, http.hosts))
        self._origins = frozenset(listed_origins(http.origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; anything else is passed on."""
        headers = Headers(scope=scope) if scope["type"] == "http" else None
        if headers is None:
            await self._app(scope, receive, send)
        elif not self._host_fits(headers.get("host", ""), scope.get("server")):
            told = one_line(headers.get("host", ""), 100)
            sentence = (
                f"The Host header {told!r} is not this server's: add it to LATM_HTTP_HOSTS if clients reach it so."
            )
            await refuse(send, 421, sentence)
        elif foreign := [each for each in headers.getlist("origin") if not self._origin_fits(each)]:
            told = one_line(foreign[0], 100)
            sentence = f"Web pages from {told!r} are not let in: add it to LATM_HTTP_ORIGINS if you trust them all."
            await refuse(send, 403, sentence)
        else:
            await self._app(scope, receive, send)

    def _host_fits(self, header: str, server: tuple[str, int | None] | None) -> bool:
        """server: the address that the request came in at."""
        found = _HOST.fullmatch(header.lower())
        if found is None:
            return False
        name = found["name"]
        if header.lower() in self._hosts or name in self._hosts:
            return True
        address, port = server or ("", None)
        if port is not None and int(found["port"] or DEFAULT_PORT["http"]) != port:
            return False
        return is_loopback_name(name) or name.strip("[]") == self._bound or _same_address(name, address)

    def _origin_fits(self, header: str) -> bool:
        if header.lower() in self._origins:
            return True
        found = _ORIGIN.fullmatch(header.lower())
        host = found and _HOST.fullmatch(found["host"])
        return host is not None and is_loopback_name(host["name"])


class Token:
    """Asks for the bearer token."""

    def __init__(self, app: ASGIApp, token: str):
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Nothing of its body is read before its token is seen."""
        shown = Headers(scope=scope).getlist("authorization")
        if len(shown) == 1 and self._is_ours(shown[0]):
            await self._app(scope, receive, send)
            return
        fault = ', error="invalid_token"' if shown else ""
        challenge = f'Bearer realm="latm-mcp"{fault}'
        sentence = "This server asks for a token: send the header 'Authorization: Bearer TOKEN' with what its LATM_HTTP_TOKEN holds."
        await refuse(send, 401, sentence, {"www-authenticate": challenge})

    def _is_ours(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        # Headers come as latin-1; a comparison that takes equally long tells nobody how much of a guess was right.
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip(" ").encode("latin-1"), self._token)


def listed_origins(origins: Iterable[str]) -> list[str]:
    """Origins as browsers send them."""
    return [origin.lower().rstrip("/") for origin in origins]


def is_loopback_name(name: str) -> bool:
    """Whether a name in a header is this machine's own, whatever name servers say: `localhost`, or a loopback address."""
    address = _address(name)
    return name == "localhost" if address is None else address.is_loopback


def _same_address(name: str, other: str) -> bool:
    address = _address(name)
    return address is not None and address == _address(other)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address written out, one of version 4 inside one of version 6 as itself."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
