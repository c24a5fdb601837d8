"""Packs the .mcpb bundle that Claude Desktop installs with a double click.

    python packaging/bundle.py --out DIR [--wheel FILE]

It holds the wheel itself, and a project that depends on it: the host's own `uv` then fetches the dependencies, and nothing is
built on a person's machine. With the source inside, that machine would have to build the sandbox's interpreter; with a
dependency on the published wheel, a bundle would work only after, and as long as, that very version is on an index.

Needs npm, for the format's own packer, and `build` where no wheel is given.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
PARTS = Path(__file__).parent / "mcpb"
PACKER = "@anthropic-ai/mcpb@2.1.2"
PYTHON = "3.11"  # what the tests are run on; without it, uv takes the newest that it finds

PROJECT = """\
[project]
name = "latm-mcp-bundle"
version = "{version}"
requires-python = ">=3.11"
dependencies = ["latm-mcp=={version}"]

[tool.uv]
package = false

[tool.uv.sources]
latm-mcp = {{ path = "{wheel}" }}
"""


class CannotPackError(Exception):
    """What is missing, and what to do about it."""


def stage(wheel: Path, folder: Path) -> None:
    """Write what the bundle holds. Raises: CannotPackError where the wheel is of another version than the manifest."""
    version = json.loads((PARTS / "manifest.json").read_text(encoding="utf-8"))["version"]
    if wheel.name.split("-")[1] != version:
        raise CannotPackError(f"{wheel.name!r} is not of the manifest's version {version!r}: build it again.")
    for part in ("manifest.json", "main.py", "icon.png"):
        shutil.copy(PARTS / part, folder)
    shutil.copy(wheel, folder)
    project = PROJECT.format(version=version, wheel=wheel.name)
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / ".python-version").write_text(PYTHON + "\n", encoding="utf-8")


def pack(wheel: Path, out: Path) -> Path:
    """The bundle, validated and packed by the format's own program.

    Raises: CannotPackError; CalledProcessError if that program refuses it.
    """
    npx = shutil.which("npx")
    if npx is None:
        raise CannotPackError("npx is not here: install Node.js with npm.")
    bundle = out / f"{wheel.name.split('-py3')[0].replace('_', '-')}.mcpb"
    with TemporaryDirectory() as staged:
        stage(wheel, Path(staged))
        subprocess.run([npx, "--yes", PACKER, "validate", f"{staged}/manifest.json"], check=True, stdout=sys.stderr)
        subprocess.run([npx, "--yes", PACKER, "pack", staged, str(bundle)], check=True, stdout=sys.stderr)
    return bundle


def built(out: Path) -> Path:
    """A wheel of this checkout. Raises: CalledProcessError if it cannot be built."""
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)], check=True)
    return next(out.glob("*.whl"))


def main() -> int:
    """Pack, and print where it lies; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder that the bundle is written to")
    parser.add_argument("--wheel", type=Path, help="the wheel to put in; left out, one is built")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory() as folder:
            print(pack(options.wheel or built(Path(folder)), options.out))
    except CannotPackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
