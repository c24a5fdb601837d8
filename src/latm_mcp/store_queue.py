"""The library's queue: questions that wait for a tool, in groups, with what was answered to them."""

from collections.abc import Callable

from latm_mcp.store_connection import Database

MOST_INSTANCES = 5_000
MOST_BYTES = 32 * 1024 * 1024  # of questions


class SqliteQueue:
    """`store.QueueBook` on SQLite."""

    _db: Database
    _clock: Callable[[], float]
