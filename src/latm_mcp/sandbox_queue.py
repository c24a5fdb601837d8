"""Whose turn it is to hold a worker: fair between tools, however many calls one of them brings and however long they take.

Within a key the first to come is the first to go; between keys, those with the fewest turns go first, then the longest unserved.
"""

import math
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

FORGIVEN = 2  # consecutive deaths that cost a key nothing
REST_SECONDS = (0.5, 10.0)  # the rest after the first death beyond those, and the longest: it doubles in between
PATIENCE_SECONDS = 0.25  # how long a call waits for a greedy tool before there is a turn beyond the slots for it
REMEMBERED = 256  # keys whose deaths are kept; of more, the longest idle are forgotten


@dataclass(slots=True)
class _Waiter:
    """One call in the line. stirred: something changed for it; whether that is its turn, `granted` says.

    patient_until: when it may have a turn beyond the slots, on anyio's clock.
    """

    stirred: anyio.Event
    patient_until: float
    granted: bool = False


@dataclass(slots=True)
class _Deaths:
    """How often in a row workers died under a key, and until when it rests, on anyio's clock."""

    count: int = 0
    until: float = -math.inf


class FairQueue:
    """Turns for `slots` workers, and one more while a single key holds them all: so no call waits for a greedy key's long ones.

    A key under whose calls workers keep dying rests before its next turn and holds one turn at a time; others go on.
    forgiven, rest_seconds, patience, remembered: as the constants above say. For the tasks of one event loop.
    """

    def __init__(
        self,
        slots: int,
        *,
        forgiven: int = FORGIVEN,
        rest_seconds: tuple[float, float] = REST_SECONDS,
        patience: float = PATIENCE_SECONDS,
        remembered: int = REMEMBERED,
    ):
        self._patience = patience
        self._slots, self._forgiven, self._rest_seconds, self._remembered = slots, forgiven, rest_seconds, remembered
        self._held: Counter[str] = Counter()  # turns by key; only keys that hold one
        self._taken = 0  # the sum of these
        self._lines: dict[str, deque[_Waiter]] = {}  # none is empty; a key that is served goes to the end
        self._deaths: OrderedDict[str, _Deaths] = OrderedDict()  # the latest death last

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for this key's turn and hold it for the block; cancelled at any point, nothing stays taken."""
        await self._enter(key)
        try:
            yield
        finally:
            self._leave(key)

    def killed(self, key: str) -> None:
        """A worker died under a call of this key: to be told while that call still holds its turn."""
        record = self._deaths.setdefault(key, _Deaths())
        self._deaths.move_to_end(key)
        record.count += 1
        beyond = record.count - self._forgiven
        if beyond > 0:
            first, most = self._rest_seconds
            rest = min(most, first * 2.0 ** min(beyond - 1, 60))
            record.until = anyio.current_time() + rest
            for waiter in self._lines.get(key, ()):
                waiter.stirred.set()  # they have to wait for another moment now
        self._forget()

    def survived(self, key: str) -> None:
        """A call of this key left its worker alive: earlier deaths are forgiven."""
        if self._deaths.pop(key, None) is not None:
            self._serve()

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        return self._taken >= self._slots

    def contended(self, key: str) -> bool:
        """Whether a call of another key waits that could go: a long batch gives way then, by ending its turn."""
        return any(other != key and not self._held_back(other) for other in self._lines)

    async def _enter(self, key: str) -> None:
        if self._taken < self._slots and not self._lines and not self._held_back(key):  # most calls
            self._hold(key)
            return
        waiter = _Waiter(anyio.Event(), anyio.current_time() + self._patience)
        self._lines.setdefault(key, deque()).append(waiter)
        self._serve()
        try:
            while not waiter.granted:
                await self._stirred(key, waiter)
        except BaseException:  # cancelled: perhaps at the moment when its turn had come
            if waiter.granted:
                self._leave(key)
            else:
                self._give_up(key, waiter)
            raise

    async def _stirred(self, key: str, waiter: _Waiter) -> None:
        """Wait until something changes for this waiter, the end of its key's rest and of its own patience included."""
        waiter.stirred = anyio.Event()
        rest, patience = self._rest(key), waiter.patient_until - anyio.current_time()
        if rest <= 0 and patience <= 0:
            await waiter.stirred.wait()
            return
        # Each waiter has a clock of its own, so that no cancelled one takes the others' with it.
        with anyio.move_on_after(rest if rest > 0 else patience):
            await waiter.stirred.wait()
        self._serve()

    def _hold(self, key: str) -> None:
        self._held[key] += 1
        self._taken += 1

    def _leave(self, key: str) -> None:
        self._taken -= 1
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
        self._forget()
        self._serve()

    def _give_up(self, key: str, waiter: _Waiter) -> None:
        line = self._lines[key]
        line.remove(waiter)
        if not line:
            del self._lines[key]
        self._forget()

    def _serve(self) -> None:
        """Hand out turns while there are any, and a key that may have one."""
        while (key := self._next()) is not None:
            line = self._lines.pop(key)
            waiter = line.popleft()
            if line:
                self._lines[key] = line
            self._hold(key)
            waiter.granted = True
            waiter.stirred.set()

    def _next(self) -> str | None:
        """The key whose turn it is, if there is a turn for it."""
        greedy = next(iter(self._held)) if len(self._held) == 1 else None
        if self._taken > self._slots or (self._taken == self._slots and greedy is None):
            return None
        chosen = None
        for key in self._lines:
            if self._held_back(key) or (self._taken == self._slots and (key == greedy or self._patient(key))):
                continue
            if key not in self._held:
                return key
            if chosen is None or self._held[key] < self._held[chosen]:
                chosen = key
        return chosen

    def _patient(self, key: str) -> bool:
        """Whether the first of a key's waiters may wait a little longer for a turn within the slots."""
        return self._lines[key][0].patient_until > anyio.current_time()

    def _held_back(self, key: str) -> bool:
        """Whether too many workers died under a key for it to have a turn, or another turn, now."""
        record = self._deaths.get(key)
        if record is None or record.count <= self._forgiven:
            return False
        return key in self._held or self._rest(key) > 0

    def _rest(self, key: str) -> float:
        """Seconds until a key has rested."""
        record = self._deaths.get(key)
        return 0.0 if record is None or record.until == -math.inf else record.until - anyio.current_time()

    def _forget(self) -> None:
        """Keep the table of deaths bounded: of idle keys the longest ago goes first, of active ones none."""
        if len(self._deaths) > self._remembered:
            idle = [key for key in self._deaths if key not in self._held and key not in self._lines]
            for key in idle[: len(self._deaths) - self._remembered]:
                del self._deaths[key]
