"""Which examples a maker sees whole, which as bare questions, and which not at all (design, 2.2)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from latm_mcp.models import Example, Exposure, Task, Try

SHOWN, VALIDATION = 3, 3  # the paper's numbers (section 3.1)


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into a task's examples; together they are all of them, in order."""

    shown: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]


def digest(examples: Iterable[Example]) -> str:
    """`sha256:` of the examples, whatever their order; the same questions and answers have the same digest."""
    rows = sorted((example.question, example.answer) for example in examples)
    return "sha256:" + hashlib.sha256(json.dumps(rows, ensure_ascii=True).encode()).hexdigest()


def in_split_order(examples: Sequence[Example], first: Sequence[Example] = ()) -> tuple[Example, ...]:
    """The examples in a pseudo-random order that is seeded by their own hash; those in `first` come before the rest.

    A growing tool puts the questions that its present version fails first, so that they are shown.
    """
    seed = digest(examples)

    def place(example: Example) -> tuple[bool, str]:
        own = hashlib.sha256(f"{seed}\x00{example.question}\x00{example.answer}".encode()).hexdigest()
        return example not in first, own

    return tuple(sorted(examples, key=place))


def split(task: Task) -> Split:
    """shown = min(3, n // 2), validation = min(3, n - shown), the rest held out; all shown to an author who gave them."""
    n = len(task.examples)
    if task.author_saw_all:
        return Split(tuple(range(n)), (), ())
    shown = min(SHOWN, n // 2)
    validation = min(VALIDATION, n - shown)
    return Split(tuple(range(shown)), tuple(range(shown, shown + validation)), tuple(range(shown + validation, n)))


def exposures(task: Task, tries: Sequence[Try]) -> tuple[Exposure, ...]:
    """How much of each example the maker has seen by now.

    Feedback turns a held-out question into a blind one; an answer that it calls wrong counts as shown from then on.
    """
    parts = split(task)
    seen = set(parts.validation).union(*(tried.exposed for tried in tries))
    shown = set(parts.shown).union(*(tried.told_wrong for tried in tries))
    kinds: list[Exposure] = []
    for index in range(len(task.examples)):
        kinds.append("shown" if index in shown else "blind" if index in seen else "held-out")
    return tuple(kinds)
