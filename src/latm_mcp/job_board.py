"""The makings that this process works on: started once, followed by many, stopped when the last one who waits gives up."""

from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from latm_mcp.job import LEASE_SECONDS, Report, Workshop, make
from latm_mcp.models import Maker, Progress
from latm_mcp.store import Job

POLL_SECONDS = 0.2  # how often a making of another process is looked at


@dataclass(eq=False)
class _Run:
    """One making under way here. error: why its maker could not go on."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    done: anyio.Event = field(default_factory=anyio.Event)
    followers: list[Report] = field(default_factory=list)
    error: Exception | None = None


class JobBoard:
    """Starts makings in the background and lets requests follow them, from this process or another."""

    def __init__(self, shop: Workshop, group: TaskGroup):
        self._shop, self._group = shop, group
        self._runs: dict[str, _Run] = {}

    def start(self, job: Job, maker: Maker) -> bool:
        """Work on a job unless somebody does already; whether it is under way here now."""
        if job.id in self._runs:
            return True
        if not self._shop.store.take_lease(job.id, self._shop.owner, LEASE_SECONDS):
            return False
        run = self._runs[job.id] = _Run()
        self._group.start_soon(self._work, job, maker, run)
        return True

    async def follow(self, job_id: str, report: Report, seconds: float) -> Exception | None:
        """Wait for a making to end, at most so long, passing its progress on; returns why it could not go on, if so.

        Cancelled as the last follower, it stops the making: its tries stay kept, and asking again takes it up.
        """
        run = self._runs.get(job_id)
        with anyio.move_on_after(seconds) as patience:
            if run is None:
                await self._follow_elsewhere(job_id, report)
            else:
                await _follow_here(run, report, patience)
        return run.error if run is not None and run.done.is_set() else None

    async def _work(self, job: Job, maker: Maker, run: _Run) -> None:
        def report(progress: Progress) -> None:
            self._shop.store.set_progress(job.id, progress.sentence)
            for follower in list(run.followers):
                follower(progress)

        try:
            with run.scope:
                await make(self._shop, job, maker, report)
        except Exception as error:  # noqa: BLE001 raised to whoever follows: a bug in one making must not end the process
            run.error = error
        finally:
            del self._runs[job.id]
            self._shop.store.drop_lease(job.id, self._shop.owner)
            run.done.set()

    async def _follow_elsewhere(self, job_id: str, report: Report) -> None:
        said = ""
        while (job := self._shop.store.job(job_id)) is not None and job.status == "running" and job.leased:
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
