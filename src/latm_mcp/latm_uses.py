"""How often tools are used, and how questions were answered: counted at once, written soon after.

So no answer waits for another process that writes.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import anyio

from latm_mcp.errors import StoreBusy
from latm_mcp.store import Asked, Store, best_effort

WRITE_AFTER_SECONDS = 0.5
LAST_SECONDS = 0.5  # how long the end of a server waits for another process that writes
MOST_ASKED = 10_000  # ways of answering that wait to be written; then the oldest go


class Uses:
    """This process's counts: written after half a second, so that only a process that is killed loses the last of them.

    Where the library cannot be written they are kept, and written with the next ones or at the end.
    """

    def __init__(self, store: Store):
        self._store = store
        self._unwritten: Counter[str] = Counter()
        self._asked: deque[Asked] = deque(maxlen=MOST_ASKED)
        self._noted = anyio.Event()

    def note(self, name: str) -> None:
        """Count one use, without waiting for anything."""
        self._unwritten[name] += 1
        self._noted.set()

    def note_asked(self, asked: Asked) -> None:
        """Remember how one question was dispatched, without waiting for anything; its time is now where it has none."""
        self._asked.append(asked if asked.at else replace(asked, at=time.time()))
        self._noted.set()

    def until_now(self) -> dict[str, int]:
        """How often each tool was used: what the library says, and what is not written there yet."""
        return dict(Counter(self._store.uses()) + self._unwritten)

    async def keep_writing(self) -> None:
        """Write for ever what was counted; later, while another process writes: the event loop never waits for one."""
        while True:
            await self._noted.wait()
            await anyio.sleep(WRITE_AFTER_SECONDS)
            self._noted = anyio.Event()
            with best_effort("uses are not counted yet"):
                try:
                    self.write(wait=False)
                except StoreBusy:
                    self._noted.set()

    def write_soon(self, seconds: float) -> None:
        """Write all that was counted, trying for so long while another process writes. Raises: StoreBusy, StoreUnusable."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self.write(wait=False)
            except StoreBusy:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def write(self, *, wait: bool) -> None:
        """Write all that was counted. wait: for another process that is writing. Raises: StoreBusy, StoreUnusable."""
        for name in tuple(self._unwritten):
            self._store.note_use(name, self._unwritten[name], wait=wait)
            del self._unwritten[name]
        if self._asked:
            self._store.keep_asked(tuple(self._asked), wait=wait)
            self._asked.clear()


@contextmanager
def counted(store: Store) -> Iterator[Uses]:
    """The counts of a process, all written at the end."""
    uses = Uses(store)
    try:
        yield uses
    finally:
        with best_effort("the last uses are not counted"):
            uses.write_soon(LAST_SECONDS)
