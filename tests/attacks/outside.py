"""The world around the sandbox in which attacks would show: canary files, listeners, processes, and what they tell."""

import os
import secrets
import select
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import latm_mcp

PACKAGE = Path(latm_mcp.__file__).parent
SITE = Path(socket.__file__).parent / "site-packages"
SUBREAPER = 36


class Outside:
    """Canaries in one folder, on the loopback and in this process; `traces` says which of them were touched."""

    def __init__(self, folder: Path, cache: Path):
        self.folder, self.cache = folder, cache
        self.secret = f"latm-canary-{secrets.token_hex(16)}"
        self.mark = f"latm-attack-{secrets.token_hex(8)}"
        self.memory = bytearray(self.secret.encode() * 64)  # in this process: the server's memory
        self.home, self.cwd, self.library = folder / "home", folder / "cwd", folder / "library"
        self.plant()
        self.listeners = list(self.listen())
        self.decoy = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], env={})
        self.before = self.listing()

    def plant(self) -> None:
        """Write the canary where people keep secrets."""
        for path in (self.home / ".ssh" / "id_ed25519", self.home / "secret.txt", self.cwd / "secret.txt"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.secret, encoding="utf-8")
        (self.home / ".bashrc").write_text("# theirs\n", encoding="utf-8")
        self.library.mkdir()
        with tempfile.NamedTemporaryFile("w", prefix="latm-loose-", delete=False) as file:
            file.write(self.secret)
        self.loose = Path(file.name)
        database = sqlite3.connect(self.library / "library.sqlite3")
        with database:
            database.execute("create table tool (name text, source text)")
            database.execute("insert into tool values ('other', ?)", [f"def other(): return {self.secret!r}"])
        database.close()

    def listen(self) -> Iterator[socket.socket]:
        """Listeners that a connection or a datagram from inside would reach."""
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        yield from (self.tcp, self.udp)
        if hasattr(socket, "AF_UNIX"):
            self.unix = self.folder / "s"
            yield local_listener(str(self.unix))
        if sys.platform == "linux":
            yield local_listener(f"\0{self.mark}")

    def told(self) -> dict[str, Any]:
        """What an attack gets to know: more than any attacker would, but not the secret."""
        return {
            "home": str(self.home), "cwd": str(self.cwd), "loose": str(self.loose), "mark": self.mark,
            "library": str(self.library / "library.sqlite3"), "package": str(PACKAGE), "site": str(SITE),
            "cache": str(self.cache), "tcp": self.tcp.getsockname()[1], "udp": self.udp.getsockname()[1],
            "unix": str(self.folder / "s"), "abstract": f"\0{self.mark}", "server": os.getpid(), "decoy": self.decoy.pid,
            "address": id(self.memory), "python": sys.executable,
        }  # fmt: skip

    def listing(self) -> dict[str, tuple[int, int, bytes]]:
        """Every file and folder of the canaries': mode, time of change in ns, content."""
        found = {}
        for path in (self.loose, *sorted(self.folder.rglob("*"))):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
        return found

    def traces(self) -> list[str]:
        """What shows of an attack from outside; empty if it did nothing."""
        now = self.listing()
        touched = [
            f"touched {name}" for name in now.keys() | self.before.keys() if now.get(name) != self.before.get(name)
        ]
        return [*touched, *self.left_behind(), *self.heard(), *self.decoy_state()]

    def left_behind(self) -> Iterator[str]:
        """Files that bear the attacks' mark, by name or within, where programs look for code or leave things."""
        yield from (f"left {path}" for path in self.marked())
        for path in (*PACKAGE.rglob("*.py"), SITE / "sitecustomize.py", SITE / "usercustomize.py"):
            if path.is_file() and self.mark.encode() in path.read_bytes():
                yield f"wrote into {path}"

    def marked(self) -> list[Path]:
        """The files and folders among them that bear the mark by name."""
        folders = [Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/etc/cron.d")] + [
            PACKAGE,
            SITE,
            self.cache,
        ]
        return [
            folder / name for folder in folders if folder.is_dir() for name in os.listdir(folder) if self.mark in name
        ]

    def heard(self) -> Iterator[str]:
        """Connections and datagrams that came in; they are taken, so that the next attack starts clean."""
        ready, _, _ = select.select(self.listeners, [], [], 0)
        for listener in ready:
            if listener.type == socket.SOCK_DGRAM:
                yield f"a datagram {listener.recv(100)!r}"
            else:
                listener.accept()[0].close()
                yield f"a connection to {listener.getsockname()!r}"

    def decoy_state(self) -> Iterator[str]:
        """Whether the process that attacks aim at is as it was."""
        if self.decoy.poll() is not None:
            yield "the decoy process was killed"
        elif (state := process_field(self.decoy.pid, 0)) not in ("", "S", "R", "D"):
            yield f"the decoy process is in state {state}"

    def close(self) -> None:
        """Remove what lies outside the folder, and end the decoy."""
        for listener in self.listeners:
            listener.close()
        for path in self.marked():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.decoy.kill()
        self.decoy.wait()
        self.loose.unlink(missing_ok=True)


def local_listener(address: str) -> socket.socket:
    """A listener on a unix socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    return listener


def process_field(pid: int, place: int) -> str:
    """A field of /proc/<pid>/stat after the name: 0 state, 1 parent. Empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[place]
    except OSError:
        return ""


def descendants(of: int) -> set[int]:
    """The processes under this one, itself left out; orphans among them, since they come to the subreaper."""
    parents = {int(name): process_field(int(name), 1) for name in os.listdir("/proc") if name.isdigit()}
    found, more = set[int](), {of}
    while more:
        more = {pid for pid, parent in parents.items() if parent and int(parent) in more}
        found |= more
    return found


@contextmanager
def subreaper() -> Iterator[None]:
    """Whatever is orphaned below becomes a child of this process, so that nothing can slip out of `descendants`."""
    import ctypes

    libc = ctypes.CDLL(None)
    libc.prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(SUBREAPER, 0, 0, 0, 0)
