"""The hostile programs that the probes run: each defines `f(at)`, where `at` says what there is to attack.

They reach past the list of imports to what the interpreter's own modules hold: the wall has to hold there too. Where a
wall is missing each does little harm, to targets that are the prober's own, and ends by itself.
"""

FORGED = "forged"

# What most begin with: the operating system, any import, and attempts whose ends are told: [name, did it, what it said].
REACH = """
import random
os = random._os
import_ = os.__builtins__["__import__"]

def all_of(*attempts):
    told = []
    for name, attempt in attempts:
        try:
            told.append([name, True, str(attempt())[:80]])
        except BaseException as error:
            said = str(getattr(error, "strerror", None) or error)
            told.append([name, False, (type(error).__name__ + ": " + said)[:80].rstrip(": ")])
    return told
"""

INNOCENT = """
def f(at):
    return "innocent"
"""

IMPORTING = f"""{REACH}
def f(at):
    names = ["os", "sys", "subprocess", "socket", "ctypes", "importlib"]
    return all_of(*((f"import {{name}}", lambda name=name: __import__(name)) for name in names))
"""

READING = f"""{REACH}
def f(at):
    file, folder = at["file"], at["folder"]
    return all_of(
        ("open", lambda: open(file).read()),
        ("io.FileIO", lambda: import_("io").FileIO(file).read()),
        ("os.open", lambda: os.read(os.open(file, os.O_RDONLY), 100)),
        ("os.listdir", lambda: os.listdir(folder)),
        ("os.scandir", lambda: list(os.scandir("/"))),
        ("os.stat", lambda: os.stat(file)),
    )
"""

WRITING = f"""{REACH}
def f(at):
    file, folder = at["file"], at["folder"]
    return all_of(
        ("open", lambda: open(folder + "/new", "w").write("x")),
        ("append", lambda: open(file, "a").write("x")),
        ("os.open", lambda: os.open(folder + "/made", os.O_CREAT | os.O_WRONLY)),
        ("os.mkdir", lambda: os.mkdir(folder + "/folder")),
        ("os.symlink", lambda: os.symlink(file, folder + "/link")),
        ("os.rename", lambda: os.rename(file, folder + "/renamed")),
        ("os.unlink", lambda: os.unlink(folder + "/renamed")),
    )
"""

LOOKING = f"""{REACH}
def f(at):
    first = lambda path: open(path, "rb").read().split(bytes(1))[0]
    return all_of(
        ("os.environ", lambda: "holds " + next(iter(os.environ))),
        ("os.getenv", lambda: "holds PATH, " + os.environ["PATH"]),
        ("/proc/self/environ", lambda: first("/proc/self/environ")),
        ("the server's own", lambda: first("/proc/%d/environ" % at["server"])),
    )
"""

CONNECTING = f"""{REACH}
def f(at):
    def connect():
        import_("_socket").socket().connect(("127.0.0.1", at["tcp"]))
        return "connected"
    return all_of(("TCP", connect))
"""

CONNECTING_BY_DATAGRAM = f"""{REACH}
def f(at):
    def send():
        socket = import_("_socket")
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", at["udp"]))
    return all_of(("UDP", send))
"""

# What it starts shows itself by the file `started` in its command line, writes that file, and ends after two seconds.
STARTING = f"""{REACH}
CHILD = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(2)"

def fork():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return f"process {{child}}"

def shell(at):
    code = os.system('echo x > "%s"' % at["started"])
    assert code == 0, "it came to %d" % code

def f(at):
    line = [at["python"], "-I", "-S", "-c", CHILD, at["started"]]
    return all_of(
        ("os.fork", fork),
        ("os.system", lambda: shell(at)),
        ("os.posix_spawn", lambda: os.posix_spawn(line[0], line, {{}})),
        ("subprocess", lambda: import_("subprocess").Popen(line).pid),
    )
"""

SIGNALLING = f"""{REACH}
def f(at):
    return all_of(("SIGTERM", lambda: os.kill(at["pid"], 15)), ("SIGKILL", lambda: os.kill(at["pid"], 9)))
"""

ENDLESS = """
import time

def f(at):
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            at["nothing"]
        except BaseException:
            pass
    return "it ran for 2 seconds"
"""

IN_ONE_STEP = """
def f(at):
    return f"it had {len(bytearray(256 << 20)) >> 20} MiB"
"""

BY_ONE = """
def f(at):
    held = [bytearray(1 << 20) for _ in range(256)]
    return f"it had {len(held)} MiB"
"""

DEEP = """
def g(depth):
    return depth and 1 + g(depth - 1)

def f(at):
    return f"it was {g(30_000)} calls deep"
"""

LONG = """
def f(at):
    return "x" * 100_000
"""

SHARED = """
def f(at):
    part = 1
    for _ in range(14):
        part = [part, part]
    return part
"""

NOT_A_NUMBER = """
def f(at):
    return float("nan")
"""

SURROGATE = """
def f(at):
    return chr(0xD800)
"""

# As a frame of our own worker's, and as a line of JSON.
BY_THE_WAY = f"""{REACH}
BODY = b'G{{"returned": "{FORGED}"}}'

def write():
    print(BODY[1:].decode())
    for file in range(64):
        try:
            os.write(file, len(BODY).to_bytes(4, "big") + BODY + b"\\n" + BODY[1:] + b"\\n")
        except OSError:
            pass
"""

FORGING = """
def f(at):
    write()
    return "real"
"""

ENDING = """
def f(at):
    write()
    os._exit(0)
"""

POISONING = f"""{REACH}
import decimal, math

def f(at):
    math.canary = os.__builtins__["canary"] = import_("sys").modules["canary"] = math
    decimal.getcontext().prec = 3
    return "poisoned"
"""

LOOKING_FOR_POISON = f"""{REACH}
import decimal, math

def f(at):
    return all_of(
        ("a module", lambda: math.canary),
        ("the builtins", lambda: os.__builtins__["canary"]),
        ("the list of modules", lambda: import_("sys").modules["canary"]),
        ("a setting", lambda: {{3: "the changed one"}}[decimal.getcontext().prec]),
    )
"""
