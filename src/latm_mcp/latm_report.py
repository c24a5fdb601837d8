"""What somebody says about a question: which answer is right, and which tool it is for (design, 4 and 6).

Said of a waiting question it is an answer to it; said of a tool's answer it is a report. A client's or a model's word is
provisional either way.
"""

from dataclasses import dataclass

from latm_mcp.errors import BadInput
from latm_mcp.latm_found import Finder
from latm_mcp.latm_growth import Growth
from latm_mcp.latm_queue import Cached, Waiting
from latm_mcp.latm_sentences import asked_question
from latm_mcp.latm_trust import Trusting
from latm_mcp.models_using import Who
from latm_mcp.store import Store

NONE = "none"  # instead of a tool's name


@dataclass(frozen=True, slots=True)
class Said:
    """One report. tool: None where none was named, `NONE` where the question is for none. right None, answer None: not said."""

    question: str
    who: Who
    by: str = ""
    answer: str | None = None
    right: bool | None = None
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What came of it, for whoever said it. cached: the waiting question that it was an answer to; tool: whose answer it was about.

    job: the making that the calling client's own model can write the tool for, now that the group is complete.
    """

    sentence: str
    cached: Cached | None = None
    tool: str = ""
    job: str = ""


class Reporting:
    """Takes what is said. waiting: None where the queue is off."""

    def __init__(self, store: Store, trusting: Trusting, waiting: Waiting | None, growth: Growth, finder: Finder):
        self._store, self._trusting, self._finder = store, trusting, finder
        self._waiting, self._growth = waiting, growth

    async def report(self, said: Said) -> ReportResult:
        """Learn what is said. Raises: BadInput; NotFound, for a tool that is not there."""
        asked_question(said.question)
        if said.answer is None and said.right is None and said.tool is None:
            raise BadInput(
                "Say whether the answer was `right`, what the right `answer` is, or which `tool` the question is for."
            )
        if said.tool is not None and (said.tool == NONE or said.right is None):
            self._trusting.settle(said.question, None if said.tool == NONE else said.tool, said.who)
        nothing_else = said.answer is None and said.right is None
        if nothing_else or (
            said.tool == NONE and self._waiting is None
        ):  # where nothing is kept, that is all there is to learn
            return ReportResult(_settled(said))
        if await self._is_of_a_tool(said):
            named = None if said.tool == NONE else said.tool
            reported = await self._trusting.report(
                said.question, answer=said.answer, right=said.right, tool=named, who=said.who, by=said.by
            )
            return ReportResult(reported.sentence, tool=reported.tool)
        return await self._told(said)

    async def _is_of_a_tool(self, said: Said) -> bool:
        """Whether it is about an answer that a tool gives; else it is the answer to a question that waits, or should."""
        if said.tool == NONE:
            return False
        if said.tool is not None:
            return said.right is not None or said.who == "person" or self._waiting is None
        if self._waiting is not None and self._store.queued(said.question) is not None:
            return False
        return await self._finder.certain(said.question) is not None or self._waiting is None

    async def _told(self, said: Said) -> ReportResult:
        if self._waiting is None:
            raise BadInput(
                "No tool answers this question, and questions are not kept here (LATM_QUEUE is off): call make_tool."
            )
        if said.answer is None:
            raise BadInput("No tool answered this question. Say what its right `answer` is.")
        if self._store.queued(said.question) is None:
            self._waiting.cache(said.question, None if said.tool == NONE else said.tool)
        cached = self._waiting.tell(said.question, said.answer, said.who, said.by)
        self._growth.notice()
        if cached is None:
            raise BadInput("The queue had no room for this question: let it be answered and made into tools first.")
        job = await self._growth.offered(cached.group.id) if cached.ready and said.who == "client" else ""
        return ReportResult(_waits(cached, said, job), cached=cached, job=job)


def _settled(said: Said) -> str:
    what = "for none of the tools" if said.tool == NONE else f"for {said.tool}"
    if said.who == "person":
        return f"Learnt: such questions are {what}."
    return f"Kept: the question is said to be {what}. What is certain by the tools' own examples stays as it is."


def _waits(cached: Cached, said: Said, job: str) -> str:
    counts = f"{cached.answered} of {cached.needed} of its kind are answered"
    if cached.disputed and any(told.answer != said.answer for told in cached.instance.told):
        return f"Kept; but another answer was given to this question: a person has to say which is right (`latm-mcp review`). {counts}."
    if cached.group.tool is not None and said.who == "client":
        return f"Kept for the next version of {cached.group.tool}, once a person confirms it (`latm-mcp review`). {counts}."
    if job:
        return f"Kept: {counts}. Call make_tool with `job` {job!r} for the brief, and write the tool."
    return f"Kept: {counts}.{' A tool is made of them.' if cached.ready else ''}"
