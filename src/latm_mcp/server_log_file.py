"""The log's file, which several servers on one library write to at once: bounded, and no line is lost when it is turned over.

Each line opens the file and closes it again, under a lock: Windows renames no file that any process has open, and no process
goes on writing to a file that another has moved. Lines are rare, so that costs nothing. Not `RotatingFileHandler`, which keeps
the file open; not concurrent-log-handler, which waits for its lock without end and costs each start more than all of this.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from latm_mcp.locking import lock

LOG = "latm-mcp.log"
BYTES = 1 << 20  # of a file that is full
OLDER = 2  # full files that stay, as latm-mcp.log.1 and .2
MOST = 4 * BYTES  # of a file that cannot be turned over, because another program holds it
PATIENCE_SECONDS = 0.1  # with the lock: whoever has it needs a millisecond
OPENING = os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def append(path: Path, text: str) -> None:
    """Write whole lines to the end of the file; it and its folder are made for this user alone. Raises: OSError."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = text.encode("utf-8", "replace")
    with _locked(path.with_suffix(".lock")):
        descriptor = _opened(path, len(data))
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)


def files(folder: Path) -> list[Path]:
    """Where the log's lines are, newest file first, whether they are there or not."""
    return [folder / LOG, *(_older(folder / LOG, number) for number in range(1, OLDER + 1))]


def _opened(path: Path, more: int) -> int:
    """The file, with room for so many bytes more."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | OPENING, 0o600)
    size = os.fstat(descriptor).st_size
    if size == 0 or size + more <= BYTES:
        return descriptor
    os.close(descriptor)
    with suppress(OSError):
        _turn_over(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | OPENING, 0o600)
    if os.fstat(descriptor).st_size > MOST:
        os.close(descriptor)
        raise OSError(f"it is full, and cannot be moved to {_older(path, 1).name!r}")
    return descriptor


def _turn_over(path: Path) -> None:
    for number in range(OLDER, 0, -1):
        source, target = _older(path, number - 1), _older(path, number)
        if not os.path.lexists(source):
            continue
        try:
            source.replace(target)
        except PermissionError:  # on Windows, while another program looks at one of them
            shutil.copyfile(source, target)
            os.truncate(source, 0)


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it if this process dies. Raises: TimeoutError."""
    descriptor = os.open(path, os.O_RDWR | OPENING, 0o600)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not lock(descriptor):
            if time.monotonic() > deadline:
                raise TimeoutError("another process holds its lock")
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)
