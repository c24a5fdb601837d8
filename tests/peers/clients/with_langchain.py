"""langchain-mcp-adapters: the tools as LangChain's agents get them, loaded again for the list; mcp 1, so the handshake era."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp.types import ServerNotification, ToolListChangedNotification
from peer import Asked, Peer, main


class LangChain:
    """A session, and the tools that were loaded from it last."""

    how = "message handler"

    def __init__(self, session: Any, told: asyncio.Event, protocol: str):
        self.session, self.told, self._protocol = session, told, protocol
        self._tools: dict[str, Any] = {}

    def protocol(self) -> str:
        return self._protocol

    async def names(self) -> list[str]:
        self._tools = {tool.name: tool for tool in await load_mcp_tools(self.session)}
        return list(self._tools)

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        call = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
        return (await self._tools[name].ainvoke(call)).artifact["structured_content"]


@asynccontextmanager
async def opened(asked: Asked) -> AsyncIterator[Peer]:
    """Start the server and connect."""
    told = asyncio.Event()

    async def heard(message: Any) -> None:
        if isinstance(message, ServerNotification) and isinstance(message.root, ToolListChangedNotification):
            told.set()

    how = {"transport": "stdio", "session_kwargs": {"message_handler": heard}}
    client = MultiServerMCPClient({"latm": {**asked.server, **how}})
    async with client.session("latm", auto_initialize=False) as session:
        hello = await session.initialize()
        yield LangChain(session, told, hello.protocolVersion)


if __name__ == "__main__":
    main("langchain-mcp-adapters", opened)
