"""The yardstick: a bare low-level `mcp` server over stdio that lists N tools and does nothing else. argv: N."""

import sys
from typing import Any

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


async def main(count: int) -> None:
    schema = {
        "type": "object",
        "properties": {"words": {"type": "array", "items": {"type": "string"}}},
        "required": ["words"],
        "additionalProperties": False,
    }
    returns = {
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"type": "string"}}},
        "required": ["result"],
    }
    tools = [
        types.Tool(
            name=f"tool_{n}", description="Sort words alphabetically. " * 6, input_schema=schema, output_schema=returns
        )
        for n in range(count)
    ]

    async def list_tools(ctx: ServerRequestContext[Any, Any], params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    server = Server("bare", on_list_tools=list_tools)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]))
