"""What clients can read: each made tool, the questions that wait for one, and what models cost; all of it labelled as data."""

from typing import Any

import anyio.to_thread
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from latm_mcp import server_prompting
from latm_mcp.errors import NotFound
from latm_mcp.latm import Latm
from latm_mcp.server_catalogue import Catalogue, describe
from latm_mcp.server_reading_ledger import ledger_page
from latm_mcp.server_reading_queue import queue_page
from latm_mcp.server_reading_tool import tool_page
from latm_mcp.store import Listed
from latm_mcp.text import one_line, safe

SCHEME = "latm://tools/"
QUEUE, LEDGER = "latm://queue", "latm://ledger"
MAX_RESOURCE = 64 * 1024
MAX_ADDRESS = 2000  # characters of an unknown one that are given back
MARKDOWN = "text/markdown"


class Reading:
    """Resources and prompts."""

    prompts = staticmethod(server_prompting.prompts)
    prompt = staticmethod(server_prompting.prompt)

    def __init__(self, latm: Latm, catalogue: Catalogue, daily_usd: float):
        self._latm, self._catalogue, self._daily_usd = latm, catalogue, daily_usd

    async def resources(self, ctx: ServerRequestContext[Any, Any], params: object) -> types.ListResourcesResult:
        """The queue, the ledger, and one resource for each live tool."""
        return types.ListResourcesResult(resources=[*_fixed(), *map(_resource, self._catalogue.live())])

    async def templates(self, ctx: ServerRequestContext[Any, Any], params: object) -> types.ListResourceTemplatesResult:
        """The form of the tools' addresses."""
        template = types.ResourceTemplate(
            uri_template=SCHEME + "{name}",
            name="made tool",
            description="A made tool's source, examples, evidence and trust, as data.",
            mime_type=MARKDOWN,
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read(
        self, ctx: ServerRequestContext[Any, Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """A page of at most `MAX_RESOURCE` characters. Raises: MCPError that names the address, where there is nothing."""
        uri = str(params.uri)
        try:
            text = safe(await self._page(uri), MAX_RESOURCE)
        except NotFound as error:
            raise MCPError(types.INVALID_PARAMS, str(error), {"uri": safe(uri, MAX_ADDRESS)}) from None
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=MARKDOWN, text=text)])

    async def _page(self, uri: str) -> str:
        """In threads where a library may hold thousands of waiting questions, and more of answered ones."""
        if uri == QUEUE:
            waiting = self._latm.waiting
            rows = None if waiting is None else await anyio.to_thread.run_sync(waiting.state)
            return queue_page(rows)
        if uri == LEDGER:
            told = (self._latm.store, self._latm.spending.today(), self._daily_usd)
            return await anyio.to_thread.run_sync(ledger_page, *told)
        if uri.startswith(SCHEME):
            return self._tool(uri.removeprefix(SCHEME))
        known = f"addresses are {SCHEME}NAME, {QUEUE} and {LEDGER}"
        raise NotFound(f"There is no resource {one_line(uri, 200)!r}: {known}.")

    def _tool(self, name: str) -> str:
        tool = self._latm.live(name)
        row = next(
            (row for row in self._catalogue.live() if (row.name, row.version) == (tool.name, tool.version)), None
        )
        if row is None:
            raise NotFound(f"The tool {tool.name!r} was archived or changed just now: read it again.")
        return tool_page(tool, row, len(self._latm.store.reports(tool.name)))


def _fixed() -> list[types.Resource]:
    """Those that are always there."""
    return [
        types.Resource(
            uri=QUEUE,
            name="queue",
            description="Questions that no tool answers yet, in groups, and how far each group is from a tool.",
            mime_type=MARKDOWN,
        ),
        types.Resource(
            uri=LEDGER,
            name="ledger",
            description="What models cost here, today and in all, and how questions were answered.",
            mime_type=MARKDOWN,
        ),
    ]


def _resource(row: Listed) -> types.Resource:
    return types.Resource(uri=SCHEME + row.name, name=row.name, description=describe(row), mime_type=MARKDOWN)
