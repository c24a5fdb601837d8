"""Forgetting so that nothing of it can be read in the library's file any more: rows, free pages and journal."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.store_connection import BUSY_SECONDS, plain_errors
from latm_mcp.store_sqlite import FILE_NAME


@dataclass(frozen=True, slots=True)
class Erased:
    """How much went. whole: False where another process was reading, and traces may stand in the journal until it ends."""

    asked: int
    jobs: int
    whole: bool


def erase(home: Path, before: float) -> Erased:
    """Drop the records of answering and the makings that nobody works on from before then, and rewrite the file without free pages.

    before: seconds since 1970. Takes as long as the file is large, and as much room again.
    Raises: StoreUnusable; StoreBusy, where another process keeps writing.
    """
    path = home / FILE_NAME
    with (
        plain_errors(path),
        closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA foreign_keys = ON")  # the tries of a making go with it
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        asked = connection.execute("DELETE FROM asked WHERE at < ?", (before,)).rowcount
        jobs = connection.execute(
            "DELETE FROM jobs WHERE changed_at < ? AND lease_until <= ?", (before, time.time())
        ).rowcount
        connection.execute("COMMIT")
        connection.execute("VACUUM")  # what was replaced or evicted earlier still stands in free pages
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return Erased(asked, jobs, not busy)
