"""The tools that may be called, at hand: reading one from the library and parsing it takes longer than many a call of it."""

from latm_mcp.models import Tool
from latm_mcp.store import Store

MOST = 100  # tools at hand: a tool with all its examples may have megabytes


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
            if tool is None or self._store.state(name) != "live":
                return None
            self._tools[name] = tool
        return self._tools[name]
