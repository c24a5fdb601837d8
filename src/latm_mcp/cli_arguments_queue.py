"""The arguments of `latm-mcp queue` and of what it does with one group."""

import argparse
from collections.abc import Callable

from latm_mcp.cli_arguments_common import SETS, add_common

MOST_ID = 2**62  # beyond it, the library's file has no numbers


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    queue = command(
        "queue", "list the questions that wait for a tool, in groups; show, name, merge, split, answer them"
    )
    queue.add_argument("--json", action="store_true", help="print JSON, for scripts")
    queue.set_defaults(action="list")
    actions = queue.add_subparsers(dest="action", metavar="ACTION")

    def action(name: str, does: str) -> argparse.ArgumentParser:
        """The parser of one action."""
        parser = actions.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.", allow_abbrev=False)
        add_common(parser, SETS[2], shown=False)
        # SUPPRESS: given before the action, it must not be reset by the action's own default.
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return parser

    _group(action("show", "show a group's questions with what was answered to them"))
    name = action("name", "give a group the name that its tool is to have")
    _group(name)
    name.add_argument("name", metavar="NAME")
    merge = action("merge", "put all of another group into a group: they are of one task")
    merge.add_argument("into", metavar="INTO", type=_id)
    merge.add_argument("other", metavar="OTHER", type=_id)
    split = action("split", "move questions of a group into a new one: they are of another task")
    _group(split)
    split.add_argument("questions", metavar="QUESTION", type=_id, nargs="+", help="their numbers in `queue show`")
    _group(action("make", "make a group's tool now, or the next version of the one that it waits for"))
    _group(action("drop", "forget a group with its questions"))
    answer = action("answer", "say what a question's answer is; your word is confirmed")
    answer.add_argument("question", metavar="QUESTION", type=_id, help="its number in `queue show`")
    answer.add_argument("answer", metavar="ANSWER")


def _group(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("group", metavar="GROUP", type=_id)


def _id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) < 20 or not 0 < int(text) < MOST_ID:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of the list")
    return int(text)
