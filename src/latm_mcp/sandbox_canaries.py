"""What a probe's hostile programs are pointed at, and the look from outside whether they got there.

A folder with a file, two ports on the loopback and a process, all of the prober's own: to lose one harms nobody.
"""

import os
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL

import anyio
from anyio.abc import Process

from latm_mcp.outcomes import Json

ANSWERING_SECONDS = 5.0  # for a process that does nothing else
ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"


class Canaries:
    """The targets. `secret`: what stands in the file, and in the command line of a process that a program would start."""

    def __init__(self, folder: Path, listener: socket.socket, receiver: socket.socket, process: Process):
        self.folder, self.listener, self.receiver, self.process = folder, listener, receiver, process
        self.secret = secrets.token_hex(16)
        self.started = folder / "started"
        self.yours = folder / "yours"
        self.yours.mkdir()
        self.file = self.yours / "canary.txt"
        self.file.write_text(self.secret, encoding="utf-8")

    def targets(self) -> dict[str, Json]:
        """What a program is told, so that it need not search."""
        return {
            "file": str(self.file),
            "folder": str(self.yours),
            "started": str(self.started),
            "tcp": self.listener.getsockname()[1],
            "udp": self.receiver.getsockname()[1],
            "pid": self.process.pid,
            "server": os.getpid(),
            "python": sys.executable,
        }

    async def changed_files(self) -> str:
        """What is no longer as it was in the folder; empty where all is."""
        there = sorted(path.name for path in self.yours.iterdir())
        if there != [self.file.name]:
            return f"the folder now holds {', '.join(map(repr, there)) or 'nothing'}"
        same = self.file.read_text(encoding="utf-8") == self.secret
        return "" if same else "the file was changed"

    async def connections(self) -> str:
        """Who reached one of the ports; empty where nobody did."""
        with suppress(BlockingIOError):
            connection, _ = self.listener.accept()
            connection.close()
            return "a connection reached this machine's loopback"
        with suppress(BlockingIOError):
            self.receiver.recv(1)
            return "a datagram reached this machine's loopback"
        return ""

    async def started_processes(self) -> str:
        """What was started; empty where nothing was. Other processes are seen on Linux alone, files everywhere."""
        if self.started.exists():
            return "a process was started and wrote a file"
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):  # it has ended meanwhile, or is another user's
                if str(self.started).encode() in entry.read_bytes():
                    return f"process {entry.parent.name} was started"
        return ""

    async def signalled(self) -> str:
        """Whether the process was ended; empty where it still answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, TimeoutError), anyio.fail_after(ANSWERING_SECONDS):
            await self.process.stdin.send(b"there?\n")
            await self.process.stdout.receive()
            return ""
        return "the process that was aimed at has ended"


@asynccontextmanager
async def open_canaries() -> AsyncIterator[Canaries]:
    """Targets for one round of probes, gone at the end. Raises: OSError where this machine has no room for them."""
    async with AsyncExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="latm-mcp-canaries-", ignore_cleanup_errors=True)
        place = Path(stack.enter_context(folder)).resolve()
        listener = stack.enter_context(_bound(socket.SOCK_STREAM))
        listener.listen()
        receiver = stack.enter_context(_bound(socket.SOCK_DGRAM))
        line = [sys.executable, "-I", "-S", "-c", ECHO]
        process = await stack.enter_async_context(await anyio.open_process(line, stderr=DEVNULL))
        stack.push_async_callback(_end, process)
        yield Canaries(place, listener, receiver, process)


def _bound(kind: socket.SocketKind) -> socket.socket:
    found = socket.socket(socket.AF_INET, kind)
    found.bind(("127.0.0.1", 0))
    found.setblocking(False)
    return found


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
