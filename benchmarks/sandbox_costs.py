"""What the sandbox gives at full load, and what it takes: calls a second, batches, memory, the first call after start.

    python benchmarks/sandbox_costs.py [--sandbox wasm|native] [--calls 300] [--starts 5]

Without --sandbox, each kind that this machine offers; the kinds in turn, A B A B, in one run; medians. Linux (memory from
/proc, one core by its affinity).

    calls a second     a trivial tool, fresh state for each call; 4 calls are waiting for each worker at all times
    batch answers      questions for one tool through `run_batch`, with all processes on one core (goal: 1,000 a second)
    memory             MiB of the server (home with 100 tools) and of each of its workers, with what the worker has started:
                       when all is ready and nobody calls; and after calls of 20 tools by both workers.
                       RSS counts a page in each process that has it, PSS shares it among them; own: of PSS, what is no
                       file's and so no other program's.
    first call         from the start of the server's process to the answer of the first call, in seconds, by an empty
                       LATM_CACHE (the interpreter is compiled first) and by one that is filled
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
from made_tools import INCREMENT, SORT, fill, increment, sorter, starter
from measured import KINDS, open_offered, percentile, print_row
from processes import children, held, tree
from raw_server import OURS, RawServer, environment, tool_call, yardstick

from latm_mcp.outcomes import AnswerQuestion, CallFunction, Program, Returned, SandboxKind
from latm_mcp.sandbox import Sandbox

ROUNDS = 5
TOOLS = 100
READY_SECONDS = 60.0
COMPILED_SECONDS = 300.0

Rate = Callable[[Sandbox], Awaitable[float]]  # how many a second


async def calls_a_second(sandbox: Sandbox, calls: int, waiting: int) -> float:
    """With so many calls asked for at once at all times."""
    program, numbers = Program(INCREMENT, "increment"), iter(range(calls))

    async def ask() -> None:
        for number in numbers:
            got = await sandbox.run(program, CallFunction({"x": number}))
            assert got == Returned(number + 1), got

    began = time.perf_counter()
    async with anyio.create_task_group() as group:
        for _ in range(waiting):
            group.start_soon(ask)
    return calls / (time.perf_counter() - began)


async def answers_a_second(sandbox: Sandbox, program: Program, questions: Sequence[str]) -> float:
    """Of one batch, of these questions."""
    requests = [AnswerQuestion(question) for question in questions]
    began = time.perf_counter()
    outcomes = await sandbox.run_batch(program, requests)
    taken = time.perf_counter() - began
    assert all(isinstance(outcome, Returned) for outcome in outcomes), outcomes
    return len(outcomes) / taken


async def compare_rates(title: str, sandboxes: Mapping[SandboxKind, Sandbox], rate: Rate) -> None:
    """Print the median of some rounds in turn."""
    rates: dict[SandboxKind, list[float]] = {kind: [] for kind in sandboxes}
    for sandbox in sandboxes.values():
        await rate(sandbox)
    for _ in range(ROUNDS):
        for kind, sandbox in sandboxes.items():
            rates[kind].append(await rate(sandbox))
    for kind, taken in rates.items():
        print_row(title, kind, statistics.median(taken), min(taken), max(taken))


async def compare_load(kinds: Sequence[SandboxKind], calls: int) -> list[SandboxKind]:
    """Calls a second by workers, and batches on one core. Returns the kinds that are offered."""
    print_row("a second", "", "median", "least", "most")
    for workers in (1, 2):
        async with AsyncExitStack() as stack:
            sandboxes = await open_offered(stack, kinds, workers)
            title = f"calls a second, workers: {workers}"
            await compare_rates(title, sandboxes, lambda sandbox, n=workers: calls_a_second(sandbox, calls, 4 * n))
            kinds = list(sandboxes)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # workers that start now inherit it
    try:
        async with AsyncExitStack() as stack:
            sandboxes = await open_offered(stack, kinds, workers=1)
            sort = (Program(SORT.format(name="sort"), "sort"), ["Sort: pear apple fig", "Sort: b a"] * 250)
            for title, asked in (("trivial", sort), ("order_five_objects", starter("order_five_objects"))):
                await compare_rates(
                    f"batch answers on one core: {title}",
                    sandboxes,
                    lambda sandbox, asked=asked: answers_a_second(sandbox, *asked),
                )
    finally:
        os.sched_setaffinity(0, cores)
    return list(kinds)


def memory(kind: SandboxKind) -> None:
    """Print what a server and its workers hold."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), map(sorter, range(TOOLS)))
        with RawServer(OURS, environment(Path(folder), kind)) as server:
            settle(server)
            print_memory("ready, nobody calls", kind, server)
            for number in range(0, 100, 2):
                both = [tool_call(10_000 + number + k, f"tool_{number % 20 + k}", {"words": ["a"]}) for k in (0, 1)]
                server.send(*both)
                answered = {server.next_answer()["id"] for _ in both}
                assert answered == {message["id"] for message in both}, answered
            settle(server)
            print_memory("after calls of 20 tools", kind, server)


def settle(server: RawServer) -> None:
    """Wait until a worker is there and memory changes no more."""
    before, deadline = -1.0, time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        now = held(tree(server.process.pid))
        if now.rss == before and now.processes > 1:
            return
        before = now.rss
        time.sleep(1)


def print_memory(title: str, kind: SandboxKind, server: RawServer) -> None:
    """A line for the server alone, and one for each of its workers with what that has started."""
    own = held([server.process.pid])
    print_row(f"server, {title}", kind, own.rss, own.pss, own.own, own.processes, own.files)
    for place, worker in enumerate(children(server.process.pid), 1):
        its = held(tree(worker))
        print_row(f"worker {place}, {title}", kind, its.rss, its.pss, its.own, its.processes, its.files)


def first_call(home: Path, command: list[str], kind: SandboxKind, **more: object) -> float:
    """Seconds from the start of the process to the answer of a call that was asked for as soon as tools were listed."""
    began = time.perf_counter()
    with RawServer(command, environment(home, kind, **more)) as server:
        while (got := server.call("increment", {"x": 1})).get("isError"):  # a slow machine: it says to try again
            assert time.perf_counter() - began < COMPILED_SECONDS, got
        assert got["structuredContent"] == {"result": 2}, got
        return time.perf_counter() - began


def first_calls(kinds: Sequence[SandboxKind], starts: int) -> None:
    """Print the first call's time, cold once and warm some times."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, [increment()])
        bare = yardstick("bare_increment.py")
        warm: dict[str, list[float]] = {"bare SDK": [], **{kind: [] for kind in kinds}}
        for kind in kinds:
            with tempfile.TemporaryDirectory() as cache:
                print_row("first call, empty cache", kind, 1, first_call(home, OURS, kind, LATM_CACHE=cache))
        for _ in range(starts):
            warm["bare SDK"].append(first_call(home, bare, "wasm"))
            for kind in kinds:
                warm[kind].append(first_call(home, OURS, kind))
        for name, taken in warm.items():
            print_row("first call, filled cache", name, starts, statistics.median(taken), percentile(taken, 0.95))


async def measure(kinds: Sequence[SandboxKind], calls: int, starts: int) -> None:
    """Print the tables."""
    offered = await compare_load(kinds, calls)
    print_row("memory", "", "RSS MiB", "PSS MiB", "own MiB", "processes", "files")
    for kind in offered:
        memory(kind)
    print_row("first call after start", "", "starts", "median s", "p95 s")
    first_calls(offered, starts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sandbox", choices=KINDS)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    anyio.run(measure, [options.sandbox] if options.sandbox else KINDS, options.calls, options.starts)


if __name__ == "__main__":
    main()
