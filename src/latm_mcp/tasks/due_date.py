"""The date so many working days on, with weekends and named holidays left out."""

import random
from datetime import date, timedelta

from latm_mcp.models import Example

DESCRIPTION = "Find the date that lies a number of working days after a date."

FIRST = date(2020, 1, 1)
SPAN = 3650  # days from FIRST within which a count starts
ONE_DAY = timedelta(days=1)
SATURDAY = 5

WORDINGS = (
    "Which date is {count} working days after {start}? Saturdays and Sundays do not count.{holidays} "
    "Answer as YYYY-MM-DD.",
    "An invoice of {start} is due {count} working days later. Leave out Saturdays and Sundays.{holidays} "
    "On which date is it due? Answer as YYYY-MM-DD.",
    "Start date: {start}. Working days to add: {count}. Skip Saturdays and Sundays.{holidays} "
    "Give the resulting date as YYYY-MM-DD.",
)


def generate(rng: random.Random) -> Example:
    """1 to 60 working days from any day of the week; half of the questions name 1 to 4 holidays, some of them idle."""
    start = FIRST + timedelta(days=rng.randrange(SPAN))
    count = rng.choice((1, 2, 3, 5, 10, 14, 15, 20, 30, 45, 60)) if rng.random() < 0.6 else rng.randint(1, 60)
    holidays = pick_holidays(rng, start, count)
    question = rng.choice(WORDINGS).format(start=start, count=count, holidays=told(holidays))
    return Example(question=question, answer=add(start, count, holidays).isoformat(), standing="confirmed")


def pick_holidays(rng: random.Random, start: date, count: int) -> list[date]:
    """None, or 1 to 4 days from a week before the start to a week after the naive end, sorted."""
    if rng.random() < 0.5:
        return []
    window = range(-7, count * 7 // 5 + 7)
    return sorted(start + timedelta(days=day) for day in rng.sample(window, rng.randint(1, 4)))


def told(holidays: list[date]) -> str:
    """A further sentence that names them, or nothing."""
    if not holidays:
        return ""
    return f" Also leave out these holidays: {', '.join(day.isoformat() for day in holidays)}."


def add(start: date, count: int, holidays: list[date]) -> date:
    """Walks day by day; the day after the start is the first that can count."""
    day = start
    while count:
        day += ONE_DAY
        count -= day.weekday() < SATURDAY and day not in holidays
    return day
