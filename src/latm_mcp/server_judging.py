"""Drafts of the calling client's model that are being judged: a judging outlives a request that runs out of time."""

import logging
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from latm_mcp.errors import BadInput
from latm_mcp.job import Report
from latm_mcp.latm import Latm, MakeResult
from latm_mcp.models import Draft, Progress

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Judging:
    """One draft under judgement. result, error: how it came out; neither: it was stopped."""

    job: str
    draft: Draft
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    done: anyio.Event = field(default_factory=anyio.Event)
    followers: list[Report] = field(default_factory=list)
    result: MakeResult | None = None
    error: Exception | None = None

    def report(self, progress: Progress) -> None:
        for follower in list(self.followers):
            follower(progress)


class Judgings:
    """At most one judging for each job; whoever asks about the job meanwhile waits for it."""

    def __init__(self, latm: Latm, group: TaskGroup):
        self._latm, self._group = latm, group
        self._under_way: dict[str, _Judging] = {}

    async def hand_in(self, job: str, draft: Draft, report: Report, wait: float) -> MakeResult:
        """Judge a draft; `running` where that takes longer than `wait` seconds. The same draft twice is judged once.

        Raises: BadInput, while another draft of that job is judged; what `Latm.draft` raises.
        """
        while True:
            judging = self._under_way.get(job)
            if judging is None:
                judging = self._under_way[job] = _Judging(job, draft)
                self._group.start_soon(self._judge, judging)
            elif judging.draft != draft and not judging.scope.cancel_called:
                raise BadInput(
                    f"Another draft of job {job!r} is being judged. Call make_tool with the job alone to wait for it."
                )
            result = await _follow(judging, report, wait)
            if result is not None and judging.draft == draft:
                return result

    async def follow(self, job: str, report: Report, wait: float) -> MakeResult | None:
        """Wait for a job's judging, if there is one; None also where another request stops it."""
        judging = self._under_way.get(job)
        return None if judging is None else await _follow(judging, report, wait)

    async def _judge(self, judging: _Judging) -> None:
        try:
            with judging.scope:
                judging.result = await self._latm.draft(judging.job, judging.draft, judging.report)
        except Exception as error:
            judging.error = error
            if not judging.followers:
                logger.error("a draft could not be judged", exc_info=error)
        finally:
            del self._under_way[judging.job]
            judging.done.set()


async def _follow(judging: _Judging, report: Report, wait: float) -> MakeResult | None:
    """How a judging came out, `running` when the wait is over, or None where another request has stopped it.

    Cancelled as the last follower, it stops the judging; no try is used then. Raises: what the judging raised.
    """
    judging.followers.append(report)
    with anyio.move_on_after(wait) as patience:
        try:
            await judging.done.wait()
        except anyio.get_cancelled_exc_class():
            if judging.followers == [report] and not patience.cancel_called:
                judging.scope.cancel()
            raise
        finally:
            judging.followers.remove(report)
    if judging.error is not None:
        raise judging.error
    if judging.done.is_set():
        return judging.result
    following = f"The draft is still being judged. Call make_tool with job {judging.job!r} alone to see how it stands."
    return MakeResult("running", following, judging.job)
