"""The command line: which commands there are, and what an error comes to: one sentence and an exit code.

Nothing heavy is imported here: `latm-mcp serve` starts with every session of every client. Commands are in `cli_*.py`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import latm_mcp
from latm_mcp.cli_arguments import build_parser
from latm_mcp.cli_arguments_common import SETS
from latm_mcp.errors import BadInput, LatmError, NotFound, SandboxUnavailable, StoreUnusable

if TYPE_CHECKING:
    from latm_mcp.settings import Settings

DONE, FAILED, BAD_INPUT, UNUSABLE, STOPPED = 0, 1, 2, 3, 130

# The options that are settings, each with its variable; `--set` is for all others.
OPTIONS = {
    "home": "LATM_HOME",
    "config": "LATM_CONFIG",
    "exposure": "LATM_EXPOSURE",
    "host": "LATM_HTTP_HOST",
    "port": "LATM_HTTP_PORT",
}

Command = Callable[[argparse.Namespace, "Settings"], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (see the epilog of --help). argparse itself exits with 2 on bad usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    options = build_parser(latm_mcp.__version__).parse_args(arguments)
    try:
        code = _command(options.command)(options, _settings(options))
        sys.stdout.flush()  # here, where a reader that has gone is no error
        return code
    except KeyboardInterrupt:
        return _told("stopped; what was kept so far is kept", STOPPED)
    except BrokenPipeError:  # whoever read the output has read enough
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except BaseExceptionGroup as group:
        error = _first_of_ours(group)
        if error is None:
            raise
        return _told(str(error), exit_code(error))
    except LatmError as error:
        return _told(str(error), exit_code(error))


def exit_code(error: LatmError) -> int:
    """What an error means to a script."""
    if isinstance(error, BadInput | NotFound):
        return BAD_INPUT
    if isinstance(error, SandboxUnavailable | StoreUnusable):
        return UNUSABLE
    return FAILED


def _settings(options: argparse.Namespace) -> "Settings":
    """What holds: the command line, over the environment, over the settings file. The layers are kept as `options.layers`."""
    from latm_mcp.settings_layers import read_layers
    from latm_mcp.settings_told import settings_of, told_settings

    options.layers = read_layers(arguments_layer(options))
    if options.command in ("doctor", "config"):  # for which a bad value is a finding
        return told_settings(options.layers).settings
    return settings_of(options.layers)


def arguments_layer(options: argparse.Namespace) -> dict[str, str]:
    """What the command line says of the settings, by variable. Raises: BadInput."""
    from latm_mcp.settings_layers import assigned

    said = vars(options)
    layer = assigned([text for name in SETS for text in said.get(name, ())])
    return layer | {variable: said[name] for name, variable in OPTIONS.items() if said.get(name)}


def _command(name: str | None) -> Command:
    """The function of a command; its imports happen here."""
    match name or "serve":
        case "serve":
            from latm_mcp.cli_serve import serve as command
        case "demo":
            from latm_mcp.cli_demo import demo as command
        case "bench":
            from latm_mcp.cli_bench import bench as command
        case "make":
            from latm_mcp.cli_make import make as command
        case "call":
            from latm_mcp.cli_call import call as command
        case other:
            return _plugging_command(other)
    return command


def _plugging_command(name: str) -> Command:
    match name:
        case "ask":
            from latm_mcp.cli_ask import ask as command
        case "run":
            from latm_mcp.cli_run import run as command
        case "config":
            from latm_mcp.cli_config import config as command
        case "install":
            from latm_mcp.cli_install import install as command
        case "doctor":
            from latm_mcp.cli_doctor import doctor as command
        case other:
            return _library_command(other)
    return command


def _library_command(name: str) -> Command:
    match name:
        case "import":
            from latm_mcp.cli_import import import_folders as command
        case "approve":
            from latm_mcp.cli_import import approve as command
        case "archive":
            from latm_mcp.cli_import import archive as command
        case "list":
            from latm_mcp.cli_library import list_tools as command
        case "show":
            from latm_mcp.cli_library import show as command
        case "limits":
            from latm_mcp.cli_limits import limits as command
        case "export":
            from latm_mcp.cli_library import export as command
        case other:
            return _overseeing_command(other)
    return command


def _overseeing_command(name: str) -> Command:
    match name:
        case "queue":
            from latm_mcp.cli_queue import queue as command
        case "dispatcher":
            from latm_mcp.cli_dispatcher import dispatcher as command
        case "stats":
            from latm_mcp.cli_stats import stats as command
        case "review":
            from latm_mcp.cli_review import review as command
        case "report":
            from latm_mcp.cli_trust_person import report as command
        case "history":
            from latm_mcp.cli_trust import history as command
        case "rollback":
            from latm_mcp.cli_trust import rollback as command
        case "pin":
            from latm_mcp.cli_trust import pin as command
        case "withdraw":
            from latm_mcp.cli_trust import withdraw as command
        case other:
            assert other == "forget", other
            from latm_mcp.cli_trust_forget import forget as command
    return command


def _told(sentence: str, code: int) -> int:
    from latm_mcp.text import safe

    with suppress(OSError):
        sys.stderr.write(f"latm-mcp: {safe(sentence, 4000)}\n")
    return code


def _first_of_ours(group: BaseExceptionGroup[BaseException]) -> LatmError | None:
    for error in group.exceptions:
        found = _first_of_ours(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, LatmError):
            return found
    return None
