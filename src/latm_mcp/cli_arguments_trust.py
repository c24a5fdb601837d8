"""The arguments of the commands by which a person oversees tools: history, rollback, pin, withdraw, forget, report, review."""

import argparse
from collections.abc import Callable


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands."""
    history = command("history", "show a tool's versions, what was done to it, its examples, and what was reported")
    _name(history)
    _json(history)
    _rollback(command("rollback", "publish an older version of a tool again"))
    pin = command("pin", "list a tool before the others")
    _name(pin)
    pin.add_argument("--off", action="store_true", help="list it like the others again")
    _withdraw(command("withdraw", "take an example of a tool back: no later version has to pass it"))
    _forget(
        command("forget", "erase the questions that were kept, so that nothing of them stays in the library's file")
    )
    _report(command("report", "say that a tool's answer was right or wrong; your word is confirmed"))
    _json(command("review", "go through what was reported and what disagrees, one at a time"))


def _rollback(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "version", metavar="VERSION", nargs="?", help="the version or its beginning (default: the one before)"
    )
    parser.add_argument(
        "--yes", action="store_true", help="also where it answers confirmed examples wrongly; it is disputed then"
    )


def _withdraw(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("example", metavar="EXAMPLE", help="its number in `history`, or its question")
    parser.add_argument("--why", metavar="TEXT", default="", help="for the log")


def _forget(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--older-than", metavar="DAYS", type=float, help="only what is older (default: LATM_KEEP_DAYS)")
    which.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the tool; - for the one that the question is certainly for")
    parser.add_argument("--question", metavar="TEXT", required=True)
    said = parser.add_mutually_exclusive_group(required=True)
    said.add_argument("--right", action="store_true", help="its answer is right")
    said.add_argument("--wrong", action="store_true", help="its answer is wrong, the right one not being known")
    said.add_argument("--answer", metavar="TEXT", help="the right answer")
    _json(parser)


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
