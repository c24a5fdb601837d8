"""Builds what is published and puts it to the ecosystem's own validators, and to the programs that its users start it with.

    python packaging/check.py [--out DIR]

Run by the Python of a checkout that is set up. What it needs besides comes from the index, into an environment of its own; what
needs npm is left out where there is none, and it says so.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import bundle
from jsonschema import FormatChecker, ValidationError
from jsonschema.validators import validator_for
from mcp import Client, StdioServerParameters

ROOT = Path(__file__).parent.parent
WITHIN = 600  # seconds for one program: each fetches what it needs
COMMANDS = ["call_tool", "dispatch", "make_tool", "report_result"]
INSIDE = ("latm_mcp/_sandbox.wasm", "latm_mcp/_starter/", "latm_mcp/py.typed")
SCHEMA = """
import sys, importlib.resources
version = "v" + sys.argv[1].split("/schemas/")[1].split("/")[0].replace("-", "_")
folder = importlib.resources.files("skillsaw.schemas.mcp_registry." + version)
sys.stdout.write((folder / "server.schema.json").read_text(encoding="utf-8"))
"""


class Checks:
    """The steps, each on what the ones before it left in `out`."""

    def __init__(self, out: Path):
        self.out = out
        self.tools = out / "tools" / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *arguments: object, env: dict[str, str] | None = None) -> str:
        """What a program prints. env: instead of this process's. Raises: CalledProcessError with it, if it fails."""
        command = [str(self.tools / program), *map(str, arguments)]
        done = subprocess.run(
            command, check=True, cwd=ROOT, env=env, timeout=WITHIN, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        return done.stdout.decode()

    @property
    def wheel(self) -> Path:
        (found,) = self.out.glob("*.whl")
        return found

    def install(self) -> str:
        """The validators."""
        venv.create(self.out / "tools", with_pip=True)
        self.run("python", "-m", "pip", "install", "-q", "-r", ROOT / "packaging" / "requirements.txt")
        return "installed"

    def build(self) -> str:
        """The source distribution, and the wheel from it and not from the checkout."""
        self.run("python", "-m", "build", "--outdir", self.out, ROOT)
        if not self.wheel.name.endswith("-py3-none-any.whl"):
            raise SystemExit(f"{self.wheel.name!r} is not for every platform")
        with zipfile.ZipFile(self.wheel) as packed:
            for part in INSIDE:
                if not any(name.startswith(part) for name in packed.namelist()):
                    raise SystemExit(f"{self.wheel.name!r} has no {part!r}")
        return f"{self.wheel.name}, {self.wheel.stat().st_size / 2**20:.1f} MiB"

    def describe(self) -> str:
        """Whether an index takes and shows it."""
        self.run("python", "-m", "twine", "check", "--strict", *self.out.glob("latm_mcp-*"))
        return "twine takes it"

    def register(self) -> str:
        """Whether the MCP registry takes server.json: by its schema, and by its rules that no schema can say."""
        entry = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
        schema = json.loads(self.run("python", "-c", SCHEMA, entry["$schema"]))
        validator_for(schema)(schema, format_checker=FormatChecker()).validate(entry)
        alone = self.out / "entry"
        alone.mkdir()
        shutil.copy(ROOT / "server.json", alone)
        self.run("skillsaw", "lint", "--strict", "--quiet", "--type", "mcp-registry", alone)
        return f"{entry['$schema'].rsplit('/', 2)[1]} takes it"

    def containerize(self) -> str:
        """Whether the Dockerfile is a good one. No image is built."""
        self.run("hadolint", ROOT / "Dockerfile")
        return "hadolint takes it; no image was built"

    def run_as_uvx(self) -> str:
        """`uvx latm-mcp`, with the wheel in the index's place."""
        alone = self.alone()
        if why := self.unreachable():
            return why
        line = ("tool", "run", "--from", self.wheel, "latm-mcp")
        version = self.run("uv", *line, "--version", env=alone).strip()
        self.run(
            "uv", *line, "doctor", env=alone
        )  # compiles the component that came with the wheel, and tries its walls
        return version

    def bundle(self) -> str:
        """The bundle, taken by its own validator, unpacked, and started as its host starts it."""
        npm = shutil.which("npm")
        if npm is None or shutil.which("npx") is None:
            return "LEFT OUT: npx is not here"
        if subprocess.run(
            [npm, "view", bundle.PACKER, "version"], check=False, capture_output=True, timeout=WITHIN
        ).returncode:
            return "LEFT OUT: npm does not reach its index here"
        if why := self.unreachable():
            return why
        packed = bundle.pack(self.wheel, self.out)
        unpacked = self.out / "unpacked"
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(unpacked)
        server = json.loads((unpacked / "manifest.json").read_text(encoding="utf-8"))["server"]["mcp_config"]
        words = [word.replace("${__dirname}", str(unpacked)) for word in server["args"]]
        # The host's own uv, whatever the command says; settings left empty stay as they stand there.
        started = StdioServerParameters(
            command=str(self.tools / "uv"), args=words, env=self.alone() | server["env"], cwd=self.out
        )
        listed = anyio.run(_listed, started)
        if listed != COMMANDS:
            raise SystemExit(f"the bundle's server lists {listed}")
        return f"{packed.name}, {packed.stat().st_size / 2**20:.1f} MiB, lists {len(listed)} commands"

    def unreachable(self) -> str:
        """Why uv can fetch nothing here, or empty: it reads neither pip's settings nor, unless told, the system's certificates."""
        try:
            self.run(
                "uv",
                "pip",
                "install",
                "-q",
                "--dry-run",
                "--reinstall",
                "--python",
                self.tools / "python",
                "tzdata",
                env=self.alone(),
            )
        except subprocess.CalledProcessError:
            return "LEFT OUT: uv does not reach its index here"
        return ""

    def alone(self) -> dict[str, str]:
        """An environment whose home is empty, and that knows nothing of this checkout."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("LATM_", "PYTHON", "VIRTUAL"))}
        home = self.out / "home"
        home.mkdir(exist_ok=True)
        kept.pop("XDG_DATA_HOME", None)
        # The cache is beside the home: what is found there again is no part of the empty home.
        if "PIP_CERT" in kept:
            kept.setdefault("SSL_CERT_FILE", kept["PIP_CERT"])
        kept.setdefault("UV_SYSTEM_CERTS", "true")
        return kept | {"HOME": str(home), "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(self.out / "fetched"))}


async def _listed(server: StdioServerParameters) -> list[str]:
    with anyio.fail_after(WITHIN):
        async with Client(server) as client:
            return [tool.name for tool in (await client.list_tools()).tools]


def main() -> int:
    """Run the steps until one fails; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where to put everything; left out, a temporary folder")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        out = Path(options.out or temporary).resolve()
        out.mkdir(parents=True, exist_ok=True)
        checks = Checks(out)
        steps = (checks.install, checks.build, checks.describe, checks.register, checks.containerize)
        for step in (*steps, checks.run_as_uvx, checks.bundle):
            if not _passes(step):
                return 1
    return 0


def _passes(step: Callable[[], str]) -> bool:
    began = time.monotonic()
    try:
        said = step()
    except (subprocess.CalledProcessError, bundle.CannotPackError, ValidationError) as error:
        printed: bytes = getattr(error, "stdout", None) or b""
        print(f"{step.__name__}: {error}\n{printed.decode(errors='replace')}", file=sys.stderr)
        return False
    print(f"{step.__name__:13} {time.monotonic() - began:6.1f} s  {said}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
