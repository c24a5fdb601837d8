"""What a worker keeps interpreters in: rooms, each used for one call and thrown away, some furnished ahead.

Making an interpreter takes longer than a small call, and loading a tool often longer still. So a worker has one spare
room ready, and for the few tools that it was asked for lately one each in which the tool is loaded already. Nothing was
ever called in any of them, so what a call finds is what it would find in a room made for it up to a minute ago.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from latm_mcp.sandbox_guest import LOADED
from latm_mcp.sandbox_kinds import KEPT_LOADED, Kind

LOADED_SECONDS = 60.0  # a tool that looked at the clock while it was loaded is no further behind than that
LOAD_SECONDS, LOAD_MIB = 0.2, 64  # a tool that needs more to load is not loaded ahead: the next call would wait for it
# What a room runs before it is needed, so that the pages a call touches are there.
TOUCH = (
    '{"op": "load", "source": "def f(x: list[int]) -> dict[str, int]:\\n    return {str(i): i for i in sorted(x)}\\n", '
    '"function": "f", "seed": 0, "recursion": 1000}',
    '{"op": "call", "arguments": {"x": [2, 1]}, "output_bytes": 1000}',
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a room holds its code to. Seconds of wall and processor time, MiB, bytes of one reply."""

    seconds: float
    cpu_seconds: float
    memory_mib: int
    reply_bytes: int


class Room(Protocol):
    """One interpreter."""

    def run(self, requests: list[str], bounds: Bounds) -> tuple[Kind, str]:
        """Put requests to the guest, one after the other while each says LOADED, all within the bounds; its last reply.

        Anything but Kind.REPLY means that the room is of no more use.
        """
        ...

    def close(self) -> None:
        """Tear it down."""
        ...


class House(Protocol):
    """Makes rooms of one kind."""

    def host(self, serve: Callable[[], None]) -> None:
        """Run the worker's loop where rooms can live. Raises: what it raises."""
        ...

    def close_walls(self) -> list[str]:
        """Once the first rooms are made: close what is still open around them; all walls of the operating system. Raises: Unusable."""
        ...

    def prepare(self, clock_offset: int = 0) -> Room:
        """A fresh room that has run trusted code once; its wall clock is so many seconds off."""
        ...


class Rooms:
    """The rooms of one worker."""

    def __init__(self, house: House):
        self.house = house
        self.spare: Room | None = house.prepare()
        self.loaded: OrderedDict[str, tuple[float, Room]] = OrderedDict()  # with the moment of loading
        self.lately: deque[str] = deque(maxlen=KEPT_LOADED)
        self.slow: deque[str] = deque(maxlen=64)
        self.shared: tuple[int, Room] | None = None

    def for_call(self, program: str, clock_offset: int) -> tuple[Room, bool]:
        """A room for one call, and whether the program is loaded in it. The caller closes it."""
        if clock_offset:
            return self.house.prepare(clock_offset), False
        if program in self.loaded:
            loaded, room = self.loaded.pop(program)
            if time.monotonic() - loaded < LOADED_SECONDS:
                return room, True
            room.close()
        room, self.spare = self.spare or self.house.prepare(), None
        return room, False

    def for_batch(self, batch: int, clock_offset: int) -> Room:
        """The room that this batch already has, or a fresh one."""
        if self.shared is None or self.shared[0] != batch:
            self.end_batch()
            self.shared = (batch, self.for_call("", clock_offset)[0])
        return self.shared[1]

    def end_batch(self) -> None:
        """Tear down the room that a batch shared."""
        if self.shared is not None:
            self.shared[1].close()
            self.shared = None

    def restock(self) -> None:
        """Have a spare room."""
        self.spare = self.spare or self.house.prepare()

    def load_ahead(self, program: str, bounds: Bounds) -> None:
        """Have a room with this program loaded, if it was used lately too and loads in a moment."""
        again = program in self.lately
        if again:
            self.lately.remove(program)
        self.lately.append(program)
        if not again or program in self.loaded or program in self.slow:
            return
        room = self.house.prepare()
        memory = min(LOAD_MIB, bounds.memory_mib)
        kind, reply = room.run([program], Bounds(LOAD_SECONDS, LOAD_SECONDS, memory, bounds.reply_bytes))
        if (kind, reply) != (Kind.REPLY, LOADED):
            self.slow.append(program)
            room.close()
            return
        self.loaded[program] = time.monotonic(), room
        while len(self.loaded) > KEPT_LOADED:
            self.loaded.popitem(last=False)[1][1].close()
