"""Attacks that try to read what is not theirs. Each returns what it got; it has to be nothing."""

from attacks.attack import Attack, Proof
from latm_mcp.outcomes import Died, Raised, Returned, TimedOut

NOTHING = (Returned, Raised, Died)


def reads(name: str, what: str, *attempts: str, proof: Proof = "", before: str = "") -> Attack:
    """An attack that tries these expressions in turn."""
    tries = "".join(f"        lambda: {attempt},\n" for attempt in attempts)
    source = f"""
{before}
def f(o):
    return loot(
{tries}    )
"""
    return Attack("reading", name, what, source, NOTHING, proof=proof)


WALK = """
def walk(top):
    return [open(os.path.join(at, name)).read() for at, _, names in os.walk(top) for name in names if "secret" in name or "id_" in name]
"""
SCAN = """
def scan(pid):
    import re
    found = set()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in open(f"/proc/{pid}/maps"):
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if "rw" in line and end - start < 1 << 26:
                try:
                    memory.seek(start)
                    data = memory.read(end - start)
                except OSError:
                    continue
                found.update(re.findall(b"latm-" + b"canary-[0-9a-f]{32}", data))
    return sorted(found)[:50]
"""
ZONE = """
import zoneinfo
def zone(folder, key):
    zoneinfo.reset_tzpath(to=[folder])
    zone = zoneinfo.ZoneInfo(key)
    return zone.key
def zone_file(path):
    return open(path, "rb")
"""
DESCRIPTORS = """
def inherited():
    got = []
    for descriptor in range(256):
        try:
            os.set_blocking(descriptor, False)
            got.append(os.read(descriptor, 1 << 16))
        except BaseException:
            continue
    return [part for part in got if part]
def f(o):
    return loot(inherited)
"""
VM_READ = """
def peer(o):
    ctypes = module("ctypes")
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    into = ctypes.create_string_buffer(64)
    here, there = Part(ctypes.addressof(into), 64), Part(o["address"], 64)
    syscall(310, 270, o["server"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return into.raw
"""

ATTACKS = [
    reads(
        "home",
        "open a file in the home folder in every way that Python has",
        'open(o["home"] + "/secret.txt").read()',
        'os.read(os.open(o["home"] + "/secret.txt", 0), 100)',
        'module("_io").FileIO(o["home"] + "/secret.txt").read()',
        'module("_io").open_code(o["home"] + "/secret.txt").read()',
        'module("pathlib").Path(o["home"], "secret.txt").read_text()',
        'module("codecs").open(o["home"] + "/secret.txt").read()',
        'module("linecache").getlines(o["home"] + "/secret.txt")',
        'module("posix").open(o["home"] + "/secret.txt", 0)',
        proof="secret",
    ),
    reads(
        "ssh-keys",
        "walk the home folder for keys",
        'walk(o["home"])',
        'os.listdir(o["home"] + "/.ssh")',
        'list(os.scandir(o["home"]))',
        'module("glob").glob(o["home"] + "/.ssh/*")',
        before=WALK,
        proof="secret",
    ),
    reads(
        "working-folder",
        "read and list the working folder by relative names",
        'open("secret.txt").read()',
        'os.listdir(".")',
        "os.listdir()",
        'os.open("../home/secret.txt", 0)',
        'os.open("../../../../../../../../etc/passwd", 0)',
        proof="secret",
    ),
    reads(
        "temporary-files",
        "read what other programs left in the temporary folder",
        'open(o["loose"]).read()',
        'os.listdir("/tmp")',
        'os.stat(o["loose"])',
        proof="secret",
    ),
    reads(
        "system-files",
        "read accounts, host names and sockets of the system",
        'open("/etc/passwd").read()',
        'open("/etc/shadow").read()',
        'os.listdir("/etc")',
        'module("pwd").getpwnam("daemon")',
        'module("grp").getgrall()',
        'open("/etc/machine-id").read()',
        'os.stat("/var/run/docker.sock")',
        'os.readlink("/etc/mtab")',
    ),
    reads(
        "environment",
        "read the environment of the server or of this process",
        '{k: v for k, v in os.environ.items() if k != "LC_CTYPE"}',
        'os.getenv("LATM_CANARY")',
        'os.environb[b"LATM_CANARY"]',
        'module("posix").environ.get(b"LATM_CANARY")',
        'module("ctypes").CDLL(None).getenv(b"LATM_CANARY") or None',
        proof="secret",
    ),
    reads(
        "proc-self",
        "read this process's own entry in /proc",
        *(
            f'open("/proc/self/{name}", "rb").read(4000)'
            for name in ("environ", "cmdline", "maps", "status", "mountinfo")
        ),
        'os.listdir("/proc/self/fd")',
        'os.readlink("/proc/self/exe")',
        'os.readlink("/proc/self/cwd")',
        'os.listdir("/proc/self/root")',
        proof="secret",
    ),
    reads(
        "proc-parent",
        "read the parent's and the server's entries in /proc",
        *(f'open(f"/proc/{{os.getppid()}}/{name}", "rb").read(4000)' for name in ("environ", "cmdline", "maps")),
        *(
            f'open(f"/proc/{{o[\'server\']}}/{name}", "rb").read(4000)'
            for name in ("environ", "cmdline", "maps", "fdinfo/0")
        ),
        "os.listdir(f\"/proc/{o['server']}/fd\")",
        "os.readlink(f\"/proc/{o['server']}/cwd\")",
        proof="loot",
    ),
    reads(
        "proc-everyone",
        "list all processes and their command lines",
        '[p for p in os.listdir("/proc") if p.isdigit()]',
        '[open(f"/proc/{p}/cmdline").read() for p in range(1, 500) if os.path.exists(f"/proc/{p}")]',
        proof="loot",
    ),
    reads(
        "library",
        "read other tools' sources from the library's file",
        'open(o["library"], "rb").read()[-2000:]',
        'module("sqlite3").connect(o["library"]).execute("select * from tool").fetchall()',
        'module("_sqlite3").connect(o["library"])',
        'module("mmap").mmap(os.open(o["library"], 0), 0, prot=1)[:]',
        proof="secret",
    ),
    reads(
        "server-memory-file",
        "search the server's memory through /proc/<pid>/mem",
        'scan(o["server"])',
        "scan(os.getppid())",
        before=SCAN,
        proof="secret",
    ),
    reads("server-memory-call", "read the server's memory with process_vm_readv", "peer(o)", before=VM_READ),
    reads(
        "own-source",
        "read the package's and the interpreter's files through modules that read files for others",
        'open(o["package"] + "/__init__.py").read()',
        'module("json").__loader__.get_data(o["home"] + "/secret.txt")',
        'module("inspect").getsource(module("json"))[:100]',
        'module("pkgutil").get_data("latm_mcp", "__init__.py")',
        'module("tokenize").open(o["home"] + "/secret.txt").read()',
        'module("runpy").run_path(o["home"] + "/secret.txt")',
        'module("importlib.resources").files("latm_mcp").joinpath("__init__.py").read_text()',
        'module("zipimport").zipimporter(o["home"])',
        'module("importlib.util").find_spec("wasmtime")',
        proof="secret",
    ),
    reads(
        "allowed-modules",
        "have allowed modules read: time zones from a folder of one's choice, a MAC address as a UUID",
        'zone(o["home"], "secret.txt")',
        'module("hashlib").file_digest(zone_file(o["home"] + "/secret.txt"), "sha256").hexdigest()',
        '((node := module("uuid").getnode()) >> 40) & 1 == 0 and node',
        before=ZONE,
    ),
    reads(
        "raw-calls",
        "open, stat, list and follow links with raw system calls",
        'syscall(257, 56, -100, (o["home"] + "/secret.txt").encode(), 0)',
        'syscall(2, 56, b"/etc/passwd", 0)',
        'syscall(437, 437, -100, b"/etc/passwd", bytes(24), 24)',
        "syscall(304, 265, -100, bytes(128), 0)",
        'syscall(267, 78, -100, b"/proc/self/exe", bytes(4096), 4095)',
        'syscall(332, 291, -100, b"/etc/passwd", 0, 4095, bytes(256))',
    ),
    Attack(
        "reading",
        "inherited-descriptors",
        "read what waits on every inherited descriptor: other calls' requests",
        DESCRIPTORS,
        (Returned, Raised, Died, TimedOut),
        seconds=0.5,
    ),
    reads(
        "device-files",
        "read memory, disks and terminals as device files",
        *(
            f'os.read(os.open("/dev/{name}", 0), 16)'
            for name in ("mem", "kmem", "port", "kmsg", "sda", "vda", "tty", "pts/0", "input/event0")
        ),
        'open("/proc/kcore", "rb").read(16)',
        'open("/proc/kallsyms").read(100)',
    ),
]
