"""Telling clients that the list has changed, in both protocol eras, and finding out which of them list again."""

import time
import weakref
from typing import Any

import anyio
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourcesListChanged, ToolsListChanged

from latm_mcp.server_callers import Caller
from latm_mcp.server_catalogue import Catalogue, Listing
from latm_mcp.store import Store, best_effort

SETTLE_SECONDS, SETTLED_SECONDS = 1.0, 0.1  # measured: clients that honour the announcement list within 0.03 s of it
TELL_SECONDS, BEHIND_SECONDS = 2.0, 0.05  # for a client to take an announcement, and for one that did not take the last
TOOLS, RESOURCES = "tools", "resources"


class Announcer:
    """Both pipes of announcements, and what each client has listed last."""

    def __init__(self, store: Store, catalogue: Catalogue):
        self._store, self._catalogue = store, catalogue
        self.bus = InMemorySubscriptionBus()
        # Each with the changes that it is still to be told of.
        self._handshakes: weakref.WeakKeyDictionary[Connection, set[str]] = weakref.WeakKeyDictionary()
        self._behind: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._announced = catalogue.listing()
        self._announced_at: float | None = None
        self._seen: weakref.WeakKeyDictionary[object, dict[str, str]] = weakref.WeakKeyDictionary()
        self._listed = anyio.Event()

    async def track(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Middleware: knows the handshake connections, since only they have to be told one by one."""
        if ctx.method == "notifications/initialized":
            connection = ctx.session._connection  # private: there is no public broadcast
            if connection not in self._handshakes:
                self._handshakes[connection] = set()
                connection.exit_stack.callback(lambda: self._handshakes.pop(connection, None))
        return await call_next(ctx)

    async def announce(self) -> None:
        """Tell every client, if the list differs from the one that was announced last; one that does not listen holds up nobody."""
        listing = self._catalogue.listing()
        if listing.generation != self._announced.generation:
            before, self._announced = self._announced, listing
            await self._change(tools=listing.tools != before.tools)
        if not (waiting := [pair for pair in self._handshakes.items() if pair[1]]):
            return
        async with anyio.create_task_group() as group:
            for connection, owed in waiting:
                group.start_soon(self._tell, connection, owed)

    def stream_opened(self, session: str) -> None:
        """A session over HTTP can be told of changes from now on; the next look tells it, if what it has listed is no longer so."""
        for connection, owed in self._handshakes.items():
            listed = self._seen.get(connection.outbound)
            if connection.session_id == session and listed is not None and listed != self._announced.native:
                owed.update((TOOLS, RESOURCES))

    async def _change(self, tools: bool) -> None:
        """Publish a change to the modern clients, and owe it to those that shook hands. tools: whether the list of tools changed too."""
        if tools:
            self._announced_at = time.monotonic()
        changed = {TOOLS, RESOURCES} if tools else {RESOURCES}
        for owed in self._handshakes.values():
            owed.update(changed)
        with anyio.CancelScope(shield=True):  # it takes no time, and whoever is cancelled here owes it to others
            if tools:
                await self.bus.publish(ToolsListChanged())
            await self.bus.publish(ResourcesListChanged())

    async def _tell(self, connection: Connection, owed: set[str]) -> None:
        """Tell one client what it is owed; what cannot be told in time is still owed, and the next look tries again."""
        now, told = set(owed), False
        owed.clear()
        try:
            with anyio.move_on_after(BEHIND_SECONDS if connection in self._behind else TELL_SECONDS):
                if TOOLS in now:
                    await connection.send_tool_list_changed()
                await connection.send_resource_list_changed()
                told = True
        finally:
            if told:
                self._behind.discard(connection)
            else:
                self._behind.add(connection)
                owed |= now

    def note_listing(self, caller: Caller, listing: Listing) -> None:
        """A client was just given this list."""
        if caller.channel is None:
            return
        self._seen[caller.channel] = listing.native
        prompt = self._announced_at is not None and time.monotonic() - self._announced_at <= SETTLE_SECONDS
        if prompt and caller.habit and self._store.relists(caller.habit) is False:
            with best_effort("what a client does is not remembered"):
                self._store.remember_relists(caller.habit, True)  # it was only slow when it was found wanting
        self._listed.set()
        self._listed = anyio.Event()

    def knows(self, caller: Caller, name: str, version: str) -> bool:
        """Whether this very client has listed that version under its own name."""
        return caller.channel is not None and self._seen.get(caller.channel, {}).get(name) == version

    async def settle(self, caller: Caller, name: str, version: str) -> bool:
        """Wait until the client has listed a tool that was just announced; whether it has.

        Not waited for: a client that cannot be told from others, one that did not list again before, a tool that is not in the list.
        At most 1 s after the announcement, and 0.1 s more for the client to take the list in.
        """
        if self.knows(caller, name, version):
            return True
        if self._announced.native.get(name) != version or self._announced_at is None or caller.channel is None:
            return False
        if caller.habit and self._store.relists(caller.habit) is False:
            return False
        if relists := await self._wait(caller, name, version, self._announced_at + SETTLE_SECONDS):
            await anyio.sleep(SETTLED_SECONDS)
        if caller.habit:
            with best_effort("what a client does is not remembered"):
                self._store.remember_relists(caller.habit, relists)
        return relists

    async def _wait(self, caller: Caller, name: str, version: str, deadline: float) -> bool:
        with anyio.move_on_after(max(0.0, deadline - time.monotonic())):
            while not self.knows(caller, name, version):
                await self._listed.wait()
        return self.knows(caller, name, version)
