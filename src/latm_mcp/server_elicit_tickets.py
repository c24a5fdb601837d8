"""What this process remembers of the forms that it sent out: to which call each belongs, and which questions were asked at all.

A client gives a ticket back with what its person said, so a ticket is not to be trusted by what is in it: nothing is. It is a random name,
good once, for the same call of the same client, and for ten minutes.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mcp import types

TICKET_SECONDS = 600.0
MOST_TICKETS = 64
MOST_ASKED = 4096


_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Sent(Generic[_Kept]):
    """A call that waits for a form: its result without one, and what the form is about. until: by the tickets' clock."""

    binding: str
    result: types.CallToolResult
    kept: _Kept
    until: float


class Tickets(Generic[_Kept]):
    """Calls that wait for a form. clock: seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._sent: OrderedDict[str, Sent[_Kept]] = OrderedDict()

    def issue(self, binding: str, result: types.CallToolResult, kept: _Kept) -> str:
        """A ticket for a call, and its result so far; the oldest of too many is forgotten."""
        ticket = secrets.token_urlsafe(24)
        self._sent[ticket] = Sent(binding, result, kept, self._clock() + TICKET_SECONDS)
        while len(self._sent) > MOST_TICKETS:
            self._sent.popitem(last=False)
        return ticket

    def redeem(self, ticket: str, binding: str) -> Sent[_Kept] | None:
        """What was kept; None for a ticket that is not ours, used, too old, or of another call."""
        sent = self._sent.pop(ticket, None)
        return sent if sent is not None and sent.binding == binding and self._clock() < sent.until else None


class Once:
    """Which questions were asked, by their digests; the oldest of too many are forgotten."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def first(self, text: str) -> bool:
        """Whether this is the first time; from now on it no longer is."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        new = digest not in self._seen
        self._seen[digest] = None
        while len(self._seen) > MOST_ASKED:
            self._seen.popitem(last=False)
        return new
