"""The bench's parts as the command runs them, in this process: a scripted endpoint in every role, small generated files."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from front_door import Reply, asked_name, good_sorter, scripted_model, sorting_rows, write_json
from sandboxed import settings_at
from scripted import fenced

from latm_mcp.cli_arguments_bench import add
from latm_mcp.cli_bench import bench
from latm_mcp.settings import Settings
from latm_mcp.settings_models import ModelSettings
from latm_mcp.tasks import questions

SORTING = "word_sorting"


class Script:
    """A model that can sort words: makes the tool, calls it, answers after examples, and cannot answer without.

    asked: the questions that it was asked, in order. refuses: makings, from 1, to which it says that it cannot; mumbles: parts of
    questions that it makes no call of.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses: set[int] = set()
        self.mumbles = "no question has this"
        self.makings = 0

    def __call__(self, conversation: list[dict[str, str]]) -> str:
        system, text = conversation[0]["content"], conversation[-1]["content"]
        if "# Make the tool" in conversation[1]["content"]:
            self.makings += len(conversation) == 2
            able = self.makings not in self.refuses and asked_name(conversation) == SORTING
            return self.tool(conversation) if able else "I cannot."
        [question] = [line for message in conversation for line in message["content"].splitlines() if "List: " in line][
            -1:
        ]
        self.asked.append(question)
        words = question.split("List: ")[1].split()
        if system.startswith("You turn a question into the arguments"):
            return "Hm." if self.mumbles in question else json.dumps({"words": words})
        return " ".join(sorted(words)) if "form that the answers before have" in system else f"Answer: {text[-3:]}"

    def tool(self, conversation: list[dict[str, str]]) -> str:
        return good_sorter(conversation)


class FreeText(Script):
    """Makes a tool that cannot read questions by itself: the function, and a call for each question that the brief has."""

    def tool(self, conversation: list[dict[str, str]]) -> str:
        source = f"""
def {SORTING}(words: list[str]) -> str:
    \"\"\"Sort words, with blanks between them.\"\"\"
    return " ".join(sorted(words))
"""
        asked = [line for line in conversation[1]["content"].splitlines() if line.startswith("Sort the following")]
        calls = [{"question": line, "arguments": {"words": line.split("List: ")[1].split()}} for line in asked]
        return f"{fenced(source)}\n```json\n{json.dumps(calls)}\n```"


@contextmanager
def scripted(home: Path, cache: Path, script: Reply, *roles: str) -> Iterator[Settings]:
    """Settings with the scripted model in these roles, while its endpoint is there."""
    with scripted_model(script) as environment:
        model = ModelSettings("scripted", environment["LATM_MAKER_BASE_URL"])
        yield replace(settings_at(home, cache), **dict.fromkeys(roles, model))


def run_bench_command(settings: Settings, *arguments: str | Path) -> int:
    """The exit code of `bench` with these arguments."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command")
    add(lambda name, does: commands.add_parser(name, help=does))
    return bench(parser.parse_args(["bench", *map(str, arguments)]), settings)


def report_in(out: Path) -> Any:
    """What the bench reported, without what no two runs have in common."""
    return without_seconds(json.loads((out / "report.json").read_text(encoding="utf-8")))


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_seconds(each) for name, each in value.items() if name != "seconds"}
    return [without_seconds(each) for each in value] if isinstance(value, list) else value


def write_sorting(folder: Path, rows: int) -> Path:
    """One file of word sorting; the folder."""
    write_json(folder / f"{SORTING}.json", {"examples": sorting_rows(rows, seed=5)})
    return folder


def write_tasks(folder: Path, rows: int, *names: str) -> Path:
    """A file for each generated task; the folder."""
    for name in names:
        examples = [{"input": row.question, "target": row.answer} for row in questions(name, rows, seed=5)]
        write_json(folder / f"{name}.json", {"examples": examples})
    return folder
