"""The operating system's walls around made code: on Linux Landlock, seccomp, rlimits and no capabilities; elsewhere none.

The wasm sandbox stands behind WebAssembly and says which of these it lacks; the native one is nothing without them.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

if sys.platform != "win32":
    import resource  # here, since behind the wall there are no files to import it from

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, SIGKILL = 1, 38, 9
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
# For each Landlock version, every right over files that it knows (the 5th and later know all of 0xFFFF).
FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}

# The system calls that a running worker makes, by machine; all others fail with EPERM.
CALLS = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
        "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "select": 23, "sched_yield": 24,
        "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96, "getrusage": 98,
        "times": 100, "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204,
        "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
        "epoll_wait": 232, "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "epoll_pwait": 281, "getrandom": 318,
        "membarrier": 324, "rseq": 334,
    },
    "aarch64": {
        "epoll_pwait": 22, "close": 57, "lseek": 62, "read": 63, "write": 64, "pselect6": 72, "ppoll": 73, "fstat": 80,
        "exit": 93, "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124,
        "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
        "times": 153, "getrusage": 165, "gettimeofday": 169, "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215,
        "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283, "rseq": 293,
    },
}  # fmt: skip
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
CAPABILITY_VERSION = 0x20080522
PROT_EXEC = 4
CLOCK_CALLS, FIRST_FOREIGN_CLOCK = ("clock_gettime", "clock_getres", "clock_nanosleep"), 16


class NoWall(Exception):
    """A wall that this system does not give; the message says which and why."""


def die_with_parent(parent: int) -> None:
    """On Linux, have the kernel kill this process when the thread that started it is gone; elsewhere stdin's end must do."""
    if sys.platform == "linux":
        libc().prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it was gone before the kernel was asked
            os._exit(0)


def no_files() -> str:
    """Deny this thread, and what it will start, capabilities, files, TCP ports and signals to others. Its name; raises: NoWall."""
    if sys.platform != "linux":
        raise NoWall(f"no Landlock on {sys.platform}")
    system = libc()
    # Without capabilities root is nobody special from here on.
    if system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or system.capset(
        struct.pack("II", CAPABILITY_VERSION, 0), bytes(24)
    ):
        raise NoWall(f"privileges cannot be dropped ({os.strerror(ctypes.get_errno())})")
    known = system.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if known <= 0:
        raise NoWall("no Landlock in this kernel")
    rights = struct.pack("QQQ", FILE_RIGHTS.get(known, 0xFFFF), 3 if known >= 4 else 0, 3 if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = system.syscall(LANDLOCK_CREATE_RULESET, rights, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        raise NoWall(f"no Landlock ({os.strerror(ctypes.get_errno())})")
    refused = system.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    if refused:
        raise NoWall(f"no Landlock ({os.strerror(ctypes.get_errno())})")
    return "Landlock"


def no_system_calls(*, foreign_clocks: bool = True) -> str:
    """Deny all threads every system call that made code does not need. Its name; raises: NoWall.

    foreign_clocks: whether the processor time of any process or thread may be asked for, as a watchdog has to.
    """
    if sys.platform != "linux":
        raise NoWall(f"no seccomp on {sys.platform}")
    machine = platform.machine()
    if machine not in CALLS:
        raise NoWall(f"no seccomp filter for {machine}")
    lower_limits()
    rules = ctypes.create_string_buffer(program(machine, foreign_clocks))
    program_of = struct.pack("HxxxxxxP", (len(rules) - 1) // 8, ctypes.addressof(rules))
    # TSYNC: the watchdog's and the engine's threads as well.
    refused = libc().syscall(SECCOMP_CALL[machine], SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program_of)
    if refused:
        raise NoWall(f"no seccomp ({os.strerror(ctypes.get_errno())})")
    return "seccomp"


def lower_limits() -> None:
    """No core files, no writing of files, no new processes, few open files."""
    if sys.platform != "win32":
        for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
            resource.setrlimit(limit, (0, 0))
        files = min(64, *(most for most in resource.getrlimit(resource.RLIMIT_NOFILE) if most >= 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def program(machine: str, foreign_clocks: bool) -> bytes:
    """The seccomp filter: foreign architectures die, listed calls pass, all others fail with EPERM; no new machine code."""
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill, fail = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
    calls = CALLS[machine]
    looked_into = {calls["mmap"], calls["mprotect"]}
    clocks = set() if foreign_clocks else {calls[name] for name in CLOCK_CALLS}
    others = set() if foreign_clocks else {calls["sched_getaffinity"]}
    numbers = sorted(set(calls.values()) - looked_into - clocks - others)
    rules = [
        (load, 0, 0, 4), (equal, 1, 0, AUDIT_ARCH[machine]), (give, 0, 0, kill),
        (load, 0, 0, 0), (at_least, 0, 1, 0x40000000), (give, 0, 0, kill),  # x32 calls of x86_64
        *((equal, len(numbers) + len(clocks) * 4 + 4 - place, 0, number) for place, number in enumerate(numbers)),
        # A clock of another process has a negative number, which is a large one here.
        *(rule for place, clock in enumerate(clocks) for rule in (
            (equal, 0, 3, clock), (load, 0, 0, 16),
            (at_least, 0, (len(clocks) - 1 - place) * 4 + 6, FIRST_FOREIGN_CLOCK), (give, 0, 0, fail))),
        (equal, 1, 0, calls["mmap"]), (equal, 0, 2, calls["mprotect"]),
        (load, 0, 0, 16 + 2 * 8), (any_bit, 0, 1, PROT_EXEC),  # the third argument's lower half
        (give, 0, 0, fail), (give, 0, 0, allow),
    ]  # fmt: skip
    return b"".join(struct.pack("HBBI", *rule) for rule in rules)


def libc() -> ctypes.CDLL:
    """The C library, with errno kept."""
    return ctypes.CDLL(None, use_errno=True)
