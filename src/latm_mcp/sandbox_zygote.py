"""The zygote of the native sandbox: the process that forks children. It never holds a request or a reply, so none is born
with those of another call; nor does it run made code.

The worker speaks to it over a socket: fork a child whose pipes come along, or end a child and tell how it ended.
"""

import os
import signal
import socket
import sys
from contextlib import suppress
from struct import Struct
from typing import NoReturn

from latm_mcp.sandbox_child import live
from latm_mcp.sandbox_wall import die_with_parent

if sys.platform != "linux":  # the worker has asked; this is for type checkers of other systems
    raise ImportError("this sandbox is for Linux alone")

COMMAND = Struct("!cq")  # FORK and the clock's offset in seconds, or END and a child's number
FORK, END = b"F", b"E"
NUMBER = Struct("!q")  # a child's number, or -errno; how it ended


class Zygote:
    """The worker's end."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        worker = os.getpid()
        if os.fork() == 0:
            self.socket.close()
            attend(theirs, worker)
        theirs.close()

    def fork(self, requests: int, replies: int, clock_offset: int) -> int:
        """The number of a new child that has these ends of two pipes. Raises: OSError."""
        socket.send_fds(self.socket, [COMMAND.pack(FORK, clock_offset)], [requests, replies])
        pid = self.answer()
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid

    def end(self, pid: int) -> int:
        """Kill a child, unless it has ended itself; its status, as `os.waitpid` gives it. Raises: OSError."""
        self.socket.send(COMMAND.pack(END, pid))
        return self.answer()

    def answer(self) -> int:
        """The zygote's. Raises: OSError if it is gone."""
        data = self.socket.recv(NUMBER.size)
        if not data:
            raise BrokenPipeError("the process that makes interpreters has ended")
        return int(NUMBER.unpack(data)[0])


def attend(channel: socket.socket, worker: int) -> NoReturn:
    """The zygote's whole life: carry out one command after the other until the worker is gone."""
    try:
        die_with_parent(worker)
        os.closerange(0, 3)
        own = os.getpid()
        while True:
            data, ends, _, _ = socket.recv_fds(channel, COMMAND.size, 2)
            if not data:
                os._exit(0)
            command, number = COMMAND.unpack(data)
            channel.send(NUMBER.pack(forked(ends, own, number) if command == FORK else ended(number)))
    finally:
        os._exit(1)


def forked(ends: list[int], own: int, clock_offset: int) -> int:
    """A new child's number, or -errno."""
    try:
        pid = os.fork()
    except OSError as why:
        pid = -(why.errno or 1)
    if pid == 0:
        live(ends[0], ends[1], own, clock_offset)
    for end in ends:
        os.close(end)
    return pid


def ended(pid: int) -> int:
    """How a child ended, by now at the latest."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]
