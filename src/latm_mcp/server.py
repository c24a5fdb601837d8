"""The MCP face: one server object for both protocol eras, its list of tools read from the library at each call."""

import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from latm_mcp import __version__
from latm_mcp.errors import LatmError, NotFound
from latm_mcp.latm import open_latm
from latm_mcp.models import Maker
from latm_mcp.models_using import LanguageModel
from latm_mcp.server_commands import INSTRUCTIONS
from latm_mcp.server_face import Face
from latm_mcp.server_input import standard_input
from latm_mcp.server_log import ClientsNoted, keeping_log
from latm_mcp.server_output import standard_output
from latm_mcp.server_reading import Reading
from latm_mcp.server_results import OUR_FAULT, first_of
from latm_mcp.server_signals import end_on_signal, leave
from latm_mcp.settings import Settings
from latm_mcp.store import Role

logger = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 0.2  # for a client that has closed our input to read what we still have to write
CLIENT_GONE = (BrokenPipeError, ConnectionResetError)


class LatmServer(Server[dict[str, Any]]):
    """A server that tells handshake clients, whatever the transport, that its lists change: else some ignore the news.

    stream_opened: to be called with the id of a session that has just opened its stream for announcements.
    """

    stream_opened: Callable[[str], None]

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """The SDK's, with the announcements that are really made."""
        options = notification_options or NotificationOptions(tools_changed=True, resources_changed=True)
        return super().create_initialization_options(options, experimental_capabilities, extensions)

    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,
    ) -> types.ServerCapabilities:
        """The SDK's, but for what it takes for granted where streams are served: prompts never change, and pages are not followed."""
        told = super().get_capabilities(
            notification_options, experimental_capabilities, extensions, protocol_version=protocol_version
        )
        if told.prompts is not None:
            told.prompts.list_changed = False
        if told.resources is not None:
            told.resources.subscribe = False
        return told


async def _plain_errors(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Our errors outside tools/call as protocol errors with their sentence; bugs without their inside."""
    try:
        return await call_next(ctx)
    except NotFound as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None
    except LatmError as error:
        raise MCPError(types.INTERNAL_ERROR, str(error)) from None
    except (MCPError, ValidationError):  # the SDK answers both
        raise
    except Exception:
        logger.exception("%s failed", ctx.method)
        raise MCPError(types.INTERNAL_ERROR, OUR_FAULT) from None


@asynccontextmanager
async def open_server(
    settings: Settings,
    maker: Maker | None = None,
    models: Mapping[Role, LanguageModel] | None = None,
    warm: bool = False,
) -> AsyncIterator[LatmServer]:
    """A server on the library of these settings, for any number of connections; all is closed and ended at the end.

    maker: None where the calling client's own model writes the code. warm: get the sandbox ready at once, not after the first list.
    Raises: StoreUnusable, SandboxUnavailable.
    """
    opening = open_latm(settings, maker, models, progress=partial(logger.info, "%s"))
    async with opening as latm, anyio.create_task_group() as group:
        face = Face(latm, settings)
        if warm:
            face.listed.set()
        group.start_soon(face.watch)
        group.start_soon(face.warm)
        if settings.queue or maker is not None:
            group.start_soon(latm.growth.watch)
        try:
            yield _server(face, settings.daily_usd)
        finally:
            group.cancel_scope.cancel()


def _server(face: Face, daily_usd: float) -> LatmServer:
    reading = Reading(face.latm, face.catalogue, daily_usd)
    server = LatmServer(
        "latm-mcp",
        version=__version__,
        title="Tools that models made",
        instructions=INSTRUCTIONS,
        get_tool_input_schema=face.catalogue.input_schema,  # without it, each modern HTTP call lists all tools first
        on_list_tools=face.list_tools,
        on_call_tool=face.call_tool,
        on_list_resources=reading.resources,
        on_list_resource_templates=reading.templates,
        on_read_resource=reading.read,
        on_list_prompts=reading.prompts,
        on_get_prompt=reading.prompt,
        on_subscriptions_listen=ListenHandler(face.announcer.bus),
    )
    server.stream_opened = face.announcer.stream_opened
    server.middleware += [ClientsNoted().note, face.announcer.track, _plain_errors]
    return server


async def serve_stdio(
    settings: Settings,
    maker: Maker | None = None,
    models: Mapping[Role, LanguageModel] | None = None,
    wire: int | None = None,
) -> None:
    """Serve one client over stdin and stdout until its input ends, or until SIGTERM; no child is left.

    wire: what `divert_output` gave, if it was called.
    Raises: StoreUnusable, SandboxUnavailable.
    """
    ended: list[signal.Signals] = []
    with keeping_log(settings.log_folder if settings.log else None, "standard input and output"):
        try:
            await _serve_stdio(open_server(settings, maker, models), ended, wire)
        except BaseExceptionGroup as group:  # task groups wrap what stands in the way of opening
            if known := group.subgroup(LatmError):
                raise first_of(known) from None
            if group.split(CLIENT_GONE)[1]:
                raise
            logger.info("the client has gone in the middle of an answer")  # an end like that of the input
    leave(ended)


async def _serve_stdio(
    opening: AbstractAsyncContextManager[LatmServer], ended: list[signal.Signals], wire: int | None
) -> None:
    async with opening as server, anyio.create_task_group() as group:
        group.start_soon(end_on_signal, group.cancel_scope.cancel, ended)
        with standard_output(wire) as output:
            async with stdio_server(standard_input(), output) as (read, write):
                await server.run(read, write, server.create_initialization_options())
                group.cancel_scope.deadline = anyio.current_time() + LAST_WORDS_SECONDS
        group.cancel_scope.cancel()
