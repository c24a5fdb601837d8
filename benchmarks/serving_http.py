"""Our server over HTTP against itself over stdio, and how soon many open sessions have a tool that another process published.

    python benchmarks/serving_http.py [--calls 300] [--gap 0.02] [--sessions 50]

A trivial made tool through the SDK's own `mcp.Client`, in blocks of 50 calls in turn, in one run: p50 and p95 in milliseconds, and
the ratio of its p50 to the same client over stdio. Then, with so many sessions open, half of each era: milliseconds from the moment
at which the library has a new tool until each of them has listed it again (p50 and p95 of the sessions), and calls a second of all
sessions at once.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
from calls import with_client
from made_tools import fill, increment, sorter
from mcp import Client, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from measured import interleaved, percentile, print_row, print_times
from raw_server import OURS, environment

STDIO = "stdio, modern"
ROUNDS = 5
CALLS_EACH = 20


@contextmanager
def over_http(home: Path) -> Iterator[str]:
    """Our server on a free port: its address."""
    line = [*OURS, "--http", "--port", "0"]
    with subprocess.Popen(line, env=environment(home, "wasm"), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://\S+/mcp", said)
        assert found is not None, said
        try:
            yield found[0]
        finally:
            process.terminate()


async def compare(url: str, home: Path, calls: int, gap: float) -> None:
    """A call's time, three ways."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        async with AsyncExitStack() as stack:
            parameters = StdioServerParameters(command=OURS[0], args=OURS[1:], env=environment(home, "wasm"))
            ways: dict[str, Any] = {
                STDIO: Client(stdio_client(parameters, errlog=nowhere)),
                "HTTP, modern": Client(url),
                "HTTP, legacy": Client(url, mode="legacy"),
            }
            callers = {}
            for name, client in ways.items():
                await stack.enter_async_context(client)
                await client.list_tools()
                callers[name] = with_client(client)
            print_times(await interleaved(callers, calls, gap), f"client, spaced {gap * 1e3:g} ms", STDIO)
            print_times(await interleaved(callers, calls, 0), "client, back to back", STDIO)


class Session:
    """A client that lists again whenever it is told of a change, and when it had each tool."""

    def __init__(self, url: str, era: str):
        self.client = Client(url, mode=era, message_handler=self._heard)
        self.modern = era == "auto"
        self.had: dict[str, float] = {}
        self._send, self._told = anyio.create_memory_object_stream[None](1000)

    async def _heard(self, message: Any) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._send.send_nowait(None)

    async def follow(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """For ever."""
        if not self.modern:
            task_status.started()
            async for _ in self._told:
                await self._list()
        async with self.client.listen(tools_list_changed=True) as changes:
            task_status.started()
            async for _ in changes:
                await self._list()

    async def _list(self) -> None:
        for tool in (await self.client.list_tools(cache_mode="bypass")).tools:
            self.had.setdefault(tool.name, time.perf_counter())


@asynccontextmanager
async def sessions(url: str, count: int) -> AsyncIterator[list[Session]]:
    """Open ones, that follow."""
    async with AsyncExitStack() as stack:
        opened = [Session(url, "legacy" if number % 2 else "auto") for number in range(count)]
        for session in opened:
            await stack.enter_async_context(session.client)
        async with anyio.create_task_group() as group:
            for session in opened:
                await group.start(session.follow)
            yield opened
            group.cancel_scope.cancel()


async def spread(url: str, home: Path, count: int) -> None:
    """Print how soon all have a new tool, and how much all get done at once."""
    taken: list[float] = []
    async with sessions(url, count) as opened:
        for number in range(ROUNDS):
            new = sorter(number)
            fill(home, [new])
            published = time.perf_counter()
            while not all(new.name in session.had for session in opened):
                await anyio.sleep(0.005)
            taken += [session.had[new.name] - published for session in opened]
        began = time.perf_counter()
        async with anyio.create_task_group() as group:
            for session in opened:
                group.start_soon(_calls, session.client)
        rate = count * CALLS_EACH / (time.perf_counter() - began)
    p50, p95 = statistics.median(taken) * 1e3, percentile(taken, 0.95) * 1e3
    print_row(f"a new tool listed again, {count} sessions", "", len(taken), p50, p95)
    print_row(f"calls a second, {count} sessions at once", "", count * CALLS_EACH, rate)


async def _calls(client: Client) -> None:
    for number in range(CALLS_EACH):
        await with_client(client)(number)


async def measure(calls: int, gap: float, count: int) -> None:
    """Print the table."""
    print_row("a call of a trivial tool", "", "calls", "p50 ms", "p95 ms", "ratio")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, [increment()])
        with over_http(home) as url:
            await compare(url, home, calls, gap)
            await spread(url, home, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--gap", type=float, default=0.02)
    parser.add_argument("--sessions", type=int, default=50)
    options = parser.parse_args()
    anyio.run(measure, options.calls, options.gap, options.sessions)


if __name__ == "__main__":
    main()
