"""Many calls of many tools through one server over stdio, with failures of each kind among them: does anything grow?

    python benchmarks/endurance.py [--calls 20000] [--tools 100] [--sandbox wasm|native] [--limit 0.2] [--waiting 2]

Without --sandbox, each kind that this machine offers, one after the other: minutes each. Linux (memory from /proc). `waiting`
calls are asked for at once at all times; `limit` is LATM_CALL_SECONDS, which the calls that loop for ever run into. Each
tool is asked in turn to compute (91.5 %), or to raise, to loop, to take a GiB, to return 2 MiB, a set, or to exit;
or it is called with arguments that do not fit. Each answer is checked: also, that a tool's module is new in each call.
Twice in each tenth the youngest worker is killed from outside; the call that it held may say so.

One line for each tenth of the calls:

    p50, p95    milliseconds of the calls that compute, as the client sees them, what they wait for others included
    cpu ms      processor time of the server and all below it for a call, failures included
    a second    calls of all kinds
    server      MiB that the server's own process holds (RSS), median of 10 looks
    workers     MiB of its workers and what they started (RSS; own: what is no file's, and shared pages counted once)
    processes   of the server and all below it, and the descriptors that they have open: the most of 10 looks
    wrong       answers that were not what was due; the first ones are told at the end

The last lines compare the second tenth, when all is warm, with the last one. "GROWS", and exit code 1, where the server or
the workers hold over 10 % and 4 MiB more, p50 or cpu is over 25 % longer, or there are more than 2 processes or 5
descriptors more. On a machine that has other things to do p50 says little: believe cpu then.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream
from failing_tools import FAILURES, HEALTHY, arguments, failing_tool, fault, name_of
from made_tools import fill
from measured import KINDS, offered_kinds, percentile
from processes import Held, children, cpu_seconds, held, started, tree
from raw_server import HELLO, OURS, environment, tool_call

from latm_mcp.outcomes import SandboxKind

TENTHS = 10
LOOKS = 10  # at memory, in each tenth
KILLS = 2  # of a worker, in each tenth
KILLED = "the worker process ended"
MOST_BYTES = 1 << 20  # of a line that the server writes
COLUMNS = ("calls", "p50 ms", "p95 ms", "cpu ms", "a second", "server", "workers", "own", "processes", "files", "wrong")


@dataclass
class Tenth:
    """What was seen in a tenth of the calls."""

    calls: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    healthy: list[float] = field(default_factory=list)
    server: list[Held] = field(default_factory=list)
    workers: list[Held] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    spared: int = 0  # calls that may say that their worker ended

    def figures(self) -> dict[str, float]:
        """By the names of the columns."""
        both = list(zip(self.server, self.workers, strict=True))
        return {
            "calls": self.calls,
            "p50 ms": statistics.median(self.healthy) * 1e3,
            "p95 ms": percentile(self.healthy, 0.95) * 1e3,
            "cpu ms": self.cpu / self.calls * 1e3,
            "a second": self.calls / self.seconds,
            "server": statistics.median(look.rss for look in self.server),
            "workers": statistics.median(look.rss for look in self.workers),
            "own": statistics.median(look.own or 0.0 for look in self.workers),
            "processes": max(a.processes + b.processes for a, b in both),
            "files": max((a.files or 0) + (b.files or 0) for a, b in both),
            "wrong": len(self.wrong),
        }

    def note(self, wrong: str) -> None:
        """Note an answer that was not due, unless its worker was killed from outside."""
        if self.spared and KILLED in wrong:
            self.spared -= 1
        else:
            self.wrong.append(wrong)

    def look(self, pid: int) -> None:
        """Note what the server and all below it hold now."""
        self.server.append(held([pid]))
        self.workers.append(held(tree(pid)[1:]))


class Line:
    """A connection on which any number of calls wait for their answers."""

    def __init__(self, process: Process, sending: ByteSendStream, lines: BufferedByteReceiveStream):
        self.process, self.sending, self.lines = process, sending, lines
        self.waiting: dict[int, anyio.Event] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.last = 1000

    async def listen(self) -> None:
        """Hand out answers for ever."""
        while True:
            message = json.loads(await self.lines.receive_until(b"\n", MOST_BYTES))
            if (number := message.get("id")) in self.waiting:
                self.answers[number] = message["result"]
                self.waiting.pop(number).set()

    async def call(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """A tool's result."""
        self.last += 1
        number = self.last
        answered = self.waiting[number] = anyio.Event()
        await self.sending.send(json.dumps(tool_call(number, name, given)).encode() + b"\n")
        await answered.wait()
        return self.answers.pop(number)


@asynccontextmanager
async def open_line(given: dict[str, str]) -> AsyncIterator[Line]:
    """Our server, until the end."""
    process = await anyio.open_process(OURS, env=given, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stdout is not None
    async with process, anyio.create_task_group() as group:
        await process.stdin.send("".join(json.dumps(message) + "\n" for message in HELLO).encode())
        line = Line(process, process.stdin, BufferedByteReceiveStream(process.stdout))
        group.start_soon(line.listen)
        yield line
        group.cancel_scope.cancel()
        process.kill()


def asked_for(calls: int, seed: int) -> list[str]:
    """What each call is asked to come to: the failures in their shares, in an order that is the same in each run."""
    kinds = [what for what, share, _ in FAILURES for _ in range(max(1, round(calls * share)))]
    kinds += [HEALTHY] * (calls - len(kinds))
    random.Random(seed).shuffle(kinds)
    return kinds


async def tenth(line: Line, kinds: list[str], tools: int, waiting: int) -> Tenth:
    """Make these calls, and look at memory meanwhile."""
    seen, numbered = Tenth(calls=len(kinds)), iter(enumerate(kinds))
    every = max(1, len(kinds) // LOOKS)

    async def work() -> None:
        for number, what in numbered:
            tool = number % tools
            began = time.perf_counter()
            result = await line.call(name_of(tool), arguments(number, what))
            if what == HEALTHY:
                seen.healthy.append(time.perf_counter() - began)
            if (why := fault(tool, what, result)) is not None:
                seen.note(f"{what}: {why}")
            if number % every == every - 1:
                seen.look(line.process.pid)
            if number % (len(kinds) // KILLS) == len(kinds) // (2 * KILLS):
                seen.spared += kill_youngest(line.process.pid)

    began, before = time.perf_counter(), cpu_seconds(tree(line.process.pid))
    async with anyio.create_task_group() as group:
        for _ in range(waiting):
            group.start_soon(work)
    seen.seconds, seen.cpu = time.perf_counter() - began, cpu_seconds(tree(line.process.pid)) - before
    return seen


def kill_youngest(server: int) -> int:
    """Kill the server's youngest worker, so that the oldest one still shows what a long life comes to. How many were killed."""
    workers = children(server)
    if len(workers) < 2:
        return 0
    with suppress(ProcessLookupError):
        os.kill(max(workers, key=started), signal.SIGKILL)
    return 1


async def endure(kind: SandboxKind, options: argparse.Namespace) -> bool:
    """Print the table and the verdict for one kind of sandbox: whether all stayed flat and right."""
    print(f"\n{kind}\n" + "".join(f"{name:>10}" for name in COLUMNS), flush=True)
    seen = []
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), map(failing_tool, range(options.tools)))
        async with open_line(environment(Path(folder), kind, LATM_CALL_SECONDS=options.limit)) as line:
            for place in range(TENTHS):
                seen.append(
                    await tenth(line, asked_for(options.calls // TENTHS, place), options.tools, options.waiting)
                )
                figures = seen[-1].figures().values()
                print("".join(f"{value:10.4g}" if value < 1000 else f"{value:10.0f}" for value in figures), flush=True)
    for why in [why for part in seen for why in part.wrong][:5]:
        print(f"wrong: {why}")
    return verdict(seen[1].figures(), seen[-1].figures()) and not any(part.wrong for part in seen)


def verdict(second: dict[str, float], last: dict[str, float]) -> bool:
    """Print what grew from the second to the last tenth; whether nothing did."""
    bounds = {
        "server": (1.1, 4),
        "own": (1.1, 4),
        "p50 ms": (1.25, 0),
        "cpu ms": (1.25, 0),
        "processes": (1, 2),
        "files": (1, 5),
    }
    flat = True
    for name, (times, more) in bounds.items():
        grows = last[name] > second[name] * times and last[name] > second[name] + more
        flat = flat and not grows
        print(
            f"{name:10} {second[name]:9.2f} -> {last[name]:9.2f}  {last[name] / second[name] - 1:+7.1%}  "
            + ("GROWS" if grows else "flat")
        )
    return flat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--tools", type=int, default=100)
    parser.add_argument("--sandbox", choices=KINDS)
    parser.add_argument("--limit", type=float, default=0.2)
    parser.add_argument("--waiting", type=int, default=2)
    options = parser.parse_args()
    offered = anyio.run(offered_kinds, [options.sandbox] if options.sandbox else KINDS)
    flat = [anyio.run(endure, kind, options) for kind in offered]
    sys.exit(0 if flat and all(flat) else 1)


if __name__ == "__main__":
    main()
