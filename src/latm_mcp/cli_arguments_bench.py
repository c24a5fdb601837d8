"""The arguments of `latm-mcp bench`."""

import argparse
from collections.abc import Callable

PARTS = ("making", "answers", "dispatcher", "stream", "baselines")
NUMBERS = {
    "trials": (
        5,
        1000,
        "making: how often each task's tool is made anew, from 6 other rows each time (5, as the paper)",
    ),
    "seeds": (5, 1000, "dispatcher: how many drawings of tasks and questions (5, as the paper)"),
    "stream": (600, 100_000, "stream: how many questions, of all files in random order (600)"),
    "questions": (240, 240, "answers, baselines: of rows 11 to 250 of each task, how many (all)"),
}


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = command("bench", "make a tool from rows 1 to 6 of each data file, then put its rows 11 to 250 to it")
    parser.epilog = (
        "With --parts or --out it is the paper's evaluation: makings that succeed, answers by way (adapter, light model, a "
        "caller without fault), the dispatcher, a mixed stream into an empty library (labelled by an oracle: the files' own "
        "answers), and the same models without tools; and a report with the paper's figures."
    )
    parser.add_argument("folder", metavar="DIR", help='its *.json files hold {"examples": [{"input", "target"}]}')
    parser.add_argument(
        "--starter",
        action="store_true",
        help="use the starter tools instead of making any; each is verified on this machine first, which takes a while",
    )
    each = "DIR/FILE-STEM for each file (making: DIR/FILE-STEM/TRIAL; stream: DIR/1, DIR/2, ...)"
    parser.add_argument("--recording", metavar="DIR", help=f"replay the maker from {each}, with no model")
    parser.add_argument("--record", metavar="DIR", help=f"record the maker into {each}")
    parser.add_argument(
        "--keep-home", metavar="DIR", help="keep the library in this folder, instead of a temporary one"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    _parts(parser)


def _parts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parts",
        metavar="PART,...",
        type=_listed,
        help=f"any of {', '.join(PARTS)} (answers; in an --out folder, those that were begun there)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="keep each result, the libraries and the report here; run again, it goes on where it stopped",
    )
    for name, (default, most, does) in NUMBERS.items():
        parser.add_argument(f"--{name}", metavar="N", type=_whole(most), default=default, help=does)
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="what all that is drawn is drawn by (0)")


def _listed(text: str) -> tuple[str, ...]:
    chosen = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in chosen if part not in PARTS]
    if unknown or not chosen:
        raise argparse.ArgumentTypeError(f"{text!r}: choose among {', '.join(PARTS)}, with commas between them")
    return tuple(part for part in PARTS if part in chosen)


def _whole(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {most}")
        return int(text[:9])

    return read
