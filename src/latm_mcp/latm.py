"""The closed loop of the paper: make tools, call them, ask them questions. Knows no protocol; the faces stand on it."""

import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from latm_mcp import prompts
from latm_mcp.errors import BadInput, LatmError, MakerFailed, NotFound
from latm_mcp.job import Author, Workshop, make, publish_again, take, unpublished, write_out
from latm_mcp.job_board import JobBoard, Report
from latm_mcp.job_intake import MakeRequest, fitting_tool, job_key, replaced, task_of
from latm_mcp.latm_live import LiveTools
from latm_mcp.latm_results import Dispatched, MakeResult, fitting, not_asked, result_of
from latm_mcp.latm_sentences import asked_question, no_such_tool
from latm_mcp.latm_uses import Uses, counted
from latm_mcp.models import Draft, Maker, Progress, Reply, Tool, Usage
from latm_mcp.outcomes import Json, Limits, Outcome
from latm_mcp.sandbox import Sandbox, open_sandbox
from latm_mcp.settings import Settings
from latm_mcp.store import Job, Store, open_store
from latm_mcp.turns import next_turn
from latm_mcp.using import use
from latm_mcp.using.dispatch import Dispatcher

logger = logging.getLogger(__name__)
BANK = 12  # examples of each tool that its profile is learnt from


class Latm:
    """One process's door to a library: everything that the server and the command line do goes through here."""

    def __init__(self, shop: Workshop, board: JobBoard, uses: Uses, maker: Maker | None):
        self.store: Store = shop.store
        self.sandbox: Sandbox = shop.sandbox
        self.maker = maker
        self.shop = shop
        self.uses = uses
        self._board, self._live = board, LiveTools(shop.store)
        self._dispatcher: tuple[int, Dispatcher] | None = None

    async def make(
        self,
        request: MakeRequest,
        report: Report,
        wait: float = 1e9,
        *,
        maker: Maker | None = None,
        record: Path | None = None,
    ) -> MakeResult:
        """Make a tool from examples, or hand out the brief where the caller's own model is the maker.

        wait: seconds to wait for a live maker before answering with a job id.
        maker: another one than this door's own, for this making. record: a folder to keep the exchange in.
        Raises: BadInput, for examples, a name or a description that cannot be taken.
        """
        maker = maker or self.maker
        request = replace(request, client_writes=maker is None)
        fits = await fitting_tool(self.shop, request, self.dispatcher())
        if fits is not None and not request.force:
            return fitting(fits)
        job = await self._open_job(request, replaced(self.shop, request, fits), anew=record is not None)
        if record is not None and maker is not None:
            from latm_mcp.recording import Recorder  # here, for few makings are recorded

            maker = Recorder(maker, record, job.task)
        if maker is not None:
            return await self._work(job, maker, report, wait)
        if job.status == "running":
            self.store.finish_job(job.id, "draft_needed")
        return await self.job(job.id, report, wait)

    async def _open_job(self, request: MakeRequest, previous: Tool | None, anew: bool) -> Job:
        """The job of this very request, or a new one; one that came to nothing, or to a tool that is gone, begins again."""
        key = job_key(request, previous)
        job = self.store.find_job(key)
        if job is not None and anew and job.tries and not job.leased:
            self.store.finish_job(job.id, "failed")  # a recording has to hold the whole conversation
            job = self.store.find_job(key)
        ended = job is not None and (job.status == "failed" or (job.status == "published" and not self._stands(job)))
        if job is not None and not ended:
            return job
        return self.store.open_job(key, await task_of(self.shop, request, previous), restart=ended)

    async def job(self, job_id: str, report: Report, wait: float = 1e9) -> MakeResult:
        """How a making stands; one that is under way is followed, one that was left alone is taken up again.

        Raises: NotFound, for a job that never was or has expired.
        """
        job = self._job(job_id)
        if job.status == "running" and self.maker is not None:
            return await self._work(job, self.maker, report, wait)
        if unpublished(job) and not job.leased:
            author = Author("client", "not named")
            await self._board.start(job_id, "publishing", partial(publish_again, self.shop, job, author))
        await self._board.follow(job_id, report, wait)
        return result_of(self._job(job_id), self.store)

    async def draft(self, job_id: str, draft: Draft, report: Report, wait: float = 1e9) -> MakeResult:
        """Judge a draft that the calling client's model wrote: published, or back with the failure and the tries left.

        wait: seconds to wait for the judging, which goes on after that. The same draft twice costs one try.
        Raises: NotFound; BadInput, where another draft of this job is being judged.
        """
        job, text = self._job(job_id), prompts.written(draft)
        turn = next_turn(job.task, job.tries)
        if job.status == "draft_needed" and turn is not None and not (job.tries and job.tries[-1].reply == text):
            reply, author = Reply(text=text, usage=Usage(), model="not named"), Author("client", "not named")

            async def judge(report: Report) -> None:
                await take(self.shop, job, turn, reply, author, report)

            if not await self._board.start(job_id, text, judge):
                raise BadInput(
                    f"Another draft of job {job_id!r} is being judged. Call make_tool with the job alone to wait for it."
                )
        return await self.job(job_id, report, wait)

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
        """Answer a question through the adapter of the tool that it is certainly for, else name the likely tools."""
        asked_question(question)
        listed = {row.name: row for row in self.store.listed() if row.state == "live"}
        found = [candidate for candidate in self.dispatcher().candidates(question) if candidate.name in listed]
        answers: dict[str, use.Answer] = {}

        async def ask(name: str) -> None:
            got = await use.answer(self.live(name), question, self.sandbox, self.limits_of(name))
            if isinstance(got, use.Answer):
                answers[name] = got

        async with anyio.create_task_group() as group:
            for candidate in found:
                if candidate.certain and listed[candidate.name].adapter:
                    group.start_soon(ask, candidate.name)
        for candidate in found:
            if candidate.name in answers:
                self.uses.note(candidate.name)
                return Dispatched(answers[candidate.name])
        return Dispatched(None, tuple((candidate, listed[candidate.name]) for candidate in found))

    def live(self, name: str) -> Tool:
        """A tool that may be called. Raises: NotFound, for one that is not there or waits for approval."""
        tool = self._live.find(name)
        if tool is None:
            raise NotFound(no_such_tool(self.store, name))
        return tool

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

    def dispatcher(self) -> Dispatcher:
        """The dispatcher over the live tools' examples, built again when the list of tools has changed."""
        generation = self.store.generation()
        if self._dispatcher is None or self._dispatcher[0] != generation:
            self._dispatcher = (generation, Dispatcher(self.store.banks("", BANK)))
        return self._dispatcher[1]

    def _stands(self, job: Job) -> bool:
        return job.tool is not None and self.store.state(job.tool) == "live"

    def _job(self, job_id: str) -> Job:
        job = self.store.job(job_id)
        if job is None:
            raise NotFound(
                f"There is no job {job_id[:40]!r}, or it expired after 7 days. Call make_tool with the examples again."
            )
        return job

    async def _work(self, job: Job, maker: Maker, report: Report, wait: float) -> MakeResult:
        """Start or follow a making; a job whose worker went away meanwhile is taken over, once."""
        deadline = anyio.current_time() + wait
        try:
            for _ in range(2):
                if job.status == "running":
                    await self._board.start(job.id, "making", partial(make, self.shop, job.id, maker))
                    await self._board.follow(job.id, report, deadline - anyio.current_time())
                    job = self._job(job.id)
                if job.leased:
                    break
        except MakerFailed as error:
            return not_asked(self._job(job.id), error)
        return result_of(job, self.store)


def quiet(progress: Progress) -> None:
    """A report for callers who want none."""


@asynccontextmanager
async def open_latm(
    settings: Settings, maker: Maker | None = None, *, progress: Callable[[str], None] | None = None
) -> AsyncIterator[Latm]:
    """Open the library, the sandbox and the makings of this process; all are closed and ended at the end.

    maker: None where the caller's own model writes the code. progress: gets a sentence if the sandbox is compiled first.
    Raises: StoreUnusable, SandboxUnavailable.
    """
    failed: LatmError | None = None
    with open_store(settings.home) as store, counted(store) as uses:
        opening = open_sandbox(settings.cache, kind=settings.sandbox, workers=settings.workers, progress=progress)
        async with opening as sandbox, anyio.create_task_group() as group:
            owner = f"{os.getpid()}-{secrets.token_hex(4)}"
            shop = Workshop(store, sandbox, settings.limits, settings.tools_folder)
            group.start_soon(uses.keep_writing)
            try:
                yield Latm(shop, JobBoard(store, group, owner), uses, maker)
            except LatmError as error:
                failed = error  # raised below: a task group would wrap it in a group of errors
            finally:
                group.cancel_scope.cancel()
    if failed is not None:
        raise failed
