"""The library's queue: questions that wait for a tool, in groups, with what was answered to them."""

import sqlite3
from collections.abc import Callable, Sequence

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.models_using import Who
from latm_mcp.store_connection import Database
from latm_mcp.store_ledger import note
from latm_mcp.store_nouns import Group, GroupState, Instance
from latm_mcp.store_queue_room import erase_before, make_room
from latm_mcp.store_queue_rows import GROUPS, group_of, group_with, read_group, read_instance, read_queue, with_instance

MOST_TOLD = 20  # answers to one question from one kind of teller: a client may call itself anything


class SqliteQueue:
    """`store.QueueBook` on SQLite."""

    _db: Database
    _clock: Callable[[], float]
    _queue: tuple[int, list[Group]] | None

    def queue_generation(self) -> int:
        return self._db.number("SELECT value FROM queue_generation")

    def groups(self) -> list[Group]:
        known = self._queue
        if known is None or known[0] != self.queue_generation():
            with self._db.snapshot() as connection:
                known = self._queue = (_generation(connection), read_queue(connection))
        return list(known[1])

    def group(self, group_id: int) -> Group | None:
        with self._db.snapshot() as connection:
            return read_group(connection, group_id)

    def queued(self, question: str) -> tuple[Group, Instance] | None:
        with self._db.reading() as connection:
            row = connection.execute("SELECT id FROM instances WHERE question = ?", (question,)).fetchone()
        if row is None:
            return None
        pairs = ((group, instance) for group in self.groups() for instance in group.instances)
        return next((pair for pair in pairs if pair[1].id == row[0]), None)

    def enqueue(self, question: str, group_id: int | None, *, tool: str | None = None, seen: int) -> Instance | None:
        with self._db.writing(durable=False) as connection:
            known = read_instance(connection, question)
            if known is not None:
                return known
            if seen != _generation(connection):
                return None
            group = _new_group(connection, tool) if group_id is None else _check_group(connection, group_id)
            kept = _keep(connection, group.id, question, self._clock())
            went = make_room(connection, kept.id)
            _changed(connection)
        if not went:
            self._renew(seen, group, kept)
        return kept

    def tell(self, question: str, answer: str, who: Who, by: str = "") -> Instance:
        with self._db.writing(durable=True) as connection:
            known = read_instance(connection, question)
            if known is None:
                raise NotFound("This question is not in the queue: it was never put there, or it went to make room.")
            if any((told.answer, told.who, told.by) == (answer, who, by) for told in known.told):
                return known
            seen, group = _generation(connection), group_with(connection, known.id)
            _keep_told(connection, known.id, (answer, who, by, self._clock()))
            told = read_instance(connection, question) or known
            went = make_room(connection, known.id)
            _changed(connection)
        if not went:
            self._renew(seen, group, told)
        return told

    def set_group(
        self, group_id: int, *, state: GroupState | None = None, job: str | None = None, note: str | None = None
    ) -> None:
        given = {"state": state, "job": job, "note": note}
        with self._db.writing(durable=True) as connection:
            _check_group(connection, group_id)
            for column, value in given.items():
                if value is not None:
                    connection.execute(f"UPDATE queue_groups SET {column} = ? WHERE id = ?", (value, group_id))  # noqa: S608
            _changed(connection)

    def begin_group(self, group: Group, job: str) -> bool:
        with self._db.writing(durable=True) as connection:
            begun = connection.execute(
                "UPDATE queue_groups SET state = 'making', job = ?, note = '' WHERE id = ? AND state <> 'making' AND job IS ?",
                (job, group.id, group.job),
            ).rowcount
            if begun:
                _changed(connection)
        return begun == 1

    def hand_over(self, group_id: int, instances: Sequence[int], tool: str, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            _check_group(connection, group_id)
            if instances:
                own = connection.execute(
                    "SELECT id FROM queue_groups WHERE tool = ? AND state <> 'making' AND id <> ?", (tool, group_id)
                ).fetchone()
                into = own[0] if own else _new_group(connection, tool).id
                moved = [(into, one, group_id) for one in instances]
                connection.executemany("UPDATE instances SET group_id = ? WHERE id = ? AND group_id = ?", moved)
            connection.execute("DELETE FROM queue_groups WHERE id = ?", (group_id,))
            self._tell(connection, actor, "hand_over", group_id, f"{len(instances)} questions to {tool}")

    def name_group(self, group_id: int, name: str, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            _check_group(connection, group_id)
            connection.execute("UPDATE queue_groups SET name = ? WHERE id = ?", (name, group_id))
            self._tell(connection, actor, "name_group", group_id, name)

    def merge_groups(self, into: int, other: int, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            _check_fit(_check_group(connection, into), _check_group(connection, other))
            connection.execute("UPDATE instances SET group_id = ? WHERE group_id = ?", (into, other))
            connection.execute(
                "UPDATE queue_groups SET name = (SELECT name FROM queue_groups WHERE id = ?) WHERE id = ? AND name = ''",
                (other, into),
            )
            connection.execute("DELETE FROM queue_groups WHERE id = ?", (other,))
            _open_again(connection, into)
            self._tell(connection, actor, "merge_groups", into, f"with group {other}")

    def split_group(self, group_id: int, instances: Sequence[int], actor: str) -> int:
        moved = sorted(set(instances))
        with self._db.writing(durable=True) as connection:
            tool = _check_group(connection, group_id).tool
            _check_parts(connection, group_id, moved)
            new = _new_group(connection, tool).id
            connection.executemany("UPDATE instances SET group_id = ? WHERE id = ?", [(new, one) for one in moved])
            _open_again(connection, group_id)
            self._tell(connection, actor, "split_group", group_id, f"{len(moved)} into group {new}")
            return new

    def drop_group(self, group_id: int, actor: str) -> None:
        with self._db.writing(durable=True) as connection:
            _check_group(connection, group_id)
            connection.execute("DELETE FROM queue_groups WHERE id = ?", (group_id,))
            self._tell(connection, actor, "drop_group", group_id, "")

    def forget_questions(self, before: float) -> int:
        return erase_before(self._db, before)

    def _renew(self, seen: int, group: Group, instance: Instance) -> None:
        """Bring what is cached as of `seen` to the next generation, which differs in one instance: 1/100 of reading it anew."""
        known = self._queue
        if known is None or known[0] != seen:
            return
        groups = [with_instance(one, instance) if one.id == group.id else one for one in known[1]]
        if not known[1] or group.id > known[1][-1].id:
            groups.append(with_instance(group, instance))
        self._queue = (seen + 1, groups)

    def _tell(self, connection: sqlite3.Connection, actor: str, action: str, group_id: int, detail: str) -> None:
        _changed(connection)
        note(connection, self._clock(), actor, action, f"group {group_id}", detail)


def _generation(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT value FROM queue_generation").fetchone()[0])


def _changed(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE queue_generation SET value = value + 1")


def _new_group(connection: sqlite3.Connection, tool: str | None) -> Group:
    new = connection.execute("INSERT INTO queue_groups (tool) VALUES (?)", (tool,)).lastrowid
    assert new is not None
    return _check_group(connection, new)


def _keep(connection: sqlite3.Connection, group_id: int, question: str, at: float) -> Instance:
    kept = connection.execute(
        "INSERT INTO instances (group_id, question, at) VALUES (?, ?, ?)", (group_id, question, at)
    ).lastrowid
    assert kept is not None
    return Instance(kept, question, at)


def _keep_told(connection: sqlite3.Connection, instance: int, told: tuple[str, Who, str, float]) -> None:
    _, who, by, _ = told
    # Written anew, so that the order of the rows is that of the latest words.
    connection.execute("DELETE FROM told WHERE instance = ? AND who = ? AND said_by = ?", (instance, who, by))
    connection.execute(
        "INSERT INTO told (instance, answer, who, said_by, at) VALUES (?, ?, ?, ?, ?)", (instance, *told)
    )
    connection.execute(
        "DELETE FROM told WHERE instance = ?1 AND who = ?2 AND id NOT IN"
        " (SELECT id FROM told WHERE instance = ?1 AND who = ?2 ORDER BY id LIMIT ?3)",
        (instance, who, MOST_TOLD),
    )


def _check_group(connection: sqlite3.Connection, group_id: int) -> Group:
    row = connection.execute(f"{GROUPS} WHERE id = ?", (group_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no group {group_id!r} in the queue: `latm-mcp queue` lists them.")
    return group_of(row, ())


def _check_fit(into: Group, other: Group) -> None:
    if into.id == other.id:
        raise BadInput(f"Group {into.id!r} cannot be merged with itself: name two groups.")
    if into.tool != other.tool:
        raise BadInput(
            f"Groups {into.id!r} and {other.id!r} wait for different tools ({into.tool!r}, {other.tool!r}): drop one, or"
            " merge groups of one tool."
        )
    for group in (into, other):
        if group.state == "making":
            raise BadInput(f"Group {group.id!r} is in making: wait for its end, then merge.")


def _check_parts(connection: sqlite3.Connection, group_id: int, moved: list[int]) -> None:
    of_it = {one for (one,) in connection.execute("SELECT id FROM instances WHERE group_id = ?", (group_id,))}
    missing = [one for one in moved if one not in of_it]
    if missing:
        raise NotFound(
            f"Group {group_id!r} has no question {missing[0]!r}: `latm-mcp queue show {group_id}` lists them."
        )
    if not 0 < len(moved) < len(of_it):
        raise BadInput(
            f"Group {group_id!r} has {len(of_it)} questions: move at least one of them, and leave at least one."
        )


def _open_again(connection: sqlite3.Connection, group_id: int) -> None:
    """A group whose making failed is another one once its questions have changed."""
    connection.execute("UPDATE queue_groups SET state = 'open' WHERE id = ? AND state = 'failed'", (group_id,))
