"""Standard input as lines, read without a thread: a thread that waits for input cannot be woken, and would keep a server
that was told to end from ending."""

import os
import re
import stat
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio

from latm_mcp.server_output import divert_input

CHUNK = 1 << 16
# Each escape of a JSON text from left to right; a pair of surrogates is one of them, half a pair is in the group.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def standard_input() -> Any:
    """What `stdio_server` should read; None for its own way, where input cannot be waited for (Windows, files, /dev/null)."""
    mode = os.fstat(0).st_mode
    if sys.platform == "win32" or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(0)):
        return None
    return _Lines(divert_input())


class _Lines:
    """Lines of a file descriptor as they come, whatever is no Unicode in them replaced by U+FFFD."""

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
                yield _unicode(b"".join(begun))
                begun = [other]
        if any(begun):
            yield _unicode(b"".join(begun))

    async def _read(self) -> bytes:
        await anyio.wait_readable(self._descriptor)
        return os.read(self._descriptor, CHUNK)


def _unicode(line: bytes) -> str:
    """A line without undecodable bytes and half surrogate pairs: one that has them is never answered by the SDK, so that its
    client waits in vain. Where it matters, U+FFFD is refused with a sentence."""
    text = line.decode("utf-8", "replace")
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda escape: "\\ufffd" if escape[1] else escape[0], text)
