"""openai-agents' MCPServerStdio, as its agents use it: the era is the one that it takes by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from agents.mcp import MCPServerStdio
from peer import Asked, Peer, listen, main


class OpenAiAgents:
    """A connected server."""

    def __init__(self, server: Any, told: asyncio.Event, how: str):
        self.server, self.told, self.how = server, told, how

    def protocol(self) -> str:
        return str(self.server.session.protocol_version)

    async def names(self) -> list[str]:
        return [tool.name for tool in await self.server.list_tools()]

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        return (await self.server.call_tool(name, arguments)).structured_content


@asynccontextmanager
async def opened(asked: Asked) -> AsyncIterator[Peer]:
    """Start the server and connect."""
    told = asyncio.Event()
    async with AsyncExitStack() as stack:
        connected = MCPServerStdio(asked.server, client_session_timeout_seconds=60)
        await stack.enter_async_context(connected)
        yield OpenAiAgents(connected, told, await listen(asked, connected.session, told, stack))


if __name__ == "__main__":
    main("openai-agents", opened)
