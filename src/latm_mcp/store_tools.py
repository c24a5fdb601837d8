"""The library's tools: versions, listing, examples."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from latm_mcp.errors import BadInput
from latm_mcp.models import Example, Failure, Status, Tool
from latm_mcp.store_connection import Database
from latm_mcp.store_jobs import finish
from latm_mcp.store_ledger import moment, note
from latm_mcp.store_limits import forget_limits
from latm_mcp.store_nouns import Listed, ToolState
from latm_mcp.store_tools_rows import (
    change_tool,
    holds_withdrawn,
    in_the_way,
    keep_examples,
    keep_row,
    keep_version,
    list_changed,
    loses_examples,
    meanwhile,
)

_COLUMNS = tuple(column.name for column in fields(Listed))  # the table's columns bear the same names


class SqliteTools:
    """`store.ToolShelf` on SQLite."""

    _db: Database
    _clock: Callable[[], float]
    _listing: tuple[int, list[Listed]] | None

    def generation(self) -> int:
        return self._db.number("SELECT value FROM generation")

    def listed(self) -> list[Listed]:
        known = self._listing
        if known is None or known[0] != self.generation():
            with self._db.snapshot() as connection:
                (generation,) = connection.execute("SELECT value FROM generation").fetchone()
                rows = connection.execute(
                    f"SELECT {', '.join(_COLUMNS)} FROM tools WHERE state <> 'archived' ORDER BY name"  # noqa: S608 a constant
                ).fetchall()
            known = self._listing = (generation, [_listed(row) for row in rows])
        return list(known[1])

    def uses(self) -> dict[str, int]:
        with self._db.reading() as connection:
            return dict(connection.execute("SELECT name, uses FROM tools").fetchall())

    def tool(self, name: str, version: str | None = None) -> Tool | None:
        where = (
            "tools.version = versions.version AND state <> 'archived'" if version is None else "versions.version = ?"
        )
        with self._db.reading() as connection:
            row = connection.execute(
                f"SELECT tool FROM versions JOIN tools USING (name) WHERE name = ? AND {where}",  # noqa: S608 constants
                (name,) if version is None else (name, version),
            ).fetchone()
            return None if row is None else Tool.model_validate_json(row[0])

    def state(self, name: str) -> ToolState | None:
        with self._db.reading() as connection:
            return _state(connection, name)

    def versions(self, name: str) -> list[tuple[str, str]]:
        with self._db.reading() as connection:
            return connection.execute(
                "SELECT version, published_at FROM versions WHERE name = ? ORDER BY id DESC", (name,)
            ).fetchall()

    def publish(
        self, tool: Tool, *, replaces: str | None = None, state: ToolState = "live", job: str | None = None, actor: str
    ) -> None:
        now = self._clock()
        with self._db.writing(durable=True) as connection:
            clash = in_the_way(connection, tool, replaces, state)
            if (
                clash is None
                and job is not None
                and (loses_examples(connection, tool) or holds_withdrawn(connection, tool))
            ):
                clash = meanwhile(tool.name)
            if clash is None:
                keep_version(connection, tool, moment(now))
                keep_examples(connection, tool)
                keep_row(connection, tool, state)
                _tell(connection, tool, state, now, actor)
            if job is not None:
                # A making that comes too late ends here: else its draft would be published, and refused, at every asking.
                late = None if clash is None else Failure(stage="wrap", attempt=1, sentence=clash)
                status: Status = "published" if late is None else "failed"
                finish(
                    connection,
                    job,
                    status,
                    (tool.name, tool.version, None) if late is None else (None, None, late),
                    now,
                )
        if clash is not None:
            raise BadInput(clash)

    def approve(self, tool: Tool, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            state = _state(connection, tool.name)
            if state == "live":
                raise BadInput(f"The tool {tool.name!r} is live already: nothing waits for approval.")
            if state == "archived":
                raise BadInput(f"The tool {tool.name!r} is archived: publish one of its versions again instead.")
            # Compared here, and whole: another process may have imported other code, or other examples for the same code.
            if state is not None and _newest(connection, tool.name) != tool:
                raise BadInput(f"{tool.name!r} has changed while you read it: read it again.")
            change_tool(connection, tool.name, "state = 'live', approved = 1")
            note(connection, self._clock(), actor, "approve", tool.name, tool.version)

    def archive(self, name: str, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            change_tool(connection, name, "state = 'archived'")
            forget_limits(connection, name)
            note(connection, self._clock(), actor, "archive", name)

    def pin(self, name: str, pinned: bool) -> None:
        with self._db.writing(durable=True) as connection:
            change_tool(connection, name, f"pinned = {int(pinned)}")

    def note_use(self, name: str, times: int = 1, *, wait: bool = True) -> None:
        with self._db.writing(durable=False, wait=wait) as connection:
            connection.execute("UPDATE tools SET uses = uses + ? WHERE name = ?", (times, name))

    def bank_marks(self) -> dict[str, tuple[int, int]]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT tool, count(*), max(position) FROM examples JOIN tools ON name = tool WHERE state = 'live' GROUP BY tool"
            ).fetchall()
        return {tool: (examples, last) for tool, examples, last in rows}

    def banks(self, exclude: str, per_tool: int) -> dict[str, list[Example]]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT tool, question, answer, standing FROM examples JOIN tools ON name = tool"
                " WHERE state = 'live' AND tool <> ? AND position < ? ORDER BY tool, position",
                (exclude, per_tool),
            ).fetchall()
        banks: dict[str, list[Example]] = {}
        for tool, question, answer, standing in rows:
            banks.setdefault(tool, []).append(Example(question=question, answer=answer, standing=standing))
        return banks


def _tell(connection: sqlite3.Connection, tool: Tool, state: ToolState, now: float, actor: str) -> None:
    note(connection, now, actor, "publish" if state == "live" else f"publish as {state}", tool.name, tool.version)
    list_changed(connection)


def _state(connection: sqlite3.Connection, name: str) -> ToolState | None:
    row = connection.execute("SELECT state FROM tools WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def _newest(connection: sqlite3.Connection, name: str) -> Tool:
    (content,) = connection.execute(
        "SELECT tool FROM versions JOIN tools USING (name, version) WHERE name = ?", (name,)
    ).fetchone()
    return Tool.model_validate_json(content)


def _listed(row: tuple[Any, ...]) -> Listed:
    columns = dict(zip(_COLUMNS, row, strict=True))
    columns |= {column: json.loads(columns[column]) for column in ("parameters", "returns")}
    columns |= {column: bool(columns[column]) for column in ("adapter", "pinned", "approved")}
    return Listed(**columns)
