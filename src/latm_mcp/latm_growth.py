"""Tools that make themselves (design, 2.6 and 6.5): a group of questions with enough answers starts its own making, once.

Everything that is to be gone on with is in the library: a group names its job, a job has a lease. So a process that is killed in the
middle loses nothing, and of several processes on one library one works.
"""

import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import anyio

from latm_mcp.errors import BadInput, LatmError, NotFound
from latm_mcp.job import Workshop, make
from latm_mcp.job_board import JobBoard, Report
from latm_mcp.job_intake import MakeRequest, fitting_tool, task_of
from latm_mcp.latm_growth_ends import draw_conclusion, hand_on, note
from latm_mcp.latm_mending import mending_job, mending_key
from latm_mcp.latm_naming import name_of
from latm_mcp.latm_queue import ReadyGroup, Waiting
from latm_mcp.models import Maker
from latm_mcp.splits import digest
from latm_mcp.store import Group, Job, Listed, Settlement
from latm_mcp.using.dispatch import Dispatcher

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # how often the queue is looked at for what another process left
LEAST_SECONDS = 0.1  # between two looks, which take some 10 ms where thousands of questions wait
PAUSE_SECONDS = 10.0  # after a library or a sandbox that could not be used
AGAIN_SECONDS = 60.0  # after a maker that could not be asked
MORE_EXAMPLES = 2  # that a group must have got before a making that failed is begun again
MOST_AT_ONCE = 4  # makings that are under way: a flood of groups is worked off one after the other


class Growth:
    """The makings that the queue begins. maker None: the calling client's model writes, when it asks for the job (`offered`).

    waiting: None where the queue is off: then only tools that failed get their next version. approval: new tools wait until
    a person has read them, and those that are there get no next version by themselves.
    """

    def __init__(
        self,
        shop: Workshop,
        board: JobBoard,
        waiting: Waiting | None,
        maker: Maker | None,
        dispatcher: Callable[[], Dispatcher],
        *,
        approval: bool = False,
    ):
        self._shop, self._board, self._waiting = shop, board, waiting
        self._maker, self._dispatcher, self._approval = maker, dispatcher, approval
        self._noticed = anyio.Event()
        self._rests_until: dict[str, float] = {}  # jobs whose maker could not be asked
        self._stopped: dict[str, LatmError] = {}  # why they rest
        self._refused: set[str] = set()  # keys of makings that cannot begin as they are, which was said in the log

    def notice(self) -> None:
        """Look at the queue now: something in it has changed."""
        self._noticed.set()

    async def watch(self) -> None:
        """Begin and end makings for ever."""
        while True:
            self._noticed = anyio.Event()
            try:
                await self._look()
            except LatmError as error:
                logger.warning("the queue is left for a while: %s", error)
                await anyio.sleep(PAUSE_SECONDS)
            await anyio.sleep(LEAST_SECONDS)
            with anyio.move_on_after(LOOK_SECONDS):
                await self._noticed.wait()

    async def settle(self, report: Report) -> None:
        """Work off all that is ready now, and what comes of it. Raises: MakerFailed, with everything kept."""
        while under_way := await self._look():
            for job_id in under_way:
                await self._board.follow(job_id, report, 1e9)
                if job_id in self._stopped:  # before anybody followed it
                    raise self._stopped[job_id]

    async def offered(self, group_id: int) -> str:
        """The job that the calling client's own model can write a tool for: begun, where a group is complete.

        Empty where it is not, or where a maker is configured: nobody else writes then. A tool that is there is for no client
        to replace unasked.
        """
        group = self._shop.store.group(group_id)
        if self._maker is not None or self._waiting is None or group is None or group.tool is not None:
            return ""
        if group.state == "making":
            await self._each(f"group {group.id}", group, partial(self._go_on, group))
        ready = next((row for row in self._waiting.ready() if row.group.id == group_id), None)
        if ready is not None:
            await self._begun(ready)
        group = self._shop.store.group(group_id)
        job = self._shop.store.job(group.job) if group is not None and group.state == "making" and group.job else None
        return job.id if job is not None and job.status == "draft_needed" else ""

    async def _look(self) -> list[str]:
        """Go on with everything; the jobs that are worked on now."""
        store, under_way = self._shop.store, list[str]()
        for group in store.groups() if self._waiting is not None else ():
            if group.state == "making":
                under_way.append(await self._each(f"group {group.id}", group, partial(self._go_on, group)))
        if self._maker is None:
            return []
        mended = {}
        for row in store.listed() if not self._approval else ():
            if row.state == "live" and row.trust == "quarantined":
                mended[row.name] = await self._mended(row)
        under_way += mended.values()
        for ready in self._waiting.ready() if self._waiting is not None else ():
            if sum(map(bool, under_way)) >= MOST_AT_ONCE:
                break
            if not mended.get(ready.group.tool or ""):
                under_way.append(await self._begun(ready))
        return [job_id for job_id in under_way if job_id]

    async def _each(self, what: str, group: Group | None, step: Callable[[], Awaitable[str]], key: str = "") -> str:
        """One step for one group or tool: what stands in its way holds up no other. key: not tried again, unless it is another one."""
        if key in self._refused:
            return ""
        try:
            return await step()
        except (BadInput, NotFound) as error:
            if key:
                self._refused.add(key)
            logger.warning("%s cannot be gone on with: %s", what, error)
            if group is not None:
                note(self._shop.store, group, str(error))
            return ""

    async def _begun(self, ready: ReadyGroup) -> str:
        """Begin a group's making, unless it could not begin with these examples before; the job, if it is worked on."""
        if not self._may_begin(ready):
            return ""
        group = ready.group
        # The same in every process: the group, its last job, its examples.
        key = f"group:{group.id}:{group.job or ''}:{digest(ready.examples)}"
        return await self._each(f"group {group.id}", group, partial(self._begin, key, ready), key)

    def _may_begin(self, ready: ReadyGroup) -> bool:
        """One that failed begins again with two more examples only; one that was split or merged since is another one."""
        group, store = ready.group, self._shop.store
        if group.tool is not None and (self._approval or store.state(group.tool) != "live"):
            return False
        last = store.job(group.job) if group.job else None
        if group.state != "failed" or last is None:
            return True
        if last.failure is not None and last.failure.stage == "wrap":  # another version was published meanwhile
            return True
        tried = {(example.question, example.answer) for example in last.task.examples}
        return sum((example.question, example.answer) not in tried for example in ready.examples) >= MORE_EXAMPLES

    async def _begin(self, key: str, ready: ReadyGroup) -> str:
        """Open the group's job, and work on it."""
        store, group = self._shop.store, ready.group
        if group.tool is None and await self._known(ready):
            return ""
        previous = store.tool(group.tool) if group.tool is not None else None
        name = "" if previous is not None else name_of(group, ready.examples, {row.name for row in store.listed()})
        request = MakeRequest(ready.examples, name=name, client_writes=self._maker is None)
        task = await task_of(self._shop, request, previous)
        now = store.group(group.id)
        if now is None or (now.state, now.job) != (group.state, group.job):
            return ""  # another process has begun it, or a person has dropped it
        job = store.open_job(key, task)
        if self._maker is None and job.status == "running":
            store.finish_job(job.id, "draft_needed")
        if not store.begin_group(group, job.id):
            return ""
        return await self._work(job, group)

    async def _known(self, ready: ReadyGroup) -> bool:
        """Whether a tool that is there answers all of a group: then its questions were only worded in a way that was not found."""
        fits = await fitting_tool(self._shop, MakeRequest(ready.examples), self._dispatcher())
        if fits is None:
            return False
        for example in ready.examples:
            self._shop.store.keep_settlement(Settlement(example.question, fits.name, "model"))
        await hand_on(self._shop, ready.group, fits, {example.question for example in ready.examples})
        logger.info("%s answers what was waiting in group %d: the group is dropped", fits.name, ready.group.id)
        return True

    async def _go_on(self, group: Group) -> str:
        """Take up a making that nobody works on; draw the conclusion from one that has ended. Its job, if worked on."""
        job = self._shop.store.job(group.job) if group.job else None
        if job is not None and job.status in ("running", "draft_needed"):
            return await self._work(job, group)
        await draw_conclusion(self._shop, group, job)
        return ""

    async def next_version(self, name: str) -> str:
        """Begin the next version of a tool that failed, or begin it again; its job: the same one in every process. Raises: NotFound."""
        row = next((row for row in self._shop.store.listed() if row.name == name), None)
        if row is None:
            raise NotFound(f"There is no tool {name!r}: list the tools to see their names.")
        job = await mending_job(self._shop, row, again=True)
        self._rests_until.pop(job.id, None)
        await self._work(job, None)
        return job.id

    async def _mended(self, row: Listed) -> str:
        """The next version of a tool that a confirmed failure took out of use; its job, if worked on."""
        key = mending_key(self._shop.store, row)
        return await self._each(f"{row.name}'s next version", None, partial(self._mend, row), key)

    async def _mend(self, row: Listed) -> str:
        job = await mending_job(self._shop, row)
        return await self._work(job, None) if job.status == "running" else ""

    async def _work(self, job: Job, group: Group | None) -> str:
        """Work on a job, unless somebody does, or its maker could not be asked just now; its id while it is under way."""
        if self._maker is None or self._rests_until.get(job.id, 0.0) > anyio.current_time():
            return ""
        if not job.leased:
            await self._board.start(job.id, "making", partial(self._make, job, group, self._maker))
        return job.id

    async def _make(self, job: Job, group: Group | None, maker: Maker, report: Report) -> None:
        ended = False
        self._stopped.pop(job.id, None)
        try:
            await make(self._shop, job.id, maker, report)
            ended = True
        except LatmError as error:
            self._stopped[job.id] = error
            logger.warning("the making of %s stopped: %s", job.task.name, error)
            if group is not None:
                note(self._shop.store, group, str(error))
            raise
        finally:
            if not ended:  # whatever it was: not at once again
                self._rests_until[job.id] = anyio.current_time() + AGAIN_SECONDS
                fault = sys.exception()
                if isinstance(fault, Exception) and not isinstance(fault, LatmError):  # nobody may follow it
                    logger.error("the making of %s stopped", job.task.name, exc_info=fault)
            self.notice()
