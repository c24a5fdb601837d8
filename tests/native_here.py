"""Whether this machine has what the native sandbox is made of: silent if it has, else what it lacks, on standard output.

It asks the kernel and not the sandbox: a native sandbox that does not start where it could is a failure of the tests.
"""

import ctypes
import platform
import sys
from pathlib import Path

LANDLOCK_CREATE_RULESET, VERSION_FLAG = 444, 1
SECCOMP_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")


def lacking() -> str:
    """What is not here; empty where all is."""
    if sys.platform != "linux":
        return f"it is for Linux, and this is {sys.platform}"
    if platform.machine() not in ("x86_64", "aarch64"):
        return f"it knows no system calls of {platform.machine()}"
    if ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG) < 1:
        return "this kernel has no Landlock, or a container denies it"
    if not SECCOMP_ACTIONS.exists():
        return "this kernel has no seccomp filters"
    return ""


if __name__ == "__main__":
    sys.stdout.write(lacking())
