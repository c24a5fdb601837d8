"""Telling clients that the list has changed, in both protocol eras, and finding out which of them list again."""

import time
import weakref
from typing import Any

import anyio
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourcesListChanged, ToolsListChanged

from latm_mcp.server_catalogue import Catalogue, Listing
from latm_mcp.store import Store, best_effort
from latm_mcp.text import one_line

SETTLE_SECONDS, SETTLED_SECONDS = 1.0, 0.1  # measured: clients that honour the announcement list within 0.03 s of it


class Announcer:
    """Both pipes of announcements, and what each client has listed last."""

    def __init__(self, store: Store, catalogue: Catalogue):
        self._store, self._catalogue = store, catalogue
        self.bus = InMemorySubscriptionBus()
        self._handshakes: weakref.WeakKeyDictionary[Connection, bool] = weakref.WeakKeyDictionary()
        self._announced = catalogue.listing()
        self._announced_at: float | None = None
        self._seen: dict[str, dict[str, str]] = {}
        self._listed = anyio.Event()

    async def track(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Middleware: knows the handshake connections, since only they have to be told one by one."""
        if ctx.method == "notifications/initialized":
            connection = ctx.session._connection  # private: there is no public broadcast
            self._handshakes[connection] = True
            connection.exit_stack.callback(lambda: self._handshakes.pop(connection, None))
        return await call_next(ctx)

    async def announce(self) -> None:
        """Tell every client, if the list differs from the one that was announced last."""
        listing = self._catalogue.listing()
        if listing.generation == self._announced.generation:
            return
        before, self._announced = self._announced, listing
        if listing.tools != before.tools:
            self._announced_at = time.monotonic()
            await self.bus.publish(ToolsListChanged())
        await self.bus.publish(ResourcesListChanged())
        for connection in list(self._handshakes):
            if listing.tools != before.tools:
                await connection.send_tool_list_changed()
            await connection.send_resource_list_changed()

    def note_listing(self, client: str, listing: Listing) -> None:
        """A client was just given this list."""
        self._seen[client] = listing.native
        prompt = self._announced_at is not None and time.monotonic() - self._announced_at <= SETTLE_SECONDS
        if prompt and client and self._store.relists(client) is False:
            with best_effort("what a client does is not remembered"):
                self._store.remember_relists(client, True)  # it was only slow when it was found wanting
        self._listed.set()
        self._listed = anyio.Event()

    def knows(self, client: str, name: str, version: str) -> bool:
        """Whether this client has listed that version under its own name."""
        return self._seen.get(client, {}).get(name) == version

    async def settle(self, client: str, name: str, version: str) -> bool:
        """Wait until the client has listed a tool that was just announced; whether it has.

        Not waited for: a client that did not list again before, a tool that is not in the list. At most 1 s after the
        announcement, and 0.1 s more for the client to take the list in.
        """
        if self.knows(client, name, version):
            return True
        if self._announced.native.get(name) != version or self._announced_at is None:
            return False
        if client and self._store.relists(client) is False:
            return False
        if relists := await self._wait(client, name, version, self._announced_at + SETTLE_SECONDS):
            await anyio.sleep(SETTLED_SECONDS)
        if client:
            with best_effort("what a client does is not remembered"):
                self._store.remember_relists(client, relists)
        return relists

    async def _wait(self, client: str, name: str, version: str, deadline: float) -> bool:
        with anyio.move_on_after(max(0.0, deadline - time.monotonic())):
            while not self.knows(client, name, version):
                await self._listed.wait()
        return self.knows(client, name, version)


def client_of(ctx: ServerRequestContext[Any, Any]) -> str:
    """The client's name and version, bounded; empty where it does not say."""
    params = ctx.session.client_params
    return "" if params is None else one_line(f"{params.client_info.name} {params.client_info.version}", 200)
