"""A client of our own server: a real `latm-mcp serve` process, spoken to over MCP by a real stdio client."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

import latm_mcp
from latm_mcp.errors import LatmError

ANSWER_SECONDS = 120.0  # of a slow machine that is busy; a call takes milliseconds
UNREACHABLE = (MCPError, OSError, TimeoutError)


class PeerGone(LatmError):
    """The server process ended, or no longer answers."""


@asynccontextmanager
async def client_of(
    home: Path, environment: Mapping[str, str], seconds: float = ANSWER_SECONDS
) -> AsyncIterator[Client]:
    """A client of a server process that serves the library in `home`; both are gone at the end.

    environment: all the settings that it has: neither this process's own nor the user's settings file reach it. seconds: of one
    answer.
    Raises: PeerGone, with the last that the server said on its standard error, which is kept in `home`.
    """
    package = Path(latm_mcp.__file__).absolute().parent.parent
    log, nothing = home / "server.log", home / "no_settings.toml"
    nothing.touch()
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "latm_mcp", "serve", "--home", str(home)],
        # The child runs what this process runs, where this process does.
        env={"PYTHONPATH": str(package), "LATM_CONFIG": str(nothing), "LATM_LOG": "off", **environment},
    )
    try:
        with log.open("w", encoding="utf-8") as said:  # not ours: progress may be drawn there
            async with Client(stdio_client(server, errlog=said), read_timeout_seconds=seconds) as client:
                yield client
    except BaseExceptionGroup as group:  # the client's task groups wrap whatever happens inside them
        gone, others = group.split(UNREACHABLE)
        if gone is None or others is not None:
            raise
        raise _gone(_leaf(gone), log) from group
    except UNREACHABLE as error:
        raise _gone(error, log) from error


def _gone(error: BaseException, log: Path) -> PeerGone:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    last = f" Its last words: {lines[-1]}" if lines else ""
    return PeerGone(f"The server could not be asked: {error}.{last} Start `latm-mcp serve` to see what it says.")


def _leaf(error: BaseException) -> BaseException:
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
