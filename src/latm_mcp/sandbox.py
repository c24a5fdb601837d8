"""Runs made code where it can reach nothing: the only door to it.

`open_sandbox` gives the `wasm` sandbox: CPython as a WebAssembly component, in worker processes that are replaced when
they die. Another kind of sandbox has to keep to the same protocol.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Protocol

import anyio

from latm_mcp.errors import SandboxUnavailable
from latm_mcp.outcomes import Limits, Outcome, Program, Request, SandboxKind, World
from latm_mcp.sandbox_frames import encode
from latm_mcp.sandbox_process import WorkerProcess, command

GUEST_PYTHON = "3.14.0"  # what componentize-py 0.25.1 builds; a test asks the guest
COMPONENT = Path(__file__).with_name("_sandbox.wasm")
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
    """The wasm sandbox, with up to `workers` processes that start at first need and are gone at the end.

    cache_folder: keeps the compiled interpreter; made private to the user. progress: gets a sentence when that is
    compiled. Raises: SandboxUnavailable if the installation has no interpreter.
    """
    if not COMPONENT.exists():
        raise SandboxUnavailable("the sandbox's interpreter is not built: `pip install -e .` in the checkout builds it")
    sandbox = WasmSandbox(command(COMPONENT, cache_folder), workers, progress or (lambda _: None))
    try:
        yield sandbox
    finally:
        await sandbox.close()


class WasmSandbox:
    """The `Sandbox` of wasm workers: at most so many at once, the longest rested one first."""

    def __init__(self, line: list[str], workers: int, progress: Callable[[str], None]):
        self.line, self.progress = line, progress
        self.slots = anyio.Semaphore(workers)
        self.idle: deque[WorkerProcess] = deque()
        self.all: set[WorkerProcess] = set()
        self.batches = count(1)
        self.walls: list[str] = []
        self.closed = False

    @property
    def python(self) -> str:
        """The guest's version."""
        return GUEST_PYTHON

    @property
    def description(self) -> str:
        """The interpreter and, once a worker has started, the operating system's walls around it."""
        return ", ".join((f"wasm: CPython {GUEST_PYTHON} in wasmtime {version('wasmtime')}", *self.walls))

    async def run(
        self, program: Program, request: Request, *, limits: Limits = DEFAULT_LIMITS, world: World = DEFAULT_WORLD
    ) -> Outcome:
        """Run one request in a fresh interpreter."""
        frame = encode(program, request, limits, world, batch=0)
        async with self.worker() as worker:
            return await worker.ask(frame, request, limits)

    async def run_batch(
        self,
        program: Program,
        requests: Sequence[Request],
        *,
        limits: Limits = DEFAULT_LIMITS,
        world: World = DEFAULT_WORLD,
    ) -> list[Outcome]:
        """Run requests in one interpreter, and after one that broke it in the next."""
        batch = next(self.batches)
        frames = [encode(program, request, limits, world, batch) for request in requests]
        outcomes: list[Outcome] = []
        while len(outcomes) < len(frames):
            async with self.worker() as worker:
                while worker.usable and len(outcomes) < len(frames):
                    place = len(outcomes)
                    outcomes.append(await worker.ask(frames[place], requests[place], limits))
        return outcomes

    async def warm(self) -> None:
        """Have one worker ready."""
        async with self.worker():
            pass

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[WorkerProcess]:
        """A worker for this task alone; one that was left in the middle of a request is killed."""
        async with self.slots:
            worker = await self.take()
            try:
                yield worker
            finally:
                if worker.usable and not self.closed:
                    self.idle.append(worker)
                else:
                    self.all.discard(worker)
                    await worker.close()

    async def take(self) -> WorkerProcess:
        """An idle worker that is alive, or a new one."""
        while self.idle:
            worker = self.idle.popleft()
            if worker.alive:
                return worker
            self.all.discard(worker)
            await worker.close()
        if self.closed:
            raise SandboxUnavailable("the sandbox is closed: open it again")
        worker = await WorkerProcess.start(self.line, self.progress)
        self.all.add(worker)
        self.walls = worker.about["walls"]
        return worker

    async def close(self) -> None:
        """Kill all workers and wait until they are gone; whoever still waits for one gets Died."""
        self.closed = True
        with anyio.CancelScope(shield=True):
            for worker in tuple(self.all):
                await worker.close()
