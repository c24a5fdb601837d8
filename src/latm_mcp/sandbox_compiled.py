"""The component's machine code, compiled once for each user and machine and kept in a folder that only they can write.

Compiled code runs outside the sandbox, so it is loaded from nowhere that somebody else could have written.
"""

import hashlib
import os
import platform
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from latm_mcp.locking import lock

KEPT_UNUSED = 30 * 86400  # seconds that the code of another release stays


class Unusable(Exception):
    """The component or the cache folder cannot be used; the message says why and what to do."""


def compiled_path(component: Path, folder: Path) -> Path:
    """Where the machine code of this component for this wasmtime and platform belongs."""
    with component.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
    return folder / f"sandbox-{digest}-wasmtime{version('wasmtime')}-{sys.platform}-{platform.machine().lower()}.cwasm"


def check_private(path: Path) -> None:
    """Refuse a folder or file that others could have written. Raises: Unusable."""
    if sys.platform == "win32":
        return  # the user's own cache folder is private by inheritance there
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise Unusable(f"{str(path)!r} belongs to another user: set LATM_CACHE to a folder of your own")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Unusable(
            f"{str(path)!r} can be written by others: make it yours alone (chmod go-w), or set LATM_CACHE to another folder"
        )


def check_folder(folder: Path) -> None:
    """Refuse a cache folder that is none, or that others could have written; one that is not there is made later.

    Raises: Unusable, OSError.
    """
    for place in (folder, *folder.parents):
        if os.path.lexists(place):
            if not place.is_dir():
                is_file = "is a file, not a folder" if place.is_file() else "is no folder"
                raise Unusable(f"{str(place)!r} {is_file}: set LATM_CACHE to a folder of your own, or move it away")
            break
    if folder.is_dir():
        check_private(folder)


def compile_once(target: Path, compile: Callable[[], bytes], progress: Callable[[str], None]) -> None:
    """Write compile()'s bytes to target unless it is there; of processes that start at once, one does the work."""
    with locked(target.with_suffix(".lock")):
        if target.exists():
            return
        progress("compiling the sandbox for this machine, once: about 13 seconds of processor time")
        began = time.monotonic()
        partial = target.with_suffix(".partial")
        partial.unlink(missing_ok=True)  # of a process that was killed: under the lock nobody is writing it
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(compile())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        prune(target)
        progress(f"the sandbox is compiled ({time.monotonic() - began:.0f} s) and kept in {str(target.parent)!r}")


def prune(target: Path) -> None:
    """Remove the code of releases that nobody has started for a month, and what they left half written."""
    for pattern in ("sandbox-*.cwasm", "sandbox-*.partial"):
        for other in target.parent.glob(pattern):
            # Another release, of which only its own lock is held, removes it too; Windows keeps what is in use.
            with suppress(FileNotFoundError, PermissionError):
                if other != target and time.time() - other.stat().st_mtime > KEPT_UNUSED:
                    other.unlink()


def make_folder(folder: Path) -> None:
    """The cache folder, made for this user alone if it is not there. Raises: Unusable, OSError."""
    try:
        check_folder(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as why:
        said = why.strerror or why
        raise Unusable(
            f"the cache folder {str(folder)!r} cannot be used: {said}: set LATM_CACHE to a folder of your own"
        ) from why
    check_private(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it if this process dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not lock(descriptor):
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)
