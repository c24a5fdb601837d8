"""The page on scripting is true: its commands and its Python run, in their order, and its Python is typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import SRC, environment

PAGE = Path(__file__).parent.parent / "docs" / "scripting.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.S | re.M)
SECONDS = 100


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def test_every_command_and_every_python_block_of_the_page_runs(tmp_path: Path, sandbox_cache: Path):
    said = ""
    where = environment(tmp_path, sandbox_cache)
    for language, text in blocks():
        line = (
            ["bash", "-euo", "pipefail", "-c", text]
            if language == "sh"
            else [sys.executable, "-W", "error", "-c", text]
        )
        done = subprocess.run(
            line,
            cwd=tmp_path,
            env=where,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
        assert done.returncode == 0, (text, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        said += done.stdout
    for line in (
        "bear cat wolf",
        "2038-06-27",
        "no answer: 1",
        "some rows have no answer",
        "published letter_count(text: str) -> int Evidence(shown_right=6, shown=6, unseen_right=0, unseen=0, bound=0.0)",
        "9",
    ):
        assert line in said.splitlines(), said
    assert "refused: " in said
    assert "Kept as provisional: that word_sorting was right." in said


@pytest.mark.timeout(400)
def test_a_program_that_uses_the_api_passes_mypy_strictly(tmp_path: Path):
    """As a user's type checker sees the package: by its `py.typed`, from another folder than the project's."""
    assert (SRC / "latm_mcp" / "py.typed").exists()
    programs = [text for language, text in blocks() if language == "python"]
    assert len(programs) >= 3
    wrong = "from latm_mcp import Latm, Latn\n\nasync def f(latm: Latm) -> int:\n    return await latm.ask(7)\n"
    for number, text in enumerate((*programs, wrong)):
        (tmp_path / f"program_{number}.py").write_text(text, encoding="utf-8")
    site = tmp_path / "site"
    site.mkdir()
    (site / "latm_mcp").symlink_to(SRC / "latm_mcp")
    kept = os.environ.get("LATM_TEST_CACHE")
    cache = Path(kept) / "mypy" if kept else tmp_path / "mypy"
    line = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        f"--cache-dir={cache}",
        "--config-file=",
    ]
    done = subprocess.run(
        [*line, *sorted(path.name for path in tmp_path.glob("program_*.py"))],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "MYPYPATH": str(site)},
        capture_output=True,
        encoding="utf-8",
        timeout=380,
    )
    found = [line for line in done.stdout.splitlines() if ": error: " in line]
    last = f"program_{len(programs)}.py:"
    assert found, done.stdout + done.stderr
    assert all(line.startswith(last) for line in found), done.stdout
    assert any('has no attribute "Latn"' in line for line in found), found
    assert any('"ask" of "Latm" has incompatible type "int"' in line for line in found)
