"""What is said about a tool's answers, and what that changes (design, 2.9).

Only a person's word changes anything: three confirmed good uses make a tool trusted, one confirmed failure takes it out of use until its
next version passes all examples, that one among them. What clients and models say is kept for a person to read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.latm_sentences import asked_question, no_such_tool
from latm_mcp.latm_trust_heard import Ask, Certain, Heard, against, is_right
from latm_mcp.models import Example
from latm_mcp.models_using import Who
from latm_mcp.store import Listed, Settlement, Store, Trust
from latm_mcp.text import check_answer, one_line, plain

PROMOTE_AT = 3
_LATER = "`latm-mcp report`, told the same where LATM_MAKER_MODEL is set, makes its next version."

# kept: for a review. known: it was an example already. example: added, and nothing else. disagreement: two confirmed answers, for a review.
Change: TypeAlias = Literal["kept", "known", "good", "trusted", "example", "disputed", "quarantined", "disagreement"]


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of a report, in one sentence for whoever made it."""

    sentence: str
    tool: str
    change: Change


class Trusting:
    """Takes reports. grow: begins the making of a tool's next version and returns at once; None where none is made by itself."""

    def __init__(self, store: Store, ask: Ask, certain: Certain, grow: Callable[[str], object] | None = None):
        self._store, self._ask, self._certain, self._grow = store, ask, certain, grow

    async def report(
        self,
        question: str,
        *,
        answer: str | None = None,
        right: bool | None = None,
        tool: str | None = None,
        who: Who,
        by: str = "",
    ) -> Reported:
        """Take what somebody says of a tool's answer: that it is right, wrong, or what it should be.

        tool: None for the one that the question is certainly for.
        Raises: BadInput; NotFound, where there is no such tool, or none that the question is certainly for.
        """
        asked_question(question)
        if answer is None and right is None:
            raise BadInput("Say whether the answer was right, or what the right answer is.")
        if answer is not None:
            check_answer(answer, "the answer")
        row = self._row(tool if tool is not None else await self._certainly(question))
        got = await self._ask(row.name, question)
        agrees = is_right(row, got, answer, right)
        truth = got if agrees and got is not None else answer
        heard = Heard(row, question, got, truth, agrees, who, by)
        return self._of_person(heard) if who == "person" else self._provisional(heard)

    def settle(self, question: str, tool: str | None, who: Who) -> None:
        """Learn which tool a question is for, or that it is for none. Raises: BadInput; NotFound."""
        asked_question(question)
        name = None if tool is None else self._row(tool).name
        self._store.keep_settlement(Settlement(question, name, who))

    def _row(self, name: str) -> Listed:
        row = next((row for row in self._store.listed() if row.name == name and row.state == "live"), None)
        if row is None:
            raise NotFound(no_such_tool(self._store, name))
        return row

    async def _certainly(self, question: str) -> str:
        name = await self._certain(question)
        if name is None:
            raise BadInput("No tool is certain to be for this question: say which tool answered it.")
        return name

    def _provisional(self, heard: Heard) -> Reported:
        standing = self._standing(heard)
        if heard.right and standing is not None and standing.standing == "confirmed" and not against(standing, heard):
            sentence = f"A person has confirmed this answer of {heard.name} already: nothing more is kept of it."
            return Reported(sentence, heard.name, "known")
        self._store.keep_report(heard.report)
        said = "was right" if heard.right else "was wrong"
        sentence = (
            f"Kept as provisional: that {heard.name} {said}. It stays as it is until a person confirms this with"
            " `latm-mcp review`."
        )
        return Reported(sentence, heard.name, "kept")

    def _of_person(self, heard: Heard) -> Reported:
        standing = self._standing(heard)
        if standing is not None and standing.standing == "confirmed" and against(standing, heard):
            return self._disagreement(heard, standing)
        if heard.right:
            return self._good(heard, standing)
        return self._unexplained(heard) if heard.truth is None else self._failure(heard, heard.truth, standing)

    def _standing(self, heard: Heard) -> Example | None:
        asked = plain(heard.question)
        return next((row for row in self._store.examples(heard.name) if plain(row.question) == asked), None)

    def _disagreement(self, heard: Heard, standing: Example) -> Reported:
        self._store.keep_report(heard.report)
        new = "no answer" if heard.truth is None else repr(one_line(heard.truth, 200))
        sentence = (
            f"Nothing was changed: another confirmed answer stands for this question, {one_line(standing.answer, 200)!r}, against"
            f" {new} now. It waits for `latm-mcp review`; if the one that stands is wrong: latm-mcp withdraw {heard.name} EXAMPLE,"
            f" by its number in `latm-mcp history {heard.name}`."
        )
        return Reported(sentence, heard.name, "disagreement")

    def _good(self, heard: Heard, standing: Example | None) -> Reported:
        """A question counts once: from then on it is an example, which every later version has to pass."""
        assert heard.truth is not None
        self._add(heard, heard.truth, standing)
        if standing is not None:
            sentence = (
                f"Confirmed; {heard.name} had this question among its examples, so it counts as no further good use."
            )
            return Reported(sentence, heard.name, "known")
        good = self._store.note_good(heard.name, heard.actor)
        if good < PROMOTE_AT or heard.row.trust != "probation":
            sentence = f"Confirmed good use {good} of {heard.name}, which is {_trust_words(heard.row.trust, good)}."
            return Reported(sentence, heard.name, "good")
        self._store.set_trust(heard.name, "trusted", heard.actor, f"{good} confirmed good uses")
        return Reported(f"{heard.name} is trusted now: {good} confirmed good uses.", heard.name, "trusted")

    def _failure(self, heard: Heard, truth: str, standing: Example | None) -> Reported:
        self._add(heard, truth, standing)
        if heard.got is None:
            sentence = (
                f"Kept as a confirmed example of {heard.name}, whose adapter does not answer this question: its next version is made"
                " with it."
            )
            return Reported(sentence, heard.name, "example")
        trust: Trust = "disputed" if self._grow is None and heard.row.trust != "quarantined" else "quarantined"
        self._distrust(heard, trust, "a confirmed failure")
        if self._grow is not None:
            self._grow(heard.name)
            following = "out of use until a next version, which is being made, passes this and all other examples."
        elif trust == "disputed":
            following = f"disputed and still callable, for nothing here makes its next version by itself: {_LATER}"
        else:
            following = f"out of use already: {_LATER}"
        sentence = f"The right answer is a confirmed example now; {heard.name} is {following}"
        return Reported(sentence, heard.name, "disputed" if trust == "disputed" else "quarantined")

    def _unexplained(self, heard: Heard) -> Reported:
        self._store.keep_report(heard.report)
        if heard.got is None:
            sentence = (
                f"Kept for `latm-mcp review`: {heard.name} itself does not answer this question, so its trust stays."
            )
            return Reported(sentence, heard.name, "kept")
        if heard.row.trust != "quarantined":
            self._distrust(heard, "disputed", "a person calls an answer wrong")
        sentence = f"{heard.name} is disputed. Give the right answer, here or in `latm-mcp review`, and its next version must pass it."
        return Reported(sentence, heard.name, "disputed")

    def _add(self, heard: Heard, truth: str, standing: Example | None) -> None:
        if standing is None or standing.standing != "confirmed":
            question = heard.question if standing is None else standing.question
            example = Example(question=question, answer=truth, standing="confirmed")
            self._store.add_example(heard.name, example, heard.actor)

    def _distrust(self, heard: Heard, trust: Trust, why: str) -> None:
        if heard.row.trust != trust:
            self._store.set_trust(heard.name, trust, heard.actor, why)


def _trust_words(trust: Trust, good: int) -> str:
    if trust == "probation":
        return f"trusted after {PROMOTE_AT - good} more"
    return "quarantined still" if trust == "quarantined" else f"{trust} as before"
