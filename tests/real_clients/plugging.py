"""Putting the server into a client, as a person does; and, for a later session, something that listens before it."""

import os
import subprocess
import sys
from pathlib import Path

from real_clients.clients import Client

LATM = [sys.executable, "-m", "latm_mcp"]
RECORDER = Path(__file__).with_name("recorder.py")
SECONDS = 120  # installing compiles the sandbox where it is not yet


def plug_in(client: Client, home: Path, cache: Path) -> None:
    """Install the server into the client. The cache stands in the settings file, since clients pass no environment on."""
    _latm(home, "config", "set", "cache", str(cache))
    _latm(home, "install", "--client", client.package)


def record(client: Client, home: Path) -> Path:
    """Put the recorder before the command that was installed, whichever it is; where it keeps what the client sends."""
    kept, shim, configuration = home / "sent.jsonl", home / "recording-latm", home / client.configuration
    text = configuration.read_text(encoding="utf-8")
    command = next(path for path in (str(Path(sys.executable).with_name("latm-mcp")), sys.executable) if path in text)
    code = f"import runpy, sys\nsys.argv[1:1] = [{command!r}, {str(kept)!r}]\n"
    code += f"runpy.run_path({str(RECORDER)!r}, run_name='__main__')\n"
    shim.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    shim.chmod(0o755)
    configuration.write_text(text.replace(command, str(shim)), encoding="utf-8")
    return kept


def _latm(home: Path, *arguments: str) -> None:
    """Run a command of ours, as in a terminal of that home. Raises: CalledProcessError, TimeoutExpired."""
    path = os.environ.get("PYTHONPATH")
    source = {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))} if path else {}
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **source}
    with (home / "installed.txt").open("ab") as kept:
        subprocess.run(
            [*LATM, *arguments], env=environment, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL, stdout=kept
        )
