"""Standard output as lines, written without a thread: handing each answer to one takes longer than many a call."""

import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio


@contextmanager
def standard_output() -> Iterator[Any]:
    """What `stdio_server` should write to; None for its own way, where output cannot be waited for (Windows, files, /dev/null).

    Meanwhile descriptor 1 is standard error, so that nothing that is printed gets into the protocol.
    """
    mode = os.fstat(1).st_mode
    if sys.platform == "win32" or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(1)):
        yield None
        return
    own = os.dup(1)
    os.dup2(2, 1)
    try:
        yield _Lines(own)
    finally:
        os.dup2(own, 1)
        os.close(own)


class _Lines:
    """A file descriptor to which text is written, never more at once than it takes without blocking."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)

    async def write(self, text: str) -> None:
        """Write all of it, waiting where a reader is slow. Raises: BrokenPipeError where it has gone."""
        rest = memoryview(text.encode())
        while rest:
            if not self._room.poll(0):
                await anyio.wait_writable(self._descriptor)
            try:
                rest = rest[os.write(self._descriptor, rest[: select.PIPE_BUF]) :]
            except BlockingIOError:  # a client may have set its end, and thereby ours, not to block
                await anyio.wait_writable(self._descriptor)

    async def flush(self) -> None:
        """Nothing is kept back."""
