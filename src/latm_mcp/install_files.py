"""Other programs' files, replaced so that none is ever half written: a backup first, then the whole at once."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from latm_mcp.install_documents import Unusable
from latm_mcp.locking import lock

OWN = 0o600  # of a new file: clients keep keys in these


def replace_file(file: Path, before: bytes | None, after: bytes | None) -> Path | None:
    """Write `after` where `before` is; None: there is nothing, or is to be. Returns the backup's path, or None without one.

    A link is followed, so that the file it leads to is replaced and it stays a link.
    Raises: Unusable where the file changed since it was read, or cannot be written.
    """
    real = Path(os.path.realpath(file))
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        _unchanged(file, before)
        if after is None:  # all that is in it is ours
            real.unlink(missing_ok=True)
            return None
        backup = None if before is None else _back_up(file, before)
        with _partial(real, after) as partial, _alone(real.parent):
            _unchanged(file, before)  # as late as can be: clients write these files too
            partial.replace(real)
    except OSError as error:
        raise Unusable(f"it cannot be written: {error.strerror or error}") from error
    return backup


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other `latm-mcp install` replaces a file of this folder meanwhile. Windows opens no folder: there, it is not kept out."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not lock(descriptor):
            raise Unusable("another `latm-mcp install` is at work on it; nothing was written: run this again")
        yield
    finally:
        os.close(descriptor)


def _unchanged(file: Path, before: bytes | None) -> None:
    now = file.read_bytes() if file.exists() else None
    if now != before:
        raise Unusable("another program changed it in this moment; nothing was written: run this again")


def _back_up(file: Path, before: bytes) -> Path:
    """A copy beside the file, named by the time, so that no earlier one is lost."""
    stem = f"{file.name}.latm-backup-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    number = 1
    while True:
        backup = file.with_name(stem if number == 1 else f"{stem}-{number}")
        try:
            descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN)
        except FileExistsError:
            number += 1
            continue
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.write(before)
            shutil.copymode(file, backup)
        except OSError:
            backup.unlink(missing_ok=True)  # half of a file is no backup of it
            raise
        return backup


@contextmanager
def _partial(real: Path, after: bytes) -> Iterator[Path]:
    """The new content in a file beside the old one, with its mode and its owner, until the block ends."""
    descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".latm", dir=real.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(after)
            out.flush()
            os.fsync(out.fileno())
        if real.exists():
            shutil.copymode(real, partial)
            _keep_owner(real, partial)
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _keep_owner(real: Path, partial: Path) -> None:
    """As root would else take a person's file away from them."""
    if sys.platform == "win32":
        return
    owner, ours = real.stat(), partial.stat()
    if (owner.st_uid, owner.st_gid) != (ours.st_uid, ours.st_gid):
        with suppress(OSError):
            os.chown(partial, owner.st_uid, owner.st_gid)
            partial.chmod(stat.S_IMODE(owner.st_mode))


def backups(file: Path) -> list[Path]:
    """The backups of this file, the newest first."""
    return sorted(file.parent.glob(f"{_escaped(file.name)}.latm-backup-*"), reverse=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
