"""The battery once more as an ordinary user, if root runs the tests: limits mean little for root."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks import unprivileged
from attacks.everything import ATTACKS
from attacks.unprivileged import UID

from latm_mcp.sandbox import COMPONENT, open_sandbox
from latm_mcp.sandbox_compiled import compiled_path

HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="an ordinary user runs the battery itself already"
    ),
]


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of that user's own; nothing above it is closed."""
    folder = Path(tempfile.mkdtemp(prefix="latm-unprivileged-", dir="/tmp"))
    os.chown(folder, UID, UID)
    yield folder
    shutil.rmtree(folder)


def as_ordinary_user(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "HOME": str(folder), "LOGNAME": "nobody", "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "LATM_TEST_CACHE": str(folder / "cache"),
    }  # fmt: skip
    line = [sys.executable, unprivileged.__file__, str(UID), str(folder), sys.executable, *command]
    ended = subprocess.run(line, env=environment, cwd=HERE.parent, capture_output=True, text=True, check=False)
    if ended.stderr.startswith("HIDDEN"):
        pytest.skip(ended.stderr)
    return ended


def test_the_user_is_an_ordinary_one(theirs: Path) -> None:
    asked = "import os; print(os.getresuid(), os.getgroups(), open('/proc/self/status').read().split('CapEff:')[1].split()[0])"

    assert as_ordinary_user(theirs, "-c", asked).stdout.split() == f"({UID}, {UID}, {UID}) [] {0:016x}".split()


async def test_every_attack_comes_to_nothing_for_an_ordinary_user_too(theirs: Path, sandbox_cache: Path) -> None:
    async with open_sandbox(sandbox_cache, kind="wasm", workers=1) as sandbox:
        await sandbox.warm()  # it is compiled now
    (theirs / "cache").mkdir(mode=0o700)
    copy = shutil.copyfile(found := compiled_path(COMPONENT, sandbox_cache), theirs / "cache" / found.name)
    for path in (theirs / "cache", Path(copy)):
        os.chown(path, UID, UID)

    tests = (
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(theirs / "t"),
        "-k",
        "comes_to_nothing or poisons",
        "--tb=short",
    )
    ended = as_ordinary_user(theirs, "-m", "pytest", *tests, str(HERE / "test_attacks.py"))

    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    held = sum(int(number) for number in re.findall(r"(\d+) (?:passed|xfailed)", ended.stdout))
    assert held >= len(ATTACKS)
