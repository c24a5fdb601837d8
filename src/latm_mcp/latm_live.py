"""The tools that may be called, at hand: reading one from the library and parsing it takes longer than many a call of it."""

from typing import TypeAlias

from latm_mcp.errors import NotFound
from latm_mcp.latm_sentences import no_such_tool
from latm_mcp.models import Tool
from latm_mcp.store import Listed, Settlement, Store
from latm_mcp.using.dispatch import Dispatcher

MOST = 100  # tools at hand: a tool with all its examples may have megabytes
BANK = 12  # examples of each tool that its profile is learnt from
SAID = 24  # questions that somebody said are for it, the last ones

# A tool's version, what it says of itself, its bank's mark, questions that are said to be for it.
_Mark: TypeAlias = tuple[str, str, tuple[int, int], tuple[str, ...]]


class LiveTools:
    """Each live tool, read once for each state of the library's list: another process's change counts from the next call."""

    def __init__(self, store: Store):
        self._store = store
        self._generation: int | None = None
        self._tools: dict[str, Tool] = {}

    def find(self, name: str) -> Tool | None:
        """The newest version of a tool; None for one that is not there or waits for approval."""
        generation = (
            self._store.generation()
        )  # before the tool: read in between, a newer one is read again, never an older kept
        if generation != self._generation or len(self._tools) > MOST:
            self._generation, self._tools = generation, {}
        if name not in self._tools:
            tool = self._store.tool(name)
            if tool is None or not self._may_be_used(name):
                return None
            self._tools[name] = tool
        return self._tools[name]

    def _may_be_used(self, name: str) -> bool:
        return any(row.name == name and row.usable for row in self._store.listed())

    def needed(self, name: str) -> Tool:
        """A tool that may be called. Raises: NotFound, for one that is not there, waits for approval or is quarantined."""
        tool = self.find(name)
        if tool is None:
            raise NotFound(no_such_tool(self._store, name))
        return tool


class LiveIndex:
    """The dispatcher over the live tools' examples, in step with the library by what differs: one tool is put in some milliseconds.

    What anybody said that a tool is for makes it a candidate for the like, and no more: it is in no tool's examples.
    """

    def __init__(self, store: Store):
        self._store = store
        self._dispatcher = Dispatcher()
        self._seen: tuple[int, list[Settlement]] | None = None
        self._marks: dict[str, _Mark] = {}

    def now(self) -> Dispatcher:
        """As the library is now."""
        while self.catch_up(1_000_000):
            pass
        return self._dispatcher

    def catch_up(self, most: int) -> bool:
        """Put at most so many tools; whether there are more. For a server to begin with, between other things that it does."""
        seen = (self._store.generation(), self._store.settlements())
        if seen == self._seen:
            return False
        present = self._present(seen[1])
        for name in self._marks.keys() - present.keys():
            self._dispatcher.drop(name)
            del self._marks[name]
        changed = [name for name, mark in present.items() if self._marks.get(name) != mark]
        for name in changed[:most]:
            _, about, _, said = self._marks[name] = present[name]
            self._dispatcher.put(name, self._store.examples(name)[:BANK], said, about)
        if len(changed) <= most:
            self._seen = seen
        return len(changed) > most

    def _present(self, settlements: list[Settlement]) -> dict[str, _Mark]:
        """What each live tool's profile is made from, by name."""
        said: dict[str, list[str]] = {}
        for settlement in settlements:
            said.setdefault(settlement.tool or "", []).append(settlement.question)
        banks = self._store.bank_marks()
        return {
            row.name: (row.version, _about(row), banks[row.name], tuple(said.get(row.name, ())[-SAID:]))
            for row in self._store.listed()
            if row.name in banks
        }


def _about(row: Listed) -> str:
    return f"{row.name} {row.description} {' '.join(row.parameters.get('properties', ()))}"
