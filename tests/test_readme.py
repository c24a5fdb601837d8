"""The README is true: its commands, variables, files and figures are this program's."""

import argparse
import re
import sys
from dataclasses import fields
from pathlib import Path

from latm_mcp.cli_arguments import build_parser
from latm_mcp.settings import read_settings
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_told import told_settings

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
from generate import LISTS, MARKED, written  # noqa: E402 - it stands beside what it writes

README = (ROOT / "README.md").read_text(encoding="utf-8")


def parsers() -> dict[str, argparse.ArgumentParser]:
    [found] = [action for action in build_parser("0")._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found.choices)


def test_what_can_be_generated_is_as_it_is_generated():
    assert written(README) == README, "run `python docs/generate.py`"
    assert {mark for mark, _ in MARKED.findall(README)} == set(LISTS)


def test_the_commands_that_are_said_to_take_json_are_those_that_do():
    [sentence] = re.findall(r"^(.*) take `--json`", README, re.M)
    able = {name for name, parser in parsers().items() if "--json" in parser._option_string_actions}
    assert set(re.findall(r"`(\w+)`", sentence)) == able


def test_every_variable_of_the_readme_is_read_and_every_variable_is_in_the_readme():
    said = set(re.findall(r"`(LATM_[A-Z_]+)`", README))
    # A row of its own for each role would say the same four times.
    other = {f"LATM_{role}_{word}" for role in ("USER", "DISPATCHER", "FALLBACK") for word in ("BASE_URL", "API_KEY")}
    assert "each with a `_BASE_URL` and an `_API_KEY` of its own" in README
    read = {row.name for row in told_settings(Layers()).variables if row.name.startswith("LATM_")}
    assert said == read - other
    assert read_settings({}).exposure == "hybrid"
    assert {field.name for field in fields(read_settings({}))} >= {"home", "maker", "exposure"}


def test_links_to_files_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_two_commands_are_the_two_shell_blocks_that_ci_runs():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    assert len(blocks) == 2
    assert "latm-mcp demo" in blocks[0]
    assert "pytest" in blocks[1]
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
