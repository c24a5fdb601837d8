"""One question, from the dispatcher to its answer or to the queue (paper, 3.2; design, 6).

A tool that is certainly meant answers by its adapter; where that refuses, a light model calls it. What is only likely is asked about.
What is new is answered by a strong model or a person, and kept until there is enough to make a tool. Models are asked only where one
is configured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio

from latm_mcp.errors import MakerFailed
from latm_mcp.job import Workshop
from latm_mcp.latm_found import Finder, Found
from latm_mcp.latm_ignored import Ignoring
from latm_mcp.latm_live import LiveTools
from latm_mcp.latm_queue import Cached
from latm_mcp.latm_results import Dispatched
from latm_mcp.latm_spending import Paid
from latm_mcp.latm_standing import preferred
from latm_mcp.latm_unanswered import Unanswered, said_before, shots_of
from latm_mcp.models import Example, Maker
from latm_mcp.store import Settlement
from latm_mcp.text import one_line
from latm_mcp.using import strong, tool_user, use
from latm_mcp.using.use import Answer


@dataclass(frozen=True, slots=True)
class Models:
    """Whoever may be asked, by role (design, 5); None: not configured, and never asked. maker None: the caller's own model writes."""

    maker: Maker | None = None
    user: Paid | None = None
    dispatcher: Paid | None = None
    fallback: Paid | None = None


class Dispatching:
    """Puts questions to a library."""

    def __init__(self, shop: Workshop, live: LiveTools, finder: Finder, models: Models, unanswered: Unanswered):
        self._shop, self._live, self._finder, self._models = shop, live, finder, models
        self._unanswered = unanswered
        self._ignoring = Ignoring(shop)

    async def dispatch(self, question: str) -> Dispatched:
        """The answer, or who may know it, or that the question is new. Raises: BadInput, for a question that cannot be taken."""
        found = self._finder.find(question)
        certain = tuple(one for one in found if one.candidate.certain)
        answers, doubted = await self._adapters(certain, question)
        if not answers and not doubted:
            nearly = [one for one in found if one.candidate.odd is not None and not one.candidate.certain]
            answers, _ = await self._adapters(nearly, question)
        if answers:
            chosen = await preferred(self._shop, answers)
            if chosen is None:
                return Dispatched("ask", candidates=found, note=_differing(answers))
            return Dispatched("answered", chosen)
        if certain and not doubted:
            return await self._use(certain, found, question)
        if found:
            return await self._ask(found, question)
        resting = self._finder.resting(question)
        return await self._new(question) if resting is None else await self._rest(resting, question)

    async def _rest(self, name: str, question: str) -> Dispatched:
        """The question is for a tool that is out of use: it waits for its next version, and makes no second tool of its kind."""
        cached = self._unanswered.keep(question, name)
        answer, why = said_before(cached), ""
        if answer is None:
            answer, why = await self._strongly(question, cached, self._shop.store.examples(name))
        if answer is not None:
            return Dispatched("answered", answer, cached=cached)
        out = f"{name}, which is for such questions, is out of use until its next version is made"
        return Dispatched("new", cached=cached, note=f"{out}. {why}".strip())

    async def _adapters(self, certain: Sequence[Found], question: str) -> tuple[list[tuple[Found, Answer]], bool]:
        """What the adapters of these tools answer, each in an interpreter of its own; those that refuse are left out.

        And whether one passed over something that no example of its tool has: its answer is left out too.
        """
        answers: dict[str, Answer] = {}
        doubted: set[str] = set()

        async def put(one: Found) -> None:
            tool = self._live.find(one.row.name)
            if tool is None:  # archived or quarantined just now
                return
            got = await use.answer(tool, question, self._shop.sandbox, self._shop.limits_of(tool.name))
            if isinstance(got, Answer):
                odd = one.candidate.odd or ()
                passed_over = not one.told and await self._ignoring.passed_over(tool, question, got, odd)
                doubted.update([tool.name] if passed_over else [])
                answers[tool.name] = got

        async with anyio.create_task_group() as group:
            for one in certain:
                if one.row.adapter:
                    group.start_soon(put, one)
        names = answers.keys() - doubted
        return [(one, answers[one.row.name]) for one in certain if one.row.name in names], bool(doubted)

    async def _use(self, certain: tuple[Found, ...], found: tuple[Found, ...], question: str) -> Dispatched:
        """No adapter read it: the light model calls the tool, then the strong one answers; else the caller is told how to call it.

        A question that an adapter refuses makes its tool grow, once it is answered: that is worth the strong model's price. Of a tool
        without one it is asked only where the light model failed.
        """
        name, note = certain[0].row.name, ""
        cached = self._unanswered.keep(question, name) if certain[0].row.adapter else None
        answer = said_before(cached)
        if answer is None and self._models.user is not None:
            try:
                answer = await self._called(name, question, self._models.user)
            except MakerFailed as error:
                note = str(error)
        if answer is None and (cached is not None or self._models.user is not None):
            answer, why = await self._strongly(question, cached, self._shop.store.examples(name))
            note = note or why
        if answer is not None:
            return Dispatched("answered", answer, cached=cached)
        return Dispatched("use", candidates=found, cached=cached, note=note)

    async def _called(self, name: str, question: str, user: Paid) -> Answer | None:
        tool, limits = self._live.needed(name), self._shop.limits_of(name)
        got = await tool_user.use_tool(tool, question, user, self._shop.sandbox, limits)
        return got if isinstance(got, Answer) else None

    async def _ask(self, found: tuple[Found, ...], question: str) -> Dispatched:
        """Likely, not certain: a configured model tells which tool it is, and that is learnt; else the caller is asked."""
        judge = self._models.dispatcher
        if judge is None:
            return Dispatched("ask", candidates=found)
        try:
            tools = [self._live.needed(one.row.name) for one in found]
            name = await strong.which_tool(question, tools, judge)
        except MakerFailed as error:
            return Dispatched("ask", candidates=found, note=str(error))
        self._shop.store.keep_settlement(Settlement(question, name, "model"))
        meant = tuple(one for one in found if one.row.name == name)
        if not meant:
            return await self._new(question)
        answers, _ = await self._adapters([replace(one, told=True) for one in meant], question)
        return Dispatched("answered", answers[0][1]) if answers else await self._use(meant, meant, question)

    async def _new(self, question: str) -> Dispatched:
        """Kept in its group; answered by a person's earlier word, or by the strong model, whose answer is kept with it."""
        cached = self._unanswered.keep(question, None)
        answer, note = await self._strongly(question, cached, shots_of(cached))
        job = await self._unanswered.offered(cached)
        return Dispatched("new" if answer is None else "answered", answer, cached=cached, note=note, job=job)

    async def _strongly(
        self, question: str, cached: Cached | None, shots: Sequence[Example]
    ) -> tuple[Answer | None, str]:
        """What was answered before, or else the strong model's answer; why there is none."""
        try:
            return said_before(cached) or await self._unanswered.strongly(question, shots), ""
        except MakerFailed as error:
            return None, str(error)


def _differing(answers: Sequence[tuple[Found, Answer]]) -> str:
    said = ", ".join(f"{found.row.name} {one_line(answer.answer, 80)!r}" for found, answer in answers)
    return f"These tools answer it differently, and none is known to be better: {said}."
