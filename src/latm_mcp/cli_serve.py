"""`latm-mcp serve`: the MCP server on standard input and output. Imports only what serving needs."""

import argparse
import os
import sys

import anyio

from latm_mcp.cli_makers import open_maker, open_models
from latm_mcp.server import serve_stdio
from latm_mcp.settings import Settings


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serve until the client goes away; a person who started it by hand is told what it waits for."""
    if sys.stdin is not None and sys.stdin.isatty():
        sys.stderr.write("Serving MCP on stdin; a client starts this. See latm-mcp --help.\n")
    anyio.run(_serve, settings)
    sys.stderr.flush()
    os._exit(0)  # all is closed; a thread that is still checking large arguments would keep the process for seconds


async def _serve(settings: Settings) -> None:
    async with open_maker(settings.maker) as maker, open_models(settings) as models:
        await serve_stdio(settings, maker, models)
