"""One run of a client: in its home, with its model on loopback, until it ends and nothing of ours is left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from real_clients.clients import Client
from real_clients.endpoint import Endpoint
from real_clients.packages import programs
from real_clients.turns import Move, Shown

PROMPT = (
    "I sort words like these again and again. Make a tool for it from my examples, then sort with it: wolf, cat, bear."
)
SESSION_SECONDS = 240
GONE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Session:
    """What came of a run: its model's turns, its exit code, what it printed, and how many processes of ours it left."""

    turns: list[tuple[Shown, Move]]
    code: int
    said: str
    seconds: float
    left: int


def run(client: Client, endpoint: Endpoint, packages: Path, home: Path, name: str) -> Session:
    """Put the prompt to a client once; what it printed, and all that its model was asked, is kept in its home."""
    work = home / "project"
    work.mkdir(exist_ok=True)
    environment = {**_surroundings(packages, home, endpoint.url), **client.environment(endpoint.url)}
    line = [str(programs(packages) / client.line[0]), *client.line[1:], PROMPT]
    began = time.monotonic()
    code = _until_its_end(line, work, environment, home / name)
    seconds = time.monotonic() - began
    left = _left(home)
    said = (home / f"{name}.stdout").read_text(encoding="utf-8", errors="replace")
    return Session(endpoint.taken(home / f"{name}.requests.jsonl"), code, said, seconds, left)


def _surroundings(packages: Path, home: Path, url: str) -> dict[str, str]:
    """An environment with a home of its own, and no way out of loopback."""
    path = os.pathsep.join([str(programs(packages)), "/usr/local/bin", "/usr/bin", "/bin"])
    out = {name: url for word in ("http_proxy", "https_proxy") for name in (word, word.upper())}
    inside = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost,::1")
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", **out, **inside}


def _until_its_end(line: list[str], work: Path, environment: Mapping[str, str], kept: Path) -> int:
    """The client's exit code; it and its children are ended where it takes too long."""
    with kept.with_suffix(".stdout").open("wb") as out, kept.with_suffix(".stderr").open("wb") as err:
        child = subprocess.Popen(
            line, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        try:
            return child.wait(SESSION_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return child.wait()


def _left(home: Path) -> int:
    """How many processes of ours live on in this home after a while, as far as this system tells."""
    patience = time.monotonic() + GONE_SECONDS
    while (
        count := sum(_ours(process, home) for process in Path("/proc").glob("[0-9]*"))
    ) and time.monotonic() < patience:
        time.sleep(0.1)
    return count


def _ours(process: Path, home: Path) -> bool:
    try:
        begun_in, line = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
    except OSError:  # gone, or not ours to look at
        return False
    return f"HOME={home}\0".encode() in begun_in + b"\0" and b"latm" in line
