"""The library in one SQLite file: opening it, and the sum of its parts."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from latm_mcp.store_connection import BUSY_SECONDS, Database, plain_errors
from latm_mcp.store_jobs import SqliteJobs
from latm_mcp.store_ledger import SqliteLedger
from latm_mcp.store_limits import SqliteLimits
from latm_mcp.store_queue import SqliteQueue
from latm_mcp.store_schema import migrate
from latm_mcp.store_tools import SqliteTools
from latm_mcp.store_trust import SqliteTrust

FILE_NAME = "library.sqlite"


class SqliteStore(SqliteTools, SqliteLimits, SqliteJobs, SqliteLedger, SqliteQueue, SqliteTrust):
    """`store.Store` on SQLite; what each method promises is written there."""

    def __init__(self, database: Database, clock: Callable[[], float]):
        self._db, self._clock = database, clock
        self._listing = None
        self._own_limits = None
        self._queue = None


def open_database(home: Path) -> Database:
    """Open or make the file in `home`, in its newest format.

    Raises: StoreTooNew; StoreUnusable.
    """
    path = home / FILE_NAME
    with plain_errors(path):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here and not by SQLite, so that other users cannot read it where the folder was there before, open to them.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return Database(path, connection)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    _switch_to_wal(connection)
    migrate(connection, path)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite's busy time-out does not cover this one step, which two first openers can take at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
