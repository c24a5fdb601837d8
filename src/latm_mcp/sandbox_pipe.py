"""A worker's end of its pipe: request frames from stdin, which is also its lifeline, and its own on stdout."""

import os
import queue
import select
import struct
import sys
import threading
from collections.abc import Iterator

from latm_mcp.sandbox_kinds import Kind

# Measured: with less, a client on a machine of two cores reads its answer up to twice as slowly; the next request ends it.
PAUSE_SECONDS = 0.004


def frames(lifeline_in_kernel: bool = sys.platform == "linux") -> Iterator[bytes]:
    """The frames that come in; the end of stdin is the end of the process.

    lifeline_in_kernel: whether the kernel ends this process with its server (PR_SET_PDEATHSIG). Elsewhere a thread of its own
    reads, so that the end is noticed in the middle of a call too.
    """
    if lifeline_in_kernel:
        while True:
            yield frame()
    arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        while True:
            arrived.put(frame())

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield arrived.get()


def frame() -> bytes:
    """The next frame's content."""
    (length,) = struct.unpack("!I", read(4))
    return read(length)


def read(length: int) -> bytes:
    """Exactly so many bytes from stdin; the end of stdin is the end of the process."""
    parts = bytearray()
    while len(parts) < length:
        part = os.read(0, min(length - len(parts), 1 << 20))
        if not part:
            os._exit(0)
        parts += part
    return bytes(parts)


def breathe() -> None:
    """Let whoever got an answer go on first, unless another request is here: what is done next takes a core for a while."""
    if sys.platform != "win32":  # there no pipe can be waited for
        select.select([0], [], [], PAUSE_SECONDS)


def send(kind: Kind, payload: str) -> None:
    """Write one frame to stdout."""
    data = kind.value + payload.encode("utf-8", "replace")
    rest = memoryview(struct.pack("!I", len(data)) + data)
    while rest:
        rest = rest[os.write(1, rest) :]
