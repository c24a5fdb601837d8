"""What the library promises of the queue of unknown questions and of trust in its tools (see store_protocols)."""

from collections.abc import Sequence
from typing import Protocol

from latm_mcp.models import Example
from latm_mcp.models_using import Who
from latm_mcp.store_nouns import Group, GroupState, Instance, Report, Settlement, Trust


class QueueBook(Protocol):
    """Questions that wait for a tool, in groups (design, 6.5), with what persons, clients and models answered to them.

    Bounded: at most `MOST_INSTANCES` questions and `MOST_BYTES` of them; the oldest unanswered ones go first, which is said in the log.
    """

    def queue_generation(self) -> int:
        """A number that differs after every change of the queue, by whichever process; about 10 us."""

    def groups(self) -> list[Group]:
        """Every group with its instances, oldest first. Cached on `queue_generation()`."""

    def group(self, group_id: int) -> Group | None:
        """One group with its instances."""

    def queued(self, question: str) -> tuple[Group, Instance] | None:
        """The instance of exactly this question, and its group."""

    def enqueue(self, question: str, group_id: int | None, *, tool: str | None = None, seen: int) -> Instance | None:
        """Keep a question in a group; without one, in a new group, for `tool` where the question is one that it refused.

        A question that is there already is left where it is. seen: the `queue_generation()` that the choice of the group was made at;
        None is returned, and nothing kept, where another process changed the queue since: choose again.
        """

    def tell(self, question: str, answer: str, who: Who, by: str = "") -> Instance:
        """Keep what somebody answered to a queued question: one answer for each `who` and `by`, the latest. Raises: NotFound."""

    def set_group(
        self, group_id: int, *, state: GroupState | None = None, job: str | None = None, note: str | None = None
    ) -> None:
        """Change what is given here. Raises: NotFound."""

    def begin_group(self, group: Group, job: str) -> bool:
        """The making of a group begins with this job. False, and nothing changed, where another one has begun or ended since."""

    def hand_over(self, group_id: int, instances: Sequence[int], tool: str, actor: str) -> None:
        """A tool answers a group now: these of its questions wait for that tool's next version, the others are forgotten.

        Raises: NotFound.
        """

    def name_group(self, group_id: int, name: str, actor: str) -> None:
        """A person names a group. Raises: NotFound."""

    def merge_groups(self, into: int, other: int, actor: str) -> None:
        """Put all of `other` into `into`, and drop it. Raises: NotFound; BadInput, for groups of different tools, or one in making."""

    def split_group(self, group_id: int, instances: Sequence[int], actor: str) -> int:
        """Move these instances into a new group, whose id is returned. Raises: NotFound; BadInput, unless both keep at least one."""

    def drop_group(self, group_id: int, actor: str) -> None:
        """Forget a group with its questions. Raises: NotFound."""

    def forget_questions(self, before: float) -> int:
        """Erase what was asked before then (seconds since 1970): queue, reports, settlements; how many rows that were."""


class TrustBook(Protocol):
    """How far each tool is trusted, and what was said about its answers (design, 2.9)."""

    def set_trust(self, name: str, trust: Trust, actor: str, why: str = "") -> None:
        """Set a live tool's trust, with an audit entry; changes `generation()`. Raises: NotFound."""

    def note_good(self, name: str, actor: str) -> int:
        """Count one confirmed good use of a live tool; how many there are now. Raises: NotFound."""

    def add_example(self, name: str, example: Example, actor: str) -> None:
        """Add a confirmed example to a live tool's bank (to the library's rows, not to its immutable version).

        A confirmed answer replaces a provisional one to the same question. Raises: NotFound; BadInput where another confirmed one stands.
        """

    def withdraw_example(self, name: str, question: str, actor: str, why: str = "") -> Example:
        """A person takes an example back; it is in no later version. Raises: NotFound."""

    def examples(self, name: str) -> list[Example]:
        """All examples that stand for a tool now: those of its version, with what was added and withdrawn since."""

    def keep_report(self, report: Report) -> None:
        """Keep what somebody said about an answer of a tool; bounded for each tool, the oldest unsettled of the same `who` go first."""

    def reports(self, tool: str | None = None) -> list[Report]:
        """What waits for a person's review, oldest first."""

    def settle_report(self, report_id: int, actor: str) -> None:
        """A person has dealt with it. Raises: NotFound."""

    def keep_settlement(self, settlement: Settlement) -> None:
        """Learn which tool a question belongs to, or that it belongs to none.

        A person's word stands over a model's, and that over a client's.
        """

    def settlements(self) -> list[Settlement]:
        """All that was learnt so, oldest first. Cached on `queue_generation()`."""
