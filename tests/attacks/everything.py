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

BEGIN, END = "<!-- attacks:", "<!-- end of attacks -->"  # in docs/security.md
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
        f"| {attack.family} | `{attack.name}` | {attack.what.replace('|', '/')} | "
        f"{', '.join(kind.__name__ for kind in attack.expect)} |"
        for attack in ATTACKS
    ]
    return "\n".join(("| family | attack | what it tries | what may come of it |", "| --- | --- | --- | --- |", *rows))


def in_document(text: str) -> str:
    """The page with the table of today between its marks."""
    before, rest = text.split(BEGIN)
    mark, rest = rest.split("\n", 1)
    return f"{before}{BEGIN}{mark}\n\n{table()}\n\n{END}{rest.split(END)[1]}"
