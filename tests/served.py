"""What the server's tests share: a client on a server, the making by the client's own model, and clients that list again."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters, types
from sandboxed import CHOSEN, KIND
from scripted import SORT_EXAMPLES, sort_words

from latm_mcp.models import Maker
from latm_mcp.server import open_server
from latm_mcp.settings import Settings

CHILD = Path(__file__).with_name("serve_child.py")
PATH = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]
ERAS = ("auto", "legacy")
EXAMPLES = [{"question": question, "answer": answer} for question, answer in SORT_EXAMPLES]
REQUEST = {"examples": EXAMPLES, "name": "sort_words", "description": "Sort words alphabetically"}
QUESTION = "Sort the following words alphabetically: List: wolf cat bear"
WITHIN = 60  # seconds, for whatever has to happen


def child(home: Path, cache: Path, *more: object) -> StdioServerParameters:
    """How a client starts a server process."""
    code = f"import sys, runpy; sys.path[:0] = {PATH!r}; runpy.run_path({str(CHILD)!r}, run_name='__main__')"
    arguments = ["-c", code, str(home), str(cache), *map(str, more)]
    return StdioServerParameters(command=sys.executable, args=arguments, env=CHOSEN)


def installed(home: Path, cache: Path, *options: str, **environment: str) -> StdioServerParameters:
    """How a person's client starts it: the command line's own server, set by its environment."""
    places = {"LATM_HOME": str(home), "LATM_CACHE": str(cache), "PYTHONPATH": PATH[1], "LATM_SANDBOX": KIND}
    # A client passes HOME on, so that it would read the settings and the keys of whoever runs the tests.
    places |= {"LATM_CONFIG": os.devnull, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    line = ["-W", "error", "-m", "latm_mcp", "serve", *options]
    return StdioServerParameters(command=sys.executable, args=line, env={**places, **environment})


@asynccontextmanager
async def served(settings: Settings, era: str, maker: Maker | None = None, **options: Any) -> AsyncIterator[Client]:
    """A client of an in-memory server."""
    async with open_server(settings, maker) as server, Client(server, mode=era, **options) as client:
        yield client


async def call(client: Client, command: str, **arguments: Any) -> dict[str, Any]:
    """A call that must work: its structure."""
    result = await client.call_tool(command, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def refusal(client: Client, command: str, **arguments: Any) -> str:
    """A call that must be refused: its sentence, and no traceback.

    No structure: clients would hold it against the output schema, and show that it does not fit instead of the sentence.
    """
    result = await client.call_tool(command, arguments)
    assert result.is_error, result.structured_content
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    assert result.structured_content is None
    assert "Traceback" not in block.text
    return block.text


async def names(client: Client) -> list[str]:
    """The names in a fresh list."""
    return [tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools]


async def make_by_client(client: Client, source: str = "", **request: Any) -> dict[str, Any]:
    """The whole making where the client's own model writes the code."""
    begun = await call(client, "make_tool", **{**REQUEST, **request})
    assert begun["status"] == "draft_needed", begun
    return await call(client, "make_tool", job=begun["job"], draft={"source": source or sort_words()})


class Relisting:
    """A client that lists again whenever it is told of a change, as some real ones do; in both eras."""

    def __init__(self, server: Any, era: str, **options: Any):
        self._handler_sends, self._changes = anyio.create_memory_object_stream[None](100)
        self.client = Client(server, mode=era, message_handler=self._heard, **options)
        self.lists: list[list[str]] = []
        self._legacy = era == "legacy"
        self._grown = anyio.Event()

    async def _heard(self, message: Any) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._handler_sends.send_nowait(None)

    async def until(self, name: str) -> None:
        """Wait until a list that came after an announcement holds a name."""
        with anyio.fail_after(WITHIN):
            while not any(name in listed for listed in self.lists):
                await self._grown.wait()

    async def follow(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """List once, then again after each announcement, until cancelled."""
        await self.client.list_tools()
        if self._legacy:
            task_status.started()
            async for _ in self._changes:
                await self._list()
        else:
            async with self.client.listen(tools_list_changed=True) as changes:
                task_status.started()
                async for _ in changes:
                    await self._list()

    async def _list(self) -> None:
        self.lists.append(await names(self.client))
        self._grown.set()
        self._grown = anyio.Event()

    def close(self) -> None:
        self._handler_sends.close()
        self._changes.close()


@asynccontextmanager
async def relisting(server: Any, era: str, **options: Any) -> AsyncIterator[Relisting]:
    """A connected client that lists again."""
    following = Relisting(server, era, **options)
    try:
        async with following.client, anyio.create_task_group() as group:
            await group.start(following.follow)
            yield following
            group.cancel_scope.cancel()
    finally:
        following.close()
