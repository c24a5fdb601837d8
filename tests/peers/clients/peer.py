"""What every client for Python does with the server: list, have a tool made, hear of it, list again, call the tool.

Runs in the client's venv and knows nothing of latm_mcp, which is not installed there: what to ask for comes as JSON on standard
input, what was seen goes out as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

WITHIN = 60.0
TOLD_WITHIN = 5.0


class Peer(Protocol):
    """A connected client. told: is set when it hears that the list has changed; how: by what, empty where nothing tells it."""

    told: asyncio.Event
    how: str

    def protocol(self) -> str: ...

    async def names(self) -> list[str]: ...

    async def call(self, name: str, arguments: dict[str, Any]) -> Any: ...


@dataclass(frozen=True)
class Asked:
    """server: command, args, env. era: "auto" or "legacy". listening: whether to open a stream where the client opens none itself."""

    server: dict[str, Any]
    era: str
    listening: bool
    request: dict[str, Any]
    source: str
    words: list[str]
    question: str


Opening = Callable[[Asked], AbstractAsyncContextManager[Peer]]


async def session(peer: Peer, asked: Asked) -> dict[str, Any]:
    """One session: what was seen in it."""
    name, words = asked.request["name"], {"words": asked.words}
    before = await peer.names()
    begun = await peer.call("make_tool", asked.request)
    started = time.monotonic()
    made = await peer.call("make_tool", {"job": begun["job"], "draft": {"source": asked.source}})
    seconds = time.monotonic() - started
    return {
        "protocol": peer.protocol(),
        "listed_before": before,
        "begun": begun["status"],
        "made": made["status"],
        "seconds_of_the_making": round(seconds, 2),
        "told": await heard(peer),
        "told_how": peer.how,
        "listed_after": await peer.names(),
        "by_its_name": await peer.call(name, words),
        "by_call_tool": await peer.call("call_tool", {"name": name, "arguments": words}),
        "by_question": await peer.call("call_tool", {"name": name, "question": asked.question}),
    }


async def heard(peer: Peer) -> bool:
    """Whether the client hears of the change in time."""
    if not peer.how:
        return False
    try:
        await asyncio.wait_for(peer.told.wait(), TOLD_WITHIN)
    except TimeoutError:
        return False
    return True


async def listen(asked: Asked, session: Any, told: asyncio.Event, stack: AsyncExitStack) -> str:
    """Hear of changes as it goes in this era; how: a handshake server tells by itself, a modern one on a stream that has to be open.

    The stream is opened on the session, which all these clients show: none of them opens one by itself.
    """
    if asked.era == "legacy":
        return "message handler"
    if not asked.listening:
        return ""
    from mcp.client.subscriptions import listen as open_stream  # mcp 2 alone has it

    changes = await stack.enter_async_context(open_stream(session, tools_list_changed=True))

    async def follow() -> None:
        async for _ in changes:
            told.set()

    following = asyncio.create_task(follow())
    stack.callback(following.cancel)
    return "stream"


def main(package: str, opening: Opening) -> None:
    """Run one session, and print what was seen."""
    asked = Asked(**json.load(sys.stdin))

    async def run() -> dict[str, Any]:
        async with asyncio.timeout(WITHIN), opening(asked) as peer:
            return await session(peer, asked)

    seen = asyncio.run(run())
    versions = {"client": f"{package} {version(package)}", "mcp": version("mcp")}
    sys.stdout.write(json.dumps({**versions, **seen}) + "\n")
    sys.stdout.flush()
