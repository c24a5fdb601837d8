"""fastmcp's client: both eras."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastmcp import Client
from fastmcp.client.messages import MessageHandler
from fastmcp.client.transports import StdioTransport
from peer import Asked, Peer, listen, main


class Heard(MessageHandler):
    """Sets an event when the list of tools has changed."""

    def __init__(self, told: asyncio.Event):
        self._told = told

    async def on_tool_list_changed(self, message: Any) -> None:
        self._told.set()


class FastMcp:
    """A connected client."""

    def __init__(self, client: Any, told: asyncio.Event, how: str):
        self.client, self.told, self.how = client, told, how

    def protocol(self) -> str:
        return str(self.client.protocol_version)

    async def names(self) -> list[str]:
        return [tool.name for tool in await self.client.list_tools()]

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        return (await self.client.call_tool(name, arguments)).structured_content


@asynccontextmanager
async def opened(asked: Asked) -> AsyncIterator[Peer]:
    """Start the server and connect."""
    told = asyncio.Event()
    transport = StdioTransport(**asked.server, keep_alive=False)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(transport, message_handler=Heard(told), mode=asked.era))
        yield FastMcp(client, told, await listen(asked, client.session, told, stack))


if __name__ == "__main__":
    main("fastmcp", opened)
