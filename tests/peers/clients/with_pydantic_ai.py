"""pydantic-ai's MCPToolset, as its agents use it, with its cache of the list as it is by default: both eras."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastmcp.client.transports import StdioTransport
from peer import Asked, Peer, listen, main
from pydantic_ai.mcp import MCPToolset


class PydanticAi:
    """A connected toolset."""

    def __init__(self, toolset: Any, told: asyncio.Event, how: str):
        self.toolset, self.told, self.how = toolset, told, how

    def protocol(self) -> str:
        return str(self.toolset.client.protocol_version)

    async def names(self) -> list[str]:
        return [tool.name for tool in await self.toolset.list_tools()]

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        return await self.toolset.direct_call_tool(name, arguments)


@asynccontextmanager
async def opened(asked: Asked) -> AsyncIterator[Peer]:
    """Start the server and connect."""
    told = asyncio.Event()

    async def heard(message: Any) -> None:
        if type(message).__name__ == "ToolListChangedNotification":
            told.set()

    transport = StdioTransport(**asked.server, keep_alive=False)
    toolset: MCPToolset[None] = MCPToolset(transport, message_handler=heard)
    if asked.era == "legacy":  # what the toolset builds by itself is always in mode "auto"
        toolset.client.mode = "legacy"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(toolset)
        yield PydanticAi(toolset, told, await listen(asked, toolset.client.session, told, stack))


if __name__ == "__main__":
    main("pydantic-ai-slim", opened)
