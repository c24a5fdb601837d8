"""Standard output as lines, written without a thread: handing each answer to one takes longer than many a call.

The protocol alone is on it: from the start on, descriptor 1 leads elsewhere, and 0 to nothing.
"""

import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio


def divert_output() -> int | None:
    """Have descriptor 1 be standard error from here on, so that nothing that is printed gets into the protocol.

    Returns a descriptor of what it was until then; None on Windows, where the SDK does it, later and with the system's handles too.
    """
    if sys.platform == "win32":
        return None
    wire = _above_standard(1)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        _be_nothing(1, os.O_WRONLY)
    if sys.stdout is not None:
        sys.stdout.flush()  # what was printed already and not yet written
    return wire


def divert_input() -> int:
    """Have descriptor 0 be empty from here on, so that nothing takes a message away; returns a descriptor of what it was."""
    wire = _above_standard(0)
    _be_nothing(0, os.O_RDONLY)
    return wire


@contextmanager
def standard_output(wire: int | None = None) -> Iterator[Any]:
    """What `stdio_server` should write to; None for its own way, where output cannot be waited for (Windows, files, /dev/null).

    wire: what `divert_output` gave, which then stays diverted; None: descriptor 1 is diverted meanwhile.
    """
    descriptor = 1 if wire is None else wire
    mode = os.fstat(descriptor).st_mode
    if sys.platform == "win32" or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)):
        if wire is None:
            yield None
        else:  # closed by nobody: a thread may still be writing when the server is cancelled
            yield anyio.wrap_file(open(wire, "w", encoding="utf-8", newline="\n", closefd=False))  # noqa: SIM115
        return
    if wire is not None:
        yield _Lines(wire)
        return
    own = divert_output()
    assert own is not None
    try:
        yield _Lines(own)
    finally:
        os.dup2(own, 1)
        os.close(own)


def _above_standard(descriptor: int) -> int:
    """A duplicate that no later dup2 of a standard stream hits."""
    if sys.platform == "win32":
        return os.dup(descriptor)
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


def _be_nothing(descriptor: int, mode: int) -> None:
    nothing = os.open(os.devnull, mode)
    os.dup2(nothing, descriptor)
    if nothing != descriptor:
        os.close(nothing)


class _Lines:
    """A file descriptor to which text is written, never more at once than it takes without blocking."""

    def __init__(self, descriptor: int):
        if sys.platform == "win32":  # it has no such waiting, and none of this is made there
            raise NotImplementedError
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)

    async def write(self, text: str) -> None:
        """Write all of it, waiting where a reader is slow. Raises: BrokenPipeError where it has gone."""
        if sys.platform == "win32":
            raise NotImplementedError
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
