"""The library's tables, as a list of migrations: step n takes a library from version n to n + 1. Never edit a step
that was released; add one."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from latm_mcp.errors import StoreTooNew

_FIRST = (
    "CREATE TABLE generation (value INTEGER NOT NULL)",
    "INSERT INTO generation VALUES (0)",
    # The columns of a listing stand apart from the JSON of a version: listing parses no tool.
    """CREATE TABLE tools (
        name TEXT PRIMARY KEY, version TEXT NOT NULL, description TEXT NOT NULL, parameters TEXT NOT NULL,
        returns TEXT NOT NULL, signature_text TEXT NOT NULL, adapter INTEGER NOT NULL, comparison TEXT NOT NULL,
        state TEXT NOT NULL, pinned INTEGER NOT NULL DEFAULT 0, uses INTEGER NOT NULL DEFAULT 0, bound REAL NOT NULL,
        shown_passed INTEGER NOT NULL, shown_total INTEGER NOT NULL, blind_passed INTEGER NOT NULL,
        blind_total INTEGER NOT NULL, held_out_passed INTEGER NOT NULL, held_out_total INTEGER NOT NULL,
        approved INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    """CREATE TABLE versions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version TEXT NOT NULL, published_at TEXT NOT NULL,
        tool TEXT NOT NULL, UNIQUE (name, version))""",
    """CREATE TABLE examples (
        tool TEXT NOT NULL, position INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
        standing TEXT NOT NULL, PRIMARY KEY (tool, position)) WITHOUT ROWID""",
    """CREATE TABLE jobs (
        id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, task TEXT NOT NULL, status TEXT NOT NULL, tool TEXT, version TEXT,
        failure TEXT, lease_owner TEXT, lease_until REAL NOT NULL DEFAULT 0, progress TEXT NOT NULL DEFAULT '',
        pending TEXT, changed_at REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE tries (
        id INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, attempt TEXT NOT NULL)""",
    "CREATE INDEX tries_of_job ON tries (job)",
    """CREATE TABLE ledger (
        at REAL NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL, tool TEXT, job TEXT, tokens_in INTEGER NOT NULL,
        tokens_out INTEGER NOT NULL, replies INTEGER NOT NULL, estimated INTEGER NOT NULL)""",
    "CREATE INDEX ledger_of_job ON ledger (job)",
    "CREATE TABLE clients (name TEXT PRIMARY KEY, relists INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
        detail TEXT NOT NULL)""",
)

_LIMITS = (
    # NULL: what holds for all tools.
    """CREATE TABLE limits (
        tool TEXT PRIMARY KEY, seconds REAL, cpu_seconds REAL, memory_mib INTEGER, output_bytes INTEGER,
        argument_bytes INTEGER, recursion INTEGER) WITHOUT ROWID""",
)

_FUNCTIONAL_CACHE = (
    "ALTER TABLE tools ADD COLUMN trust TEXT NOT NULL DEFAULT 'probation'",
    "ALTER TABLE tools ADD COLUMN good INTEGER NOT NULL DEFAULT 0",
    # NULL: from before prices were known.
    "ALTER TABLE ledger ADD COLUMN usd REAL",
    """CREATE TABLE asked (
        at REAL NOT NULL, outcome TEXT NOT NULL, how TEXT, tool TEXT, tokens INTEGER NOT NULL, usd REAL NOT NULL,
        instead_usd REAL NOT NULL)""",
    "CREATE INDEX asked_at ON asked (at)",
    "CREATE INDEX ledger_at ON ledger (at)",
    "CREATE TABLE queue_generation (value INTEGER NOT NULL)",
    "INSERT INTO queue_generation VALUES (0)",
    # tool: NULL where the questions are of a new task.
    """CREATE TABLE queue_groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT '', tool TEXT, state TEXT NOT NULL DEFAULT 'open',
        job TEXT, note TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE instances (
        id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL REFERENCES queue_groups (id) ON DELETE CASCADE,
        question TEXT NOT NULL UNIQUE, at REAL NOT NULL)""",
    "CREATE INDEX instances_of_group ON instances (group_id)",
    """CREATE TABLE told (
        id INTEGER PRIMARY KEY, instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
        answer TEXT NOT NULL, who TEXT NOT NULL, said_by TEXT NOT NULL, at REAL NOT NULL, UNIQUE (instance, who, said_by))""",
    """CREATE TABLE reports (
        id INTEGER PRIMARY KEY AUTOINCREMENT, tool TEXT NOT NULL, version TEXT NOT NULL, question TEXT NOT NULL,
        got TEXT NOT NULL, answer TEXT NOT NULL, is_right INTEGER NOT NULL, who TEXT NOT NULL, said_by TEXT NOT NULL, at REAL NOT NULL,
        settled INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX reports_of_tool ON reports (tool, settled)",
    # tool: NULL where the question belongs to none.
    """CREATE TABLE settlements (
        question TEXT PRIMARY KEY, tool TEXT, who TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID""",
)

MIGRATIONS: tuple[Sequence[str], ...] = (_FIRST, _LIMITS, _FUNCTIONAL_CACHE)


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring a library up to the newest version, all or nothing, whoever else opens it meanwhile.

    Raises: StoreTooNew where it is already beyond that.
    """
    newest = len(steps)
    if _version(connection, path, newest) == newest:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have migrated while this one waited for the lock.
        for step in steps[_version(connection, path, newest) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > newest:
        raise StoreTooNew(
            f"The library {str(path)!r} has format {version}, written by a newer release of latm-mcp; this release reads"
            f" formats up to {newest}. Upgrade latm-mcp, or set LATM_HOME to another folder."
        )
    return version
