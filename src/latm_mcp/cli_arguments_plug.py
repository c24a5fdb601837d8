"""The arguments of what plugs the server in: `install`, `config`, and serving over HTTP."""

import argparse
from collections.abc import Callable

from latm_mcp.cli_arguments_common import SETS, add_common


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _install(
        command("install", "put the server into a client's configuration; without a client, list those found here")
    )
    _config(command("config", "show every setting, its value and where it is from; or set one"))


def add_http(serve: argparse.ArgumentParser) -> None:
    """Add what `serve` takes for HTTP."""
    serve.add_argument("--http", action="store_true", default=argparse.SUPPRESS, help="serve over streamable HTTP")
    host = (
        "where --http listens (127.0.0.1); beyond this machine a token is needed, see http.token in `latm-mcp config`"
    )
    serve.add_argument("--host", metavar="ADDRESS", default=argparse.SUPPRESS, help=host)
    serve.add_argument("--port", metavar="N", default=argparse.SUPPRESS, help="the port of --http (8765)")


def _install(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--client", metavar="NAME", action="append", help="this client; may be given again")
    which.add_argument("--all", action="store_true", help="every client that is found here")
    parser.add_argument("--print", action="store_true", help="show what would be written, and write nothing")
    parser.add_argument("--remove", action="store_true", help="take the server out of the configuration")
    parser.add_argument("--name", default="latm", help="what the client calls the server (latm)")
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _config(config: argparse.ArgumentParser) -> None:
    config.add_argument("--json", action="store_true", help="print JSON, for scripts")
    actions = config.add_subparsers(dest="does", metavar="WHAT")

    def action(name: str, does: str) -> argparse.ArgumentParser:
        """The parser of one action."""
        parser = actions.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.", allow_abbrev=False)
        add_common(parser, SETS[2], shown=False)
        # SUPPRESS: given before the action, it must not be reset by the action's own default.
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return parser

    put = action("set", "write a setting into the settings file")
    put.add_argument("name", metavar="NAME", help="as `latm-mcp config` shows it, for example maker.model")
    put.add_argument("value", metavar="VALUE")
    unset = action("unset", "take a setting out of the settings file")
    unset.add_argument("name", metavar="NAME")
    key = action(
        "key", "keep a role's key in the system's key store; asked for without echo, or read from standard input"
    )
    role = "maker, user, dispatcher, fallback, or http for the server's own token"
    key.add_argument("role", metavar="ROLE", help=role)
    key.add_argument("--remove", action="store_true", help="take it out of the key store")
    action("path", "print where the settings file is")
