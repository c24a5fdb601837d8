"""Generated questions with right answers: the paper's six tasks, and five that people ask for again and again.

The answers are right by construction or by a solver of the generator's own; nothing is read from files.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.models import Example
from latm_mcp.tasks import (
    close_brackets,
    due_date,
    iso_date,
    log_line_fields,
    meeting_slot,
    order_five_objects,
    product_code,
    remainders,
    split_bill,
    track_swaps,
    word_sorting,
)

DRAWS_PER_QUESTION = 100


@dataclass(frozen=True)
class Generated:
    """A task whose questions are generated. description: as a person would type it."""

    name: str
    description: str
    generate: Callable[[random.Random], Example]


GENERATED = (
    Generated("word_sorting", word_sorting.DESCRIPTION, word_sorting.generate),
    Generated("close_brackets", close_brackets.DESCRIPTION, close_brackets.generate),
    Generated("remainders", remainders.DESCRIPTION, remainders.generate),
    Generated("order_five_objects", order_five_objects.DESCRIPTION, order_five_objects.generate),
    Generated("track_swaps", track_swaps.DESCRIPTION, track_swaps.generate),
    Generated("meeting_slot", meeting_slot.DESCRIPTION, meeting_slot.generate),
    Generated("log_line_fields", log_line_fields.DESCRIPTION, log_line_fields.generate),
    Generated("iso_date", iso_date.DESCRIPTION, iso_date.generate),
    Generated("due_date", due_date.DESCRIPTION, due_date.generate),
    Generated("split_bill", split_bill.DESCRIPTION, split_bill.generate),
    Generated("product_code", product_code.DESCRIPTION, product_code.generate),
)


def questions(name: str, count: int, seed: int) -> list[Example]:
    """`count` distinct questions of one task, the same for the same seed on every machine.

    Fewer questions of a seed are the beginning of more of it.

    Raises: NotFound for a task that is not generated; BadInput where it has no `count` distinct questions.
    """
    task = next((task for task in GENERATED if task.name == name), None)
    if task is None:
        raise NotFound(f"No task {name!r} is generated: choose one of {', '.join(task.name for task in GENERATED)}.")
    rng = random.Random(f"{name}:{seed}")
    found: dict[str, Example] = {}
    for _ in range(count * DRAWS_PER_QUESTION):
        if len(found) >= count:
            break
        example = task.generate(rng)
        found.setdefault(example.question, example)
    if len(found) < count:
        raise BadInput(f"{name!r} has no {count} distinct questions: ask for {len(found)} or fewer.")
    return list(found.values())
