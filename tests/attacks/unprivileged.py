"""Runs a command as an ordinary user, started by root: limits mean little for root, and files are all open to it.

As a program: `unprivileged.py <uid> <folder> <command ...>`; the folder is that user's own.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
UID = 64123  # of nobody: no account, no other process


class Hidden(Exception):
    """What the command needs lies in a folder that no other user may enter, and cannot be shown elsewhere."""


def needed() -> list[Path]:
    """The folders that Python, the packages and the project are read from."""
    places = [Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parent.parent.parent]
    places += [Path(entry) for entry in sys.path if entry]
    return [place for place in dict.fromkeys(place.resolve() for place in places) if place.is_dir()]


def closed_above(place: Path) -> Path | None:
    """The topmost folder on the way to a place that others may not enter."""
    return next((part for part in [*reversed(place.parents), place] if not part.stat().st_mode & 0o001), None)


def open_up(folder: Path) -> None:
    """Show what is needed in a mount namespace of this process alone, without what lies beside it. Raises: Hidden."""
    hidden = [(place, above) for place in needed() if (above := closed_above(place))]
    if not hidden:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    mount(libc, libc.unshare(CLONE_NEWNS))
    mount(libc, libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    kept = []
    for number, (place, _) in enumerate(hidden):
        kept.append(folder / f"kept{number}")
        kept[-1].mkdir()
        mount(libc, libc.mount(bytes(place), bytes(kept[-1]), None, MS_BIND | MS_REC, None))
    for above in {above for _, above in hidden}:
        mount(libc, libc.mount(b"tmpfs", bytes(above), b"tmpfs", 0, b"mode=755"))
    for (place, _), there in zip(hidden, kept, strict=True):
        place.mkdir(parents=True, exist_ok=True)
        mount(libc, libc.mount(bytes(there), bytes(place), None, MS_BIND | MS_REC, None))


def mount(libc: ctypes.CDLL, refused: int) -> None:
    """Look at what a call for mounting said. Raises: Hidden."""
    if refused:
        raise Hidden(
            f"{sys.prefix!r} can be read by root alone, and cannot be shown: {os.strerror(ctypes.get_errno())}"
        )


def main(uid: int, folder: Path, command: list[str]) -> None:
    """Become that user for good, and the command."""
    try:
        open_up(folder)
    except Hidden as why:
        sys.exit(f"HIDDEN: {why}")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
