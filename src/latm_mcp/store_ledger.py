"""The library's ledger of tokens, its memory of clients, and its audit log."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from latm_mcp.models import Usage
from latm_mcp.store_connection import Database
from latm_mcp.store_nouns import AuditRow, Role, UsageRow


def moment(seconds: float) -> str:
    """Seconds since 1970 as UTC, ISO 8601, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def note(connection: sqlite3.Connection, at: float, actor: str, action: str, subject: str, detail: str = "") -> None:
    """Add an audit entry inside the caller's transaction."""
    connection.execute(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
        (moment(at), actor, action, subject, detail),
    )


class SqliteLedger:
    """`store.Ledger` on SQLite."""

    _db: Database
    _clock: Callable[[], float]

    def add_usage(self, *, role: Role, model: str, usage: Usage, tool: str | None, job: str | None) -> None:
        counts = (usage.tokens_in, usage.tokens_out, usage.replies, usage.estimated)
        with self._db.writing(durable=False) as connection:
            connection.execute(
                "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (self._clock(), role, model, tool, job, *counts),
            )

    def usage(self, since: float = 0.0) -> list[UsageRow]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT role, model, tool, sum(tokens_in), sum(tokens_out), sum(replies), max(estimated) FROM ledger"
                " WHERE at >= ? GROUP BY role, model, tool ORDER BY role, model, tool",
                (since,),
            ).fetchall()
        return [
            UsageRow(role, model, tool, tokens_in, tokens_out, replies, bool(estimated))
            for role, model, tool, tokens_in, tokens_out, replies, estimated in rows
        ]

    def relists(self, client: str) -> bool | None:
        with self._db.reading() as connection:
            row = connection.execute("SELECT relists FROM clients WHERE name = ?", (client,)).fetchone()
        return None if row is None else bool(row[0])

    def remember_relists(self, client: str, relists: bool) -> None:
        with self._db.writing(durable=False) as connection:
            connection.execute("INSERT OR REPLACE INTO clients VALUES (?, ?)", (client, relists))

    def audit_log(self, limit: int) -> list[AuditRow]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT at, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?", (max(0, limit),)
            ).fetchall()
        return [AuditRow(*row) for row in rows]
