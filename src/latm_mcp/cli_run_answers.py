"""The file that `run` writes: locked, mended where a killed run left half a record, appended to or replaced as a whole.

A row is known again by its place and the digest of its text, so that a changed input is refused and no answer gets to
another row.
"""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

from latm_mcp.cli_run_records import Form, Kept
from latm_mcp.cli_run_rows import Row
from latm_mcp.errors import BadInput, LatmError
from latm_mcp.locking import lock

_AS_IT_IS: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)  # no link's target, no other line breaks
_BEGINNING = 5  # bytes that every file of ours has in common with this one, whichever its columns are


@dataclass(slots=True)
class Answers:
    """The file, open. old: for reading, with the records that are `kept`; file: where records go, a new one of a retry.

    A plain run goes through `kept`, then calls `begin`, and writes behind it; a retry writes every record anew.
    """

    path: Path
    old: IO[bytes]
    file: FileIO
    kept: Iterator[Kept]
    retry: bool
    end: int = 0
    broken: bool = False

    def match(self, row: Row, tool: str) -> Kept | None:
        """The record of a row, if it is there. Raises: BadInput, where it is another row's, or another version's."""
        kept = next(self.kept, None)
        if kept is None:
            return None
        if (kept.place, kept.digest) != (row.place, row.digest):
            raise BadInput(
                f"Row {row.place} of the input is not the row {kept.place} that {self.path.name!r} has an answer for: the input has"
                " been changed. Put it back as it was (more rows at its end do no harm), or name another file with --out."
            )
        self._same_tool(kept, tool)
        self.end = kept.end
        return kept

    def _same_tool(self, kept: Kept, tool: str) -> None:
        """One file, one version: two give different answers to like rows, and nobody would see which is whose."""
        (name, _, _), (now, _, _) = kept.tool.partition("@"), tool.partition("@")
        if name != now:
            raise BadInput(f"{self.path.name!r} has answers of {name!r}, not of {now!r}: name another file with --out.")
        if kept.tool != tool and not self.retry:
            raise BadInput(
                f"{self.path.name!r} has answers of another version of {now!r} ({kept.tool}; it is {tool} now). Name another file with"
                " --out, or keep those answers and ask the new version for the rest and the errors with --retry; each row's field"
                " 'latm' says which version answered it."
            )

    def none_left(self) -> None:
        """Raises: BadInput, where there are records of rows that the input does not have."""
        if (more := next(self.kept, None)) is not None:
            raise BadInput(
                f"{self.path.name!r} has an answer for row {more.place}, and the input has fewer rows: it has been changed. Put it"
                " back as it was, or name another file with --out."
            )

    def begin(self, head: bytes) -> None:
        """Cut off what a killed run left of a record, and write behind the whole ones. head: what comes before the first."""
        if not self.retry:
            self.file.seek(self.end)
            self.file.truncate()
        if self.file.tell() == 0:
            self.write(head)

    def write(self, records: bytes) -> None:
        """Append whole records, handed to the system at once: whoever kills this process loses at most the last of them.

        Nothing is written any more once something could not be: records are in their order, without a gap.
        """
        if self.broken:
            return
        left = memoryview(records)
        try:
            while left:
                left = left[self.file.write(left) :]
        except OSError as error:
            self.broken = True
            raise LatmError(
                f"{self.path.name!r} cannot be written ({error.strerror or error}): what is in it is kept; make room, and run again."
            ) from error

    def replace(self, place: int) -> None:
        """End a retry: the new file takes the old one's place. place: of the first row whose record is to stay as it was."""
        for kept in self.kept:
            if kept.place != place:
                return  # stopped between two rows: nothing is to be lost
            self.write(kept.record)
            place += 1
        if self.broken:
            return
        os.fsync(self.file.fileno())
        self.file.close()
        self.old.close()
        new = _new(self.path)
        shutil.copymode(self.path, new)
        new.replace(self.path)


@contextmanager
def open_answers(path: Path, form: Form, *, retry: bool) -> Iterator[Answers]:
    """The file of answers, for this process alone until the block ends. Raises: BadInput."""
    with ExitStack() as stack:
        stack.enter_context(_locked(path))
        try:
            there = path.exists()
            retry = retry and there and path.stat().st_size > 0
            opened = _opened_new(path, form) if retry else FileIO(path, "r+b" if there else "xb")
            file = stack.enter_context(opened)  # with no buffer that a kill would take away
            old = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise BadInput(f"{str(path)!r} cannot be written: {error.strerror or error}.") from None
        ended = False
        try:
            yield Answers(path, old, file, form.kept(old, path.name), retry)
            ended = True
        finally:
            if not file.closed:
                with suppress(OSError):
                    os.fsync(file.fileno())
                file.close()  # before it is removed
            with suppress(OSError):
                if retry:  # one that came to nothing
                    _new(path).unlink(missing_ok=True)
                elif not (there or ended or path.stat().st_size):
                    path.unlink()


def _new(path: Path) -> Path:
    """What a retry writes to; hidden, and of a name that no other program has."""
    return path.with_name(f".{path.name}.latm-retry")


def _opened_new(path: Path, form: Form) -> FileIO:
    """A file that was not there before, and no link. One that a killed retry left is removed. Raises: BadInput, OSError."""
    new = _new(path)
    with suppress(FileNotFoundError):
        if not _left(new, form):
            raise BadInput(
                f"{str(new)!r} is there, and no retry has left it: move it away, or name another file with --out."
            )
        new.unlink()
    return FileIO(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | _AS_IT_IS, 0o600), "r+b")


def _left(new: Path, form: Form) -> bool:
    """Whether a file is a killed retry's: plain, and empty or with the beginning that all of ours have."""
    if not stat.S_ISREG(new.lstat().st_mode):
        return False
    with new.open("rb") as file:
        return form.start.startswith(file.read(_BEGINNING))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of when this process dies. Raises: BadInput, where another run holds it."""
    hidden = path.with_name(f".{path.name}.latm-lock")
    try:
        descriptor = _held(hidden, path.name)
    except OSError as error:
        raise BadInput(f"{str(hidden)!r} cannot be written: {error.strerror or error}.") from None
    try:
        yield
    finally:
        if sys.platform != "win32":  # there, an open file cannot be removed; a lock file that stays does no harm
            with suppress(OSError):
                hidden.unlink()
        os.close(descriptor)


def _held(hidden: Path, name: str) -> int:
    """The locked file. One that its last holder has removed meanwhile is no lock: whoever comes next makes another."""
    while True:
        descriptor, held = os.open(hidden, os.O_RDWR | os.O_CREAT | _AS_IT_IS, 0o600), False
        try:
            _check_lock(descriptor, hidden, name)
            with suppress(FileNotFoundError):
                held = sys.platform == "win32" or os.path.samestat(os.fstat(descriptor), hidden.stat())
        finally:
            if not held:
                os.close(descriptor)
        if held:
            return descriptor


def _check_lock(descriptor: int, hidden: Path, name: str) -> None:
    """Take the lock. Raises: BadInput, where another run has it, or the file is none of ours: those are empty."""
    told = os.fstat(descriptor)
    if not stat.S_ISREG(told.st_mode) or told.st_size:
        raise BadInput(
            f"{str(hidden)!r} is there, and is no run's lock: move it away, or name another file with --out."
        )
    if not lock(descriptor):
        raise BadInput(f"Another run is writing to {name!r}: let it end, or name another file with --out.")
