"""The closed loop of the paper: make tools, call them, ask them questions. Knows no protocol; the faces stand on it."""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from latm_mcp import prompts
from latm_mcp.errors import BadInput, LatmError, MakerFailed, NotFound
from latm_mcp.job import Author, Report, Workshop, failed_to_ask, take
from latm_mcp.job_board import JobBoard
from latm_mcp.job_intake import MakeRequest, fitting_tool, job_key, task_of
from latm_mcp.models import Draft, Failure, Maker, Progress, Reply, Status, Tool, TriesLeft, Usage
from latm_mcp.outcomes import Json, Limits, Outcome
from latm_mcp.recording import Recorder
from latm_mcp.sandbox import Sandbox, open_sandbox
from latm_mcp.settings import Settings
from latm_mcp.store import Job, Listed, Store, open_store
from latm_mcp.text import check_question
from latm_mcp.turns import next_turn, tries_left
from latm_mcp.using import use
from latm_mcp.using.dispatch import Candidate, Dispatcher

BANK = 12  # examples of each tool that its profile is learnt from


@dataclass(frozen=True, slots=True)
class MakeResult:
    """How a making stands. `next` says in one sentence what to do; tool: where it is published or fits."""

    status: Status
    next: str
    job: str = ""
    tries_left: TriesLeft | None = None
    brief: str = ""
    tool: Tool | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What the dispatcher makes of a question: an answer, or the tools that it may be for; neither: a new task."""

    answer: use.Answer | None
    candidates: tuple[tuple[Candidate, Listed], ...] = ()


class Latm:
    """One process's door to a library: everything that the server and the command line do goes through here."""

    def __init__(self, shop: Workshop, board: JobBoard, maker: Maker | None):
        self.store: Store = shop.store
        self.sandbox: Sandbox = shop.sandbox
        self.maker = maker
        self.shop = shop
        self._board = board
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
            return _fits(fits)
        task = await task_of(self.shop, request, fits)
        job = self.store.open_job(job_key(request, task), task)
        if job.status == "failed" or (job.status in ("published", "fits") and not self._stands(job)):
            job = self.store.open_job(job.key, task, restart=True)
        if maker is None:
            if job.status == "running":
                self.store.finish_job(job.id, "draft_needed")
            return self._result(job.id)
        return await self._work(job, Recorder(maker, record, task) if record else maker, report, wait)

    async def job(self, job_id: str, report: Report, wait: float = 1e9) -> MakeResult:
        """How a making stands; one that is under way is followed, one that was left alone is taken up again.

        Raises: NotFound, for a job that never was or has expired.
        """
        job = self._job(job_id)
        if job.status == "running" and self.maker is not None:
            return await self._work(job, self.maker, report, wait)
        return self._result(job_id)

    async def draft(self, job_id: str, draft: Draft, report: Report) -> MakeResult:
        """Judge a draft that the calling client's model wrote; published, or back with the failure and the tries left.

        Raises: NotFound; BadInput, where another draft of this job is being judged.
        """
        job = self._job(job_id)
        turn = next_turn(job.task, job.tries)
        text = prompts.written(draft)
        if job.status in ("published", "failed") or turn is None or (job.tries and job.tries[-1].reply == text):
            return self._result(job_id)  # the same draft again costs no try
        if not self.store.take_lease(job_id, self.shop.owner):
            raise BadInput(
                f"Another draft of job {job_id!r} is being judged. Ask for the job's state in a few seconds."
            )
        try:
            reply = Reply(text=text, usage=Usage(), model="not named")
            tried = await take(self.shop, job, job.tries, turn, reply, Author("client", "not named"), report)
            if tried.failure is not None:
                over = next_turn(job.task, (*job.tries, tried)) is None
                self.store.finish_job(job_id, "failed" if over else "draft_needed", failure=tried.failure)
        finally:
            self.store.drop_lease(job_id, self.shop.owner)
        return self._result(job_id)

    async def call(self, name: str, arguments: dict[str, Json]) -> Outcome:
        """Call a tool's function. Raises: NotFound; BadInput, for arguments that do not fit its schema."""
        tool = self.live(name)
        outcome = await use.call(tool, arguments, self.sandbox, self.shop.limits)
        self.store.note_use(name)
        return outcome

    async def answer(self, name: str, question: str) -> use.Answer | Outcome:
        """Put a question to one tool's adapter; the outcome itself where it refuses. Raises: NotFound; BadInput, without one."""
        tool = self.live(name)
        if not tool.adapter:
            raise BadInput(f"{name!r} cannot read questions by itself: call it with arguments, {tool.signature.text}.")
        got = await use.answer(tool, check_question(question, "the question"), self.sandbox, self.shop.limits)
        self.store.note_use(name)
        return got

    async def dispatch(self, question: str) -> Dispatched:
        """Answer a question through the adapter of the tool that it is certainly for, else name the likely tools."""
        check_question(question, "the question")
        listed = {row.name: row for row in self.store.listed() if row.state == "live"}
        found = [candidate for candidate in self.dispatcher().candidates(question) if candidate.name in listed]
        answers: dict[str, use.Answer] = {}

        async def ask(name: str) -> None:
            got = await use.answer(self.live(name), question, self.sandbox, self.shop.limits)
            if isinstance(got, use.Answer):
                answers[name] = got

        async with anyio.create_task_group() as group:
            for candidate in found:
                if candidate.certain and listed[candidate.name].adapter:
                    group.start_soon(ask, candidate.name)
        for candidate in found:
            if candidate.name in answers:
                self.store.note_use(candidate.name)
                return Dispatched(answers[candidate.name])
        return Dispatched(None, tuple((candidate, listed[candidate.name]) for candidate in found))

    def live(self, name: str) -> Tool:
        """A tool that may be called. Raises: NotFound, for one that is not there or waits for approval."""
        tool = self.store.tool(name)
        if tool is None or self.store.state(name) != "live":
            waits = " It waits for `latm-mcp approve`." if self.store.state(name) == "waiting" else ""
            raise NotFound(
                f"There is no tool {name[:80]!r}.{waits} `dispatch` with a question finds tools; `make_tool` makes one."
            )
        return tool

    def dispatcher(self) -> Dispatcher:
        """The dispatcher over the live tools' examples, built again when the list of tools has changed."""
        generation = self.store.generation()
        if self._dispatcher is None or self._dispatcher[0] != generation:
            self._dispatcher = (generation, Dispatcher(self.store.banks("", BANK)))
        return self._dispatcher[1]

    def _stands(self, job: Job) -> bool:
        return job.tool is not None and self.store.state(job.tool) in ("live", "waiting")

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
        error: Exception | None = None
        for _ in range(2):
            if job.status != "running":
                break
            self._board.start(job, maker)
            error = await self._board.follow(job.id, report, deadline - anyio.current_time())
            job = self._job(job.id)
            if error is not None or job.leased:
                break
        if isinstance(error, MakerFailed):
            failure = failed_to_ask(job, error)
            return MakeResult("failed", f"{error} Then ask again: nothing is lost.", job=job.id, failure=failure)
        if error is not None:
            raise error
        return self._result(job.id)

    def _result(self, job_id: str) -> MakeResult:
        job = self._job(job_id)
        left = tries_left(job.tries)
        if job.status in ("published", "fits") and job.tool is not None:
            return MakeResult(job.status, "The tool is ready.", job.id, left, tool=self.store.tool(job.tool))
        if job.status == "failed":
            return MakeResult("failed", _AFTER_FAILURE, job.id, left, failure=job.failure)
        if job.status == "draft_needed":
            turn = next_turn(job.task, job.tries)
            assert turn is not None
            failure = job.tries[-1].failure if job.tries else None
            return MakeResult("draft_needed", _WRITE_DRAFT, job.id, left, turn.request, failure=failure)
        return MakeResult(
            "running", f"Call make_tool with job {job.id!r} alone in a while to see how it stands.", job.id, left
        )


_WRITE_DRAFT = "Write the draft that the brief asks for, then call make_tool with this `job` and the `draft`."
_AFTER_FAILURE = (
    "Nothing was published. Check the examples, give more of them (6 or more are advised), then call make_tool again."
)


def _fits(tool: Tool) -> MakeResult:
    sentence = (
        f"{tool.name} answers all these examples already: use it. Pass `force` to make a new version all the same."
    )
    return MakeResult("fits", sentence, tool=tool)


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
    limits = Limits(seconds=settings.call_seconds, memory_mib=settings.memory_mib)
    failed: LatmError | None = None
    with open_store(settings.home) as store:
        opening = open_sandbox(settings.cache, workers=settings.workers, progress=progress)
        async with opening as sandbox, anyio.create_task_group() as group:
            owner = f"{os.getpid()}-{secrets.token_hex(4)}"
            shop = Workshop(store, sandbox, limits, Path(settings.home) / "tools_store", owner)
            try:
                yield Latm(shop, JobBoard(shop, group), maker)
            except LatmError as error:
                failed = error  # raised below: a task group would wrap it in a group of errors
            finally:
                group.cancel_scope.cancel()
    if failed is not None:
        raise failed
