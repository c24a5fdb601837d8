"""What leaves the library's queue: the oldest, where it is full; everything asked before a moment, where that is to be forgotten."""

import logging
import sqlite3

from latm_mcp.models import MAX_QUESTION_BYTES
from latm_mcp.store_connection import Database

MOST_INSTANCES = 5_000
MOST_BYTES = 32 * 1024 * 1024  # of questions, and of the answers to them
SPARE = 100  # a full queue is emptied by 1/100 more than it must: a flood then costs one look in fifty, and one line of the log

logger = logging.getLogger(__name__)

# Unanswered ones first, then what nobody but models answered; a person's work and what a making goes by are last. Within
# each kind the oldest.
_GOING = """
    SELECT instances.id, LENGTH(CAST(question AS BLOB)) + COALESCE(SUM(LENGTH(CAST(answer AS BLOB))), 0),
        MAX(CASE WHEN who IS NULL THEN 0 WHEN who = 'person' OR state = 'making' THEN 2 ELSE 1 END) AS worth
    FROM instances JOIN queue_groups ON queue_groups.id = group_id LEFT JOIN told ON told.instance = instances.id
    WHERE instances.id <> ? GROUP BY instances.id ORDER BY worth, instances.id"""
_EMPTY = "DELETE FROM queue_groups WHERE state <> 'making' AND id NOT IN (SELECT group_id FROM instances)"


def make_room(connection: sqlite3.Connection, newest: int) -> bool:
    """Keep the queue within its bounds, inside the caller's transaction; whether anything went.

    newest: the instance that stays whatever happens.
    """
    count, size = _measure(connection)
    if count <= MOST_INSTANCES and size <= MOST_BYTES:
        return False
    most, most_bytes = MOST_INSTANCES - MOST_INSTANCES // SPARE, MOST_BYTES - MOST_BYTES // SPARE
    going: list[tuple[int]] = []
    unanswered = 0
    for instance, its_size, worth in connection.execute(_GOING, (newest,)).fetchall():
        if count <= most and size <= most_bytes:
            break
        going.append((instance,))
        count, size, unanswered = count - 1, size - its_size, unanswered + (not worth)
    connection.executemany("DELETE FROM instances WHERE id = ?", going)
    connection.execute(_EMPTY)
    logger.warning(
        "the queue is full: its %d oldest questions are forgotten, %d of them unanswered", len(going), unanswered
    )
    return True


def erase_before(database: Database, before: float) -> int:
    """See `store.QueueBook.forget_questions`."""
    with database.writing(durable=True) as connection:
        # Erased, not only unlinked: what was asked is to be read nowhere in the file.
        connection.execute("PRAGMA secure_delete = ON")
        told = connection.execute(
            "DELETE FROM told WHERE instance IN (SELECT id FROM instances WHERE at < ?)", (before,)
        ).rowcount
        instances = connection.execute("DELETE FROM instances WHERE at < ?", (before,)).rowcount
        reports = connection.execute("DELETE FROM reports WHERE at < ?", (before,)).rowcount
        settlements = connection.execute("DELETE FROM settlements WHERE at < ?", (before,)).rowcount
        connection.execute(_EMPTY)
        if instances or settlements:
            connection.execute("UPDATE queue_generation SET value = value + 1")
    with database.reading() as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return told + instances + reports + settlements


def _measure(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many questions, and how many bytes of them and of their answers; 0 bytes where so few cannot be too many."""
    (count,) = connection.execute("SELECT COUNT(*) FROM instances").fetchone()
    (told,) = connection.execute("SELECT COUNT(*) FROM told").fetchone()
    if (count + told) * MAX_QUESTION_BYTES <= MOST_BYTES:
        return count, 0
    select = "SELECT COALESCE(SUM(LENGTH(CAST({} AS BLOB))), 0) FROM {}"
    sizes = [
        connection.execute(select.format(*of)).fetchone()[0] for of in (("question", "instances"), ("answer", "told"))
    ]
    return count, sum(sizes)
