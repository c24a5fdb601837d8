"""The closed loop of the paper: make tools, call them, ask them questions. Knows no protocol; the faces stand on it."""

import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from latm_mcp.errors import BadInput, LatmError
from latm_mcp.job import Workshop, write_out
from latm_mcp.job_board import JobBoard, Report
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm_bill import billed
from latm_mcp.latm_dispatch import Dispatching, Models
from latm_mcp.latm_found import Finder
from latm_mcp.latm_growth import Growth
from latm_mcp.latm_live import LiveIndex, LiveTools
from latm_mcp.latm_making import Making
from latm_mcp.latm_queue import Waiting
from latm_mcp.latm_report import Reporting, ReportResult, Said
from latm_mcp.latm_results import Dispatched, MakeResult
from latm_mcp.latm_sentences import asked_question
from latm_mcp.latm_spending import Paid, Spending
from latm_mcp.latm_trust import Trusting
from latm_mcp.latm_trust_heard import through_adapter
from latm_mcp.latm_unanswered import Unanswered
from latm_mcp.latm_uses import Uses, counted
from latm_mcp.models import Draft, Maker, Progress, Tool
from latm_mcp.models_using import LanguageModel
from latm_mcp.outcomes import Json, Limits, Outcome
from latm_mcp.sandbox import Sandbox, open_sandbox
from latm_mcp.settings import Settings
from latm_mcp.store import Asked, Role, Store, ToolState, best_effort, open_store
from latm_mcp.using import use
from latm_mcp.using.dispatch import Dispatcher


class Latm:
    """One process's door to a library: everything that the server and the command line do goes through here.

    waiting: None where the queue is off.
    """

    def __init__(
        self,
        shop: Workshop,
        board: JobBoard,
        uses: Uses,
        spending: Spending,
        settings: Settings,
        models: Models,
    ):
        self.store: Store = shop.store
        self.sandbox: Sandbox = shop.sandbox
        self._keep_seconds = settings.keep_days * 86400.0
        maker = self.maker = models.maker
        self.shop, self.uses, self.spending = shop, uses, spending
        self._live, self.index = LiveTools(shop.store), LiveIndex(shop.store)
        self._making = Making(shop, board, maker, self.dispatcher)
        finder = Finder(shop.store, self.dispatcher)
        waiting = Waiting(shop.store, settings.make_at, settings.grow_at)
        self.waiting = waiting if settings.queue else None
        approval = settings.publish == "after-approval"
        self.growth = Growth(shop, board, self.waiting, maker, self.dispatcher, approval=approval)
        unanswered = Unanswered(self.waiting, self.growth, models.fallback, board.group)
        self._asking = Dispatching(shop, self._live, finder, models, unanswered)
        by_itself = maker is not None and not approval
        grow = (lambda name: self.growth.notice()) if by_itself else None
        self.trusting = Trusting(
            shop.store, through_adapter(shop.store, shop.sandbox, shop.limits_of), finder.certain, grow
        )
        self._reporting = Reporting(shop.store, self.trusting, self.waiting, self.growth, finder)

    async def make(
        self,
        request: MakeRequest,
        report: Report,
        wait: float = 1e9,
        *,
        maker: Maker | None = None,
        record: Path | None = None,
    ) -> MakeResult:
        """As `Making.make`."""
        return await self._making.make(request, report, wait, maker=maker, record=record)

    async def job(self, job_id: str, report: Report, wait: float = 1e9) -> MakeResult:
        """As `Making.job`."""
        return await self._making.job(job_id, report, wait)

    async def draft(self, job_id: str, draft: Draft, report: Report, wait: float = 1e9) -> MakeResult:
        """As `Making.draft`."""
        result = await self._making.draft(job_id, draft, report, wait)
        self.growth.notice()
        return result

    async def call(self, name: str, arguments: dict[str, Json]) -> Outcome:
        """Call a tool's function. Raises: NotFound; BadInput, for arguments that do not fit its schema."""
        tool = self.live(name)
        outcome = await use.call(tool, arguments, self.sandbox, self.limits_of(name))
        self.uses.note(name)
        return outcome

    async def answer(self, name: str, question: str) -> use.Answer | Outcome:
        """Put a question to one tool's adapter; the outcome itself where it refuses. Raises: NotFound; BadInput, without one."""
        tool = self.live(name)
        if not tool.adapter:
            raise BadInput(f"{name!r} cannot read questions by itself: call it with arguments, {tool.signature.text}.")
        got = await use.answer(tool, asked_question(question), self.sandbox, self.limits_of(name))
        if isinstance(got, use.Answer):
            self.uses.note(name)
        return got

    async def dispatch(self, question: str) -> Dispatched:
        """The answer to a question, or the tools that it may be for, or how far its kind is from a tool of its own.

        Raises: BadInput, Oversized, for a question that cannot be taken.
        """
        asked_question(question)
        with billed() as bill:
            found = await self._asking.dispatch(question)
        answer = found.answer
        if answer is not None and answer.tool:
            self.uses.note(answer.tool)
        tool = answer.tool if answer is not None else ""
        instead = self.spending.instead(question)
        how = None if answer is None else answer.how
        self.uses.note_asked(Asked(found.outcome, how, tool or None, bill.tokens, bill.usd, instead))
        return found

    async def report(self, said: Said) -> ReportResult:
        """Learn what somebody says about a question. Raises: BadInput; NotFound."""
        return await self._reporting.report(said)

    def live(self, name: str) -> Tool:
        """A tool that may be called. Raises: NotFound, for one that is not there, waits for approval or is quarantined."""
        return self._live.needed(name)

    def limits_of(self, name: str) -> Limits:
        """The limits of a tool's calls: the settings', under those that a person set for it."""
        return self.shop.limits_of(name)

    def write_out_missing(self) -> None:
        """Write the folders of published tools that have none: after a crash or a full disk, or where people removed them."""
        for row in self.store.listed():
            if (
                not os.path.lexists(self.shop.tools_folder / row.name)
                and (tool := self.store.tool(row.name)) is not None
            ):
                write_out(self.shop, tool)

    def forget_old_questions(self) -> None:
        """Erase what was asked longer ago than questions are kept."""
        self.store.forget_questions(time.time() - self._keep_seconds)

    def dispatcher(self) -> Dispatcher:
        """The dispatcher over the live tools' examples as they are now."""
        return self.index.now()


def quiet(progress: Progress) -> None:
    """A report for callers who want none."""


@asynccontextmanager
async def open_latm(
    settings: Settings,
    maker: Maker | None = None,
    models: Mapping[Role, LanguageModel] | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> AsyncIterator[Latm]:
    """Open the library, the sandbox and the makings of this process; all are closed and ended at the end.

    maker: None where the caller's own model writes the code. models: whoever may be asked in the other roles.
    progress: gets a sentence if the sandbox is compiled first.
    Raises: StoreUnusable, SandboxUnavailable.
    """
    failed: LatmError | None = None
    with open_store(settings.home) as store, counted(store) as uses:
        opening = open_sandbox(settings.cache, kind=settings.sandbox, workers=settings.workers, progress=progress)
        async with opening as sandbox, anyio.create_task_group() as group:
            owner = f"{os.getpid()}-{secrets.token_hex(4)}"
            spending = Spending(store, settings.daily_usd, configured=settings.models())
            publishes: ToolState = "waiting" if settings.publish == "after-approval" else "live"
            shop = Workshop(store, sandbox, settings.limits, settings.tools_folder, spending, publishes)
            asked = {role: Paid(role, model, spending) for role, model in (models or {}).items()}
            board = JobBoard(store, group, owner)
            group.start_soon(uses.keep_writing)
            try:
                yield Latm(shop, board, uses, spending, settings, Models(maker, **asked))
            except LatmError as error:
                failed = error  # raised below: a task group would wrap it in a group of errors
            finally:
                group.cancel_scope.cancel()
                with best_effort("what the last replies cost is not counted"):
                    spending.write_rest()
    if failed is not None:
        raise failed
