"""The pages of docs/ are true: their commands run, in their order, in an empty home; what they name is there."""

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from front_door import SRC, scripted_model
from sandboxed import KIND
from scripted import fenced

from latm_mcp.cli_arguments import build_parser

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.S | re.M)
# Of the page on scripting, tests/test_api_page.py runs all, the Python between the commands too.
RUN = [page for page in PAGES if page.stem != "scripting" and BLOCK.search(page.read_text(encoding="utf-8"))]
SECONDS = 100
SOURCE = '''
import re

MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]


def written_date(day: int, month: str, year: int) -> str:
    """Write a date as YYYY-MM-DD.

    day: of the month. month: its English name. year: all four digits.
    """
    return f"{year:04d}-{MONTHS.index(month.lower()) + 1:02d}-{day:02d}"


def parse(question: str) -> dict:
    found = re.fullmatch(r"Write this date as YYYY-MM-DD: (\\d{1,2}) ([A-Za-z]+) (\\d{4})", question.strip())
    if found is None or found[2].lower() not in MONTHS:
        raise NotThisTask("no date in words")
    return {"day": int(found[1]), "month": found[2], "year": int(found[3])}


def render(result, question: str) -> str:
    return result
'''


def named(page: Path) -> str:
    return page.stem


@pytest.mark.parametrize("page", RUN, ids=named)
def test_the_commands_of_a_page_run_one_after_the_other(page: Path, tmp_path: Path, sandbox_cache: Path):
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    with scripted_model(lambda conversation: fenced(SOURCE)) as model:
        script = "set -euo pipefail\n" + "".join(blocks)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment(tmp_path, sandbox_cache) | model,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for shown in re.findall(r"printed `([^`]+)`", page.read_text(encoding="utf-8")):
        assert shown in done.stdout.splitlines()


def environment(home: Path, cache: Path) -> dict[str, str]:
    """A path on which `latm-mcp` is this checkout's, and an empty home."""
    places = home / "bin"
    places.mkdir()
    command = places / "latm-mcp"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m latm_mcp "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = f"{places}{os.pathsep}{os.environ['PATH']}"
    ours = {"LATM_CACHE": str(cache), "LATM_SANDBOX": KIND, "PYTHONPATH": str(SRC)}
    ours["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the key store of whoever runs the tests
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", **ours}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=named)
def test_every_command_of_a_page_is_one_that_there_is(page: Path):
    for command in re.findall(r"`latm-mcp ([^`]*)`", BLOCK.sub("", page.read_text(encoding="utf-8"))):
        words = shlex.split(command)
        # a command may be named alone, without what it wants
        assert is_named(build_parser("0"), words) or is_taken(words), f"`latm-mcp {command}`"


def is_taken(words: list[str]) -> bool:
    try:
        build_parser("0").parse_args(words)
    except SystemExit as end:
        return end.code == 0  # --help
    return True


def is_named(parser: argparse.ArgumentParser, words: list[str]) -> bool:
    """Whether the words are a command's name, and its own command's, and no more."""
    for word in words:
        groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not groups or word not in groups[0].choices:
            return False
        parser = groups[0].choices[word]
    return True


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=named)
def test_links_of_a_page_lead_somewhere(page: Path):
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not heading or heading in headings(there), f"{target}#{heading}"


def headings(page: Path) -> set[str]:
    """A page's headings, as links name them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}
