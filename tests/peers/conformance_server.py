"""The real server over streamable HTTP, and with `--fixtures` what the conformance suite calls by fixed names beside it.

`python conformance_server.py --home LIBRARY [--fixtures]`: prints its address on a line, and ends when its input does. Whatever is no
fixture's goes to the server's own handlers; nothing of the transport, the lists' announcements and the errors is replaced.
"""

import argparse
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import uvicorn
from mcp import types
from mcp.server.subscriptions import PromptsListChanged
from peers.fixtures import ANYTHING, PROMPTS, RESOURCES, SCHEMAS, TEMPLATES, TOOLS, Answer, Context, prompt, read, said
from peers.fixtures_asking import asking_tools, context_prompt

from latm_mcp.server import LatmServer, open_server
from latm_mcp.settings import read_settings
from latm_mcp.store import open_store


class Composed:
    """Fixtures in front of a server's handlers. made: the name of a made tool, whose publishing is the change of the list."""

    def __init__(self, server: LatmServer, home: Path, made: str):
        self._server, self._home, self._made = server, home, made
        self._tools = {**TOOLS, **asking_tools()}
        self._tools |= {
            "test_trigger_tool_change": self._change_tools,
            "test_trigger_prompt_change": self._tell_prompts,
        }
        self._real = {method: server.get_request_handler(method) for method in self._replacements()}
        self._schema = server.get_tool_input_schema

    def install(self) -> None:
        for method, handler in self._replacements().items():
            entry = self._real[method]
            assert entry is not None, f"the server has no {method}"
            self._server.add_request_handler(method, entry.params_type, handler)
        self._server.get_tool_input_schema = self._input_schema

    def _replacements(self) -> dict[str, Any]:
        return {
            "tools/list": self._list_tools,
            "tools/call": self._call_tool,
            "resources/list": self._resources,
            "resources/templates/list": self._templates,
            "resources/read": self._read,
            "prompts/list": self._prompts,
            "prompts/get": self._prompt,
        }

    async def _ours(self, method: str, ctx: Context, params: Any) -> Any:
        """What the server itself answers."""
        entry = self._real[method]
        assert entry is not None
        return await entry.handler(ctx, params)

    def _input_schema(self, name: str) -> Any:
        if name in self._tools:
            return SCHEMAS.get(name, ANYTHING)
        return None if self._schema is None else self._schema(name)

    async def _list_tools(self, ctx: Context, params: Any) -> types.ListToolsResult:
        ours = await self._ours("tools/list", ctx, params)
        more = [
            types.Tool(name=name, description="For the suite.", input_schema=self._input_schema(name))
            for name in sorted(self._tools)
        ]
        return replace_list(ours, tools=[*ours.tools, *more])

    async def _call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        if fixture := self._tools.get(params.name):
            return await fixture(ctx, params)
        return await self._ours("tools/call", ctx, params)

    async def _resources(self, ctx: Context, params: Any) -> types.ListResourcesResult:
        ours = await self._ours("resources/list", ctx, params)
        return replace_list(ours, resources=[*ours.resources, *RESOURCES])

    async def _templates(self, ctx: Context, params: Any) -> types.ListResourceTemplatesResult:
        ours = await self._ours("resources/templates/list", ctx, params)
        return replace_list(ours, resource_templates=[*ours.resource_templates, *TEMPLATES])

    async def _read(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        if (content := read(str(params.uri))) is not None:
            return types.ReadResourceResult(contents=[content])
        return await self._ours("resources/read", ctx, params)

    async def _prompts(self, ctx: Context, params: Any) -> types.ListPromptsResult:
        ours = await self._ours("prompts/list", ctx, params)
        return replace_list(ours, prompts=[*ours.prompts, *PROMPTS])

    async def _prompt(self, ctx: Context, params: types.GetPromptRequestParams) -> Any:
        if params.name == "test_input_required_result_prompt":
            return await context_prompt(ctx, params)
        return prompt(params.name, params.arguments or {}) or await self._ours("prompts/get", ctx, params)

    async def _change_tools(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        """Archives the made tool, or publishes it again, through another door to the library: the server has to notice."""

        def change() -> str:
            with open_store(self._home) as store:
                if store.state(self._made) == "live":
                    store.archive(self._made, "conformance")
                    return "archived"
                version = store.versions(self._made)[0][0]
                tool = store.tool(self._made, version)
                assert tool is not None
                store.publish(tool, actor="conformance")
                return "published"

        return said(await anyio.to_thread.run_sync(change))

    async def _tell_prompts(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        """The server's own prompts never change: only the pipe can be tried."""
        entry = self._server.get_request_handler("subscriptions/listen")
        assert entry is not None
        await entry.handler._bus.publish(PromptsListChanged())  # the SDK has no public way to a handler's bus
        return said("prompts are said to have changed")


def replace_list(ours: Any, **lists: Any) -> Any:
    """The server's own page with more in its list, its hints for caches and all kept."""
    return ours.model_copy(update=lists)


@asynccontextmanager
async def opened(home: Path, made: str, fixtures: bool) -> AsyncIterator[LatmServer]:
    """The real server on a library, with the fixtures in front of it or without."""
    settings = replace(read_settings(os.environ), home=home)
    async with open_server(settings) as server:
        if fixtures:
            Composed(server, home, made).install()
        yield server


async def serve(home: Path, made: str, fixtures: bool) -> None:
    """Serve on a free port of the loopback until standard input ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with opened(home, made, fixtures) as server, anyio.create_task_group() as group:
            running = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="warning"))
            group.start_soon(running.serve, [listening])
            sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp\n")
            sys.stdout.flush()
            await anyio.to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)
            running.should_exit = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--made", default="word_sorting")
    parser.add_argument("--fixtures", action="store_true")
    options = parser.parse_args()
    anyio.run(serve, options.home, options.made, options.fixtures)


if __name__ == "__main__":
    main()
