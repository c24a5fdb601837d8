"""A child of the native sandbox's zygote: its whole life, from the fork to its end.

What it calls while made code is there is bound by name when this is imported: that code may put something else into modules.
"""

import os
import sys
from os import _exit, write
from os import read as read_some
from struct import Struct
from typing import NoReturn

from latm_mcp.sandbox_guest import app, clock
from latm_mcp.sandbox_wall import die_with_parent, no_system_calls

LENGTH = Struct("!I")
SEAL = 16  # bytes that open a request and its reply: what code writes by itself is no reply
HEAD = LENGTH.size + SEAL


def live(requests: int, replies: int, zygote: int, clock_offset: int) -> NoReturn:
    """A child's whole life: close the walls, then answer requests until it is killed."""
    try:
        die_with_parent(zygote)
        os.dup2(requests, 100)
        os.dup2(replies, 1)
        os.dup2(100, 0)
        os.closerange(2, 1 << 16)
        if clock_offset:
            clock.shift(clock_offset)
        no_system_calls(foreign_clocks=False)
        strip()
        guest = app.WitWorld()
        while True:
            head = read(HEAD)
            (length,) = LENGTH.unpack_from(head)
            reply = guest.run(read(length).decode()).encode("utf-8", "replace")
            rest = memoryview(LENGTH.pack(len(reply)) + head[LENGTH.size :] + reply)
            while rest:
                rest = rest[write(1, rest) :]
    finally:
        _exit(70)


def strip() -> None:
    """Take out of reach what a call has no use for. No wall, just less to find: the names of folders, ways to raw memory."""
    for listed in (sys.argv, sys.orig_argv, sys.path):
        listed.clear()
    for name in tuple(sys.modules):
        if name.lstrip("_").startswith(("ctypes", "socket", "latm_mcp.sandbox_")) and "guest" not in name:
            del sys.modules[name]


def read(length: int) -> bytes:
    """Exactly so many bytes of requests; their end is the end."""
    parts = bytearray()
    while len(parts) < length:
        part = read_some(0, min(length - len(parts), 1 << 20))
        if not part:
            _exit(0)
        parts += part
    return bytes(parts)
