"""Builds the sandbox's interpreter: CPython and the guest's modules, as one WebAssembly component inside the package.

hatchling calls it when a wheel is built or the checkout is installed; `python hatch_build.py` does the same in place.
Nothing is done while `_sandbox.wasm` is newer than everything it is made of.
"""

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILD = "import sys, componentize_py; sys.exit(componentize_py.script())"


class SandboxBuildHook(BuildHookInterface[Any]):
    """Puts `_sandbox.wasm` beside the package's modules before they are packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the component, except for a source distribution, which leaves it out."""
        if self.target_name == "wheel":
            build(Path(self.root))


def build(root: Path) -> Path:
    """The up-to-date component of the project at root. Raises: CalledProcessError if it cannot be built."""
    package = root / "src" / "latm_mcp"
    target, guest = package / "_sandbox.wasm", package / "sandbox_guest"
    made_of = [
        Path(__file__),
        root / "pyproject.toml",  # it pins what builds the component, and the time zones
        package / "__init__.py",
        package / "allowed.py",
        *guest.glob("*.py"),
        *guest.glob("wit/*"),
    ]
    if target.exists() and target.stat().st_mtime > max(path.stat().st_mtime for path in made_of):
        return target
    partial = target.with_name(f"_sandbox.{os.getpid()}.wasm")
    with TemporaryDirectory() as staged:
        # The time zones are read while the interpreter's snapshot is taken; a folder of their own keeps the rest out.
        shutil.copytree(str(files("tzdata")), Path(staged, "tzdata"))
        componentize(guest, [root / "src", Path(staged)], partial)
    partial.replace(target)
    return target


def componentize(guest: Path, python_path: list[Path], output: Path) -> None:
    """Take the snapshot of the guest's app. Raises: CalledProcessError."""
    command = [
        *(
            sys.executable,
            "-c",
            BUILD,
            "--quiet",
            "--wit-path",
            str(guest / "wit"),
            "--world",
            "sandbox",
            "componentize",
        ),
        *(word for folder in python_path for word in ("--python-path", str(folder))),
        *("latm_mcp.sandbox_guest.app", "--output", str(output)),
    ]
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - the command is written above
    except BaseException:
        output.unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    build(Path(__file__).parent.resolve())
