"""Tools that make themselves (design, 2.6 and 6.5): a group of questions with enough answers starts its own making, once.

Everything that is to be gone on with is in the library: a group names its job, a job has a lease. So a process that is killed in the
middle loses nothing, and of several processes on one library one works.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

import anyio

from latm_mcp.errors import BadInput, LatmError, MakerFailed
from latm_mcp.job import Workshop, make
from latm_mcp.job_board import JobBoard, Report
from latm_mcp.job_intake import MakeRequest, fitting_tool, task_of
from latm_mcp.latm_queue import ReadyGroup, Waiting
from latm_mcp.latm_split import answered_by_best_draft
from latm_mcp.models import Maker, Tool
from latm_mcp.splits import digest
from latm_mcp.store import Group, Job, Listed, Settlement, best_effort
from latm_mcp.text import check_name
from latm_mcp.using.dispatch import Dispatcher

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # how often the queue is looked at for what another process left
AGAIN_SECONDS = 60.0  # after a maker that could not be asked
MORE_EXAMPLES = 2  # that a group must have got before a making that failed is begun again
ACTOR = "queue"


class Growth:
    """The makings that the queue begins. maker None: the calling client's model writes, when it asks for the job (`begin`).

    approval: new tools wait until a person has read them, and those that are there do not grow by themselves.
    """

    def __init__(
        self,
        shop: Workshop,
        board: JobBoard,
        waiting: Waiting,
        maker: Maker | None,
        dispatcher: Callable[[], Dispatcher],
        *,
        approval: bool = False,
    ):
        self._shop = replace(shop, publishes="waiting") if approval else shop
        self._board, self._waiting = board, waiting
        self._maker, self._dispatcher, self._approval = maker, dispatcher, approval
        self._noticed = anyio.Event()
        self._not_before: dict[str, float] = {}

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
                await anyio.sleep(AGAIN_SECONDS)
            with anyio.move_on_after(LOOK_SECONDS):
                await self._noticed.wait()

    async def settle(self, report: Report) -> None:
        """Work off all that is ready now, and what comes of it. Raises: MakerFailed, with everything kept."""
        while under_way := await self._look():
            for job_id in under_way:
                await self._board.follow(job_id, report, 1e9)

    async def begin(self, ready: ReadyGroup) -> Job:
        """The job of a group, begun where there is a maker; without one, the calling client's own model asks for its brief."""
        job = await self._opened(ready)
        await self._work(job, ready.group)
        return job

    async def _look(self) -> list[str]:
        """Go on with everything; the jobs that are worked on now."""
        under_way = [await self._go_on(group) for group in self._shop.store.groups() if group.state == "making"]
        if self._maker is not None:
            for ready in self._waiting.ready():
                if self._may_begin(ready) and not await self._known(ready):
                    under_way.append((await self.begin(ready)).id)
            under_way += [await self._mend(row) for row in self._shop.store.listed() if row.trust == "quarantined"]
        return [job_id for job_id in under_way if job_id and self._not_before.get(job_id, 0.0) <= anyio.current_time()]

    def _may_begin(self, ready: ReadyGroup) -> bool:
        """One that failed begins again with two more examples only."""
        if self._approval and ready.group.tool is not None:
            return False
        last = self._shop.store.job(ready.group.job) if ready.group.job else None
        if last is None or last.status != "failed":
            return True
        tried = {example.question for example in last.task.examples}
        return sum(example.question not in tried for example in ready.examples) >= MORE_EXAMPLES

    async def _mend(self, row: Listed) -> str:
        """The next version of a tool that a confirmed failure took out of use, from all examples that stand; its job, if worked on."""
        previous, examples = self._shop.store.tool(row.name), tuple(self._shop.store.examples(row.name))
        key = f"mend:{row.name}:{row.version}:{digest(examples)}"
        job = self._shop.store.find_job(key)
        if job is None:
            task = await task_of(self._shop, MakeRequest(examples), previous)
            job = self._shop.store.open_job(key, task)
        if job.status != "running":
            return ""
        await self._work(job, None)
        return job.id

    async def _known(self, ready: ReadyGroup) -> bool:
        """Whether a tool that is there answers all of a group: then its questions were only worded in a way that was not found."""
        if ready.group.tool is not None:
            return False
        fits = await fitting_tool(self._shop, MakeRequest(ready.examples), self._dispatcher())
        if fits is None:
            return False
        for example in ready.examples:
            self._shop.store.keep_settlement(Settlement(example.question, fits.name, "model"))
        self._shop.store.drop_group(ready.group.id, ACTOR)
        logger.info("%s answers what was waiting in group %d: the group is dropped", fits.name, ready.group.id)
        return True

    async def _opened(self, ready: ReadyGroup) -> Job:
        """The group's job: the same in every process, since its key is the group and the job that it had before."""
        store, group = self._shop.store, ready.group
        previous = self._present(group)
        key = f"group:{group.id}:{group.job or ''}"
        job = store.find_job(key)
        if job is None:
            request = MakeRequest(ready.examples, name=self._name(group), client_writes=self._maker is None)
            job = store.open_job(key, await task_of(self._shop, request, previous))
            if self._maker is None:
                store.finish_job(job.id, "draft_needed")
        store.set_group(group.id, state="making", job=job.id)
        return job

    def _present(self, group: Group) -> Tool | None:
        return self._shop.store.tool(group.tool) if group.tool is not None else None

    def _name(self, group: Group) -> str:
        """The name that a person gave the group, where it can be a tool's and is free."""
        try:
            name = check_name(group.name.strip().lower().replace(" ", "_").replace("-", "_"))
        except BadInput:
            return ""
        return name if self._shop.store.state(name) is None else ""

    async def _go_on(self, group: Group) -> str:
        """Take up a making that nobody works on; draw the conclusion from one that has ended. Its job, if worked on."""
        job = self._shop.store.job(group.job) if group.job else None
        if job is None:  # it has expired
            self._shop.store.set_group(group.id, state="open")
        elif job.status in ("published", "fits"):
            self._made(group, job)
        elif job.status == "failed":
            await self._failed(group, job)
        elif self._maker is not None:
            await self._work(job, group)
            return job.id
        return ""

    async def _work(self, job: Job, group: Group | None) -> None:
        """Work on a job, unless somebody does, or its maker could not be asked just now."""
        if self._maker is None or job.leased or self._not_before.get(job.id, 0.0) > anyio.current_time():
            return
        maker = self._maker

        async def work(report: Report) -> None:
            try:
                await make(self._shop, job.id, maker, report)
            except MakerFailed as error:
                self._not_before[job.id] = anyio.current_time() + AGAIN_SECONDS
                logger.warning("the making of %s waits: %s", job.task.name, error)
                if group is not None:
                    with best_effort("why a group waits is not kept"):
                        self._shop.store.set_group(group.id, note=str(error))
                raise
            finally:
                self.notice()

        await self._board.start(job.id, "making", work)

    def _made(self, group: Group, job: Job) -> None:
        """The group's examples are the tool's now; what was answered meanwhile waits for its next version."""
        logger.info("%s made itself, from %d questions of group %d", job.tool, len(job.task.examples), group.id)
        self._shop.store.drop_group(group.id, ACTOR)
        asked = {example.question for example in job.task.examples}
        for instance in group.instances:
            if instance.question not in asked and instance.told:
                self._waiting.cache(instance.question, tool=job.tool)
                for told in instance.told:
                    self._waiting.tell(instance.question, told.answer, told.who, told.by)

    async def _failed(self, group: Group, job: Job) -> None:
        """A making that failed on a mixed group splits it by which examples its best function answers."""
        store = self._shop.store
        sentence = job.failure.sentence.splitlines()[0] if job.failure else ""
        right = await answered_by_best_draft(self._shop, job)
        asked = {example.question for example in job.task.examples}
        rest = [row.id for row in group.instances if row.question in asked and row.question not in right]
        store.set_group(group.id, state="failed", note=sentence)
        if right and rest and len(rest) < len(group.instances):
            other = store.split_group(group.id, rest, ACTOR)
            store.set_group(group.id, state="open", note=f"split: {len(rest)} questions went to group {other}")
            logger.info("group %d was mixed: %d of its questions went to group %d", group.id, len(rest), other)
