"""The system's locks on files: one process at a time has one, and the system takes it back when that process dies."""

import sys
from contextlib import suppress


def lock(descriptor: int) -> bool:
    """Take the lock of an open file, until it is closed; False where somebody else has it. Does not wait.

    Raises: OSError where the file is on a system that has no locks, except on Windows, which does not tell that apart.
    """
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl

    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
