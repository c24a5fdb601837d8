"""The library's trust in its tools: the examples that stand, what was reported about answers, what was settled."""

import sqlite3
from collections.abc import Callable

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.models import MAX_ANSWER_BYTES, Example
from latm_mcp.store_connection import Database
from latm_mcp.store_ledger import note
from latm_mcp.store_nouns import Report, Settlement, Trust
from latm_mcp.store_tools_rows import change_tool, list_changed, mark_of
from latm_mcp.text import plain, safe

MOST_REPORTS = 100  # that wait for review, of each tool and each kind of reporter
MOST_REPORT_CHARACTERS = 1 << 20  # of those
MOST_SETTLEMENTS = 5_000
MOST_SETTLED_CHARACTERS = 1 << 19  # a server reads all of them for its first answer: 1 MiB takes a second or more
_LIVE = "state = 'live'"
_WORTH = "CASE {} WHEN 'person' THEN 2 WHEN 'model' THEN 1 ELSE 0 END"  # whose word stands over whose
_REPORT = "tool, version, question, got, answer, is_right, who, said_by, at, id"


class SqliteTrust:
    """`store.TrustBook` on SQLite."""

    _db: Database
    _clock: Callable[[], float]
    _settled: tuple[int, list[Settlement]] | None = None

    def set_trust(self, name: str, trust: Trust, actor: str, why: str = "") -> None:
        with self._db.writing(durable=True) as connection:
            change_tool(connection, name, f"trust = '{trust}'", of=_LIVE)
            note(connection, self._clock(), actor, "trust", name, f"{trust}: {why}" if why else trust)

    def note_good(self, name: str, actor: str) -> int:
        with self._db.writing(durable=True) as connection:
            change_tool(connection, name, "good = good + 1", of=_LIVE)
            (good,) = connection.execute("SELECT good FROM tools WHERE name = ?", (name,)).fetchone()
            note(connection, self._clock(), actor, "good use", name, f"number {good}")
            return int(good)

    def add_example(self, name: str, example: Example, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            change_tool(connection, name, "good = good", of=_LIVE)  # the list's profiles hang on the examples
            known = connection.execute(
                "SELECT answer, standing FROM examples WHERE tool = ? AND question = ?", (name, example.question)
            ).fetchone()
            if known is not None and known[1] == "confirmed":
                if plain(known[0]) != plain(example.answer):
                    raise BadInput(_stands(name, example.question, known[0]))
                return
            _put_example(connection, name, example)
            note(connection, self._clock(), actor, "add example", name, mark_of(example))

    def withdraw_example(self, name: str, question: str, actor: str, why: str = "") -> Example:
        with self._db.writing(durable=True) as connection:
            row = connection.execute(
                "SELECT question, answer, standing FROM examples JOIN tools ON name = tool"
                " WHERE tool = ? AND question = ? AND state <> 'archived'",
                (name, question),
            ).fetchone()
            if row is None:
                raise NotFound(f"{name!r} has no such example: `latm-mcp show {name}` lists those that it has.")
            example = Example(question=row[0], answer=row[1], standing=row[2])
            connection.execute("DELETE FROM examples WHERE tool = ? AND question = ?", (name, question))
            list_changed(connection)
            # Its mark, never its text: the log outlives `forget`, and publishing asks it what was withdrawn.
            detail = f"{mark_of(example)} {safe(why, 500)}".rstrip()
            note(connection, self._clock(), actor, "withdraw example", name, detail)
            return example

    def examples(self, name: str) -> list[Example]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT question, answer, examples.standing FROM examples JOIN tools ON name = tool"
                " WHERE tool = ? AND state <> 'archived' ORDER BY position",
                (name,),
            ).fetchall()
        return [Example(question=question, answer=answer, standing=standing) for question, answer, standing in rows]

    def keep_report(self, report: Report) -> None:
        told = (report.tool, report.question, report.answer, report.right, report.who, report.by)
        kept = (report.version, safe(report.got, MAX_ANSWER_BYTES), report.at or self._clock())
        with self._db.writing(durable=False) as connection:
            connection.execute(  # said again, it is the same report
                "DELETE FROM reports WHERE settled = 0 AND tool = ? AND question = ? AND answer = ? AND is_right = ?"
                " AND who = ? AND said_by = ?",
                told,
            )
            connection.execute(
                "INSERT INTO reports (tool, question, answer, is_right, who, said_by, version, got, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*told, *kept),
            )
            connection.execute(
                "DELETE FROM reports WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER newest AS count,"
                " sum(length(question) + length(got) + length(answer)) OVER newest AS size FROM reports"
                " WHERE tool = ? AND who = ? AND settled = 0 WINDOW newest AS (ORDER BY id DESC))"
                " WHERE count > ? OR size > ?)",
                (report.tool, report.who, MOST_REPORTS, MOST_REPORT_CHARACTERS),
            )

    def reports(self, tool: str | None = None) -> list[Report]:
        where, values = ("", ()) if tool is None else (" AND tool = ?", (tool,))
        with self._db.reading() as connection:
            rows = connection.execute(
                f"SELECT {_REPORT} FROM reports WHERE settled = 0{where} ORDER BY id",  # noqa: S608 constants
                values,
            ).fetchall()
        return [
            Report(name, version, question, got, answer, bool(right), *rest)
            for name, version, question, got, answer, right, *rest in rows
        ]

    def settle_report(self, report_id: int, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            row = connection.execute(
                "UPDATE reports SET settled = 1 WHERE id = ? RETURNING tool", (report_id,)
            ).fetchone()
            if row is None:
                raise NotFound(f"There is no report {report_id}: `latm-mcp review` shows those that wait.")
            note(connection, self._clock(), actor, "settle report", row[0], f"report {report_id}")

    def keep_settlement(self, settlement: Settlement) -> None:
        row = (settlement.question, settlement.tool, settlement.who, settlement.at or self._clock())
        with self._db.writing(durable=False) as connection:
            stands = connection.execute(
                f"SELECT 1 FROM settlements WHERE question = ? AND ({_WORTH.format('who')} > {_WORTH.format('?')}"  # noqa: S608
                " OR (tool IS ? AND who = ?))",
                (settlement.question, settlement.who, settlement.tool, settlement.who),
            ).fetchone()
            if stands is not None:
                return
            connection.execute("INSERT OR REPLACE INTO settlements VALUES (?, ?, ?, ?)", row)
            connection.execute(
                "DELETE FROM settlements WHERE question IN (SELECT question FROM (SELECT question,"  # noqa: S608 constants
                " row_number() OVER kept AS count, sum(length(question)) OVER kept AS size FROM settlements"
                f" WINDOW kept AS (ORDER BY {_WORTH.format('who')} DESC, at DESC, question = ? DESC))"
                " WHERE count > ? OR size > ?)",
                (settlement.question, MOST_SETTLEMENTS, MOST_SETTLED_CHARACTERS),
            )
            connection.execute("UPDATE queue_generation SET value = value + 1")  # no list of tools changes by it

    def settlements(self) -> list[Settlement]:
        with self._db.snapshot() as connection:
            (generation,) = connection.execute("SELECT value FROM queue_generation").fetchone()
            if self._settled is None or self._settled[0] != generation:
                rows = connection.execute("SELECT question, tool, who, at FROM settlements ORDER BY at, question")
                self._settled = (generation, [Settlement(*row) for row in rows])
            return list(self._settled[1])


def _stands(name: str, question: str, answer: str) -> str:
    return (
        f"{name!r} keeps another confirmed answer to {question[:120]!r}: {answer[:120]!r}. Withdraw that one first, with"
        f" `latm-mcp withdraw {name} EXAMPLE`, by its number in `latm-mcp history {name}`, if it is wrong."
    )


def _put_example(connection: sqlite3.Connection, name: str, example: Example) -> None:
    """In the place of a provisional one to the same question, else behind the others."""
    changed = connection.execute(
        "UPDATE examples SET answer = ?, standing = ? WHERE tool = ? AND question = ?",
        (example.answer, example.standing, name, example.question),
    ).rowcount
    if not changed:
        connection.execute(
            "INSERT INTO examples SELECT ?, coalesce(max(position), -1) + 1, ?, ?, ? FROM examples WHERE tool = ?",
            (name, example.question, example.answer, example.standing, name),
        )
