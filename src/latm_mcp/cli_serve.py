"""`latm-mcp serve`: the MCP server on standard input and output, or over HTTP. Imports only what serving needs."""

import argparse
import os
import sys
from functools import partial

import anyio

from latm_mcp.errors import BadInput
from latm_mcp.server_output import divert_output
from latm_mcp.settings import Settings


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serve until the client goes away, or over HTTP until it is stopped; who started it by hand is told what it waits for."""
    over_http = getattr(options, "http", False)  # not there where no command was given
    if not over_http and (hasattr(options, "host") or hasattr(options, "port")):
        raise BadInput("--host and --port say where `serve --http` listens: add --http.")
    if not over_http and sys.stdin is not None and sys.stdin.isatty():
        sys.stderr.write("Serving MCP on stdin; a client starts this. See latm-mcp --help.\n")
    # Before the imports, which may print as well: on standard output nothing but the protocol ever is.
    anyio.run(_serve_http if over_http else partial(_serve, wire=divert_output()), settings)
    sys.stderr.flush()
    os._exit(0)  # all is closed; a thread that is still checking large arguments would keep the process for seconds


async def _serve(settings: Settings, wire: int | None) -> None:
    from latm_mcp.latm_models import open_maker, open_models
    from latm_mcp.server import serve_stdio

    async with open_maker(settings.maker) as maker, open_models(settings) as models:
        await serve_stdio(settings, maker, models, wire)


async def _serve_http(settings: Settings) -> None:
    from latm_mcp.latm_models import open_maker, open_models
    from latm_mcp.server_http import serve_http  # here: a client that starts us over stdio waits for every import

    async with open_maker(settings.maker) as maker, open_models(settings) as models:
        await serve_http(settings, maker, models)
