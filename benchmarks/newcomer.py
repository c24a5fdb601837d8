"""A newcomer's path, timed: from an empty home to the first call of a tool that was made there.

    python benchmarks/newcomer.py [--wheel FILE] [--client claude-code] [--uvx FILE]

Timed is all that a person waits for: a fresh environment and the package's installation, with nothing cached (with --uvx, what
`uvx latm-mcp` fetches at its first command instead); `doctor`; `install`; the client's start of the server, exactly as the
client's configuration says; the making, where the client's model writes the code (its own seconds are left out: the draft is
ready); the call. The wheel is built before, as an index would have it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

from made_tools import SORT
from raw_server import RawServer

ROOT = Path(__file__).parent.parent
WITHIN = 600  # seconds for one step
GOAL = 120  # seconds for all of them
PASSED_ON = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT")
INDEX = ("PIP_", "SSL_", "REQUESTS_")  # how this machine reaches its index; what is cached stays behind in the old home
LISTS = ["tram bus car", "pear fig apple", "owl hawk crow", "red blue", "zinc gold iron tin", "oak elm ash"]
EXAMPLES = [{"question": f"Sort: {words}", "answer": " ".join(sorted(words.split()))} for words in LISTS]
REQUEST = {"examples": EXAMPLES, "name": "sort_words", "description": "Sort words alphabetically"}
# Where each client keeps its servers, under the home; all of these hold them under "mcpServers".
CONFIGURATIONS = {"claude-code": ".claude.json", "cursor": ".cursor/mcp.json", "gemini-cli": ".gemini/settings.json"}


class Walk:
    """The steps so far, and how long each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done inside, and print it."""
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began
        print(f"{self.seconds[name]:7.1f} s  {name}", flush=True)


def clean(home: Path) -> dict[str, str]:
    """An environment with this home, and no trace of this project."""
    kept = {name: text for name, text in os.environ.items() if name in PASSED_ON or name.startswith(INDEX)}
    return kept | {"HOME": str(home), "USERPROFILE": str(home)}


def run(environment: dict[str, str], *command: object) -> None:
    """Run one command. Raises: SystemExit with what it printed, if it fails."""
    line = [str(word) for word in command]
    done = subprocess.run(
        line, check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN
    )
    if done.returncode:
        raise SystemExit(f"{line} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def build_wheel(folder: Path) -> Path:
    """A wheel of this checkout."""
    run(dict(os.environ), sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("latm_mcp-*.whl"))


def configured(home: Path, client: str) -> tuple[list[str], dict[str, str]]:
    """How this client starts the server, read from its own file: the command line, and the environment that it adds."""
    held = json.loads((home / CONFIGURATIONS[client]).read_text(encoding="utf-8"))
    entry = held["mcpServers"]["latm"]
    return [entry["command"], *entry.get("args", [])], entry.get("env", {})


def structure(result: dict[str, Any]) -> dict[str, Any]:
    """What a call gave. Raises: SystemExit if it was refused."""
    if result.get("isError"):
        raise SystemExit(f"refused: {result}")
    given: dict[str, Any] = result["structuredContent"]
    return given


def make(walked: Walk, server: RawServer) -> None:
    """The brief, and the draft that answers it, until the tool is published."""
    with walked.step("make_tool, six examples: the brief"):
        state = structure(server.call("make_tool", REQUEST))
    with walked.step("make_tool, the draft: verified and published"):
        state = structure(
            server.call("make_tool", {"job": state["job"], "draft": {"source": SORT.format(name="sort_words")}})
        )
        while state["status"] == "running":
            state = structure(server.call("make_tool", {"job": state["job"]}))
    if state["status"] != "published":
        raise SystemExit(f"not published: {state}")


def use(walked: Walk, server: RawServer) -> None:
    """The made tool, by its own name."""
    with walked.step("the made tool, called"):
        result = structure(server.call("sort_words", {"words": ["wolf", "cat", "bear"]}))
    if result["result"] != ["bear", "cat", "wolf"]:
        raise SystemExit(f"wrong: {result}")


def by_pip(walked: Walk, wheel: Path, environment: dict[str, str], folder: Path) -> list[object]:
    """The package in an environment of its own; how its commands are called then."""
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    with walked.step("a fresh environment"):
        run(environment, sys.executable, "-m", "venv", folder / "venv")
    with walked.step("pip install"):
        run(environment, programs / "python", "-m", "pip", "install", "-q", wheel)
    return [programs / "latm-mcp"]


def walk(wheel: Path, client: str, folder: Path, uvx: Path | None) -> float:
    """The whole path; returns its seconds. uvx: where everything is done by it, and nothing is installed before."""
    home, walked = folder / "home", Walk()
    home.mkdir()
    environment = clean(home)
    ours = [uvx, "--from", wheel, "latm-mcp"] if uvx else by_pip(walked, wheel, environment, folder)
    with walked.step("latm-mcp doctor"):
        run(environment, *ours, "doctor")
    with walked.step(f"latm-mcp install --client {client}"):
        run(environment, *ours, "install", "--client", client)
    command, more = configured(home, client)
    with walked.step("the server's start, to the list"):
        server = RawServer(command, environment | more)
    bound = Timer(WITHIN, server.process.kill)
    bound.start()
    try:
        with server:
            make(walked, server)
            use(walked, server)
    finally:
        bound.cancel()
    return sum(walked.seconds.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--client", choices=CONFIGURATIONS, default="claude-code")
    parser.add_argument("--uvx", type=Path, help="the program `uvx`: use it instead of pip")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wheel = options.wheel.resolve() if options.wheel else build_wheel(folder)
        total = walk(wheel, options.client, folder, options.uvx)
    print(f"{total:7.1f} s  in all; the goal is {GOAL}")


if __name__ == "__main__":
    main()
