"""What waits for a person's review: reported answers, and queued questions whose answers disagree or come from a client alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from latm_mcp.models_using import Who
from latm_mcp.store import Instance, Report, Store, Told
from latm_mcp.text import plain


@dataclass(frozen=True, slots=True)
class Said:
    """What one person, client or model said of a question: that the tool's answer is right, wrong, or an answer."""

    who: Who
    by: str
    right: bool | None
    answer: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question for a person. tool: None for a new task. got: the tool's answer when it was reported, or empty.

    reports: their ids; empty for a queued question.
    """

    tool: str | None
    question: str
    got: str
    said: tuple[Said, ...]
    reports: tuple[int, ...] = ()

    @property
    def answers(self) -> list[str]:
        """The different answers that were given, the latest last."""
        return list({plain(row.answer): row.answer for row in self.said if row.answer}.values())


def cases(store: Store) -> list[Case]:
    """All that waits, reported answers first, oldest first."""
    reported: dict[tuple[str, str], list[Report]] = {}
    for report in store.reports():
        reported.setdefault((report.tool, report.question), []).append(report)
    queued = [
        Case(group.tool, instance.question, "", tuple(Said(row.who, row.by, None, row.answer) for row in instance.told))
        for group in store.groups()
        for instance in group.instances
        if _needs_a_person(instance, grows=group.tool is not None)
    ]
    return [_case(rows) for rows in reported.values()] + queued


def _case(rows: list[Report]) -> Case:
    last = rows[-1]
    said = tuple(Said(row.who, row.by, row.right, row.answer) for row in rows)
    return Case(last.tool, last.question, last.got, said, tuple(row.id for row in rows))


def _needs_a_person(instance: Instance, *, grows: bool) -> bool:
    """Whether persons differ; or, without any, the others do, or it would make a tool grow on a client's word."""
    persons = _latest(row for row in instance.told if row.who == "person")
    if persons:
        return len(_answers(persons)) > 1
    return len(_answers(instance.told)) > 1 or (grows and bool(instance.told) and _clients_alone(instance.told))


def _clients_alone(told: Iterable[Told]) -> bool:
    return all(row.who == "client" for row in told)


def _latest(told: Iterable[Told]) -> list[Told]:
    """The latest word of each person."""
    return list({row.by: row for row in told}.values())


def _answers(told: Iterable[Told]) -> set[str]:
    return {plain(row.answer) for row in told}
