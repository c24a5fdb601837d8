"""The MCP inspector's command line against the real server, over stdio and HTTP, in both eras: what it lists, and what its calls give."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front_door import LINE, FrontDoor
from growing import COUNTING
from holding import COUNTER
from peers.library import COMMANDS, MADE, QUESTION, SORTED, WORDS
from peers.places import NODE, Places
from served import REQUEST

ERAS = ("modern", "legacy")
SECONDS = 90
TITLE = f"@modelcontextprotocol/inspector {NODE['@modelcontextprotocol/inspector']} --cli"
NEW = {
    "examples": [{"question": question, "answer": answer} for question, answer in COUNTING],
    "name": "count_letters",
    "description": "Count the letters of a word",
}


@dataclass(frozen=True)
class Line:
    """One run of the command line, over stdio or HTTP. got: what came out, shortened."""

    over: str
    era: str
    what: str
    passed: bool
    got: str


@dataclass(frozen=True)
class Case:
    """right: whether what came out, as JSON, is as it should be. shown: what of it is told."""

    what: str
    arguments: list[str]
    right: Callable[[Any], bool]
    shown: Callable[[Any], str]


def _call(what: str, tool: str, given: dict[str, Any], right: Callable[[Any], bool]) -> Case:
    arguments = ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(given)]
    return Case(
        what,
        arguments,
        lambda got: not got.get("isError") and right(got["structuredContent"]),
        lambda got: _short(got.get("structuredContent")),
    )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 120 else text[:117] + "..."


def _names(got: Any) -> list[str]:
    return [tool["name"] for tool in got["tools"]]


def cases() -> list[Case]:
    """What is tried in each era."""
    sorts = {"words": WORDS}
    result: Callable[[Any], bool] = lambda got: got == {"result": SORTED}  # noqa: E731
    return [
        Case(
            "tools/list --strict",
            ["--method", "tools/list", "--strict"],
            lambda got: _names(got) == [*COMMANDS, MADE],
            lambda got: ", ".join(_names(got)),
        ),
        _call("call_tool, arguments", "call_tool", {"name": MADE, "arguments": sorts}, result),
        _call(
            "call_tool, question",
            "call_tool",
            {"name": MADE, "question": QUESTION},
            lambda got: bool(got["answer"] == " ".join(SORTED)),
        ),
        _call(f"{MADE} by its own name", MADE, sorts, result),
        _call("dispatch", "dispatch", {"question": QUESTION}, lambda got: bool(got["outcome"] == "answered")),
        _call("make_tool, what there is", "make_tool", REQUEST, lambda got: bool(got["status"] == "fits")),
        Case(
            "resources/list",
            ["--method", "resources/list"],
            lambda got: f"latm://tools/{MADE}" in [each["uri"] for each in got["resources"]],
            lambda got: ", ".join(each["uri"] for each in got["resources"]),
        ),
        Case(
            "prompts/list",
            ["--method", "prompts/list"],
            lambda got: [each["name"] for each in got["prompts"]] == ["make_a_tool"],
            lambda got: ", ".join(each["name"] for each in got["prompts"]),
        ),
    ]


@dataclass(frozen=True)
class Reach:
    """How the inspector reaches a server: by starting it, or at the address of one that runs."""

    over: str
    options: tuple[str, ...]
    command: tuple[str, ...] = ()


def over_stdio(door: FrontDoor) -> Reach:
    """Each run starts a server process of its own on the library."""
    env = [part for name, value in door.environment.items() for part in ("-e", f"{name}={value}")]
    return Reach("stdio", tuple(env), ("--", *LINE, "serve"))


def over_http(address: str) -> Reach:
    return Reach("HTTP", ("--transport", "http", "--server-url", address))


def run_all(places: Places, reach: Reach, era: str, home: Path) -> Iterator[Line]:
    """Every case, then a making in three runs. home: a folder for what the inspector keeps of its own."""

    def run(case: Case) -> tuple[Line, Any]:
        got = _run(places, reach, ["--protocol-era", era, *case.arguments], home)
        told = (False, got) if isinstance(got, str) else (case.right(got), case.shown(got))
        return Line(reach.over, era, case.what, *told), got

    for case in cases():
        yield run(case)[0]
    begun, got = run(
        _call("make_tool: draft_needed", "make_tool", NEW, lambda got: bool(got["status"] == "draft_needed"))
    )
    yield begun
    draft = {"job": got["structuredContent"]["job"] if begun.passed else "", "draft": {"source": COUNTER}}
    for case in (
        _call("make_tool, job and draft", "make_tool", draft, lambda got: bool(got["status"] == "published")),
        _call("count_letters, just made", "count_letters", {"word": "xylophone"}, lambda got: got == {"result": 9}),
    ):
        yield run(case)[0]


def _run(places: Places, reach: Reach, arguments: list[str], home: Path) -> Any:
    """One run: its result, or a sentence about how it ended instead."""
    done = subprocess.run(
        [*places.inspector, *reach.options, *arguments, "--quiet", "--format", "json", *reach.command],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    if done.returncode:
        return f"exit {done.returncode}: {done.stderr.strip()[-200:]}"
    return json.loads(done.stdout)["result"]


def table(lines: list[Line]) -> str:
    """The table of what was seen."""
    rows = [
        f"{line.over:5} {line.era:6} {'ok  ' if line.passed else 'FAIL'} {line.what:28} {line.got}" for line in lines
    ]
    return "\n".join([TITLE, "", *rows, "", figures(lines)])


def figures(lines: list[Line]) -> str:
    """How many were right."""
    return f"{sum(line.passed for line in lines)} of {len(lines)} runs as they should be, over stdio and HTTP, in both eras"
