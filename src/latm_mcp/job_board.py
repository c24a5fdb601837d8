"""What this process works on: makings and judgings, each started once, followed by many, its lease kept alive.

A piece of work outlives the request that began it, and is stopped when the last one who waits for it gives up.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import anyio
from anyio.abc import TaskGroup

from latm_mcp.models import Progress
from latm_mcp.store import Store, best_effort

LEASE_SECONDS, HEARTBEAT_SECONDS = 30.0, 10.0
POLL_SECONDS = 0.2  # how often the work of another process is looked at

Report: TypeAlias = Callable[[Progress], None]
Work: TypeAlias = Callable[[Report], Awaitable[None]]


@dataclass(eq=False)
class _Run:
    """One piece of work under way here. about: what it is, so that asking for the same again attaches to it."""

    about: str
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    done: anyio.Event = field(default_factory=anyio.Event)
    followers: list[Report] = field(default_factory=list)
    error: Exception | None = None


class JobBoard:
    """Does the work of jobs in the background and lets requests follow it, from this process or another.

    group: where work goes on in the background, whoever waits for it. owner: this process's name on leases.
    """

    def __init__(self, store: Store, group: TaskGroup, owner: str):
        self._store, self.group, self._owner = store, group, owner
        self._runs: dict[str, _Run] = {}

    async def start(self, job_id: str, about: str, work: Work) -> bool:
        """Begin work on a job, unless the same is under way here; False where something else is, here or elsewhere."""
        run = self._runs.get(job_id)
        if run is not None and run.scope.cancel_called:
            await run.done.wait()
            run = self._runs.get(job_id)
        if run is not None:
            return run.about == about
        if not self._store.take_lease(job_id, self._owner, LEASE_SECONDS):
            return False
        self._runs[job_id] = _Run(about)
        self.group.start_soon(self._work, job_id, work, self._runs[job_id])
        return True

    async def follow(self, job_id: str, report: Report, seconds: float) -> None:
        """Wait for a job's work to end, at most so long, passing its progress on.

        Cancelled as the last follower, it stops the work: its tries stay kept, and asking again takes it up.
        Raises: what the work raised.
        """
        run = self._runs.get(job_id)
        with anyio.move_on_after(seconds) as patience:
            if run is None:
                await self._follow_elsewhere(job_id, report)
            else:
                await _follow_here(run, report, patience)
        if run is not None and run.error is not None:
            raise run.error

    async def _work(self, job_id: str, work: Work, run: _Run) -> None:
        def report(progress: Progress) -> None:
            with best_effort("progress is not kept"):
                self._store.set_progress(job_id, progress.sentence)
            for follower in list(run.followers):
                follower(progress)

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._renew, job_id, run)
                try:
                    with run.scope:
                        await work(report)
                except Exception as error:  # noqa: BLE001 raised to whoever follows: a bug in one making must not end the process
                    run.error = error
                finally:
                    group.cancel_scope.cancel()
        finally:
            del self._runs[job_id]
            run.done.set()
            with best_effort("a lease runs out by itself"):
                self._store.drop_lease(job_id, self._owner)

    async def _renew(self, job_id: str, run: _Run) -> None:
        """Keep the lease alive; work whose lease was lost (this machine slept) is stopped, for another process may do it now."""
        while True:
            await anyio.sleep(HEARTBEAT_SECONDS)
            with best_effort("a lease is not renewed"):
                if not self._store.take_lease(job_id, self._owner, LEASE_SECONDS):
                    run.scope.cancel()

    async def _follow_elsewhere(self, job_id: str, report: Report) -> None:
        said = ""
        while (job := self._store.job(job_id)) is not None and job.leased:
            if job.progress != said:
                said = job.progress
                report(Progress(stage="propose", attempt=1, sentence=said, done=0.5))
            await anyio.sleep(POLL_SECONDS)


async def _follow_here(run: _Run, report: Report, patience: anyio.CancelScope) -> None:
    run.followers.append(report)
    try:
        await run.done.wait()
    except anyio.get_cancelled_exc_class():
        # The caller gave up; running out of patience is not that.
        if run.followers == [report] and not patience.cancel_called:
            run.scope.cancel()
        raise
    finally:
        run.followers.remove(report)
