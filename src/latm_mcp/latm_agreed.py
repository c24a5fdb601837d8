"""Which answer to a waiting question counts, where persons, clients and models said something to it (design, 2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from latm_mcp.compare import comparison_of, same
from latm_mcp.models import Example, Standing
from latm_mcp.store import Group, Instance, Told
from latm_mcp.text import plain


@dataclass(frozen=True, slots=True)
class Disputed:
    """A question whose answers differ, which a person has to settle. told: those that do, the latest word of each teller."""

    question: str
    told: tuple[Told, ...]


def agreed(instance: Instance, *, clients: bool = True) -> Example | Disputed | None:
    """What counts as the answer. clients: whether their words do: not where a tool that is there is to grow by it.

    Persons' words are confirmed and stand over all others. Without one, all others have to be alike, and are provisional.
    None: nobody has said anything that counts.
    """
    told = [one for one in instance.told if one.who == "person"]
    confirmed = bool(told)
    if not told:
        told = [one for one in instance.told if clients or one.who != "client"]
    if not told:
        return None
    if not _alike(instance.question, [one.answer for one in told]):
        return Disputed(instance.question, tuple(told))
    standing: Standing = "confirmed" if confirmed else "provisional"
    return Example(question=instance.question, answer=told[0].answer, standing=standing)


def weighed(group: Group) -> tuple[tuple[Example, ...], tuple[Disputed, ...]]:
    """The examples that a group has, oldest first, each question once; and its disputed questions."""
    examples: dict[str, Example] = {}
    disputed: dict[str, Disputed] = {}
    for instance in group.instances:
        found = agreed(instance, clients=group.tool is None)
        if found is None:
            continue
        key = plain(instance.question)
        known = examples.get(key)
        if isinstance(found, Disputed):
            disputed.setdefault(key, found)
        elif known is None or (found.standing == "confirmed" and known.standing != "confirmed"):
            examples[key] = found
        elif found.standing == known.standing and not _alike(found.question, [known.answer, found.answer]):
            # The same question but for its white space, answered differently: neither counts.
            disputed.setdefault(key, Disputed(found.question, instance.told))
    kept = tuple(example for key, example in examples.items() if key not in disputed)
    return kept, tuple(disputed.values())


def _alike(question: str, answers: Sequence[str]) -> bool:
    comparison = comparison_of([Example(question=question, answer=answer) for answer in answers])
    return all(same(comparison, answers[0], answer) for answer in answers[1:])
