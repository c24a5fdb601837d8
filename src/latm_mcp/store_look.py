"""A look at a library that changes nothing in it: it is neither made nor migrated."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.errors import StoreTooNew, StoreUnusable
from latm_mcp.store_connection import BUSY_SECONDS, plain_errors
from latm_mcp.store_schema import MIGRATIONS
from latm_mcp.store_sqlite import FILE_NAME

NEWEST = len(MIGRATIONS)


@dataclass(frozen=True, slots=True)
class LibraryLook:
    """format: below `NEWEST` it is brought up to that at its next opening. tools: how many there are in each state."""

    format: int
    tools: dict[str, int]


def look(home: Path) -> LibraryLook | None:
    """What the library in `home` holds, after trying that it is whole and may be written; None where there is none yet.

    Raises: StoreTooNew; StoreUnusable.
    """
    path = home / FILE_NAME
    with plain_errors(path):
        try:
            path.lstat()
        except FileNotFoundError:
            return None
        # mode=rw makes no file; and only a connection that may write can tidy up after itself.
        opened = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        with closing(opened) as connection:
            return _looked(connection, path)


def copy(home: Path, target: Path) -> None:
    """Write the library in `home` as it is now into the folder `target`, while others use it. Raises: StoreUnusable."""
    path = home / FILE_NAME
    with plain_errors(path):
        opened = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
        with closing(opened) as source, closing(sqlite3.connect(target / FILE_NAME)) as written:
            source.backup(written)


def _looked(connection: sqlite3.Connection, path: Path) -> LibraryLook:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > NEWEST:
        raise StoreTooNew(
            f"The library {str(path)!r} has format {found}, written by a newer release of latm-mcp; this release reads formats"
            f" up to {NEWEST}. Upgrade latm-mcp, or set LATM_HOME to another folder."
        )
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok":
        raise StoreUnusable(
            f"The library {str(path)!r} is damaged ({verdict[:200]}). Move it away, with its -wal and -shm files; then restore"
            " a copy, or import the folders of tools_store beside it."
        )
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")
    if not found:
        return LibraryLook(0, {})
    return LibraryLook(
        found, dict(connection.execute("SELECT state, count(*) FROM tools GROUP BY state ORDER BY state"))
    )
