"""The arguments of every command, and the help that is generated from them."""

import argparse
from collections.abc import Callable

from latm_mcp import (
    cli_arguments_bench,
    cli_arguments_plug,
    cli_arguments_queue,
    cli_arguments_scripts,
    cli_arguments_stats,
    cli_arguments_trust,
)
from latm_mcp.cli_arguments_common import SETS, add_common
from latm_mcp.outcomes import LIMIT_BOUNDS

EPILOG = """\
exit codes:
  0  done
  1  the making failed, or the answer abstained
  2  bad usage or bad input
  3  the sandbox or the library cannot be used

LATM_HOME is where the library is kept; LATM_MAKER_MODEL, with LATM_MAKER_BASE_URL and LATM_MAKER_API_KEY where the
endpoint needs them, is the model that `make` asks. `latm-mcp config` shows every setting; each is taken from --set, else
from its variable, else from the settings file, and keys from the system's key store, too.
"""
DEMO = "make the starter tools from recordings in a temporary library and question them over MCP; no key"
DOCTOR = "try the sandbox and the library, show the settings, and say what to do about what is wrong"
SERVE = "serve the library over MCP, on standard input and output unless told otherwise (the default)"
LIMITS = {
    "seconds": ("S", "wall time of a call"),
    "cpu_seconds": ("S", "processor time; goes with --seconds where neither settings nor person say otherwise"),
    "memory_mib": ("N", "memory, in MiB"),
    "output_bytes": ("N", "bytes of the result as JSON"),
    "argument_bytes": ("N", "bytes of the arguments as JSON"),
    "recursion": ("N", "depth of Python calls"),
}
PLAIN = argparse.RawDescriptionHelpFormatter


def build_parser(version: str) -> argparse.ArgumentParser:
    """The parser of the whole command line; `command` is None where none is given, which means `serve`."""
    parser = argparse.ArgumentParser(
        prog="latm-mcp",
        description="Models make their own tools from worked examples, verified, kept and served over MCP.",
        epilog=EPILOG,
        formatter_class=PLAIN,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"latm-mcp {version}")
    common = _common()
    add_common(parser, SETS[0])
    _add_exposure(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, does: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=does, description=f"{does[0].upper()}{does[1:]}.", parents=[common], allow_abbrev=False
        )

    serve = command("serve", SERVE)
    _add_exposure(serve)
    cli_arguments_plug.add_http(serve)
    _demo(command("demo", DEMO))
    _make(command("make", "make a tool from a file of worked examples"))
    cli_arguments_scripts.add(command)
    _json(command("list", "list the tools"))
    _show(command("show", "show a tool: source, signature, evidence, examples, provenance"))
    _limits(command("limits", "show the limits of a tool's calls, or set them; for a person, never for a model"))
    _sharing(command)
    _json(command("doctor", DOCTOR))
    cli_arguments_plug.add(command)
    cli_arguments_bench.add(command)
    cli_arguments_queue.add(command)
    cli_arguments_trust.add(command)
    _json(command("dispatcher", "show how the dispatcher tells the library's own tools apart, example by example"))
    cli_arguments_stats.add(command)
    return parser


def _sharing(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    folders = command("import", "bring in tools' folders: verified here, then waiting for `approve`")
    folders.add_argument(
        "folders", metavar="FOLDER", nargs="+", help="a folder with tool.py, tool.json, examples.jsonl"
    )
    starter = "the FOLDERs are names of starter tools, which come with latm-mcp: iso_date, word_sorting, ..."
    folders.add_argument("--starter", action="store_true", help=starter)
    approve = command("approve", "read a waiting tool, then let it be listed and called")
    approve.add_argument("names", metavar="NAME", nargs="+")
    approve.add_argument("--yes", action="store_true", help="do not ask; for scripts whose author has read the tool")
    archive = command("archive", "take a tool out of the list; its versions and its folder stay")
    archive.add_argument("name", metavar="NAME")
    export = command("export", "write a tool's folder")
    export.add_argument("name", metavar="NAME")
    export.add_argument("folder", metavar="DIR", help="NAME is written under it")


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    add_common(common, SETS[1])
    return common


def _add_exposure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--exposure",
        choices=("hybrid", "static"),
        default=argparse.SUPPRESS,
        help="serve: list made tools beside the fixed commands (hybrid), or the fixed commands alone (static)",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _recordings(parser: argparse.ArgumentParser, each: str) -> None:
    parser.add_argument("--recording", metavar="DIR", help=f"replay the maker from {each}, with no model")
    parser.add_argument("--record", metavar="DIR", help=f"record the maker into {each}")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="TASK", action="append", help="only this task; may be given again")
    parser.add_argument("--questions", metavar="N", type=int, default=40, help="generated questions a task (40)")
    parser.add_argument("--starter", metavar="DIR", help="another folder of NAME/recordings/1, 2, ...")
    _json(parser)


def _make(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="JSON, JSON lines or CSV with question and answer (or input and target); at least 2, better 6 or more",
    )
    parser.add_argument("--name", help="the tool's name; else one is made from the description")
    parser.add_argument("--description", help="what the tool is for, in a sentence")
    parser.add_argument("--force", action="store_true", help="make the next version of a tool that is there")
    _recordings(parser, "this folder")
    _json(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    _json(parser)


def _limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    for limit, (metavar, does) in LIMITS.items():
        low, high = LIMIT_BOUNDS[limit]
        option = f"--{limit.replace('_', '-')}"
        parser.add_argument(option, metavar=metavar, help=f"{does}, {low:.10g} to {high:.10g}")
    parser.add_argument("--reset", action="store_true", help="forget what was set for this tool until now")
    _json(parser)
