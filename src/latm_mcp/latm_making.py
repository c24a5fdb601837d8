"""Makings as callers see them: begun, found again, gone on with, handed a draft."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from latm_mcp import prompts
from latm_mcp.errors import BadInput, MakerFailed, NotFound
from latm_mcp.job import Author, Workshop, make, publish_again, take, unpublished
from latm_mcp.job_board import JobBoard, Report
from latm_mcp.job_intake import MakeRequest, fitting_tool, job_key, refuse_confirmed, replaced, task_of
from latm_mcp.latm_results import MakeResult, fitting, not_asked, result_of
from latm_mcp.models import Draft, Maker, Reply, Tool, Usage
from latm_mcp.store import Job
from latm_mcp.turns import next_turn
from latm_mcp.using.dispatch import Dispatcher


class Making:
    """Begins and follows makings. maker None: the caller's own model writes the drafts."""

    def __init__(self, shop: Workshop, board: JobBoard, maker: Maker | None, dispatcher: Callable[[], Dispatcher]):
        self._shop, self._board, self._maker, self._dispatcher = shop, board, maker, dispatcher

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
        maker = maker or self._maker
        request = replace(request, client_writes=maker is None)
        fits = await fitting_tool(self._shop, request, self._dispatcher())
        if fits is not None and not request.force:
            return fitting(fits)
        job = await self._open_job(request, replaced(self._shop, request, fits), anew=record is not None)
        if record is not None and maker is not None:
            from latm_mcp.recording import Recorder  # here, for few makings are recorded

            maker = Recorder(maker, record, job.task)
        if maker is not None:
            return await self._work(job, maker, report, wait)
        if job.status == "running":
            self._shop.store.finish_job(job.id, "draft_needed")
        return await self.job(job.id, report, wait)

    async def _open_job(self, request: MakeRequest, previous: Tool | None, anew: bool) -> Job:
        """The job of this very request, or a new one; one that came to nothing, or to a tool that is gone, begins again."""
        key = job_key(request, previous)
        job = self._shop.store.find_job(key)
        if job is not None and anew and job.tries and not job.leased:
            self._shop.store.finish_job(job.id, "failed")  # a recording has to hold the whole conversation
            job = self._shop.store.find_job(key)
        ended = job is not None and (job.status == "failed" or (job.status == "published" and not self._stands(job)))
        if job is not None and not ended:
            return job
        return self._shop.store.open_job(key, await task_of(self._shop, request, previous), restart=ended)

    async def job(self, job_id: str, report: Report, wait: float = 1e9) -> MakeResult:
        """How a making stands; one that is under way is followed, one that was left alone is taken up again.

        Raises: NotFound, for a job that never was or has expired.
        """
        job = self._job(job_id)
        if job.status == "running" and self._maker is not None:
            return await self._work(job, self._maker, report, wait)
        if unpublished(job) and not job.leased:
            author = Author("client", "not named")
            await self._board.start(job_id, "publishing", partial(publish_again, self._shop, job, author))
        await self._board.follow(job_id, report, wait)
        return result_of(self._job(job_id), self._shop.store)

    async def draft(self, job_id: str, draft: Draft, report: Report, wait: float = 1e9) -> MakeResult:
        """Judge a draft that the calling client's model wrote: published, or back with the failure and the tries left.

        wait: seconds to wait for the judging, which goes on after that. The same draft twice costs one try.
        Raises: NotFound; BadInput, where another draft of this job is being judged, or a person has confirmed the tool that it replaces.
        """
        job, text = self._job(job_id), prompts.written(draft)
        if job.task.previous is not None and job.status == "draft_needed":
            refuse_confirmed(self._shop, job.task.name)
        turn = next_turn(job.task, job.tries)
        if job.status == "draft_needed" and turn is not None and not (job.tries and job.tries[-1].reply == text):
            reply, author = Reply(text=text, usage=Usage(), model="not named"), Author("client", "not named")

            async def judge(report: Report) -> None:
                await take(self._shop, job, turn, reply, author, report)

            if not await self._board.start(job_id, text, judge):
                raise BadInput(
                    f"Another draft of job {job_id!r} is being judged. Call make_tool with the job alone to wait for it."
                )
        return await self.job(job_id, report, wait)

    def _stands(self, job: Job) -> bool:
        return job.tool is not None and self._shop.store.state(job.tool) == "live"

    def _job(self, job_id: str) -> Job:
        job = self._shop.store.job(job_id)
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
                    await self._board.start(job.id, "making", partial(make, self._shop, job.id, maker))
                    await self._board.follow(job.id, report, deadline - anyio.current_time())
                    job = self._job(job.id)
                if job.leased:
                    break
        except MakerFailed as error:
            return not_asked(self._job(job.id), error)
        return result_of(job, self._shop.store)
