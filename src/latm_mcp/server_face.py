"""The handlers of one server: the list of tools, their calls, and what it does beside them."""

import logging
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.context import ServerRequestContext

from latm_mcp.errors import LatmError, SandboxUnavailable
from latm_mcp.latm import Latm
from latm_mcp.outcomes import Json
from latm_mcp.server_announce import Announcer
from latm_mcp.server_callers import Caller, caller_of
from latm_mcp.server_calling import call_native, call_tool
from latm_mcp.server_catalogue import Catalogue
from latm_mcp.server_commands import Commands
from latm_mcp.server_dispatch import dispatch
from latm_mcp.server_elicit import Persons, Settled
from latm_mcp.server_making import MakingDesk
from latm_mcp.server_report import ReportDesk
from latm_mcp.server_results import honest
from latm_mcp.settings import Settings
from latm_mcp.store import best_effort

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1  # how often the library is looked at for what other processes published
USE_SECONDS = 45.0  # some clients give a request up after 60 and lose its answer
OVER_LIMIT_SECONDS = 10.0  # for a worker to be free, beyond the limit of a call
TOOLS_AT_ONCE = 10
FORGET_SECONDS = 6 * 3600.0  # between two looks for questions that are too old to be kept
WARM_AFTER_SECONDS = 0.2  # the first list is on its way to the client by then


class Face:
    """The handlers of one server, on one process's door to the library."""

    def __init__(self, latm: Latm, settings: Settings):
        limit = settings.exposure_limit if settings.exposure == "hybrid" else 0
        self.latm = latm
        asks = any(settings.models()[role] is not None for role in ("user", "dispatcher", "fallback"))
        here = Commands(latm.maker is not None, asks, settings.queue)
        self.catalogue = Catalogue(latm.store, latm.uses.until_now, limit, here)
        self.announcer = Announcer(latm.store, self.catalogue)
        self.desk = MakingDesk(latm, self.catalogue, self.announcer, settings.answer_within)
        self.reports = ReportDesk(latm, Persons(settings.elicit))
        self.listed = anyio.Event()

    async def list_tools(self, ctx: ServerRequestContext[Any, Any], params: object) -> types.ListToolsResult:
        """The present list."""
        listing = self.catalogue.listing()
        self.announcer.note_listing(caller_of(ctx), listing)
        self.listed.set()
        return types.ListToolsResult(tools=list(listing.tools))

    async def call_tool(self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Settled:
        """A fixed command or a made tool; errors come back as results."""
        return await honest(partial(self._call, ctx, params))

    async def _call(self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Settled:
        name, arguments = params.name, params.arguments or {}
        if name == "make_tool":  # it keeps to its own time
            return await self.desk.make_tool(ctx, arguments)
        if name == "report_result":  # and so does a person
            return await self.reports.report_result(ctx, params)
        patience = self._patience(name, arguments)
        try:
            with anyio.fail_after(patience):
                return await self._use(caller_of(ctx), name, arguments)
        except TimeoutError:
            raise SandboxUnavailable(
                f"There is no answer after {patience:g} s: the sandbox may still be compiled, which happens once on a "
                "machine, or it or a configured model is busy. Try again in a minute."
            ) from None

    def _patience(self, name: str, arguments: dict[str, Json]) -> float:
        """Seconds after which a request is given up: more than its tool's calls may take."""
        called = arguments.get("name") if name == "call_tool" else name
        shop = self.latm.shop
        limit = shop.longest_seconds() if name == "dispatch" else shop.limits_of(str(called)).seconds
        return max(USE_SECONDS, limit + OVER_LIMIT_SECONDS)

    async def _use(self, caller: Caller, name: str, arguments: dict[str, Json]) -> types.CallToolResult:
        if name == "dispatch":
            return await dispatch(self.latm, self.announcer, caller, arguments)
        if name == "call_tool":
            return await call_tool(self.latm, arguments)
        return await call_native(self.latm, name, arguments)

    async def watch(self) -> None:
        """Announce for ever what any process publishes."""
        while True:
            await anyio.sleep(POLL_SECONDS)
            try:
                await self.announcer.announce()
            except LatmError as error:
                logger.warning("the library could not be looked at: %s", error)
                await anyio.sleep(50 * POLL_SECONDS)

    async def warm(self) -> None:
        """Get the sandbox ready once the first list has been answered: before it, start-up time counts; then keep the library tidy.

        Only where it has to be compiled first is that told, by `open_latm`'s progress.
        """
        await self.listed.wait()
        await anyio.sleep(WARM_AFTER_SECONDS)
        while self.latm.index.catch_up(
            TOOLS_AT_ONCE
        ):  # profiles of a big library take seconds, in which others are served
            await anyio.sleep(0)
        while self.latm.waiting is not None and self.latm.waiting.catch_up(TOOLS_AT_ONCE):
            await anyio.sleep(0)
        try:
            await self.latm.sandbox.warm()
        except LatmError as error:
            logger.error("the sandbox is not ready, so nothing can be made or called: %s", error)
        with best_effort("tools are not written out"):
            await anyio.to_thread.run_sync(self.latm.write_out_missing)
        while True:
            with best_effort("old questions are not erased"):
                await anyio.to_thread.run_sync(self.latm.forget_old_questions)
            await anyio.sleep(FORGET_SECONDS)
