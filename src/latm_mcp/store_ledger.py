"""The library's ledger of tokens and money, how its questions were answered, its memory of clients, and its audit log."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from latm_mcp.models import Usage
from latm_mcp.models_using import Role
from latm_mcp.store_connection import Database
from latm_mcp.store_nouns import Asked, AuditRow, UsageRow

MOST_TOKENS = 10**12  # of one row
MOST_ASKED = 200_000  # questions whose way of answering is kept: some 20 MB; the oldest go first


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

    def add_usage(
        self, *, role: Role, model: str, usage: Usage, tool: str | None, job: str | None, usd: float = 0.0
    ) -> None:
        # A server may say any number of tokens, also one that no column holds.
        tokens = (min(max(0, number), MOST_TOKENS) for number in (usage.tokens_in, usage.tokens_out))
        with self._db.writing(durable=False) as connection:
            connection.execute(
                "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._clock(), role, model, tool, job, *tokens, usage.replies, usage.estimated, usd),
            )

    def usage(self, since: float = 0.0) -> list[UsageRow]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT role, model, tool, sum(tokens_in), sum(tokens_out), sum(replies), max(estimated), total(usd)"
                " FROM ledger WHERE at >= ? GROUP BY role, model, tool ORDER BY role, model, tool",
                (since,),
            ).fetchall()
        return [
            UsageRow(role, model, tool, tokens_in, tokens_out, replies, bool(estimated), usd)
            for role, model, tool, tokens_in, tokens_out, replies, estimated, usd in rows
        ]

    def spent(self, since: float) -> float:
        with self._db.reading() as connection:
            return float(connection.execute("SELECT total(usd) FROM ledger WHERE at >= ?", (since,)).fetchone()[0])

    def keep_asked(self, rows: Sequence[Asked], *, wait: bool = True) -> None:
        now = self._clock()
        with self._db.writing(durable=False, wait=wait) as connection:
            connection.executemany(
                "INSERT INTO asked VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(row.at or now, row.outcome, row.how, row.tool, row.tokens, row.usd, row.instead_usd) for row in rows],
            )
            connection.execute("DELETE FROM asked WHERE rowid <= (SELECT max(rowid) FROM asked) - ?", (MOST_ASKED,))

    def asked(self, since: float = 0.0) -> list[Asked]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT outcome, how, tool, tokens, usd, instead_usd, at FROM asked WHERE at >= ? ORDER BY at, rowid",
                (since,),
            ).fetchall()
        return [Asked(*row) for row in rows]

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
