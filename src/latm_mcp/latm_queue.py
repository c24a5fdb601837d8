"""Questions that wait for a tool: put into groups as they come in, answered one by one, ready when enough of them agree."""

from dataclasses import dataclass

from latm_mcp.errors import StoreBusy
from latm_mcp.latm_agreed import Disputed, agreed, weighed
from latm_mcp.latm_sentences import asked_question
from latm_mcp.models import MAX_EXAMPLES, Example
from latm_mcp.models_using import Who
from latm_mcp.store import Group, Instance, Store
from latm_mcp.text import check_answer, one_line, plain
from latm_mcp.using.grouping import Grouping

MOST_TRIES = 100  # to put a question where it belongs while other processes change the queue

__all__ = ["Cached", "Counted", "Disputed", "ReadyGroup", "Waiting", "agreed"]


@dataclass(frozen=True, slots=True)
class Counted:
    """A group with what it has: `answered` of `needed` questions have an answer that counts; `disputed` ones wait for a person.

    ready: its making can begin, or has begun.
    """

    group: Group
    answered: int
    needed: int
    ready: bool
    disputed: int


@dataclass(frozen=True, slots=True)
class Cached(Counted):
    """A question that waits, in its group."""

    instance: Instance


@dataclass(frozen=True, slots=True)
class ReadyGroup:
    """A group with enough examples, oldest first. One whose making failed is among them: whoever begins looks at its job."""

    group: Group
    examples: tuple[Example, ...]


class Waiting:
    """The queue of one library, for one thread; other processes may change it at any time.

    make_at, grow_at: how many answered questions make a tool, and make one grow that is there.
    """

    def __init__(self, store: Store, make_at: int, grow_at: int):
        self._store, self._make_at, self._grow_at = store, make_at, grow_at
        self._grouping = Grouping()
        self._known: dict[int, Group] = {}
        self._known_at = -1

    def cache(self, question: str, tool: str | None = None) -> Cached:
        """Keep a question, once. tool: the one that refused it, and is to grow by it; else it goes to others of its kind.

        Raises: BadInput, Oversized: nothing is kept; StoreBusy.
        """
        asked_question(question)
        for _ in range(MOST_TRIES):
            seen = self._sync()
            group_id = self._grouping.nearest(question) if tool is None else self._own_group(tool)
            if self._store.enqueue(question, group_id, tool=tool, seen=seen) is None:
                continue
            found = self._found(question)
            if found is not None:  # else it had to make room at once
                return found
        raise StoreBusy("The question is not kept: other processes change the queue all the time. Ask again.")

    def tell(self, question: str, answer: str, who: Who, by: str = "") -> Cached | None:
        """Keep what somebody answered to a waiting question; None where this very question does not wait.

        Raises: BadInput, Oversized: nothing is kept.
        """
        asked_question(question)
        check_answer(answer, "the answer")
        if self._store.queued(question) is None:
            return None
        self._store.tell(question, answer, who, one_line(by, 80))
        return self._found(question)

    def ready(self) -> list[ReadyGroup]:
        """The groups whose making can begin: enough answers that count, not all the same, and none in making; oldest first."""
        found = []
        for group in self._store.groups():
            if group.state != "making" and len(group.instances) >= self._needed(group):
                examples, _ = weighed(group)
                if self._enough(group, examples):
                    found.append(ReadyGroup(group, examples[:MAX_EXAMPLES]))
        return found

    def state(self) -> list[Counted]:
        """Every group, oldest first, for people."""
        return [Counted(*self._counted(group)) for group in self._store.groups()]

    def counted(self, group_id: int) -> Counted | None:
        """One group."""
        group = self._store.group(group_id)
        return None if group is None else Counted(*self._counted(group))

    def _found(self, question: str) -> Cached | None:
        found = self._store.queued(question)
        return None if found is None else Cached(*self._counted(found[0]), found[1])

    def _counted(self, group: Group) -> tuple[Group, int, int, bool, int]:
        examples, disputed = weighed(group)
        return group, len(examples), self._needed(group), self._enough(group, examples), len(disputed)

    def _needed(self, group: Group) -> int:
        return self._make_at if group.tool is None else self._grow_at

    def _enough(self, group: Group, examples: tuple[Example, ...]) -> bool:
        """A tool that is there has other answers already; a new one cannot be told from a constant by one answer alone."""
        if len(examples) < self._needed(group):
            return False
        return group.tool is not None or len({plain(example.answer) for example in examples}) > 1

    def _own_group(self, tool: str) -> int | None:
        """What came in since its making began waits for the next one."""
        own = (group.id for group in self._known.values() if group.tool == tool and group.state != "making")
        return next(own, None)

    def catch_up(self, most: int) -> bool:
        """Take in at most so many groups of what waits already; whether there are more. For a server to begin with."""
        new = [group for group in self._store.groups() if group.id not in self._known]
        for group in new[:most]:
            self._take_in(group)
            self._known[group.id] = group
        return len(new) > most

    def _take_in(self, group: Group) -> None:
        for instance in group.instances if group.tool is None else ():
            self._grouping.put(instance.id, group.id, instance.question)

    def _sync(self) -> int:
        """Bring the grouping to where the library is, by what differs; the generation that it has then."""
        seen = self._store.queue_generation()
        if seen == self._known_at:
            return seen
        groups = {group.id: group for group in self._store.groups()}
        changed = [group for group in groups.values() if group != self._known.get(group.id)]
        gone = [group for one, group in self._known.items() if one not in groups]
        kept = {instance.id for group in changed for instance in group.instances}
        for group in (*gone, *(self._known[group.id] for group in changed if group.id in self._known)):
            for instance in group.instances:
                if instance.id not in kept:
                    self._grouping.remove(instance.id)
        for group in changed:
            self._take_in(group)
        self._known, self._known_at = groups, seen
        return seen
