"""Standard input as lines, read without a thread: a thread that waits for input cannot be woken, and would keep a server
that was told to end from ending."""

import os
import stat
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio

CHUNK = 1 << 16


def standard_input() -> Any:
    """What `stdio_server` should read; None for its own way, where input cannot be waited for (Windows, files, /dev/null)."""
    mode = os.fstat(0).st_mode
    if sys.platform == "win32" or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(0)):
        return None
    return _Lines(os.dup(0))


class _Lines:
    """Lines of a file descriptor as they come; undecodable bytes are replaced, as the SDK does."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor

    async def __aiter__(self) -> AsyncIterator[str]:
        begun: list[
            bytes
        ] = []  # joined once a line is whole: adding chunk to chunk takes for ever with a line of 50 MB
        while chunk := await self._read():
            first, *others = chunk.split(b"\n")
            begun.append(first)
            for other in others:
                yield b"".join(begun).decode("utf-8", "replace")
                begun = [other]
        if any(begun):
            yield b"".join(begun).decode("utf-8", "replace")

    async def _read(self) -> bytes:
        await anyio.wait_readable(self._descriptor)
        return os.read(self._descriptor, CHUNK)
