"""The settings of serving over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from latm_mcp.settings_models import read_text

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where `serve --http` listens. token: what clients must show as a bearer token; None: none is wanted (loopback alone).

    hosts, origins: further values of the Host and Origin headers that are let in, such as a proxy's name or a web page's address.
    """

    host: str = LOOPBACK
    port: int = 8765
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


def read_http(environ: Mapping[str, str], port: int) -> HttpSettings:
    """The LATM_HTTP_* variables. port: as it was read."""
    return HttpSettings(
        host=read_text(environ, "LATM_HTTP_HOST") or LOOPBACK,
        port=port,
        token=read_text(environ, "LATM_HTTP_TOKEN"),
        hosts=_names(environ, "LATM_HTTP_HOSTS"),
        origins=_names(environ, "LATM_HTTP_ORIGINS"),
    )


def _names(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(filter(None, (part.strip() for part in (read_text(environ, name) or "").split(","))))
