"""MCP clients for Python: each lists the real server's tools over stdio, has a tool made by `make_tool`, hears of it, and calls it.

No model: the draft is handed in. `python tests/peers/python_clients.py --into FOLDER` makes the venvs, runs all and prints the table.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # as a script, it has to find what it shares with the tests
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent.parent / "src")]

from peers.library import COMMANDS, cache_of, library, server_of
from peers.places import Places, install
from scripted import sort_words
from served import QUESTION, REQUEST

CLIENTS = Path(__file__).parent / "clients"
SECONDS = 120
TITLE = "MCP clients for Python, over stdio"
WORDS, SORTED = ["b", "a"], ["a", "b"]
ANSWER = "bear cat wolf"


@dataclass(frozen=True)
class Way:
    """One client in one era. listening: with a stream of changes open beside it, which the modern era needs. cached: it keeps its list."""

    client: str
    venv: str
    era: str
    listening: bool = False
    cached: bool = False


WAYS = (
    Way("fastmcp", "mcp2", "legacy"),
    Way("fastmcp", "mcp2", "auto"),
    Way("fastmcp", "mcp2", "auto", listening=True),
    Way("pydantic_ai", "mcp2", "legacy"),
    Way("pydantic_ai", "mcp2", "auto", cached=True),
    Way("pydantic_ai", "mcp2", "auto", listening=True),
    Way("openai_agents", "mcp2", "auto"),
    Way("openai_agents", "mcp2", "auto", listening=True),
    Way("langchain", "mcp1", "legacy"),
)


def run_way(places: Places, way: Way, cache: Path) -> dict[str, Any]:
    """One session on an empty library; what the client saw, or what it said when it failed as `fault`."""
    with library(cache, made=False) as door:
        asked = {
            "server": server_of(door),
            "era": way.era,
            "listening": way.listening,
            "request": REQUEST,
            "source": sort_words(),
            "words": WORDS,
            "question": QUESTION,
        }
        done = subprocess.run(
            [str(places.python(way.venv)), str(CLIENTS / f"with_{way.client}.py")],
            input=json.dumps(asked),
            env={"PATH": door.environment["PATH"], "HOME": str(door.home.parent)},
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
    if done.returncode:
        return {"fault": done.stderr.strip()[-400:]}
    seen = json.loads(done.stdout)
    return {**seen, "fault": "; ".join(faults(way, seen))}


def faults(way: Way, seen: dict[str, Any]) -> list[str]:
    """What was not as it should be."""
    new = [] if way.cached else [REQUEST["name"]]
    result = (SORTED, {"result": SORTED})  # pydantic-ai takes a lone result out of its object
    right = {
        "the list before": sorted(seen["listed_before"]) == COMMANDS,
        "the brief": seen["begun"] == "draft_needed",
        "the making": seen["made"] == "published",
        "being told": seen["told"] == bool(seen["told_how"]),
        "the list after": sorted(seen["listed_after"]) == [*COMMANDS, *new],
        "its own name": seen["by_its_name"] in result,
        "call_tool": seen["by_call_tool"] in result,
        "a question": seen["by_question"]["answer"] == ANSWER,
    }
    return [f"{what} is not as it should be" for what, is_right in right.items() if not is_right]


def table(rows: list[tuple[Way, dict[str, Any]]]) -> str:
    """What was seen, one client and era a row."""
    head = ["client", "mcp", "protocol", "told by", "lists it", "calls it", "call_tool", "fault"]
    lines = [head, *(_row(way, seen) for way, seen in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([TITLE, "", *drawn, "", figures(rows)])


def figures(rows: list[tuple[Way, dict[str, Any]]]) -> str:
    """How many were right."""
    passed = sum(not seen["fault"] for _, seen in rows)
    names = sorted({seen.get("client", way.client) for way, seen in rows})
    return f"{passed} of {len(rows)} sessions as they should be: {', '.join(names)}"


def _row(way: Way, seen: dict[str, Any]) -> list[str]:
    if "client" not in seen:
        return [way.client, "", way.era, "", "", "", "", seen["fault"]]
    name = REQUEST["name"]
    listed = "at the next list" if name in seen["listed_after"] else "no: keeps its list"
    told = seen["told_how"] if seen["told"] else "nothing"
    calls = [
        "yes" if seen[way_to] in (SORTED, {"result": SORTED}) else "no" for way_to in ("by_its_name", "by_call_tool")
    ]
    return [seen["client"], seen["mcp"], seen["protocol"], told, listed, *calls, seen["fault"]]


def main() -> int:
    """Run all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="a folder for the venvs, kept for the next time")
    into = parser.parse_args().into
    places = install(into)
    rows = [(way, run_way(places, way, cache_of(places.into))) for way in WAYS]
    sys.stdout.write(table(rows) + "\n")
    return int(any(seen["fault"] for _, seen in rows))


if __name__ == "__main__":
    sys.exit(main())
