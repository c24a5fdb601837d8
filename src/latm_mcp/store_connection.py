"""One SQLite connection shared by threads: locking, transactions, and the one place where its errors become ours."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from latm_mcp.errors import BadInput, StoreBusy, StoreUnusable

BUSY_SECONDS = 5.0

_ADVICE = {
    "SQLITE_BUSY": f"another process has been writing to it for over {BUSY_SECONDS:g} s. Try again, or end that process",
    "SQLITE_LOCKED": f"another process has been writing to it for over {BUSY_SECONDS:g} s. Try again, or end that process",
    "SQLITE_FULL": "its disk is full. Free some space; nothing of this step was kept, all earlier ones were",
    "SQLITE_IOERR": "its disk refuses to read or write. Check its free space, quota and health",
    "SQLITE_READONLY": "it may not be written. Make the folder and its files writable, or set LATM_HOME to another",
    "SQLITE_CANTOPEN": "it cannot be opened. Make the folder and its files writable, or set LATM_HOME to another",
    "SQLITE_PERM": "it may not be opened. Make the folder and its files writable, or set LATM_HOME to another",
    "SQLITE_CORRUPT": "it is damaged. Move it away, with its -wal and -shm files; then restore a copy, or import the"
    " folders of tools_store beside it",
    "SQLITE_NOTADB": "it is no library, or its beginning is damaged. Move it away; then restore a copy, or import the"
    " folders of tools_store beside it",
}


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite, the system and unreadable records into StoreUnusable, with what to do about it."""
    try:
        yield
    except sqlite3.Error as error:
        # SQLITE_IOERR_WRITE and the like: the first two parts tell the kind.
        kind = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        advice = _ADVICE.get(kind, "it refused a step. Check that nothing else has changed or replaced it")
        unusable = StoreBusy if kind in ("SQLITE_BUSY", "SQLITE_LOCKED") else StoreUnusable
        raise unusable(f"The library {str(path)!r} cannot be used: {advice} ({error}).") from error
    except ValidationError as error:
        raise StoreUnusable(
            f"The library {str(path)!r} holds a {error.title} that this release cannot read. Restore a copy of the library,"
            " or import the folders of tools_store beside it."
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreUnusable(
            f"The library {str(path)!r} cannot be opened: {_in_the_way(path.parent)}."
            " Move that away, or set LATM_HOME to another folder."
        ) from error
    except OSError as error:
        raise StoreUnusable(
            f"The library {str(path)!r} cannot be opened: {error.strerror or error}."
            " Make its folder writable, or set LATM_HOME to another."
        ) from error
    except UnicodeEncodeError as error:
        raise BadInput(f"A text holds a lone surrogate ({error.object[error.start]!r}): send valid Unicode.") from error


def _in_the_way(home: Path) -> str:
    """What stands where the library's folder, or one above it, should be."""
    place = next((place for place in (home, *home.parents) if os.path.lexists(place)), home)
    named = "LATM_HOME" if place == home else "what LATM_HOME lies under"
    return f"{named}, {str(place)!r}, is {'a file, not a folder' if place.is_file() else 'no folder'}"


class Database:
    """A connection that threads take turns with."""

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self._path, self._connection = path, connection
        self._turn = threading.Lock()
        self._closed = False

    def number(self, select: str) -> int:
        """The one number that a SELECT gives; the short way, for what is asked at each call."""
        try:
            with self._turn:
                self._check_open()
                return int(self._connection.execute(select).fetchone()[0])
        except sqlite3.Error:
            with plain_errors(self._path):
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One's turn for a single SELECT. Several in a row may see different states: see `snapshot`."""
        with self._turn, plain_errors(self._path):
            self._check_open()
            yield self._connection

    @contextmanager
    def writing(self, *, durable: bool, wait: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block, or nothing if it raises or the process dies.

        wait: for another process that is writing; without, that is StoreBusy at once.

        durable: it also outlives a power cut from the moment it returns (a disk flush); without, a power cut may take
        the last few such steps, in order, though no crash or kill does.
        """
        with self._turn, plain_errors(self._path):
            self._check_open()
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._begin(wait)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _begin(self, wait: bool) -> None:
        # IMMEDIATE: the write lock comes first, so that no read goes stale and the busy time-out holds.
        if wait:
            self._connection.execute("BEGIN IMMEDIATE")
            return
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """One's turn for several SELECTs that see one and the same state."""
        with self._turn, plain_errors(self._path):
            self._check_open()
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close it once the thread whose turn it is has ended; a second time does nothing."""
        with self._turn, plain_errors(self._path):
            self._closed = True
            self._connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnusable(f"The library {str(self._path)!r} was closed already: open it again.")
