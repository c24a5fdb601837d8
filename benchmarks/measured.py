"""Times, their percentiles, and the tables that the benchmarks print."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import anyio

from latm_mcp.errors import BadInput, SandboxUnavailable
from latm_mcp.outcomes import SandboxKind
from latm_mcp.sandbox import Sandbox, open_sandbox
from latm_mcp.settings import read_settings

KINDS: tuple[SandboxKind, ...] = ("wasm", "native")
BLOCK = 50  # calls of one candidate before it is the next one's turn
WARM_UP = 20

Call = Callable[[int], Awaitable[None]]


async def interleaved(
    callers: Mapping[str, Call], calls: int, gap: float, block: int = BLOCK
) -> dict[str, list[float]]:
    """Seconds of at least `calls` calls of each, in blocks A B A B, with so many seconds of rest before each call."""
    times: dict[str, list[float]] = {name: [] for name in callers}
    for call in callers.values():
        for number in range(WARM_UP):
            await call(number)
    while any(len(taken) < calls for taken in times.values()):
        for name, call in callers.items():
            for number in range(block):
                if gap:
                    await anyio.sleep(gap)
                began = time.perf_counter()
                await call(number)
                times[name].append(time.perf_counter() - began)
    return times


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def print_times(times: Mapping[str, Sequence[float]], title: str, yardstick: str) -> None:
    """A line for each candidate: how many calls, p50 and p95 in milliseconds, and its p50 over the yardstick's."""
    base = statistics.median(times[yardstick])
    for place, (name, taken) in enumerate(times.items()):
        p50, p95 = statistics.median(taken), percentile(taken, 0.95)
        print_row(title if not place else "", name, len(taken), p50 * 1e3, p95 * 1e3, p50 / base)


def print_row(title: str, name: str, *cells: object) -> None:
    """One line: the measurement, the candidate, and its figures in columns of 10."""
    print(f"{title:44} {name:14}" + "".join(f"{_cell(cell):>10}" for cell in cells), flush=True)


def _cell(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else "-" if cell is None else str(cell)


async def open_offered(
    stack: AsyncExitStack, kinds: Sequence[SandboxKind], workers: int = 2
) -> dict[SandboxKind, Sandbox]:
    """The sandboxes of these kinds, warm, until the stack ends; of one that is not offered here, a line says why."""
    offered: dict[SandboxKind, Sandbox] = {}
    for kind in kinds:
        try:
            sandbox = await stack.enter_async_context(open_sandbox(read_settings().cache, kind=kind, workers=workers))
            await sandbox.warm()
        except (SandboxUnavailable, BadInput) as why:
            print(f"{kind}: not offered here: {why}")
            continue
        if sandbox.description.startswith(kind):
            offered[kind] = sandbox
        else:
            print(f"{kind}: not offered here: what was opened is {sandbox.description}")
    return offered


async def offered_kinds(kinds: Sequence[SandboxKind]) -> list[SandboxKind]:
    """Which of these kinds can be used here, for benchmarks of whole servers."""
    async with AsyncExitStack() as stack:
        return list(await open_offered(stack, kinds, workers=1))
