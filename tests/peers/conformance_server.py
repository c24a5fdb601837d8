"""The real server over HTTP, with what the conformance suite calls by fixed names in front of it.

Run with `python -m peers.conformance_server` in the environment of `latm-mcp serve --http`. Whatever is no fixture's goes to the server's
own handlers; nothing of how it listens, of who is let in, of the announcements of its lists and of its errors is replaced.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.subscriptions import PromptsListChanged
from peers.fixtures import ANYTHING, PROMPTS, RESOURCES, SCHEMAS, TEMPLATES, TOOLS, Answer, Context, prompt, read, said
from peers.fixtures_asking import asking_tools, context_prompt
from peers.library import MADE

from latm_mcp import server_http
from latm_mcp.server import LatmServer, open_server
from latm_mcp.settings import Settings, read_settings
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
        """Put the fixtures in front."""
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

    async def _list_tools(self, ctx: Context, params: Any) -> Any:
        ours = await self._ours("tools/list", ctx, params)
        more = [
            types.Tool(name=name, description="For the suite.", input_schema=self._input_schema(name))
            for name in sorted(self._tools)
        ]
        return ours.model_copy(update={"tools": [*ours.tools, *more]})

    async def _call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        if fixture := self._tools.get(params.name):
            return await fixture(ctx, params)
        return await self._ours("tools/call", ctx, params)

    async def _resources(self, ctx: Context, params: Any) -> Any:
        ours = await self._ours("resources/list", ctx, params)
        return ours.model_copy(update={"resources": [*ours.resources, *RESOURCES]})

    async def _templates(self, ctx: Context, params: Any) -> Any:
        ours = await self._ours("resources/templates/list", ctx, params)
        return ours.model_copy(update={"resource_templates": [*ours.resource_templates, *TEMPLATES]})

    async def _read(self, ctx: Context, params: types.ReadResourceRequestParams) -> Any:
        if (content := read(str(params.uri))) is not None:
            return types.ReadResourceResult(contents=[content])
        return await self._ours("resources/read", ctx, params)

    async def _prompts(self, ctx: Context, params: Any) -> Any:
        ours = await self._ours("prompts/list", ctx, params)
        return ours.model_copy(update={"prompts": [*ours.prompts, *PROMPTS]})

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
        bus = getattr(entry.handler, "_bus")  # noqa: B009 private: the SDK has no public way to a handler's bus
        await bus.publish(PromptsListChanged())
        return said("prompts are said to have changed")


@asynccontextmanager
async def opened(settings: Settings, *more: Any, **options: Any) -> AsyncIterator[LatmServer]:
    """The real server on a library, opened as `serve_http` asks for it, with the fixtures in front of it."""
    async with open_server(settings, *more, **options) as server:
        Composed(server, settings.home, MADE).install()
        yield server


def main() -> None:
    """Serve, as `latm-mcp serve --http` does, on a free port."""
    settings = read_settings(os.environ)
    setattr(server_http, "open_server", opened)  # noqa: B010 the one thing that differs from the command
    anyio.run(server_http.serve_http, replace(settings, http=replace(settings.http, port=0)))


if __name__ == "__main__":
    main()
