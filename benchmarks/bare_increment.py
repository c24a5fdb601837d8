"""The yardstick of a call: the function `increment` hand-written on the bare low-level `mcp` server over stdio."""

from typing import Any

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


async def main() -> None:
    takes = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    gives = {"type": "object", "properties": {"result": {"type": "integer"}}, "required": ["result"]}
    tool = types.Tool(name="increment", description="Add one.", input_schema=takes, output_schema=gives)

    async def list_tools(ctx: ServerRequestContext[Any, Any], params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool])

    async def call_tool(
        ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        result = (params.arguments or {})["x"] + 1
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=str(result))]
        return types.CallToolResult(content=content, structured_content={"result": result})

    server = Server("bare", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
