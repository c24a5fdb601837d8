"""The native sandbox, on Linux: one locked-down process for each call, forked by a zygote that has all imports done.

Imported by the worker process alone, which passes requests and replies on and watches the clocks; it never runs made code. A
child has no files (Landlock), no system calls but those of computing (seccomp), no capabilities, and its limits; without
any one of these walls this sandbox refuses to start.
"""

import gc
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable

from latm_mcp.sandbox_child import HEAD, LENGTH, SEAL
from latm_mcp.sandbox_clocks import ProcessorTime, of_process
from latm_mcp.sandbox_compiled import Unusable
from latm_mcp.sandbox_guest import LOADED
from latm_mcp.sandbox_kinds import PROCESSOR, Kind
from latm_mcp.sandbox_rooms import TOUCH, Bounds
from latm_mcp.sandbox_wall import NoWall, no_files, no_system_calls
from latm_mcp.sandbox_zygote import Zygote

if sys.platform != "linux":  # the worker has asked; this is for type checkers of other systems
    raise ImportError("this sandbox is for Linux alone")

STACK = 64 << 20  # bytes: some recursions of Python's own depth go through C
INSTEAD = "unset LATM_SANDBOX to use the wasm sandbox, which needs no walls of the system"


class ForkServer:
    """The `House` of native rooms."""

    def host(self, serve: Callable[[], None]) -> None:
        """Serve here: a process that forks has one thread. Raises: Unusable without one of the walls."""
        bound_to(resource.RLIMIT_STACK, STACK)
        self.memory = address_space()
        try:
            self.walls = [no_files(), tried(no_system_calls), "rlimits", "no capabilities"]
        except NoWall as why:
            raise Unusable(f"the native sandbox cannot be used here: {why}; {INSTEAD}") from None
        gc.collect()
        gc.freeze()  # before the first child: a collection in one would touch, and so copy, all of this heap
        self.zygote = Zygote()  # before the first request
        serve()

    def prepare(self, clock_offset: int = 0) -> "Child":
        """A child that has its walls and has run trusted code once, inside them."""
        child = Child(self.zygote, self.memory, clock_offset)
        kind, reply = child.run(list(TOUCH), Bounds(10, 10, 256, 1000))
        if kind != Kind.REPLY:
            child.close()
            raise Unusable(f"the native sandbox cannot be used here: {reply or kind.name}; {INSTEAD}")
        return child

    def close_walls(self) -> list[str]:
        """Each child has closed its own: this is what they are called."""
        return self.walls


class Child:
    """The `Room` of one process."""

    def __init__(self, zygote: Zygote, memory: int, clock_offset: int):
        self.zygote, self.memory, self.memory_mib = zygote, memory, 0
        requests, self.requests = os.pipe()
        self.replies, replies = os.pipe()
        self.pid = zygote.fork(requests, replies, clock_offset)
        os.close(requests)
        os.close(replies)
        os.set_blocking(self.requests, False)

    def run(self, requests: list[str], bounds: Bounds) -> tuple[Kind, str]:
        """The guest's last reply; after a timeout, a death or a flood the child is of no more use.

        Between two runs it is stopped: whatever it answered, it computes only while somebody waits for it.
        """
        if not self.pid:
            return Kind.DIED, "it ended before"
        reply, clocks = "", Clocks(self.pid, bounds)
        try:
            os.kill(self.pid, signal.SIGCONT)
            self.limit(bounds.memory_mib)
            for request in requests:
                reply = self.ask(request, clocks, bounds.reply_bytes)
                if reply != LOADED:
                    break
            os.kill(self.pid, signal.SIGSTOP)
        except TimeoutError:
            return Kind.TIMED_OUT, PROCESSOR.decode() if clocks.by_processor else ""
        except OverflowError:
            return Kind.TOO_LARGE, ""
        except EOFError:
            return Kind.DIED, self.death()
        except ValueError:
            return Kind.DIED, "wrote to a channel that is not its own"
        return Kind.REPLY, reply

    def limit(self, memory_mib: int) -> None:
        """Bound its address space, unless that is so already."""
        if memory_mib != self.memory_mib:
            memory = self.memory + (memory_mib << 20)
            most = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.prlimit(self.pid, resource.RLIMIT_AS, (memory if most < 0 else min(memory, most), most))
            self.memory_mib = memory_mib

    def ask(self, request: str, clocks: "Clocks", most: int) -> str:
        """One reply. Raises: TimeoutError, OverflowError beyond `most` bytes, EOFError if it ended, ValueError for no reply."""
        seal, body = os.urandom(SEAL), request.encode()
        waiting, read = self.write(memoryview(LENGTH.pack(len(body)) + seal + body)), bytearray()
        due = HEAD
        while len(read) < due:
            able, writable, _ = select.select([self.replies], [self.requests] if waiting else [], [], clocks.left())
            if writable:
                waiting = self.write(waiting)
            if able:
                part = os.read(self.replies, 1 << 20)
                if not part:
                    raise EOFError
                read += part
                due = self.length(read, seal, most)
        if len(read) > due:
            raise ValueError("more than one reply")
        return read[HEAD:].decode()

    @staticmethod
    def length(read: bytearray, seal: bytes, most: int) -> int:
        """How long the whole frame is that begins so. Raises: OverflowError, ValueError."""
        if len(read) < HEAD:
            return HEAD
        if read[LENGTH.size : HEAD] != seal:
            raise ValueError("not the reply to this request")
        (length,) = LENGTH.unpack_from(read)
        if length > most:
            raise OverflowError
        return HEAD + int(length)

    def write(self, waiting: memoryview) -> memoryview:
        """Write what goes into the pipe now; what is left. A child that reads no more is noticed by its replies' end."""
        try:
            return waiting[os.write(self.requests, waiting) :]
        except BlockingIOError:
            return waiting
        except BrokenPipeError:
            return waiting[:0]

    def death(self) -> str:
        """How it ended."""
        status = self.reap()
        if os.WIFSIGNALED(status):
            return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
        return f"it ended itself with code {os.WEXITSTATUS(status)}"

    def reap(self) -> int:
        """Kill it, if it is still there, and wait until it is gone; its status."""
        pid, self.pid = self.pid, 0
        return self.zygote.end(pid)

    def close(self) -> None:
        """End it and give its descriptors back."""
        os.close(self.requests)
        os.close(self.replies)
        if self.pid:
            self.reap()


class Clocks:
    """The wall and the processor time that one call has left."""

    def __init__(self, pid: int, bounds: Bounds):
        self.deadline = time.monotonic() + bounds.seconds
        self.processor = (
            ProcessorTime(bounds.cpu_seconds, of_process(pid)) if bounds.cpu_seconds < bounds.seconds else None
        )
        self.by_processor = False

    def left(self) -> float:
        """Seconds until one of them can be used up. Raises: TimeoutError if one is."""
        left = self.deadline - time.monotonic()
        used = left if self.processor is None else self.processor.left()
        left, self.by_processor = min(left, used), used < left
        if left <= 0:
            raise TimeoutError
        return left


def bound_to(limit: int, most: int) -> None:
    """Set a limit of this process, within what it may have at most."""
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def address_space() -> int:
    """Bytes of address space that this process, and so a new child, has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def tried(close: Callable[[], str]) -> str:
    """The name of a wall that each child closes for itself, tried in a child of its own. Raises: NoWall."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, b"+" + close().encode())
        except NoWall as why:
            os.write(tell, b"-" + str(why).encode())
        finally:
            os._exit(0)
    os.close(tell)
    text = os.read(told, 1000).decode()
    os.close(told)
    os.waitpid(pid, 0)
    if not text.startswith("+"):
        raise NoWall(text[1:] or "a wall ends the process that it is closed around")
    return text[1:]
