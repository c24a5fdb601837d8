"""Who holds what after a run of swaps: BIG-Bench's five scenes of tracking_shuffled_objects, and two of our own."""

import random
from dataclasses import dataclass

from latm_mcp.models import Example

DESCRIPTION = "Work out who ends up with what after people swap things in pairs."

PEOPLE = """
Alice Bob Claire Dave Eve Anton Bianca Carlos Dilara Emil Farah Gustav Hana Igor Jette Kofi Lucia Marek Nadia Omar
Paula Quentin Rania Stefan Tuula
"""
COLORS = "red blue green yellow white pink purple brown black orange silver turquoise violet gray golden"


@dataclass(frozen=True)
class Scene:
    """One story with gaps: {people}, {start}; `holds` and `swaps` are told of each person and pair, `end` of one."""

    opening: str
    holds: str
    middle: str
    swaps: str
    end: str
    things: tuple[str, ...]


def phrases(text: str) -> tuple[str, ...]:
    """The parts of a text between slashes."""
    return tuple(part.strip() for part in text.split("/"))


SCENES = (
    Scene(
        "{} are dancers at a square dance. At the start of a song, they each have a partner:",
        "{} is dancing with {}",
        "Throughout the song, the dancers often trade partners.",
        "{} and {} switch partners",
        "At the end of the dance, {} is dancing with",
        phrases("Ursula/Victor/Wanda/Xaver/Yusuf/Zoe/Theo/Selma/Ruben/Pilar/Oskar/Nora/Milan/Leonie/Kaito"),
    ),
    Scene(
        "{} are friends and avid readers who occasionally trade books. "
        "At the start of the semester, they each buy one new book:",
        "{} gets {}",
        "As the semester proceeds, they start trading around the new books.",
        "{} and {} swap books",
        "At the end of the semester, {} has",
        phrases(
            "Emma/Dracula/Middlemarch/Fahrenheit 451/The Trial/The Moonstone/North and South/Walden/Silas Marner/"
            "The Secret Garden/Around the World in 80 Days/Brave New World/Heart of Darkness/Jude the Obscure/Persuasion"
        ),
    ),
    Scene(
        "{} are on the same team in a soccer match. At the start of the match, they are each assigned to a position:",
        "{} is playing {}",
        "As the game progresses, pairs of players occasionally swap positions.",
        "{} and {} trade positions",
        "At the end of the match, {} is playing",
        phrases(
            "sweeper/left back/right back/center back/holding midfielder/playmaker/center forward/second striker/"
            "left wing-back/right wing-back/goalkeeper/striker"
        ),
    ),
    Scene(
        "{} are holding a white elephant gift exchange. "
        "At the start of the event, they are each holding a present of a different color:",
        "{} has a {}",
        "As the event progresses, pairs of people swap gifts.",
        "{} and {} swap their gifts",
        "At the end of the event, {} has the",
        # BIG-Bench calls some of these presents balls: so do we, for a tool that must read both.
        tuple(f"{color} {'ball' if color in ('black', 'orange') else 'present'}" for color in COLORS.split()),
    ),
    Scene(
        "{} are playing a game. At the start of the game, they are each holding a ball:",
        "{} has a {}",
        "As the game progresses, pairs of players trade balls.",
        "{} and {} swap balls",
        "At the end of the game, {} has the",
        tuple(f"{color} ball" for color in COLORS.split()),
    ),
    Scene(
        "{} are nurses who work in the same hospital. At the start of the month, they are each given a shift:",
        "{} has the {}",
        "As the month goes by, pairs of nurses swap shifts.",
        "{} and {} swap shifts",
        "At the end of the month, {} has the",
        tuple(
            f"{day} {part} shift"
            for day in ("Monday", "Tuesday", "Thursday", "Saturday", "Sunday")
            for part in ("morning", "late", "night")
        ),
    ),
    Scene(
        "{} are at a chess club. At the start of the evening, they each sit down at a table:",
        "{} is sitting at {}",
        "During the evening, pairs of players change places.",
        "{} and {} change places",
        "At the end of the evening, {} is sitting at",
        tuple(f"table {number}" for number in range(1, 13)) + phrases("the window table/the corner table"),
    ),
)


def generate(rng: random.Random) -> Example:
    """Five people, five things, 3 to 7 swaps (as often as not 5), and the question what one of them has at the end."""
    scene = rng.choice(SCENES)
    people = sorted(rng.sample(PEOPLE.split(), 5)) if rng.random() < 0.7 else PEOPLE.split()[:5]
    things = rng.sample(scene.things, 5)
    swaps = [tuple(rng.sample(people, 2)) for _ in range(rng.choice((3, 4, 5, 5, 5, 5, 6, 7)))]
    asked = rng.choice(people)
    held = dict(zip(people, things, strict=True))
    for one, other in swaps:
        held[one], held[other] = held[other], held[one]
    question = told(scene, people, things, swaps, asked)
    return Example(question=question, answer=f"({'ABCDE'[things.index(held[asked])]})", standing="confirmed")


def told(scene: Scene, people: list[str], things: list[str], swaps: list[tuple[str, ...]], asked: str) -> str:
    """The story, line breaks and options as in BIG-Bench."""
    starts = [scene.holds.format(*pair) for pair in zip(people, things, strict=True)]
    openers = ["First", *["Then"] * (len(swaps) - 2), "Finally"]
    moves = " ".join(f"{word}, {scene.swaps.format(*pair)}." for word, pair in zip(openers, swaps, strict=True))
    options = "\n".join(f"({letter}) {thing}" for letter, thing in zip("ABCDE", things, strict=True))
    return (
        f"{scene.opening.format(series(people))} {series(starts)}.\n"
        f"{scene.middle} {moves} {scene.end.format(asked)}\nOptions:\n{options}"
    )


def series(parts: list[str]) -> str:
    """`a, b, and c`."""
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"
