"""The rows of the library's queue, read as values."""

import sqlite3
from collections import defaultdict
from dataclasses import replace
from typing import Any, TypeAlias

from latm_mcp.store_nouns import Group, Instance, Told

GROUPS = "SELECT id, name, tool, state, job, note FROM queue_groups"
_INSTANCES = "SELECT id, group_id, question, at FROM instances"
_TOLD = "SELECT instance, answer, who, said_by, told.at FROM told"

_Row: TypeAlias = tuple[Any, ...]


def read_queue(connection: sqlite3.Connection) -> list[Group]:
    """Every group with its instances, oldest first."""
    told = _by_instance(connection.execute(f"{_TOLD} ORDER BY id").fetchall())
    return _grouped(
        connection.execute(f"{GROUPS} ORDER BY id").fetchall(),
        connection.execute(f"{_INSTANCES} ORDER BY id").fetchall(),
        told,
    )


def read_group(connection: sqlite3.Connection, group_id: int) -> Group | None:
    """One group with its instances."""
    one = (group_id,)
    of_it = "JOIN instances ON instances.id = told.instance WHERE group_id = ? ORDER BY told.id"
    told = _by_instance(connection.execute(f"{_TOLD} {of_it}", one).fetchall())
    found = _grouped(
        connection.execute(f"{GROUPS} WHERE id = ?", one).fetchall(),
        connection.execute(f"{_INSTANCES} WHERE group_id = ? ORDER BY id", one).fetchall(),
        told,
    )
    return found[0] if found else None


def group_with(connection: sqlite3.Connection, instance: int) -> Group:
    """The group of an instance that is there, without its instances."""
    select = f"{GROUPS} WHERE id = (SELECT group_id FROM instances WHERE id = ?)"  # noqa: S608 a constant
    return group_of(connection.execute(select, (instance,)).fetchone(), ())


def with_instance(group: Group, instance: Instance) -> Group:
    """The same group where this instance is new, or told more."""
    others = [instance if one.id == instance.id else one for one in group.instances]
    if not others or instance.id > others[-1].id:
        others.append(instance)
    return replace(group, instances=tuple(others))


def _grouped(groups: list[_Row], instances: list[_Row], told: dict[int, tuple[Told, ...]]) -> list[Group]:
    members: defaultdict[int, list[Instance]] = defaultdict(list)
    for one, group_id, question, at in instances:
        members[group_id].append(Instance(one, question, at, told.get(one, ())))
    return [group_of(row, tuple(members[row[0]])) for row in groups]


def group_of(row: _Row, instances: tuple[Instance, ...]) -> Group:
    """A row of `GROUPS` with these instances."""
    one, name, tool, state, job, about = row
    return Group(one, name, tool, state, job, about, instances)


def _by_instance(rows: list[_Row]) -> dict[int, tuple[Told, ...]]:
    found: dict[int, tuple[Told, ...]] = {}
    for instance, *told in rows:
        found[instance] = (*found.get(instance, ()), Told(*told))
    return found


def read_instance(connection: sqlite3.Connection, question: str) -> Instance | None:
    """The instance of exactly this question, with what was said to it."""
    row = connection.execute("SELECT id, at FROM instances WHERE question = ?", (question,)).fetchone()
    if row is None:
        return None
    told = _by_instance(connection.execute(f"{_TOLD} WHERE instance = ? ORDER BY id", row[:1]).fetchall())
    return Instance(row[0], question, row[1], told.get(row[0], ()))
