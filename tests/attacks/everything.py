"""All attacks, and the table of them for people."""

from collections import Counter

from attacks import (
    escaping,
    exhaustion,
    exhaustion_compute,
    exhaustion_space,
    forging,
    forging_patches,
    network,
    objects,
    poisoning,
    processes,
    reading,
    writing,
)
from attacks.attack import Attack

FAMILIES = (
    reading,
    writing,
    network,
    processes,
    forging,
    objects,
    forging_patches,
    exhaustion,
    exhaustion_compute,
    exhaustion_space,
    escaping,
    poisoning,
)
ATTACKS: list[Attack] = [attack for family in FAMILIES for attack in family.ATTACKS]


def counts() -> dict[str, int]:
    """How many attacks there are of each family, in the order of the table."""
    return dict(Counter(attack.family for attack in ATTACKS))


def table() -> str:
    """The attacks as a Markdown table: family, name, what is tried, what may come of it."""
    rows = [
        f"| {attack.family} | `{attack.name}` | {attack.what} | {', '.join(kind.__name__ for kind in attack.expect)} |"
        for attack in ATTACKS
    ]
    return (
        "\n".join(("| family | attack | what it tries | what may come of it |", "| --- | --- | --- | --- |", *rows))
        + "\n"
    )
