"""The library's limits of single tools, as persons set them: never part of a tool, so that no folder brings any along."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import fields

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.outcomes import OwnLimits
from latm_mcp.store_connection import Database
from latm_mcp.store_ledger import note

_COLUMNS = tuple(column.name for column in fields(OwnLimits))  # the table's columns bear the same names


def forget_limits(connection: sqlite3.Connection, name: str) -> None:
    """Drop a tool's limits inside the caller's transaction: whatever bears its name next is another tool."""
    connection.execute("DELETE FROM limits WHERE tool = ?", (name,))


class SqliteLimits:
    """`store.LimitTable` on SQLite."""

    _db: Database
    _clock: Callable[[], float]
    _own_limits: tuple[int, Mapping[str, OwnLimits]] | None

    def own_limits(self) -> Mapping[str, OwnLimits]:
        with self._db.reading() as connection:
            (generation,) = connection.execute("SELECT value FROM generation").fetchone()
            if self._own_limits is None or self._own_limits[0] != generation:
                # Read after the generation: a change in between is read again, never kept as an older one.
                self._own_limits = (int(generation), _all(connection))
            return self._own_limits[1]

    def set_limits(self, name: str, limits: OwnLimits, actor: str, *, reset: bool = False) -> None:
        with self._db.writing(durable=True) as connection:
            _check_live(connection, name)
            if reset:
                forget_limits(connection, name)
            if limits.given:
                columns = {"tool": name} | limits.given
                renewed = ", ".join(f"{column} = excluded.{column}" for column in limits.given)
                connection.execute(
                    f"INSERT INTO limits ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
                    f" ON CONFLICT (tool) DO UPDATE SET {renewed}",
                    tuple(columns.values()),
                )
            connection.execute("UPDATE generation SET value = value + 1")
            said = [f"{column}={value:.10g}" for column, value in limits.given.items()]
            note(connection, self._clock(), actor, "limits", name, " ".join(["reset", *said] if reset else said))


def _all(connection: sqlite3.Connection) -> Mapping[str, OwnLimits]:
    rows = connection.execute(f"SELECT tool, {', '.join(_COLUMNS)} FROM limits").fetchall()  # noqa: S608 constants
    return {name: OwnLimits(*values) for name, *values in rows}


def _check_live(connection: sqlite3.Connection, name: str) -> None:
    row = connection.execute("SELECT state FROM tools WHERE name = ?", (name,)).fetchone()
    if row is None or row[0] == "archived":
        raise NotFound(f"There is no tool {name!r}: list the tools to see their names.")
    if row[0] != "live":
        raise BadInput(
            f"{name!r} waits until a person has read it: `latm-mcp approve {name}` first, then set its limits."
        )
