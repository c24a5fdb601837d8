"""A trivial made tool over stdio against the same function hand-written on the bare low-level SDK.

    python benchmarks/calls.py [--sandbox wasm|native] [--calls 300] [--gap 0.02]

Without --sandbox, each kind that this machine offers. Blocks of 50 calls in turn, A B A B, in one run; p50 and p95 of a
call in milliseconds as its client sees it, and the ratio of its p50 to the bare server's (goal: at most 1.5, spaced).

    raw      JSON lines over pipes: no client's own work is counted
    client   through the SDK's own `mcp.Client`, which checks each result against the tool's schema
    spaced   so many seconds of rest before each call, as between the turns of a model; back to back: none
"""

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import anyio
from made_tools import fill, increment
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from measured import KINDS, Call, interleaved, offered_kinds, print_row, print_times
from raw_server import OURS, RawServer, environment, yardstick

from latm_mcp.outcomes import SandboxKind

BARE = "bare SDK"

Servers = Mapping[str, tuple[list[str], dict[str, str]]]  # command line and environment, by the candidate's name


def servers(home: Path, kinds: Sequence[SandboxKind]) -> Servers:
    """The yardstick, and our server with each of these sandboxes."""
    bare = {BARE: (yardstick("bare_increment.py"), environment(home))}
    return bare | {kind: (OURS, environment(home, kind)) for kind in kinds}


def raw(server: RawServer) -> Call:
    """A call through pipes."""

    async def call(number: int) -> None:
        got = server.call("increment", {"x": number})
        assert got["structuredContent"] == {"result": number + 1}, got

    return call


def with_client(client: Client) -> Call:
    """A call through the SDK's client."""

    async def call(number: int) -> None:
        got = await client.call_tool("increment", {"x": number})
        assert got.structured_content == {"result": number + 1}, got

    return call


async def compare(way: str, callers: Mapping[str, Call], calls: int, gap: float) -> None:
    """Print spaced and back to back."""
    print_times(await interleaved(callers, calls, gap), f"{way}, spaced {gap * 1e3:g} ms", BARE)
    print_times(await interleaved(callers, calls, 0), f"{way}, back to back", BARE)


async def over_pipes(chosen: Servers, calls: int, gap: float) -> None:
    """Raw JSON lines."""
    with ExitStack() as stack:
        started = {name: stack.enter_context(RawServer(*how)) for name, how in chosen.items()}
        await compare("raw", {name: raw(server) for name, server in started.items()}, calls, gap)


async def over_client(chosen: Servers, calls: int, gap: float) -> None:
    """The SDK's client over stdio."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # our servers log to stderr
        async with AsyncExitStack() as stack:
            callers = {}
            for name, (command, given) in chosen.items():
                parameters = StdioServerParameters(command=command[0], args=command[1:], env=given)
                client = await stack.enter_async_context(Client(stdio_client(parameters, errlog=nowhere)))
                await client.list_tools()  # our sandbox gets ready after the first list
                callers[name] = with_client(client)
            await compare("client", callers, calls, gap)


async def measure(kinds: Sequence[SandboxKind], calls: int, gap: float) -> None:
    """Print the table."""
    chosen = await offered_kinds(kinds)
    print_row("a call of a trivial tool over stdio", "", "calls", "p50 ms", "p95 ms", "ratio")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, [increment()])
        await over_pipes(servers(home, chosen), calls, gap)
        await over_client(servers(home, chosen), calls, gap)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sandbox", choices=KINDS)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--gap", type=float, default=0.02)
    options = parser.parse_args()
    anyio.run(measure, [options.sandbox] if options.sandbox else KINDS, options.calls, options.gap)


if __name__ == "__main__":
    main()
