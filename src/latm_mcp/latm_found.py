"""Which of the library's tools a question may be for: retrieval in step with the library, and what was learnt by asking (design, 6)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from latm_mcp.masking import tokens
from latm_mcp.store import Listed, Settlement, Store
from latm_mcp.store_ledger import moment
from latm_mcp.using.dispatch import Candidate, Dispatcher

CANDIDATES = 3
LOOKED_AT = 24  # likely tools among which the certain ones are looked for: others' look-alikes displace none of them
MOST_CERTAIN = 6  # whose adapters are asked
STRENGTH = {"person": 2, "model": 1, "client": 0}


@dataclass(frozen=True, slots=True)
class Found:
    """A tool that a question may be for. told: a person or a configured model said that it is."""

    candidate: Candidate
    row: Listed
    told: bool = False


class Finder:
    """Candidates among the tools that may be used."""

    def __init__(self, store: Store, dispatcher: Callable[[], Dispatcher]):
        self._store, self._dispatcher = store, dispatcher
        self._learnt: tuple[int, dict[str, Settlement]] | None = None
        self._words: dict[str, str] = {}  # of each question that something was said about

    def find(self, question: str) -> tuple[Found, ...]:
        """The tools that the question may be for, likeliest first; corrected by what somebody said about such a question.

        A person's or a configured model's word makes the tool certain, or leaves all out that are. A client's word
        brings the tool up, or leaves out what was only likely: what is certain stays as it is.
        """
        rows = {row.name: row for row in self._store.listed() if row.usable}
        found = _foremost([one for one in self._likely(question) if one.name in rows], rows)
        said = self._said(question)
        if said is not None:
            found = _corrected(found, said, rows) or self._made_since(found, said)
        told = said.tool if said is not None and STRENGTH[said.who] else None
        found = [_doubted(one) if rows[one.name].trust == "disputed" else one for one in found]
        return tuple(Found(one, rows[one.name], one.name == told) for one in found)

    def resting(self, question: str) -> str | None:
        """The tool out of use that the question is certainly for, until its next version is made."""
        rows = {row.name: row for row in self._store.listed()}
        sure = (one.name for one in self._likely(question) if one.certain and one.name in rows)
        return next((name for name in sure if rows[name].trust == "quarantined"), None)

    def _likely(self, question: str) -> list[Candidate]:
        return self._dispatcher().candidates(question, LOOKED_AT)

    def _made_since(self, found: list[Candidate], said: Settlement) -> list[Candidate]:
        """The certain ones that were made after it was said that a question is for none: of those nobody spoke."""
        at = moment(said.at)
        return [one for one in found if one.certain and at <= self._store.versions(one.name)[-1][1]]

    async def certain(self, question: str) -> str | None:
        """The tool that a question is certainly for, where it is only one."""
        names = [one.row.name for one in self.find(question) if one.candidate.certain]
        return names[0] if len(names) == 1 else None

    def _said(self, question: str) -> Settlement | None:
        """What was said about a question that has the same words, its numbers, names and quotations left out."""
        generation = self._store.queue_generation()
        if self._learnt is None or self._learnt[0] != generation:
            learnt: dict[str, Settlement] = {}
            settlements = self._store.settlements()
            self._words = {row.question: self._words.get(row.question) or _words(row.question) for row in settlements}
            for settlement in settlements:
                words = self._words[settlement.question]
                if words not in learnt or STRENGTH[settlement.who] >= STRENGTH[learnt[words].who]:
                    learnt[words] = settlement
            self._learnt = (generation, learnt)
        return self._learnt[1].get(_words(question)) if self._learnt[1] else None


def _foremost(found: list[Candidate], rows: dict[str, Listed]) -> list[Candidate]:
    """The certain ones, those that persons stand for first among them, then what is only likely; as they are likely."""
    sure = [one for one in found if one.certain]
    sure = sorted(sure, key=lambda one: (rows[one.name].trust != "trusted", not rows[one.name].approved))[:MOST_CERTAIN]
    likely = [one for one in found if not one.certain][: max(0, CANDIDATES - len(sure))]
    return sorted([*sure, *likely], key=found.index)


def _doubted(one: Candidate) -> Candidate:
    """A tool whose answer was confirmed to be wrong is named, with its trust, and answers nothing by itself."""
    return replace(one, certain=False, odd=None)


def _corrected(found: list[Candidate], said: Settlement, rows: dict[str, Listed]) -> list[Candidate]:
    believed = STRENGTH[said.who] > 0
    if said.tool is None:
        return [] if believed else [one for one in found if one.certain]
    if said.tool not in rows:
        return found
    present = next((one for one in found if one.name == said.tool), Candidate(said.tool, 1.0, False, ()))
    others = [one for one in found if one.name != said.tool]
    if said.who == "person":  # two tools may be certain of one question: here somebody has decided
        others = [replace(one, certain=False, odd=None) for one in others]
    return [replace(present, certain=present.certain or believed), *others]


def _words(question: str) -> str:
    return " ".join(token.text for token in tokens(question))
