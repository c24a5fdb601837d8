"""How well a library's tools are told apart: every example is asked as if its tool had never seen it (design, 6)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from latm_mcp.models import Example


class Asked(Protocol):
    """What is made of a candidate here."""

    @property
    def name(self) -> str: ...

    @property
    def certain(self) -> bool: ...


class Asking(Protocol):
    """A dispatcher: tools can be put in anew, and it names candidates for a question."""

    def put(self, name: str, examples: Sequence[Example], aliases: Sequence[str] = ()) -> None: ...

    def candidates(self, question: str, most: int = 3) -> Sequence[Asked]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one tool's examples, each asked without itself.

    certain: how often each tool was the likeliest that it was certain for, by name. asked: the tool was named, but none was certain;
    asked_others: only others were named; new: none was.
    """

    name: str
    examples: int
    certain: tuple[tuple[str, int], ...]
    asked: int
    asked_others: int
    new: int

    @property
    def right(self) -> int:
        """How often it was certain for the tool of the example."""
        return dict(self.certain).get(self.name, 0)

    @property
    def wrong(self) -> int:
        """How often it was certain for another tool: two tools that answer the same questions, or a wrong example."""
        return sum(count for _, count in self.certain) - self.right


@dataclass(frozen=True, slots=True)
class Confusion:
    """A dispatcher's confusion matrix on a library's own examples: a row for each tool, by name."""

    rows: tuple[Row, ...]

    @property
    def examples(self) -> int:
        """How many examples were asked."""
        return sum(row.examples for row in self.rows)

    @property
    def right(self) -> int:
        """How many of them it was certain of, rightly."""
        return sum(row.right for row in self.rows)

    @property
    def wrong(self) -> int:
        """How many of them it was certain of, wrongly."""
        return sum(row.wrong for row in self.rows)


def check(dispatcher: Asking, banks: Mapping[str, Sequence[Example]]) -> Confusion:
    """The whole matrix. dispatcher: it holds these banks, and does again when this ends; a copy, where others use it meanwhile."""
    return Confusion(tuple(check_each(dispatcher, banks)))


def check_each(dispatcher: Asking, banks: Mapping[str, Sequence[Example]]) -> Iterator[Row]:
    """The matrix row by row, some milliseconds for each example, for a caller that shows progress or gives way to others."""
    for name in sorted(banks):
        if banks[name]:
            yield _row(dispatcher, name, banks[name])


def _row(dispatcher: Asking, name: str, bank: Sequence[Example]) -> Row:
    certain: Counter[str] = Counter()
    other: Counter[str] = Counter()
    try:
        for place, example in enumerate(bank):
            dispatcher.put(name, [*bank[:place], *bank[place + 1 :]])
            found = dispatcher.candidates(example.question)
            sure = next((candidate.name for candidate in found if candidate.certain), None)
            if sure is not None:
                certain[sure] += 1
            else:
                named = {candidate.name for candidate in found}
                other["asked" if name in named else "others" if named else "new"] += 1
    finally:
        dispatcher.put(name, bank)
    counts = tuple(sorted(certain.items()))
    return Row(name, len(bank), counts, other["asked"], other["others"], other["new"])
