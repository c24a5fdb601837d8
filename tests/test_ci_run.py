"""What CI runs is what the README says, and it is not green because there was nothing to run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parent.parent / ".ci" / "run"
FIRST = "```sh\necho first >> ran\n```\n"
SECOND = "```sh\necho second ${LATM_TEST_SANDBOX-} >> ran\n```\n"


def run(project: Path, readme: str, refused: str = "", lacking: str = "") -> subprocess.CompletedProcess[str]:
    """`.ci/run` in a project of this README, whose linter, type checker and packaging fail only on the command `refused`.

    lacking: what the machine lacks for the native sandbox.
    """
    for name in (".ci/run", ".venv/bin/ruff", ".venv/bin/mypy"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(f'#!/bin/sh\n[ "${{0##*/}} $*" != "{refused}" ]\n', encoding="utf-8")
        (project / name).chmod(0o755)
    python = project / ".venv/bin/python"
    native = f'[ "$*" != tests/native_here.py ] || printf "{lacking}"'
    python.write_text(f'#!/bin/sh\n{native}\n[ "${{0##*/}} $*" != "{refused}" ]\n', encoding="utf-8")
    python.chmod(0o755)
    shutil.copy(RUN, project / ".ci/run")
    (project / "README.md").write_text(readme, encoding="utf-8")
    environment = {**os.environ, "TMPDIR": str(project), "LATM_TEST_SANDBOX": "none of CI's own"}
    command = [str(project / ".ci/run")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_both_blocks_of_the_readme_are_run_and_the_tests_again_on_the_native_sandbox(tmp_path: Path):
    assert run(tmp_path, f"# Project\n{FIRST}\nthen\n{SECOND}").returncode == 0
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "first\nsecond\nsecond native\n"


def test_a_machine_that_cannot_have_the_native_sandbox_runs_the_tests_once_and_says_why(tmp_path: Path):
    done = run(tmp_path, FIRST + SECOND, lacking="it is for Linux, and this is plan9")

    assert done.returncode == 0
    assert "no tests on the native sandbox: it is for Linux, and this is plan9" in done.stdout
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "first\nsecond\n"


def test_tests_that_fail_on_the_native_sandbox_alone_fail_the_run(tmp_path: Path):
    readme = f'{FIRST}```sh\necho second >> ran\n[ "${{LATM_TEST_SANDBOX-}}" != native ]\n```\n'

    assert run(tmp_path, readme).returncode == 1
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "first\nsecond\nsecond\n"


@pytest.mark.parametrize(
    "readme", ["", FIRST, f"{FIRST}```sh\n```\n", f"```sh\n \t\n```\n{SECOND}", "```bash\ntrue\n```\n"]
)
def test_a_readme_without_its_two_blocks_fails(tmp_path: Path, readme: str):
    done = run(tmp_path, readme)

    assert done.returncode == 1
    assert "README.md has no two blocks" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_block_that_fails_fails_the_run(tmp_path: Path):
    assert run(tmp_path, f"```sh\nfalse\necho on >> ran\n```\n{SECOND}").returncode == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "refused",
    [
        "ruff check .",
        "ruff format --check .",
        "mypy ",
        "mypy --config-file .ci/mypy_elsewhere.ini --platform win32 src",
        "mypy --config-file .ci/mypy_elsewhere.ini --platform darwin src",
        "python packaging/check.py",
    ],
)
def test_what_the_linter_the_type_checker_and_the_validators_refuse_fails_the_run(tmp_path: Path, refused: str):
    assert run(tmp_path, FIRST + SECOND, refused).returncode == 1
