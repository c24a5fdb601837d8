"""A library that holds a made tool, what is in it, and that it still works: for tests that nothing is lost."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from front_door import FrontDoor, good_sorter, scripted_model, write_json
from mcp import Client
from served import EXAMPLES, QUESTION, call, names

HOLDS = ["call_tool", "dispatch", "make_tool", "report_result", "sort_words"]
COUNTING = [{"question": f"How many letters has {'x' * n}?", "answer": str(n)} for n in range(2, 9)]
COUNTER = '''
import re

def count_letters(word: str) -> int:
    """The number of letters of a word."""
    return len(word)

def parse(question: str) -> dict:
    match = re.fullmatch("How many letters has ([a-z]+)[?]", question)
    if match is None:
        raise NotThisTask("asks for no letters")
    return {"word": match[1]}

def render(result, question: str) -> str:
    return str(result)
'''


def holding(folder: Path, cache: Path) -> FrontDoor:
    """A new library with one made tool."""
    door = FrontDoor(folder / "home", cache)
    with scripted_model(good_sorter) as door.more:
        door.run("make", write_json(folder / "words.json", {"name": "sort_words", "examples": EXAMPLES}))
    door.more = {}
    return door


def copied(door: FrontDoor, home: Path) -> FrontDoor:
    """The same library in another place."""
    shutil.copytree(door.home, home, dirs_exist_ok=True)
    return FrontDoor(home, door.cache)


def kept(home: Path, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """All that a library holds but for what it knows of clients, and the counts of uses and of questions: written after a while.

    Its rows, and the bytes of the folders beside it. but: further tables to leave out.
    """
    but = ("clients", "asked", *but)
    with closing(sqlite3.connect(f"file:{home / 'library.sqlite'}?mode=ro", uri=True)) as library:
        library.row_factory = sqlite3.Row
        tables = [row["name"] for row in library.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {
            name: [_lasting(row) for row in library.execute(f"SELECT * FROM {name}")]
            for name in tables
            if name not in but
        }
    files = (path for path in (home / "tools_store").rglob("*") if path.is_file())
    return rows | {str(path.relative_to(home)): path.read_bytes() for path in files}


def _lasting(row: sqlite3.Row) -> dict[str, Any]:
    return {column: row[column] for column in row.keys() if column != "uses"}  # noqa: SIM118 a Row iterates its values


def works(door: FrontDoor) -> None:
    """The tool is listed and callable from the command line."""
    assert [row["name"] for row in door.json("list")] == ["sort_words"]
    assert door.run("call", "sort_words", "--question", QUESTION).stdout == "bear cat wolf\n"


async def still_works(client: Client) -> None:
    """The tool that was there before is listed, callable and found."""
    assert await names(client) == HOLDS
    assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
    assert (await call(client, "dispatch", question=QUESTION))["answer"] == "bear cat wolf"
