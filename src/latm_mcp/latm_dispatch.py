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
from latm_mcp.latm_agreed import weighed
from latm_mcp.latm_found import Finder, Found
from latm_mcp.latm_growth import Growth
from latm_mcp.latm_ignored import Ignoring
from latm_mcp.latm_live import LiveTools
from latm_mcp.latm_queue import Cached, Waiting
from latm_mcp.latm_results import Dispatched
from latm_mcp.latm_spending import Paid
from latm_mcp.latm_standing import preferred
from latm_mcp.models import Example, Maker
from latm_mcp.store import Settlement
from latm_mcp.using import strong, tool_user, use
from latm_mcp.using.use import Answer

SHOTS = 6  # answered questions that the strong model is shown


@dataclass(frozen=True, slots=True)
class Models:
    """Whoever may be asked, by role (design, 5); None: not configured, and never asked. maker None: the caller's own model writes."""

    maker: Maker | None = None
    user: Paid | None = None
    dispatcher: Paid | None = None
    fallback: Paid | None = None


class Dispatching:
    """Puts questions to a library. waiting: None where the queue is off."""

    def __init__(
        self,
        shop: Workshop,
        live: LiveTools,
        finder: Finder,
        models: Models,
        waiting: Waiting | None,
        growth: Growth,
    ):
        self._shop, self._live, self._finder, self._models = shop, live, finder, models
        self._waiting, self._growth = waiting, growth
        self._ignoring = Ignoring(shop)

    async def dispatch(self, question: str) -> Dispatched:
        """The answer, or who may know it, or that the question is new. Raises: BadInput, for a question that cannot be taken."""
        found = self._finder.find(question)
        certain = tuple(one for one in found if one.candidate.certain)
        answers, doubted = await self._adapters(certain, question)
        if answers:
            chosen = await preferred(self._shop, answers)
            return Dispatched("ask", candidates=found) if chosen is None else Dispatched("answered", chosen)
        if certain and not doubted:
            return await self._use(certain, found, question)
        if found:
            return await self._ask(found, question)
        return await self._new(question)

    async def _adapters(self, certain: Sequence[Found], question: str) -> tuple[list[tuple[Found, Answer]], bool]:
        """What the adapters of these tools answer, each in an interpreter of its own; those that refuse are left out.

        And whether one passed over something that no example of its tool has: its answer is left out too.
        """
        answers: dict[str, Answer] = {}
        doubted: set[str] = set()

        async def put(one: Found) -> None:
            tool = self._live.needed(one.row.name)
            got = await use.answer(tool, question, self._shop.sandbox, self._shop.limits_of(tool.name))
            if isinstance(got, Answer):
                passed_over = not one.told and await self._ignoring.passed_over(tool, question, got)
                doubted.update([tool.name] if passed_over else [])
                answers[tool.name] = got

        async with anyio.create_task_group() as group:
            for one in certain:
                if one.row.adapter:
                    group.start_soon(put, one)
        names = answers.keys() - doubted
        return [(one, answers[one.row.name]) for one in certain if one.row.name in names], bool(doubted)

    async def _use(self, certain: tuple[Found, ...], found: tuple[Found, ...], question: str) -> Dispatched:
        """No adapter read it: the light model calls the tool, or the caller is told how; a refused question makes the tool grow."""
        first, note = certain[0].row, ""
        cached = self._cache(question, first.name) if first.adapter else None
        if self._models.user is not None:
            try:
                answer = await self._called(first.name, question, self._models.user)
            except MakerFailed as error:
                note = str(error)
            else:
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
        cached = self._cache(question, None)
        if cached is None or self._waiting is None:
            return Dispatched("new")
        known = _said(cached)
        if known is not None:
            return Dispatched("answered", known, cached=cached, job=await self._offered(cached))
        fallback, note = self._models.fallback, ""
        if fallback is not None:
            try:
                text = await strong.answer_strongly(question, _shots(cached), fallback)
                cached = self._waiting.tell(question, text, "model", fallback.model) or cached
                self._growth.notice()
                answer = Answer("", text, {}, None, how="strong model")
                return Dispatched("answered", answer, cached=cached)
            except MakerFailed as error:
                note = str(error)
        return Dispatched("new", cached=cached, note=note, job=await self._offered(cached))

    async def _offered(self, cached: Cached) -> str:
        """The job that the calling client's own model can write the tool for, where its group is complete and nobody else writes."""
        return await self._growth.offered(cached.group.id) if cached.ready else ""

    def _cache(self, question: str, tool: str | None) -> Cached | None:
        if self._waiting is None:
            return None
        cached = self._waiting.cache(question, tool)
        self._growth.notice()
        return cached


def _said(cached: Cached) -> Answer | None:
    """What a person said to this very question, or else the strong model; what a client said is no answer to others."""
    for who, how in (("person", "person"), ("model", "strong model")):
        said = [told.answer for told in cached.instance.told if told.who == who]
        if said:  # where persons differ, nobody's word is the answer
            return Answer("", said[-1], {}, None, how=how) if len(set(said)) == 1 else None  # type: ignore[arg-type]
    return None


def _shots(cached: Cached) -> list[Example]:
    """Others of its group whose answers count, the latest ones."""
    examples, _ = weighed(cached.group)
    return [example for example in examples if example.question != cached.instance.question][-SHOTS:]
