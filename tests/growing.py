"""What the tests of tools that make themselves share: a maker that writes whatever it is shown, and a library with its questions."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from holding import COUNTER
from sandboxed import settings_at
from scripted import SORT_EXAMPLES, fenced, sort_words

from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.latm_report import Said
from latm_mcp.models import Message, Reply, Stage, Usage
from latm_mcp.models_using import LanguageModel, Role, Who
from latm_mcp.settings import Settings
from latm_mcp.store import Group

SORTING = "Sort the following words alphabetically: List: "
LONG = [
    (f"{SORTING}{words}", " ".join(sorted(words.split())))
    for words in (
        "stone river cloud field hill lake",
        "plum kiwi lime date fig pear apple",
        "lamp desk chair table shelf bed",
        "fork spoon knife plate bowl pan",
    )
]
CASED = f"{SORTING}pear Fig apple"  # by code point "Fig apple pear", else "apple Fig pear"
COUNTING = [(f"How many letters has {'x' * n}?", str(n)) for n in range(2, 12)]


def short_sorter(name: str) -> str:
    """A sorter that reads at most five words."""
    return sort_words(name).replace("if match is None:", "if match is None or len(match.group(1).split()) > 5:")


def folding(name: str) -> str:
    """A sorter that does not tell capitals."""
    return sort_words(name).replace("sorted(words)", "sorted(words, key=str.lower)")


def backwards(name: str) -> str:
    """A sorter that is wrong."""
    return sort_words(name).replace("sorted(words)", "sorted(words, reverse=True)")


def fitting(name: str, brief: str) -> str:
    """The tool for whichever questions a brief shows."""
    return sort_words(name) if SORTING in brief else COUNTER.replace("count_letters", name)


class Writer:
    """A maker that writes, under the name that it is asked for, one source after the other; the last one again and again.

    asked: the names, in the order of the requests. gate: set it, and replies come; begun: the first request has come.
    """

    kind = "model"

    def __init__(self, *sources: Callable[[str], str], model: str = "scripted", held: bool = False):
        self._sources: list[Callable[[str], str] | None] = list(sources)
        self.model, self.asked = model, list[str]()
        self.begun, self.gate = anyio.Event(), anyio.Event()
        if not held:
            self.gate.set()

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        brief = conversation[1].content
        name = name_in(brief)
        self.asked.append(name)
        self.begun.set()
        await self.gate.wait()
        following = self._sources.pop(0) if len(self._sources) > 1 else (self._sources or [None])[0]
        source = fitting(name, brief) if following is None else following(name)
        return Reply(text=fenced(source), usage=Usage(tokens_in=10, tokens_out=5, replies=1), model=self.model)


def name_in(brief: str) -> str:
    """The name of the tool that a brief asks for."""
    found = re.search(r"# Make the (?:next version of the )?tool `(\w+)`", brief) or re.search(r"`(\w+)`", brief)
    assert found is not None
    return found[1]


@asynccontextmanager
async def library(
    home: Path, cache: Path, maker: Any = None, models: dict[Role, LanguageModel] | None = None, **more: Any
) -> AsyncIterator[Latm]:
    """A library with its queue on; nothing is begun but by `settle` and `watch`."""
    with anyio.fail_after(90):
        async with open_latm(settings(home, cache, **more), maker, models) as latm:
            yield latm


def settings(home: Path, cache: Path, **more: Any) -> Settings:
    return settings_at(home, cache, **{"queue": True, **more})


async def tell(latm: Latm, pairs: Sequence[tuple[str, str]], who: Who = "client", by: str = "c") -> None:
    """Say what the answers are, as `report_result` and `latm-mcp report` do."""
    for question, answer in pairs:
        await latm.report(Said(question, who, by, answer=answer))


async def ask_and_tell(latm: Latm, pairs: Sequence[tuple[str, str]], who: Who = "client") -> list[str]:
    """Ask, then say what the answer is; the outcomes of the asking."""
    outcomes = []
    for question, answer in pairs:
        outcomes.append((await latm.dispatch(question)).outcome)
        await tell(latm, [(question, answer)], who)
    return outcomes


async def sorter(latm: Latm, count: int = 6) -> str:
    """A tool that made itself; its name. The library's maker has to write it."""
    await ask_and_tell(latm, SORT_EXAMPLES[:count])
    await latm.growth.settle(quiet)
    (row,) = latm.store.listed()
    return row.name


def the_group(latm: Latm) -> Group:
    (group,) = latm.store.groups()
    return group


async def until(condition: Callable[[], Any]) -> None:
    """Wait until something holds, not for ever."""
    with anyio.fail_after(60):
        while not condition():
            await anyio.sleep(0.01)
