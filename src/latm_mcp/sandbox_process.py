"""The server's end of one worker process: start it, ask it, kill it."""

import json
import os
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from subprocess import PIPE
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import Process

from latm_mcp.errors import SandboxUnavailable
from latm_mcp.outcomes import Died, Limits, Outcome, Request, SandboxKind, TimedOut
from latm_mcp.sandbox_frames import MALFORMED, clean, decode
from latm_mcp.sandbox_kinds import KEPT_LOADED, SLACK, Kind

START_SECONDS = 300.0  # compiling on a slow, busy machine included
OVERTIME_SECONDS = 5.0  # the worker stops a call itself; this is for a worker that does not
START = (
    "import sys, json, os; os.name == 'posix' and os.environ.clear(); sys.path[:] = json.loads(sys.argv.pop()); "
    "from latm_mcp.sandbox_worker import main; main()"
)
ENDING_SECONDS = 0.3
READY_AGAIN_SECONDS = 0.015  # about what a worker needs after an answer to have a fresh interpreter ready
LARGE = 64 << 10  # bytes of a reply
ANSWERS = (Kind.REPLY, Kind.TIMED_OUT, Kind.TOO_LARGE, Kind.DIED)
GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


def command(kind: SandboxKind, component: Path, folder: Path) -> list[str]:
    """The worker's command line. It gets this process's own import path, so that it runs from wherever this does."""
    path = [str(Path(entry).absolute()) for entry in sys.path if entry]
    package = str(Path(__file__).absolute().parent.parent)
    path += [package] if package not in path else []
    # As -I, but for PYTHONHASHSEED: sets have to come out in the same order from every worker.
    line = [sys.executable, "-s", "-P", "-S", "-c", START]
    return [*line, str(os.getpid()), kind, str(component), str(folder.absolute()), json.dumps(path)]


class WorkerProcess:
    """A running worker. `usable` is false from when it is asked until it has answered whole."""

    def __init__(self, process: Process):
        self.process = process
        self.usable = False
        self.ended = False  # it has closed its side
        self.lost = False  # it died under a request, which it may not even have begun
        self.buffer = bytearray()
        self.about: dict[str, Any] = {}
        self.lately: deque[str] = deque(maxlen=KEPT_LOADED)  # the tools that it may have loaded ahead
        self.answered = -inf

    @classmethod
    async def start(cls, line: list[str], progress: Callable[[str], None]) -> "WorkerProcess":
        """A worker that is ready. Raises: SandboxUnavailable."""
        # Windows' own libraries need to know where Windows is; nothing of this process's environment goes in.
        environment = {"PYTHONHASHSEED": "0", **({"SYSTEMROOT": r"C:\Windows"} if sys.platform == "win32" else {})}
        try:
            with anyio.CancelScope(shield=True):  # stopped in between, there would be a process that nobody knows of
                process = await anyio.open_process(line, stderr=PIPE, env=environment, start_new_session=True)
        except OSError as why:
            raise SandboxUnavailable(f"the sandbox's worker process cannot be started ({why}): try again") from why
        worker = cls(process)
        try:
            with anyio.fail_after(START_SECONDS):
                await worker.await_ready(progress)
        except TimeoutError:
            raise SandboxUnavailable(f"the sandbox did not start within {START_SECONDS:.0f} s: try again") from None
        finally:
            if not worker.usable:
                await worker.close()
        return worker

    async def await_ready(self, progress: Callable[[str], None]) -> None:
        """Pass on what it says until it is ready. Raises: SandboxUnavailable."""
        while True:
            try:
                kind, payload = await self.receive(SLACK)
            except GONE:
                self.ended = True
                why = await self.last_words()
                raise SandboxUnavailable(f"the sandbox's worker process ended while starting: {why}") from None
            text = payload.decode("utf-8", "replace")
            if kind == Kind.PROGRESS:
                progress(text)
            elif kind == Kind.READY:
                self.about, self.usable = json.loads(text), True
                return
            else:
                raise SandboxUnavailable(f"the sandbox cannot be used: {text}")

    async def last_words(self) -> str:
        """The last line that a worker wrote to its standard error, in which made code has no say yet."""
        assert self.process.stderr is not None
        text = b""
        with suppress(*GONE), anyio.move_on_after(ENDING_SECONDS):
            while len(text) < SLACK:
                text += await self.process.stderr.receive()
        lines = text.decode("utf-8", "replace").strip().splitlines()
        return clean(lines[-1], 300) if lines else "it said nothing"

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.usable and self.process.returncode is None

    def suits(self, tool: str) -> tuple[bool, bool, float]:
        """How well an idle worker suits a call of this tool: ready again since its last answer, tool loaded, then how long ago.

        Of those that are ready the one used last, which the processor's caches still know; else the one that is ready first.
        """
        idle = time.monotonic() - self.answered
        ready = idle > READY_AGAIN_SECONDS
        return ready, tool in self.lately, -idle if ready else idle

    async def ask(self, frame: bytes, request: Request, limits: Limits) -> Outcome:
        """What a request, encoded as frame, comes to. If it is cancelled or the worker dies, the worker is not usable any more."""
        self.usable = False
        answer: tuple[bytes, bytes] | None = None
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + limits.seconds + OVERTIME_SECONDS):
                assert self.process.stdin is not None
                await self.process.stdin.send(frame)
                answer = await self.receive(limits.output_bytes + 4 * SLACK)
        except GONE:
            self.ended = self.lost = True
            return Died("the worker process ended")
        except OverflowError:
            return MALFORMED
        if answer is None:
            return TimedOut(limits.seconds)
        if answer[0] not in ANSWERS or self.buffer:
            return MALFORMED
        self.usable, self.answered = True, time.monotonic()
        if len(answer[1]) > LARGE:  # a million brackets take half a second, in which others are served
            return await anyio.to_thread.run_sync(decode, *answer, request, limits)
        return decode(*answer, request, limits)

    async def receive(self, most: int) -> tuple[bytes, bytes]:
        """The next frame's kind and payload. Raises: OverflowError if it is larger; what the stream raises."""
        await self.fill(4)
        (length,) = struct.unpack("!I", self.buffer[:4])
        if not 0 < length <= most:
            raise OverflowError(f"a frame of {length} bytes")
        await self.fill(4 + length)
        kind, payload = bytes(self.buffer[4:5]), bytes(self.buffer[5 : 4 + length])
        del self.buffer[: 4 + length]
        return kind, payload

    async def fill(self, length: int) -> None:
        """Read until the buffer holds so many bytes."""
        assert self.process.stdout is not None
        while len(self.buffer) < length:
            self.buffer += await self.process.stdout.receive()

    async def close(self) -> None:
        """Kill it and wait until it is gone, also when cancelled."""
        self.usable = False
        with anyio.CancelScope(shield=True):
            if self.ended:  # to signal a process that is just ending would take its exit code from the event loop
                with anyio.move_on_after(ENDING_SECONDS):
                    await self.process.wait()
            if self.process.returncode is None:
                with suppress(ProcessLookupError):  # it may have ended just now
                    self.process.kill()
            await self.process.aclose()
