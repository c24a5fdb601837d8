"""Attacks that try to start, signal, trace or share with processes. Each returns what it managed; it has to be nothing."""

from attacks.attack import Attack, Proof
from latm_mcp.outcomes import Died, Raised, Returned, TimedOut

NOTHING = (Returned, Raised, Died, TimedOut)


def handles(name: str, what: str, *attempts: str, before: str = "", proof: Proof = "") -> Attack:
    """An attack that tries these expressions in turn."""
    tries = "".join(f"        lambda: {attempt},\n" for attempt in attempts)
    source = f"""
{before}
def f(o):
    return loot(
{tries}    )
"""
    return Attack("processes", name, what, source, NOTHING, seconds=1.0, proof=proof)


FORK = """
def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    return child
"""
DAEMON = """
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: pass
        os._exit(0)
    return "started"
"""
POSIX_SPAWN = """
def subprocess_fork():
    read, write = os.pipe()
    name = o_python.encode()
    return module("_posixsubprocess").fork_exec([name, b"-c", b""], [name], True, (write,), None, None, -1, -1, -1, -1, -1, -1,
        read, write, True, True, -1, None, None, -1, None)
o_python = "/bin/true"
"""
TRACE = """
def trace(pid, request):
    return syscall(101, 117, request, pid, 0, 0)
"""
MEMFD = """
def from_memory():
    made = os.memfd_create("x")
    os.write(made, open("/bin/true", "rb").read())
    return made
"""
SHARED = """
def shared(name):
    return module("multiprocessing.shared_memory").SharedMemory(name, True, 4096).name
"""

ATTACKS = [
    handles("fork", "fork", "fork()", "os.forkpty()", "module('pty').fork()", before=FORK, proof="loot"),
    handles(
        "commands",
        "run a command in every way that Python has",
        'os.system("true") == 0',
        'os.popen("id").read()',
        'module("subprocess").check_output(["id"])',
        'os.posix_spawn("/bin/true", ["true"], {})',
        'os.posix_spawnp("true", ["true"], {})',
        'os.spawnv(0, "/bin/true", ["true"]) == 0',
        'module("multiprocessing").Process(target=len).start() or 1',
        proof="loot",
    ),
    handles("fork-exec", "start a process through the C helper of subprocess", "subprocess_fork()", before=POSIX_SPAWN),
    Attack(
        "processes",
        "exec",
        "become another program",
        """
def f(o):
    return loot(lambda: os.execv("/bin/true", ["true"]), lambda: os.execvpe("sh", ["sh", "-c", "exit 0"], {}),
                lambda: syscall(59, 221, b"/bin/true", None, None))
""",
        NOTHING,
    ),
    handles("daemon", "fork twice, leave the session, loop for ever", "daemon()", before=DAEMON),
    handles(
        "kill-another",
        "kill, stop and end another process of the same user",
        *(f'os.kill(o["decoy"], {number}) or {number}' for number in (0, 19, 15, 9)),
        proof="trace",
    ),
    handles(
        "kill-parent",
        "kill the parent; signal the server",
        "os.kill(os.getppid(), 9) or 9",
        'os.kill(o["server"], 23) or 23',
        'os.kill(-o["server"], 0) or 1',
    ),
    handles(
        "kill-group",
        "signal the own group and everybody",
        "os.kill(-1, 23) or 23",
        "os.killpg(os.getppid(), 23) or 23",
        "os.kill(0, 23) or 23",
    ),
    handles(
        "stop-parent",
        "stop the parent and this process",
        "os.kill(os.getppid(), 19) or 19",
        "os.kill(os.getpid(), 19) or 19",
        'module("signal").raise_signal(19) or 19',
    ),
    handles(
        "raw-signals",
        "signal with raw system calls",
        'syscall(62, 129, o["decoy"], 19)',
        'syscall(200, 130, o["decoy"], 9)',
        'syscall(234, 131, o["decoy"], o["decoy"], 9)',
        'syscall(424, 424, o["decoy"], 9, None, 0)',
        'syscall(129, 138, o["decoy"], 9, bytes(128))',
    ),
    handles(
        "ptrace",
        "trace another process, the parent and the server",
        *(f"trace(o['decoy'], {request})" for request in (16, 0x4206)),
        "trace(os.getppid(), 16)",
        'trace(o["server"], 0x4206)',
        "trace(0, 0)",
        before=TRACE,
    ),
    handles(
        "memory-write",
        "write into another process's memory",
        'syscall(311, 271, o["decoy"], bytes(16), 1, bytes(16), 1, 0)',
        'open(f"/proc/{o[\'decoy\']}/mem", "r+b", 0)',
        proof="loot",
    ),
    handles(
        "shared-memory",
        "share memory with other processes",
        'shared(o["mark"])',
        'module("_posixshmem").shm_open("/" + o["mark"], 0o102, 0o600)',
        "syscall(29, 194, 0x1a7, 4096, 0o1600)",
        "syscall(68, 186, 0x1a7, 0o1600)",
        "syscall(240, 180, b'latm', 0o102, 0o600, None)",
        before=SHARED,
    ),
    handles(
        "memory-file",
        "make a program in memory to run",
        "from_memory()",
        "syscall(319, 279, b'x', 0)",
        "syscall(447, 447, 0)",
        before=MEMFD,
    ),
    handles(
        "rights-of-processes",
        "change limits, priority and processors of others",
        'module("resource").prlimit(o["server"], 7)',
        'module("resource").prlimit(os.getppid(), 9)',
        'syscall(302, 261, o["decoy"], 7, None, bytes(16))',
        'os.sched_setaffinity(o["decoy"], [0]) or 1',
        'os.setpriority(0, o["decoy"], 5) or 1',
        "os.nice(-5)",
        proof="loot",
    ),
    handles(
        "own-limits",
        "lift the limits of this process",
        'module("resource").setrlimit(9, (-1, -1)) or 1',
        'module("resource").setrlimit(0, (-1, -1)) or 1',
        "syscall(157, 167, 1, 0, 0, 0, 0)",
        "syscall(157, 167, 4, 1, 0, 0, 0)",
        "syscall(160, 164, 0, b'\\xff' * 16)",
    ),
    handles(
        "namespaces",
        "leave for other namespaces and roots",
        "syscall(272, 97, 0x10000000)",
        "syscall(161, 51, b'/')",
        "syscall(165, 40, b'x', b'/mnt', b'tmpfs', 0, None)",
        'os.chroot("/") or 1',
        "os.unshare(0x10000000) or 1",
        'os.chdir("/tmp") or 1',
    ),
    handles(
        "descriptors-of-others",
        "take another process's descriptors",
        'syscall(434, 434, o["server"], 0)',
        'os.pidfd_open(o["server"])',
        "syscall(438, 438, 0, 0, 0)",
        "syscall(312, 272, 1, 1, 0, 0, 0)",
    ),
    handles(
        "kernel-doors",
        "open the kernel's wide doors: io_uring, bpf, perf, userfaultfd, keys, handles",
        *(f"syscall({number}, {number}, 8, bytes(256), 0, 0, 0)" for number in (425, 435, 449)),
        "syscall(321, 280, 0, bytes(64), 64)",
        "syscall(298, 241, bytes(128), 0, -1, -1, 0)",
        "syscall(323, 282, 1)",
        "syscall(250, 219, 0, -3, 1)",
        "syscall(304, 265, -100, bytes(64), 0)",
        "syscall(246, 104, 0, 0, None, 0)",
        "syscall(175, 105, bytes(64), 64, b'')",
    ),
]
