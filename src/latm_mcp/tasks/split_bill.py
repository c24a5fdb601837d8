"""A bill and its tip split among people to the cent: by shares, by what each had, or equally."""

import random
from dataclasses import dataclass

from latm_mcp.models import Example

DESCRIPTION = "Split a bill with tip among people so that the sum is exact to the cent."

NAMES = """
Ann Bob Cem Dora Elif Frank Gina Hugo Iris Jamal Kira Liam Mona Nico Olga Paul Rita Sven Tara Uwe Vera Wim Yara Zeno
"""
DISHES = """
pasta pizza soup salad burger curry ramen falafel steak risotto tacos coffee tea juice beer cake sorbet bread lasagne
"""

RULE = (
    "Round the tip to the nearest cent (half a cent up), round each part down to whole cents, "
    "and give the leftover cents, one each, to the first named. Answer like this: Ann: 12.34, Bob: 5.67"
)


@dataclass(frozen=True)
class Bill:
    """Who pays and by which weights; cents: the sum before the tip; told: the wording, up to the tip."""

    names: list[str]
    weights: list[int]
    cents: int
    told: str


def generate(rng: random.Random) -> Example:
    """2 to 5 people, a tip of 0 to 25 %, and one of three ways to split."""
    names = rng.sample(NAMES.split(), rng.randint(2, 5))
    bill = rng.choice((by_shares, by_items, equally))(rng, names)
    percent = rng.choice((0, 5, 8, 10, 12, 15, 18, 20, 25))
    parts = split(bill.weights, bill.cents + tip(bill.cents, percent))
    answer = ", ".join(f"{name}: {money(part)}" for name, part in zip(names, parts, strict=True))
    return Example(question=f"{bill.told} Tip: {percent}%. {RULE}", answer=answer, standing="confirmed")


def by_shares(rng: random.Random, names: list[str]) -> Bill:
    """A sum and a share of 1 to 4 for each."""
    weights = [rng.randint(1, 4) for _ in names]
    cents = rng.randint(800, 40_000)
    shares = ", ".join(f"{name} {weight}" for name, weight in zip(names, weights, strict=True))
    return Bill(names, weights, cents, f"Split a bill of {money(cents)} by shares: {shares}.")


def equally(rng: random.Random, names: list[str]) -> Bill:
    """A sum and nothing but names."""
    cents = rng.randint(800, 40_000)
    return Bill(names, [1] * len(names), cents, f"Split a bill of {money(cents)} equally among {', '.join(names)}.")


def by_items(rng: random.Random, names: list[str]) -> Bill:
    """1 to 3 priced dishes for each, the tip shared in proportion to what they come to."""
    orders = [
        [(dish, 5 * rng.randint(40, 600)) for dish in rng.sample(DISHES.split(), rng.randint(1, 3))] for _ in names
    ]
    weights = [sum(price for _, price in order) for order in orders]
    told = "; ".join(f"{name}: {listed(order)}" for name, order in zip(names, orders, strict=True))
    return Bill(names, weights, sum(weights), f"Split the bill by what everyone had. {told}.")


def listed(order: list[tuple[str, int]]) -> str:
    """`soup 6.50, tea 2.80`."""
    return ", ".join(f"{dish} {money(price)}" for dish, price in order)


def tip(cents: int, percent: int) -> int:
    """The tip in cents, half a cent rounded up."""
    return (cents * percent + 50) // 100


def split(weights: list[int], total: int) -> list[int]:
    """Parts in cents in proportion to the weights, whose sum is the total."""
    parts = [total * weight // sum(weights) for weight in weights]
    for first in range(total - sum(parts)):
        parts[first] += 1
    return parts


def money(cents: int) -> str:
    """`12.34`."""
    return f"{cents // 100}.{cents % 100:02}"
