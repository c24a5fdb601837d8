"""Five objects in an order told by clues: BIG-Bench's five domains of logical_deduction, and two of our own."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from latm_mcp.models import Example

DESCRIPTION = "Work out the order of five objects from clues about their places."

INTRODUCTION = (
    "The following paragraphs each describe a set of five objects arranged in a fixed order. "
    "The statements are logically consistent within each paragraph."
)


@dataclass(frozen=True)
class Domain:
    """How one kind of order is told.

    opening: with a gap for the five; names: how each object is introduced; title: how clues name it, with a gap.
    places: the five places in order; before, after: what is said of an object that comes earlier or later.
    """

    opening: str
    names: tuple[str, ...]
    title: str
    places: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True)
class Clue:
    """A sentence and what it says of an order: a tuple of the objects' numbers, first place first."""

    sentence: str
    holds: Callable[[tuple[int, ...]], bool]


ORDERS = tuple(itertools.permutations(range(5)))
COLORS = "crimson teal ivory maroon silver golden pink turquoise beige violet indigo white black olive amber"
SIDES = ("leftmost", "second from the left", "third from the left", "second from the right", "rightmost")


def phrases(text: str) -> tuple[str, ...]:
    """The parts of a text between slashes."""
    return tuple(part.strip() for part in text.split("/"))


def with_article(noun: str) -> str:
    """`an owl`, `a wren`."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


DOMAINS = (
    Domain(
        "On a shelf, there are five books: {}.",
        tuple(f"{color} book" for color in COLORS.split()),
        "The {}",
        tuple(f"is the {side}" for side in SIDES),
        "is to the left of",
        "is to the right of",
    ),
    Domain(
        "On a branch, there are five birds: {}.",
        phrases(
            "wren/heron/magpie/starling/finch/sparrow/kingfisher/woodpecker/thrush/swallow/stork/parrot/nightingale/"
            "snowy owl/osprey/oriole/ibis/barn owl/egret"
        ),
        "The {}",
        tuple(f"is the {side}" for side in SIDES),
        "is to the left of",
        "is to the right of",
    ),
    Domain(
        "In an antique car show, there are five vehicles: {}.",
        phrases(
            "coupe/roadster/pickup/moped/scooter/ambulance/fire engine/camper van/jeep/taxi/tram/sidecar/ice cream van/"
            "estate car/omnibus"
        ),
        "The {}",
        ("is the oldest", "is the second-oldest", "is the third-newest", "is the second-newest", "is the newest"),
        "is older than",
        "is newer than",
    ),
    Domain(
        "A fruit stand sells five fruits: {}.",
        phrases(
            "cherries/figs/grapes/papayas/lychees/apricots/nectarines/quinces/dates/lemons/limes/bananas/"
            "blood oranges/passion fruits/guavas"
        ),
        "The {}",
        (
            "are the cheapest",
            "are the second-cheapest",
            "are the third-most expensive",
            "are the second-most expensive",
            "are the most expensive",
        ),
        "are less expensive than",
        "are more expensive than",
    ),
    Domain(
        "In a golf tournament, there were five golfers: {}.",
        phrases("Ines/Tom/Ravi/Lena/Kurt/Noor/Pia/Sven/Yuki/Otto/Bea/Cleo/Finn/Gus/Ida/Max/Una"),
        "{}",
        ("finished first", "finished second", "finished third", "finished second-to-last", "finished last"),
        "finished above",
        "finished below",
    ),
    Domain(
        "In a storeroom, there are five parcels: {}.",
        tuple(f"{color} parcel" for color in COLORS.split()),
        "The {}",
        (
            "is the smallest",
            "is the second-smallest",
            "is the third-largest",
            "is the second-largest",
            "is the largest",
        ),
        "is smaller than",
        "is larger than",
    ),
    Domain(
        "In a family, there are five cousins: {}.",
        phrases("Nils/Maya/Igor/Leila/Hugo/Petra/Samir/Vera/Jan/Alma/Boris/Chloe/Edda/Felix/Rosa/Tariq"),
        "{}",
        ("is the oldest", "is the second-oldest", "is the third-youngest", "is the second-youngest", "is the youngest"),
        "is older than",
        "is younger than",
    ),
)


def generate(rng: random.Random) -> Example:
    """A paragraph whose clues leave one order of 120, none of them idle, and the question who has one place."""
    domain = rng.choice(DOMAINS)
    names = rng.sample(domain.names, 5)
    order = rng.choice(ORDERS)
    clues = enough(rng, true_clues(domain, names, order))
    place = rng.randrange(5)
    options = "\n".join(
        f"({letter}) {domain.title.format(name)} {domain.places[place]}"
        for letter, name in zip("ABCDE", names, strict=True)
    )
    question = (
        f"{INTRODUCTION} {domain.opening.format(series(domain, names))} "
        f"{' '.join(clue.sentence for clue in clues)}\nOptions:\n{options}"
    )
    return Example(question=question, answer=f"({'ABCDE'[order[place]]})", standing="confirmed")


def series(domain: Domain, names: list[str]) -> str:
    """`a wren, an owl, ..., and a finch`; fruits and people stand without an article."""
    bare = domain.title == "{}" or domain.before.startswith("are")
    told = names if bare else [with_article(name) for name in names]
    return f"{', '.join(told[:-1])}, and {told[-1]}"


def true_clues(domain: Domain, names: list[str], order: tuple[int, ...]) -> list[Clue]:
    """Every place and every comparison that holds in this order, in both directions of telling."""
    clues = [at_place(domain, names, thing, place) for place, thing in enumerate(order)]
    for earlier, later in itertools.combinations(order, 2):
        clues.append(compared(domain, names, earlier, later, domain.before))
        clues.append(compared(domain, names, later, earlier, domain.after))
    return clues


def at_place(domain: Domain, names: list[str], thing: int, place: int) -> Clue:
    """`The owl is the leftmost.`"""
    return Clue(f"{domain.title.format(names[thing])} {domain.places[place]}.", lambda order: order[place] == thing)


def compared(domain: Domain, names: list[str], subject: int, other: int, relation: str) -> Clue:
    """`The owl is to the left of the wren.`, or, of what comes later, `The wren is to the right of the owl.`"""
    sentence = f"{domain.title.format(names[subject])} {relation} {domain.title.format(names[other])}."
    earlier, later = (subject, other) if relation == domain.before else (other, subject)
    return Clue(sentence.replace(" The ", " the "), lambda order: order.index(earlier) < order.index(later))


def enough(rng: random.Random, clues: list[Clue]) -> list[Clue]:
    """Clues drawn until they leave one order, without those that the others make idle, in any sequence."""
    drawn: list[Clue] = []
    for clue in rng.sample(clues, len(clues)):
        if fitting(drawn) == 1:
            break
        drawn.append(clue)
    for clue in tuple(drawn):
        others = [other for other in drawn if other is not clue]
        if fitting(others) == 1:
            drawn = others
    return drawn


def fitting(clues: list[Clue]) -> int:
    """How many of the 120 orders agree with all clues."""
    return sum(all(clue.holds(order) for clue in clues) for order in ORDERS)
