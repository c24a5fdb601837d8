"""A small library for the tests of scripting: a word sorter, and a tool that comes to every kind of bad end."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import anyio
from front_door import LINE, SECONDS, FrontDoor
from sandboxed import KIND
from scripted import SORT_EXAMPLES, sort_words

from latm_mcp import Latm

ECHO = '''
import re

def echo_text(text: str, times: int, loud: bool = False, tags: list[str] = [], rate: float | None = None) -> dict[str, str]:
    """Repeat a text.

    text: what to repeat. times: how often. loud: in capitals. tags: go behind it. rate: of nothing.
    """
    if text == "raise":
        raise ValueError("raised as asked")
    if text == "loop":
        while True:
            pass
    if text == "long":
        return {"text": "x" * 9_000_000}
    said = " ".join([text] * times + tags)
    return {"text": said.upper() if loud else said}

def parse(question: str) -> dict:
    match = re.fullmatch(r"Repeat (\\w+) (\\d) times", question.strip())
    if match is None:
        raise NotThisTask("nothing to repeat")
    return {"text": match.group(1), "times": int(match.group(2))}

def render(result, question: str) -> str:
    return result["text"]
'''
ECHO_EXAMPLES = [
    ("Repeat ding 3 times", "ding ding ding"),
    ("Repeat oh 2 times", "oh oh"),
    ("Repeat well 4 times", "well well well well"),
    ("Repeat no 5 times", "no no no no no"),
    ("Repeat tock 2 times", "tock tock"),
    ("Repeat hey 3 times", "hey hey hey"),
]


def make_library(home: Path, cache: Path) -> None:
    """Make both tools, with drafts of their own."""
    anyio.run(make_tools, home, cache)


async def make_tools(home: Path, cache: Path) -> None:
    """The same, in an event loop."""
    async with Latm.open(home=home, settings=settings_here(cache)) as latm:
        await latm.make(SORT_EXAMPLES, name="sort_words", draft=sort_words())
        await latm.make(ECHO_EXAMPLES, name="echo_text", draft=ECHO)


Seen = TypeVar("Seen")


@contextmanager
def started(door: FrontDoor, *arguments: str | Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that is under way; killed at the end, if it has not ended."""
    line = [*LINE, *map(str, arguments)]
    with subprocess.Popen(
        line, env=door.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def patient(door: FrontDoor) -> Iterator[None]:
    """Calls that may take long."""
    before, door.more = door.more, {"LATM_CALL_SECONDS": "600"}
    try:
        yield
    finally:
        door.more = before


def until(seen: Callable[[], Seen]) -> Seen:
    """What is seen, once there is any of it."""
    deadline = time.monotonic() + SECONDS
    while not (found := seen()):
        assert time.monotonic() < deadline, "it was not seen in time"
        time.sleep(0.01)
    return found


def settings_here(cache: Path) -> dict[str, str]:
    """The sandbox of this run."""
    return {"cache": str(cache), "sandbox": KIND, "log": "off"}
