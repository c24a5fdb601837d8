"""Runs made code where it can reach nothing: the only door to it.

`open_sandbox` gives the `wasm` sandbox, CPython as a WebAssembly component, or the `native` one, locked-down children of a
zygote: both behind worker processes that are replaced when they die.
"""

import platform
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import anyio

from latm_mcp.errors import SandboxUnavailable
from latm_mcp.outcomes import Limits, Outcome, Program, Request, SandboxKind, World
from latm_mcp.sandbox_frames import encode
from latm_mcp.sandbox_process import WorkerProcess, command
from latm_mcp.sandbox_queue import FairQueue

GUEST_PYTHON = "3.14.0"  # what componentize-py 0.25.1 builds; a test asks the guest
COMPONENT = Path(__file__).with_name("_sandbox.wasm")
AHEAD_SECONDS = 2.0  # for so long after an answer a worker may still be loading that tool ahead, or be stopped at it
MOST_LOST = 5  # workers that one batch may cost; what is left of it then comes to the same
BATCH_SECONDS = 0.1  # how long a batch holds a worker that others wait for
DEFAULT_LIMITS = Limits()
DEFAULT_WORLD = World()


class Sandbox(Protocol):
    """Where made code runs. Outcomes say what the code did; only the sandbox's own failure is raised."""

    @property
    def description(self) -> str:
        """What stands around the code, for evidence and people: "wasm: CPython 3.14.0 in wasmtime 50.0.1, ..."."""
        ...

    @property
    def python(self) -> str:
        """The version of Python that made code runs on."""
        ...

    async def run(
        self, program: Program, request: Request, *, limits: Limits = DEFAULT_LIMITS, world: World = DEFAULT_WORLD
    ) -> Outcome:
        """Run one request in a fresh interpreter that is thrown away. Raises: SandboxUnavailable, BadInput."""
        ...

    async def run_batch(
        self,
        program: Program,
        requests: Sequence[Request],
        *,
        limits: Limits = DEFAULT_LIMITS,
        world: World = DEFAULT_WORLD,
    ) -> list[Outcome]:
        """Run requests in turn, each within the limits; they may share an interpreter. Raises: as `run`."""
        ...

    async def warm(self) -> None:
        """Be ready for a call: compiled, and one worker started. Raises: SandboxUnavailable."""
        ...


@asynccontextmanager
async def open_sandbox(
    cache_folder: Path, *, kind: SandboxKind = "wasm", workers: int = 2, progress: Callable[[str], None] | None = None
) -> AsyncIterator[Sandbox]:
    """The sandbox of this kind, with up to `workers` processes that start at first need and are gone at the end.

    cache_folder: keeps the compiled interpreter of wasm; made private to the user. progress: gets a sentence when that is
    compiled. Raises: SandboxUnavailable if the installation has no interpreter, or the system has no native sandbox.
    """
    if kind == "native" and sys.platform != "linux":
        raise SandboxUnavailable("the native sandbox is there on Linux alone: unset LATM_SANDBOX to use the wasm one")
    if kind == "wasm" and not COMPONENT.exists():
        raise SandboxUnavailable("the sandbox's interpreter is not built: `pip install -e .` in the checkout builds it")
    sandbox = WorkerSandbox(kind, command(kind, COMPONENT, cache_folder), workers, progress or (lambda _: None))
    try:
        yield sandbox
    finally:
        await sandbox.close()


class Suspected(Exception):
    """A worker died under a request, perhaps on account of the tool that it served before."""

    def __init__(self, tool: str):
        super().__init__()
        self.tool = tool


class WorkerSandbox:
    """The `Sandbox` of worker processes: at most so many at once."""

    def __init__(self, kind: SandboxKind, line: list[str], workers: int, progress: Callable[[str], None]):
        self.kind, self.line, self.progress = kind, line, progress
        self.workers = workers
        self.queue = FairQueue(workers)
        self.starting = anyio.Lock()
        self.idle: list[WorkerProcess] = []
        self.all: set[WorkerProcess] = set()
        self.batches = count(1)
        self.about: dict[str, Any] = {}
        self.seed = secrets.randbits(32)  # drawn, so that no code can tell verification from use by it
        self.closed = False

    @property
    def python(self) -> str:
        """The guest's version; native is this program's own Python."""
        return GUEST_PYTHON if self.kind == "wasm" else platform.python_version()

    @property
    def description(self) -> str:
        """The interpreter and, once a worker has started, the operating system's walls around it."""
        engine = f"wasmtime {version('wasmtime')}" if self.kind == "wasm" else "a process for each call"
        return ", ".join((f"{self.kind}: CPython {self.python} in {engine}", *self.about.get("walls", ())))

    async def run(
        self, program: Program, request: Request, *, limits: Limits = DEFAULT_LIMITS, world: World = DEFAULT_WORLD
    ) -> Outcome:
        """Run one request in a fresh interpreter, and again if a worker died that may still have been at another tool."""
        frame, tool, suspect = encode(program, request, limits, self.seeded(world), batch=0), program.source, ""
        while True:
            async with self.worker(tool) as worker:
                try:
                    return await self.ask(worker, tool, partial(worker.ask, frame, request, limits), suspect)
                except Suspected as other:
                    suspect = other.tool

    async def run_batch(
        self,
        program: Program,
        requests: Sequence[Request],
        *,
        limits: Limits = DEFAULT_LIMITS,
        world: World = DEFAULT_WORLD,
    ) -> list[Outcome]:
        """Run requests in one interpreter, and after one that broke it in the next; gives way to other tools in between."""
        batch, tool, suspect, lost, end = next(self.batches), program.source, "", 0, len(requests)
        frames = [
            encode(program, request, limits, self.seeded(world), batch, last=place == end - 1)
            for place, request in enumerate(requests)
        ]
        outcomes: list[Outcome] = []
        while len(outcomes) < end:
            async with self.worker(tool) as worker:
                gives_way = anyio.current_time() + BATCH_SECONDS
                while worker.usable and (place := len(outcomes)) < end:
                    asked = partial(worker.ask, frames[place], requests[place], limits)
                    try:
                        outcomes.append(await self.ask(worker, tool, asked, suspect))
                    except Suspected as other:
                        suspect = other.tool
                    if self.queue.contended(tool) and anyio.current_time() > gives_way:
                        break
                lost += worker.lost
            if lost > MOST_LOST:
                return outcomes + outcomes[-1:] * (end - len(outcomes))
        return outcomes

    def seeded(self, world: World) -> World:
        """The world with this sandbox's seed, where it has none of its own."""
        return replace(world, seed=self.seed) if world.seed is None else world

    async def warm(self) -> None:
        """Have one worker ready."""
        async with self.worker(""):
            pass

    async def ask(
        self, worker: WorkerProcess, tool: str, asked: Callable[[], Awaitable[Outcome]], suspect: str
    ) -> Outcome:
        """What a request comes to, and which tool is to blame where its worker died.

        suspect: the tool that a worker had served before it died under this very request. Raises: Suspected, the first
        time that happens: the worker may still have been loading that other tool ahead.
        """
        before = worker.lately[-1] if worker.lately else tool
        recently = time.monotonic() - worker.answered < AHEAD_SECONDS
        outcome = await asked()
        worker.lately.append(tool)
        if worker.usable:
            self.queue.survived(tool)
            if suspect:
                self.queue.killed(suspect)
        elif worker.lost and recently and before != tool and not suspect and not self.closed:
            raise Suspected(before)
        else:
            self.queue.killed(tool)
        return outcome

    @asynccontextmanager
    async def worker(self, tool: str) -> AsyncIterator[WorkerProcess]:
        """A worker for this task alone, when it is this tool's turn; one left in the middle of a request is killed."""
        async with self.queue.turn(tool):
            worker = await self.take(tool)
            try:
                yield worker
            finally:
                beyond = len(self.all) > self.workers and not self.queue.full
                if worker.usable and not self.closed and not beyond:
                    self.idle.append(worker)
                else:
                    await self.discard(worker)

    async def take(self, tool: str) -> WorkerProcess:
        """The idle worker that suits this tool best, or a new one: one is started at a time, since by then another may be idle."""
        if (idle := await self.take_idle(tool)) is not None:
            return idle
        async with self.starting:
            if (idle := await self.take_idle(tool)) is not None:
                return idle
            if self.closed:
                raise SandboxUnavailable("the sandbox is closed: open it again")
            worker = await WorkerProcess.start(self.line, self.progress)
            self.all.add(worker)
            self.about = worker.about
            return worker

    async def take_idle(self, tool: str) -> WorkerProcess | None:
        """The idle worker that suits this tool best; those that have died are put away."""
        while self.idle:
            worker = max(self.idle, key=lambda worker: worker.suits(tool))
            self.idle.remove(worker)
            if worker.alive:
                return worker
            await self.discard(worker)
        return None

    async def discard(self, worker: WorkerProcess) -> None:
        """End a worker for good."""
        self.all.discard(worker)
        await worker.close()

    async def close(self) -> None:
        """Kill all workers and wait until they are gone; whoever still waits for one gets Died."""
        self.closed = True
        with anyio.CancelScope(shield=True):
            for worker in tuple(self.all):
                await worker.close()
