"""The earliest slot in which two people are both free, in the paper's wording (its open parenthesis included)."""

import itertools
import random

from latm_mcp.models import Example

DESCRIPTION = "Find the earliest time slot in which two people can both meet."

NAMES = "Mia Jonas Priya Tomasz Aiko Ben Carla Deniz Emeka Freya"
NONE = "No time slot works."
CELL = 15  # minutes; all times lie on this grid
Slots = list[tuple[int, int]]


def generate(rng: random.Random) -> Example:
    """Two lists of slots on the half or quarter hour; three in ten have them unsorted and touching."""
    first, second, length = calendars(rng)
    if rng.random() < 0.35:  # else six in ten would have no slot
        while earliest(first, second, length) == NONE:
            first, second, length = calendars(rng)
    names = ("A", "B") if rng.random() < 0.75 else tuple(rng.sample(NAMES.split(), 2))
    question = (
        f"{names[0]} and {names[1]} want to schedule a {length / 60:g}-hour meeting together.\n"
        f"{names[0]}'s availability: {listed(first)}\n{names[1]}'s availability: {listed(second)}\n"
        "What time slot works best? (if multiple, choose the earliest one"
    )
    return Example(question=question, answer=earliest(first, second, length), standing="confirmed")


def calendars(rng: random.Random) -> tuple[Slots, Slots, int]:
    """What both have free, and the minutes that are wanted."""
    step = 30 if rng.random() < 0.8 else 15
    first, second = free_slots(rng, step), free_slots(rng, step)
    if rng.random() < 0.3:
        first, second = untidy(rng, first, step), untidy(rng, second, step)
    return first, second, rng.choice((30, 60, 60, 90, 90, 120, 150))


def free_slots(rng: random.Random, step: int) -> Slots:
    """3 to 8 slots between 08:00 and 18:00, sorted, with a gap between each two."""
    while True:
        points = range(8 * 60, 18 * 60 + 1, step)
        edges = sorted(rng.sample(points, 2 * rng.randint(3, 8)))
        slots = list(zip(edges[::2], edges[1::2], strict=True))
        if all(end < start for (_, end), (start, _) in itertools.pairwise(slots)):
            return slots


def untidy(rng: random.Random, slots: Slots, step: int) -> Slots:
    """The same times in any order, the longer slots cut into two that touch."""
    pieces: Slots = []
    for start, end in slots:
        cuts = range(start + step, end, step)
        cut = rng.choice(cuts) if cuts and rng.random() < 0.7 else end
        pieces += [(start, cut)] + ([(cut, end)] if cut < end else [])
    rng.shuffle(pieces)
    return pieces


def earliest(first: Slots, second: Slots, length: int) -> str:
    """The first run of `length` minutes in which every quarter of an hour is free for both."""
    both = cells(first) & cells(second)
    for start in sorted(both):
        if all(start + minute in both for minute in range(0, length, CELL)):
            return f"{clock(start)} - {clock(start + length)}"
    return NONE


def cells(slots: Slots) -> set[int]:
    """The starts, in minutes from midnight, of all quarters of an hour within the slots."""
    return {minute for start, end in slots for minute in range(start, end, CELL)}


def listed(slots: Slots) -> str:
    """`08:00 - 08:30, 09:00 - 10:00`."""
    return ", ".join(f"{clock(start)} - {clock(end)}" for start, end in slots)


def clock(minute: int) -> str:
    """`HH:MM` of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"
