"""The library's makings: kept tries, leases, outcomes."""

import secrets
import sqlite3
from collections.abc import Callable
from typing import Any, TypeAlias

from latm_mcp.errors import NotFound
from latm_mcp.models import Failure, Reply, Status, Task, Try
from latm_mcp.store_connection import Database
from latm_mcp.store_nouns import Job

EXPIRES_AFTER = 7 * 24 * 3600.0
_COLUMNS = "id, key, task, status, tool, version, failure, lease_owner, lease_until, progress, pending"

_Row: TypeAlias = tuple[Any, ...]


def finish(
    connection: sqlite3.Connection,
    job_id: str,
    status: Status,
    outcome: tuple[str | None, str | None, Failure | None],
    at: float,
) -> None:
    """Set a job's status and outcome (tool, version, failure) inside the caller's transaction.

    Raises: NotFound.
    """
    tool, version, failure = outcome
    found = connection.execute(
        "UPDATE jobs SET status = ?, tool = ?, version = ?, failure = ?, lease_owner = NULL, lease_until = 0,"
        " changed_at = ? WHERE id = ?",
        (status, tool, version, failure and failure.model_dump_json(), at, job_id),
    ).rowcount
    if not found:
        raise _no_such(job_id)
    if tool is not None:
        # What the making cost is only now known to be this tool's.
        connection.execute("UPDATE ledger SET tool = ? WHERE job = ? AND tool IS NULL", (tool, job_id))


def _no_such(job_id: str) -> NotFound:
    return NotFound(f"There is no job {job_id!r}; jobs are forgotten 7 days after their last change. Begin it anew.")


class SqliteJobs:
    """`store.JobBook` on SQLite."""

    _db: Database
    _clock: Callable[[], float]

    def open_job(self, key: str, task: Task, *, restart: bool = False) -> Job:
        now, task_json = self._clock(), task.model_dump_json()
        with self._db.writing(durable=True) as connection:
            connection.execute("DELETE FROM jobs WHERE changed_at < ? AND lease_until <= ?", (now - EXPIRES_AFTER, now))
            connection.execute(
                "INSERT INTO jobs (id, key, task, status, changed_at) VALUES (?, ?, ?, 'running', ?)"
                " ON CONFLICT (key) DO NOTHING",
                (f"job_{secrets.token_hex(6)}", key, task_json, now),
            )
            if restart:
                _begin_anew(connection, key, task_json, now)
            job = self._read(connection, "key = ?", key)
        if job is None:  # it was made above, in the same transaction
            raise _no_such(key)
        return job

    def find_job(self, key: str) -> Job | None:
        with self._db.snapshot() as connection:
            return self._read(connection, "key = ?", key)

    def job(self, job_id: str) -> Job | None:
        with self._db.snapshot() as connection:
            return self._read(connection, "id = ?", job_id)

    def take_lease(self, job_id: str, owner: str, seconds: float = 30) -> bool:
        now = self._clock()
        with self._db.writing(durable=False) as connection:
            taken = connection.execute(
                "UPDATE jobs SET lease_owner = ?, lease_until = ?, changed_at = ? WHERE id = ?"
                " AND status NOT IN ('published', 'fits', 'failed') AND (lease_owner = ? OR lease_until <= ?)",
                (owner, now + seconds, now, job_id, owner, now),
            ).rowcount
        return taken == 1

    def drop_lease(self, job_id: str, owner: str) -> None:
        with self._db.writing(durable=False) as connection:
            connection.execute(
                "UPDATE jobs SET lease_owner = NULL, lease_until = 0 WHERE id = ? AND lease_owner = ?", (job_id, owner)
            )

    def keep_reply(self, job_id: str, reply: Reply) -> None:
        with self._db.writing(durable=True) as connection:
            kept = (reply.model_dump_json(), self._clock(), job_id)
            if not connection.execute("UPDATE jobs SET pending = ?, changed_at = ? WHERE id = ?", kept).rowcount:
                raise _no_such(job_id)

    def keep_try(self, job_id: str, attempt: Try) -> None:
        with self._db.writing(durable=True) as connection:
            found = connection.execute(
                "UPDATE jobs SET pending = NULL, changed_at = ? WHERE id = ?", (self._clock(), job_id)
            ).rowcount
            if not found:
                raise _no_such(job_id)
            connection.execute("INSERT INTO tries (job, attempt) VALUES (?, ?)", (job_id, attempt.model_dump_json()))

    def set_progress(self, job_id: str, sentence: str) -> None:
        with self._db.writing(durable=False) as connection:
            connection.execute(
                "UPDATE jobs SET progress = ?, changed_at = ? WHERE id = ?", (sentence, self._clock(), job_id)
            )

    def finish_job(
        self,
        job_id: str,
        status: Status,
        *,
        tool: str | None = None,
        version: str | None = None,
        failure: Failure | None = None,
    ) -> None:
        with self._db.writing(durable=True) as connection:
            finish(connection, job_id, status, (tool, version, failure), self._clock())

    def _read(self, connection: sqlite3.Connection, where: str, value: str) -> Job | None:
        now = self._clock()
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE {where} AND (changed_at >= ? OR lease_until > ?)",  # noqa: S608 constants
            (value, now - EXPIRES_AFTER, now),
        ).fetchone()
        if row is None:
            return None
        return _job(
            row, connection.execute("SELECT attempt FROM tries WHERE job = ? ORDER BY id", row[:1]).fetchall(), now
        )


def _begin_anew(connection: sqlite3.Connection, key: str, task_json: str, now: float) -> None:
    ended = connection.execute(
        "SELECT id FROM jobs WHERE key = ? AND status IN ('published', 'fits', 'failed')", (key,)
    ).fetchone()
    if ended is None:
        return
    connection.execute("DELETE FROM tries WHERE job = ?", ended)
    connection.execute(
        "UPDATE jobs SET task = ?, status = 'running', tool = NULL, version = NULL, failure = NULL, lease_owner = NULL,"
        " lease_until = 0, progress = '', pending = NULL, changed_at = ? WHERE id = ?",
        (task_json, now, *ended),
    )


def _job(row: _Row, tries: list[_Row], now: float) -> Job:
    job_id, key, task, status, tool, version, failure, owner, until, progress, pending = row
    return Job(
        id=job_id,
        key=key,
        task=Task.model_validate_json(task),
        status=status,
        tries=tuple(Try.model_validate_json(attempt) for (attempt,) in tries),
        tool=tool,
        version=version,
        failure=None if failure is None else Failure.model_validate_json(failure),
        leased_by=owner if until > now else None,
        progress=progress,
        pending=None if pending is None else Reply.model_validate_json(pending),
    )
