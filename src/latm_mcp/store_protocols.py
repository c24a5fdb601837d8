"""What the library promises of tools, makings and money, a protocol for each; `store.Store` is the sum of all protocols.

Synchronous, safe to call from any thread. A call costs microseconds to a few milliseconds, and at most 5 s where another process
writes. Every method raises StoreUnusable, with a sentence, where the library cannot be read or written.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from latm_mcp.models import Example, Failure, Reply, Status, Task, Tool, Try, Usage
from latm_mcp.models_using import Role
from latm_mcp.outcomes import OwnLimits
from latm_mcp.store_nouns import Asked, AuditRow, Job, Listed, ToolState, UsageRow


class ToolShelf(Protocol):
    """Tools, their immutable versions and their examples."""

    def generation(self) -> int:
        """A number that differs after every change of the list of tools, by whichever process; about 10 us."""

    def listed(self) -> list[Listed]:
        """Every tool that is not archived, by name; waiting ones too. Cached on `generation()`."""

    def uses(self) -> dict[str, int]:
        """How often each tool was used until now, archived ones too."""

    def tool(self, name: str, version: str | None = None) -> Tool | None:
        """The newest version of a live or waiting tool; with `version`, that one, even of an archived tool."""

    def state(self, name: str) -> ToolState | None:
        """Where a tool stands; None: the name is free."""

    def versions(self, name: str) -> list[tuple[str, str]]:
        """(version, when it was published: UTC, ISO 8601), newest first."""

    def publish(
        self, tool: Tool, *, replaces: str | None = None, state: ToolState = "live", job: str | None = None, actor: str
    ) -> None:
        """Keep a version, list it and finish its job, in one transaction: after a crash there is all of it or nothing.

        replaces: the version that this one was made from; None: the name is free. The same version may come again.
        Publishing an older version again makes it the newest (roll back, or bring back from the archive).
        Raises: BadInput where something else bears the name by now, or the live tool has examples that a job's version
        lacks; its job has failed then. NotFound where there is no such job.
        """

    def approve(self, tool: Tool, actor: str) -> None:
        """A person has read exactly this: a waiting tool goes live.

        Raises: NotFound; BadInput where it does not wait, or its source, examples or texts are no longer these.
        """

    def archive(self, name: str, actor: str) -> None:
        """Take a tool out of the list; its versions stay. Raises: NotFound."""

    def pin(self, name: str, pinned: bool) -> None:
        """List a tool before others, or no longer. Raises: NotFound."""

    def note_use(self, name: str, times: int = 1, *, wait: bool = True) -> None:
        """Count uses. Does not change `generation()`.

        wait: for another process that is writing. Raises: StoreBusy; without `wait` at once.
        """

    def bank_marks(self) -> dict[str, tuple[int, int]]:
        """For each live tool with examples a mark that is another one once some were added or withdrawn."""

    def banks(self, exclude: str, per_tool: int) -> dict[str, list[Example]]:
        """Up to `per_tool` examples of each live tool but `exclude`: their first ones."""


class LimitTable(Protocol):
    """The limits that persons set for single tools, by name: they hold for every version, until the tool is archived."""

    def own_limits(self) -> Mapping[str, OwnLimits]:
        """Those of every tool that has any. Cached on `generation()`."""

    def set_limits(self, name: str, limits: OwnLimits, actor: str, *, reset: bool = False) -> None:
        """Set a live tool's limits that are given here, the others stay. reset: forget those that were set until now.

        Raises: NotFound; BadInput, for a tool that no person has approved yet.
        """


class JobBook(Protocol):
    """Makings, their kept tries, and the lease of whoever works on one."""

    def open_job(self, key: str, task: Task, *, restart: bool = False) -> Job:
        """The job of that key, or a new, `running` one.

        restart: one that has ended (published, fits, failed) begins anew under its id, with this task and no tries.
        Jobs unchanged for 7 days are forgotten.
        """

    def find_job(self, key: str) -> Job | None:
        """The job of that key as it stands; None where there is none. Begins nothing."""

    def job(self, job_id: str) -> Job | None:
        """A job as it stands; None: never made, or forgotten."""

    def take_lease(self, job_id: str, owner: str, seconds: float = 30) -> bool:
        """Take, or as its owner renew, the right to work on a job; atomic among processes.

        False: somebody else holds it, or there is nothing to work on (ended, or forgotten): read the job.
        """

    def drop_lease(self, job_id: str, owner: str) -> None:
        """Give up one's lease; nothing happens where it is another's."""

    def keep_reply(self, job_id: str, reply: Reply) -> None:
        """Keep a maker's reply until its try is kept, so that it is never paid for twice. Raises: NotFound."""

    def keep_try(self, job_id: str, attempt: Try) -> None:
        """Keep a try for good; its reply is no longer pending. Raises: NotFound."""

    def set_progress(self, job_id: str, sentence: str) -> None:
        """Say how far a job is; unknown jobs are ignored."""

    def finish_job(
        self,
        job_id: str,
        status: Status,
        *,
        tool: str | None = None,
        version: str | None = None,
        failure: Failure | None = None,
    ) -> None:
        """Set a job's status and outcome and end its lease; `draft_needed` leaves it open. Raises: NotFound."""


class Ledger(Protocol):
    """What was spent, what clients can do, who changed what."""

    def add_usage(
        self, *, role: Role, model: str, usage: Usage, tool: str | None, job: str | None, usd: float = 0.0
    ) -> None:
        """Count tokens, and what they cost. Those of a job count for the tool that it publishes."""

    def usage(self, since: float = 0.0) -> list[UsageRow]:
        """Sums by role, model and tool; since: only from then on, in seconds since 1970."""

    def keep_asked(self, rows: Sequence[Asked], *, wait: bool = True) -> None:
        """Keep how questions were answered, for the paper's curve: no text of any. Raises: StoreBusy; without `wait` at once."""

    def asked(self, since: float = 0.0) -> list[Asked]:
        """How questions were answered, oldest first."""

    def spent(self, since: float) -> float:
        """US dollars spent on models from then on, in seconds since 1970; replies of unknown price at their assumed one."""

    def relists(self, client: str) -> bool | None:
        """Whether a client (name and version) lists again when told of a new tool; None: not seen yet."""

    def remember_relists(self, client: str, relists: bool) -> None:
        """Remember it for the next connection of this client."""

    def audit_log(self, limit: int) -> list[AuditRow]:
        """The latest `limit` entries, newest first."""
