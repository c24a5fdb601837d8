"""The arguments of what scripts use: `call`, `ask`, `run`."""

import argparse
from collections.abc import Callable

ONLY_JSON = ""  # --json without arguments


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _call(command("call", "call a tool with arguments, or put a question to it"))
    _ask(command("ask", "put a question to the library: the answer, or which tools it may be for"))
    _run(command("run", "put every row of a file to one tool, and write the answers to another file"))


def _call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json-arguments", metavar="JSON", help="the function's arguments, as a JSON object")
    how.add_argument("--question", metavar="TEXT", help="a question, read by the tool's own adapter")
    parser.add_argument(
        "--json",
        metavar="JSON",
        nargs="?",
        const=ONLY_JSON,
        type=_arguments_or_swallowed,
        help="print JSON, for scripts; with a JSON object behind it, that object is the function's arguments",
    )


def _ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", metavar="QUESTION", help="the question; - reads it from standard input")
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    rows = "JSON lines or CSV: a question, or the function's arguments, in each row"
    parser.add_argument("--in", metavar="FILE", dest="rows", required=True, help=rows)
    answers = "JSON lines or CSV: each row with its answer or its error; what is there already is not asked again"
    parser.add_argument("--out", metavar="FILE", dest="answers", required=True, help=answers)
    parser.add_argument("--retry", action="store_true", help="ask again for the rows that ended in an error before")
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _arguments_or_swallowed(text: str) -> str:
    """What stands behind --json. A word there is what was meant to be NAME: argparse would only say that NAME is missing."""
    if text.lstrip()[:1] in ("", "{", "[", '"'):
        return text  # what is wrong with it, the command says
    raise argparse.ArgumentTypeError(
        f"{text[:80]!r} is no JSON object. For JSON to be printed, write --json at the end: latm-mcp call NAME ... --json; "
        "for arguments, write an object behind it: latm-mcp call NAME --json '{\"words\": []}'."
    )
