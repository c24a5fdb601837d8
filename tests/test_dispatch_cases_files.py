"""The files of questions for the dispatcher have the form that is told here.

One file for each language: `lookalikes` have a tool's wording but want another computation, `paraphrases` want the
tool's computation in other words. A file may bring its own tools under `tools`; else they are those of tools_store.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "dispatch_cases"
STORE = Path(__file__).parent.parent / "tools_store"
FILES = sorted(CASES.glob("*.json"))
LISTS = ("lookalikes", "paraphrases")
FEWEST_KINDS = 5
ENGLISH_ROWS = 120
ENGLISH_LOOKALIKE_KINDS = 7
ENGLISH_ROWS_OF_A_KIND = 12


def read(path: Path) -> dict[str, Any]:
    """The object of a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def stored() -> set[str]:
    """The names of the starter tools."""
    return {path.parent.name for path in STORE.glob("*/tool.json")}


def named(tools: Any) -> set[str]:
    """The names in a file's own bank: an object by name, or a list of names or of objects with a name."""
    return {tool["name"] if isinstance(tool, dict) else tool for tool in tools}


def test_there_is_an_english_file() -> None:
    assert CASES / "english.json" in FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_its_keys_and_indent(path: Path) -> None:
    content = read(path)
    assert set(content) - {"tools"} == {"language", *LISTS}
    assert isinstance(content["language"], str)
    assert content["language"]
    assert path.read_text(encoding="utf-8").startswith('{\n "')


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("part", LISTS)
def test_rows_have_a_known_tool_a_kind_and_a_question(path: Path, part: str) -> None:
    content = read(path)
    tools = named(content["tools"]) if "tools" in content else stored()
    allowed = {"tool", "kind", "question"} | ({"answer"} if part == "paraphrases" else set())
    for row in content[part]:
        assert {"tool", "kind", "question"} <= set(row) <= allowed, row
        assert all(isinstance(value, str) and value.strip() for value in row.values()), row
        assert row["tool"] in tools, row
    assert len({row["kind"] for row in content[part]}) >= FEWEST_KINDS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_question_stands_twice(path: Path) -> None:
    content = read(path)
    said = Counter((row["tool"], " ".join(row["question"].split())) for part in LISTS for row in content[part])
    assert [question for question, times in said.items() if times > 1] == []


@pytest.mark.parametrize("part", LISTS)
def test_english_is_spread_over_all_starter_tools(part: str) -> None:
    rows = read(CASES / "english.json")[part]
    assert len(rows) >= ENGLISH_ROWS
    assert {row["tool"] for row in rows} == stored()


def test_english_lookalikes_have_enough_rows_of_each_kind() -> None:
    kinds = Counter(row["kind"] for row in read(CASES / "english.json")["lookalikes"])
    assert len(kinds) >= ENGLISH_LOOKALIKE_KINDS
    assert min(kinds.values()) >= ENGLISH_ROWS_OF_A_KIND


def test_english_does_not_repeat_an_example_of_a_tool() -> None:
    content = read(CASES / "english.json")
    worked = {
        json.loads(line)["question"]
        for path in STORE.glob("*/examples.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert [row for part in LISTS for row in content[part] if row["question"] in worked] == []
