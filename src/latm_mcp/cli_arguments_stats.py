"""The arguments of `latm-mcp stats`."""

import argparse
import math
from collections.abc import Callable


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = command(
        "stats", "show what tools have cost and saved: tokens and US dollars, by role, tool and way of answering"
    )
    parser.add_argument("--since", metavar="DAYS", type=_days, help="only the last so many days (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    parser.add_argument(
        "--picture",
        metavar="FILE",
        help="write the cost over questions as a picture, FILE.svg or FILE.png; needs matplotlib",
    )


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 < days <= 36500:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days above 0")
    return days
