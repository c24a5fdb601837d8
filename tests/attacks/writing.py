"""Attacks that try to write, change or leave things behind. Each returns what it managed; it has to be nothing."""

from attacks.attack import HONEST, Attack, Proof
from latm_mcp.outcomes import Died, NotJsonable, Raised, Returned


def writes(name: str, what: str, *attempts: str, before: str = "", proof: Proof = "") -> Attack:
    """An attack that tries these expressions in turn."""
    tries = "".join(f"        lambda: {attempt},\n" for attempt in attempts)
    source = f"""
{PUT}{before}
def f(o):
    return loot(
{tries}    )
"""
    return Attack("writing", name, what, source, (Returned, Raised, Died), proof=proof)


PUT = """
def put(path, text="", mode="a"):
    with open(path, mode) as file:
        return file.write("# latm-attack " + text)
"""
LATER = """
def leave(path):
    try:
        open(path, "w").write("x")
    except BaseException:
        pass
class Late:
    def __init__(self, path): self.path = path
    def __del__(self): leave(self.path)
"""

ATTACKS = [
    writes(
        "working-folder",
        "leave a file, a folder, a link, a pipe in the working folder",
        'put(o["mark"])',
        'os.open(o["mark"], 0o101)',
        'os.mkdir(o["mark"] + "d") or 1',
        'os.symlink("/etc", o["mark"] + "l") or 1',
        'os.mkfifo(o["mark"] + "p") or 1',
        'os.mknod(o["mark"] + "n") or 1',
        'os.link("secret.txt", o["mark"] + "h") or 1',
        proof="trace",
    ),
    writes(
        "temporary-folder",
        "leave files in shared folders",
        *(f'put("{folder}/" + o["mark"])' for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run")),
        'module("tempfile").mkstemp(prefix=o["mark"])',
        'module("tempfile").mkdtemp(prefix=o["mark"])',
    ),
    writes(
        "start-up-files",
        "add to what runs when the person logs in",
        'put(o["home"] + "/.bashrc", o["mark"])',
        'put(o["home"] + "/.ssh/authorized_keys", o["mark"])',
        'os.makedirs(o["home"] + "/.config/autostart") or 1',
        'put("/etc/cron.d/" + o["mark"])',
        proof="trace",
    ),
    writes(
        "library",
        "write into the library's file",
        'open(o["library"], "r+b").write(b"x")',
        'os.truncate(o["library"], 0) or 1',
        'os.remove(o["library"]) or 1',
        'module("sqlite3").connect(o["library"]).executescript("drop table tool; commit")',
        'put(o["library"] + "-wal", o["mark"])',
        proof="trace",
    ),
    writes(
        "package-files",
        "write into the package's own files, so that it runs in the server next time",
        'put(o["package"] + "/__init__.py", o["mark"])',
        'put(o["package"] + "/" + o["mark"] + ".py")',
        'os.remove(o["package"] + "/sandbox_wall.py") or 1',
        'os.mkdir(o["package"] + "/" + o["mark"]) or 1',
    ),
    writes(
        "site-packages",
        "plant a .pth file and a sitecustomize",
        'put(o["site"] + "/" + o["mark"] + ".pth")',
        'put(o["site"] + "/sitecustomize.py", o["mark"])',
        'put(o["site"] + "/usercustomize.py", o["mark"])',
        'module("compileall").compile_dir(o["package"] + "/../none")',
    ),
    writes(
        "compiled-cache",
        "open the sandbox's compiled machine code for writing",
        '[open(o["cache"] + "/" + name, "ab") for name in os.listdir(o["cache"])]',
        'put(o["cache"] + "/" + o["mark"] + ".cwasm")',
    ),
    writes(
        "removing",
        "delete, rename and empty a person's files",
        'os.remove(o["home"] + "/secret.txt") or 1',
        'os.rename(o["home"] + "/secret.txt", o["home"] + "/gone") or 1',
        'module("shutil").rmtree(o["home"]) or 1',
        'os.truncate(o["home"] + "/secret.txt", 0) or 1',
        'os.rmdir(o["home"]) or 1',
        proof="trace",
    ),
    writes(
        "rights-and-times",
        "change rights, owners, times and attributes of a person's files",
        'os.chmod(o["home"] + "/secret.txt", 0o777)',
        'os.chown(o["home"] + "/secret.txt", 1, 1)',  # some say yes and do nothing
        'os.utime(o["home"] + "/secret.txt", (0, 0))',
        'os.setxattr(o["home"] + "/secret.txt", "user.x", b"1")',
        'os.chmod(o["home"], 0o777)',
        proof="trace",
    ),
    writes(
        "terminal-and-logs",
        "write to terminals and logs",
        *(f'os.write(os.open("/dev/{name}", 1), b"latm-attack")' for name in ("tty", "pts/0", "console", "kmsg")),
        'module("fcntl").ioctl(0, 0x5412, b"x")',
        'module("syslog").syslog("x")',
    ),
    writes(
        "raw-calls",
        "create, link and remove with raw system calls",
        'syscall(257, 56, -100, o["mark"].encode(), 0o101, 0o600)',
        'syscall(258, 34, -100, (o["mark"] + "r").encode(), 0o700)',
        'syscall(263, 35, -100, (o["home"] + "/secret.txt").encode(), 0)',
        'syscall(266, 36, b"/etc", -100, o["mark"].encode())',
        'syscall(85, 56, o["mark"].encode(), 0o600)',
    ),
    Attack(
        "writing",
        "at-exit",
        "leave a file when the interpreter ends, by atexit, a finalizer and a thread",
        f"""
{LATER}kept = []
def f(o):
    loot(lambda: module('atexit').register(leave, o['mark']))
    kept.append(Late(o['mark'] + 'f'))
    loot(lambda: module('_thread').start_new_thread(leave, (o['mark'] + 't',)))
    module('sys').latm_kept = kept
    return 'honest'
""",
        (Returned, Died),
        HONEST,
        proof="trace",
    ),
    Attack(
        "writing",
        "late-object",
        "return an object whose end writes a file",
        f"{LATER}def f(o): return [Late(o['mark'])]\n",
        (NotJsonable,),
        proof="trace",
    ),
]
