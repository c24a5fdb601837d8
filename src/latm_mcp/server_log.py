"""A server's own log: what went wrong and who was served, kept in the library's folder. What clients keep is on stderr, as ever.

Nothing that was asked or answered gets into it: of errors that may quote such words, only their kind and place are kept.
"""

import logging
import platform
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from latm_mcp import __version__
from latm_mcp.errors import SandboxUnavailable, StoreUnusable
from latm_mcp.server_log_file import LOG, append
from latm_mcp.text import one_line

logger = logging.getLogger(__name__)  # to stderr alone: it says that the file cannot be written
life = logging.getLogger("latm_mcp.life")  # to the file alone

LINE = 600  # characters of one line
LINES = 80  # of one record
CLIENTS = 100  # that one process tells apart; more is a flood
SAYABLE = (
    StoreUnusable,
    SandboxUnavailable,
    OSError,
)  # their sentences are about the machine, not about what was asked


@contextmanager
def keeping_log(folder: Path | None, over: str) -> Iterator[None]:
    """Log to stderr, and warnings, errors, begin and end of this server to `folder` too. over: how it is reached.

    folder: made for this user alone; None: no log is kept there. One that cannot be written costs one line on stderr.
    """
    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("latm_mcp").setLevel(logging.INFO)
    life.propagate = False
    kept = logging.NullHandler() if folder is None else LogFile(folder)
    for each in (logging.getLogger(), life):
        each.addHandler(kept)
    life.setLevel(logging.INFO)
    life.info("serves %s: latm-mcp %s, Python %s, %s", over, __version__, platform.python_version(), sys.platform)
    try:
        yield
    finally:
        fault = sys.exception()
        if isinstance(fault, Exception):
            life.error("ends by an error", exc_info=fault)
        else:  # its input ended, or it was stopped by a person or a signal
            life.info("ends")
        for each in (logging.getLogger(), life):
            each.removeHandler(kept)


class LogFile(logging.Handler):
    """Writes what may be kept of each record to the log's file."""

    def __init__(self, folder: Path):
        super().__init__()
        self._path = folder / LOG
        self._refused = False

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name == life.name

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; the first time that this cannot be done is told on stderr, and nothing is raised."""
        begins = f"{datetime.fromtimestamp(record.created, UTC).isoformat(timespec='milliseconds')} {record.process} "
        begins += f"{record.levelname} "
        try:
            append(self._path, "".join(f"{begins}{line}\n" for line in lines_of(record)))
        except OSError as error:
            if not self._refused:
                self._refused = True
                why = error.strerror or error
                logger.info("the log %r cannot be written: %s. The server goes on without it.", str(self._path), why)


class ClientsNoted:
    """A middleware that notes each client in the log, once its name is known."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, str]] = set()

    async def note(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass everything on."""
        if (params := ctx.session.client_params) is not None:
            client = (params.client_info.name, params.client_info.version, ctx.protocol_version)
            if client not in self._seen and len(self._seen) < CLIENTS:
                self._seen.add(client)
                life.info("client: %s %s, protocol %s", *(one_line(word, 100) for word in client))
        return await call_next(ctx)


def lines_of(record: logging.LogRecord) -> Iterator[str]:
    """What may be kept of a record: its words where they are ours, then of its error the kinds and places, without words."""
    of = "" if record.name == life.name else f"{record.name.removeprefix('latm_mcp.')}: "
    lines = [f"{of}{_words(record)}"]
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        lines += islice(_inside(error), LINES)
    return (line if line.startswith(" ") else one_line(line, LINE) for line in lines)


def _words(record: logging.LogRecord) -> str:
    if not record.name.startswith("latm_mcp."):
        return (
            f"at line {record.lineno} of {record.module}; others' words are not kept, for they may quote what was asked"
        )
    args = tuple(map(_sayable, record.args)) if isinstance(record.args, tuple) else ()
    try:
        return str(record.msg) % args if args else str(record.msg)
    except (TypeError, ValueError):  # a mistake in a message is none of the caller's
        return str(record.msg)


def _sayable(value: object) -> object:
    if not isinstance(value, BaseException):
        return value
    return str(value) if isinstance(value, SAYABLE) else type(value).__name__


def _inside(error: BaseException) -> Iterator[str]:
    """The kinds of an error and of what caused it, each with the places where it was raised."""
    yield one_line(f"{type(error).__qualname__}{f': {error}' if isinstance(error, SAYABLE) else ''}", LINE)
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "unknown")
        yield f"  {one_line(f'{module}, line {line}, in {frame.f_code.co_name}', LINE)}"
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _inside(inner)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _inside(cause)
