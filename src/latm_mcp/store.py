"""The library's narrow interface (design, section 8), and its opening.

One durable library for each home folder, shared by every process of this user. Synchronous and safe to
call from any thread; a call costs microseconds to a few milliseconds, and at most 5 s where another process writes.
Every method raises StoreUnusable, with a sentence, where the library cannot be read or written.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from latm_mcp.errors import StoreUnusable
from latm_mcp.models_using import Role
from latm_mcp.store_nouns import (
    Asked,
    AuditRow,
    Group,
    GroupState,
    Instance,
    Job,
    Listed,
    Report,
    Settlement,
    Told,
    ToolState,
    Trust,
    UsageRow,
)
from latm_mcp.store_protocols import JobBook, Ledger, LimitTable, ToolShelf
from latm_mcp.store_protocols_using import QueueBook, TrustBook
from latm_mcp.store_sqlite import SqliteStore, open_database

logger = logging.getLogger(__name__)

__all__ = [
    "Asked",
    "AuditRow",
    "Group",
    "GroupState",
    "Instance",
    "Job",
    "Listed",
    "Report",
    "Role",
    "Settlement",
    "Store",
    "Told",
    "ToolState",
    "Trust",
    "UsageRow",
    "best_effort",
    "open_store",
]


class Store(ToolShelf, LimitTable, JobBook, Ledger, QueueBook, TrustBook, Protocol):
    """All of the library."""


@contextmanager
def best_effort(what: str) -> Iterator[None]:
    """For bookkeeping that nothing depends on: where the library cannot be written just now, say so in the log and go on."""
    try:
        yield
    except StoreUnusable as error:
        logger.warning("%s: %s", what, error)


@contextmanager
def open_store(home: Path, clock: Callable[[], float] = time.time) -> Iterator[Store]:
    """Open the library in `home`, made (mode 0700) and migrated where needed; closed at the end.

    clock: seconds since 1970, the same clock for all processes of one library.
    Raises: StoreTooNew for a library of a newer release; StoreUnusable for one that cannot be opened or written.
    """
    database = open_database(home)
    try:
        yield SqliteStore(database, clock)
    finally:
        database.close()
