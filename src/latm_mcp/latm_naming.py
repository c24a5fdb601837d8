"""The name of a tool that makes itself: a person's for its group, else the words that all of the group's questions have (design, 3)."""

from collections.abc import Collection, Sequence

from latm_mcp.errors import BadInput
from latm_mcp.masking import tokens
from latm_mcp.models import Example
from latm_mcp.splits import digest
from latm_mcp.store import Group
from latm_mcp.text import check_name, free_name, name_from


def name_of(group: Group, examples: Sequence[Example], taken: Collection[str]) -> str:
    """A free name. taken: those that other tools have."""
    given = group.name.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        if check_name(given) not in taken:
            return given
    except BadInput:  # none, or one that is no tool's
        pass
    words = [[token.text for token in tokens(example.question)] for example in examples]
    common = set(words[0]).intersection(*map(set, words[1:]))
    told = " ".join(word for word in dict.fromkeys(words[0]) if word in common and not word.startswith("§"))
    return free_name(name_from(told, digest(examples).removeprefix("sha256:")), taken)
