"""Dates as people write them, turned into ISO 8601."""

import random
from collections.abc import Callable
from datetime import date, timedelta

from latm_mcp.models import Example

DESCRIPTION = "Turn a date in any format into YYYY-MM-DD."

FIRST = date(1950, 1, 1)
LAST = date(2049, 12, 31)
# Not `%B`, which follows the locale of the machine.
MONTHS = "January February March April May June July August September October November December"
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"

WORDINGS = (
    "Write this date as YYYY-MM-DD: {}",
    "Convert this date to ISO 8601 (YYYY-MM-DD): {}",
    "What is this date in the format YYYY-MM-DD? {}",
)


def generate(rng: random.Random) -> Example:
    """One date from 1950 to 2049 in one of the formats below; two-digit years are of this century."""
    day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days + 1))
    written = rng.choice(FORMATS)(day)
    return Example(question=rng.choice(WORDINGS).format(written), answer=day.isoformat(), standing="confirmed")


def month(day: date) -> str:
    """`March`."""
    return MONTHS.split()[day.month - 1]


def short_month(day: date) -> str:
    """`Mar`; September is `Sept`, as often written."""
    return "Sept" if day.month == 9 else month(day)[:3]


def ordinal(day: date) -> str:
    """`1st`, `2nd`, `3rd`, `11th`."""
    ending = "th" if 11 <= day.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return f"{day.day}{ending}"


def weekday(day: date) -> str:
    """`Sunday`."""
    return WEEKDAYS.split()[day.weekday()]


def two_digits(day: date) -> str:
    """`3-Mar-24`, for years of this century only; an older date is written with all four digits."""
    year = f"{day.year % 100:02}" if day.year >= 2000 else str(day.year)
    return f"{day.day}-{month(day)[:3]}-{year}"


FORMATS: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day.day} {month(day)} {day.year}",
    lambda day: f"{month(day)} {day.day}, {day.year}",
    lambda day: f"{short_month(day)} {ordinal(day)}, {day.year}",
    lambda day: f"{ordinal(day)} of {month(day)} {day.year}",
    lambda day: f"{day.day:02}/{day.month:02}/{day.year} (day first)",
    lambda day: f"{day.month:02}/{day.day:02}/{day.year} (month first)",
    lambda day: f"{day.day}.{day.month}.{day.year} (day first)",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}/{day.month:02}/{day.day:02}",
    lambda day: f"{weekday(day)}, {day.day} {month(day)} {day.year}",
    lambda day: f"{weekday(day)[:3]} {short_month(day)} {day.day} {day.year}",
    two_digits,
)
