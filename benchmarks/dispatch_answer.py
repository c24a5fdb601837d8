"""The whole way from a question to its answer, `Latm.dispatch`: retrieval, guard, and the tool's adapter in the sandbox.

    python benchmarks/dispatch_answer.py [--tools 31 1000] [--questions 100]

The library holds the starter tool that sorts words, beside near-duplicates of the shipped generators' tasks, which have no adapter.
Half of the questions are for the sorter; the others come back as tools to use or to choose from. `next` is the first question
after one more tool was published: the list and the index are brought up to date in it. Times of the wall, in ms, spaced: an
answer's interpreter is made, and the tool loaded in it, before the question comes.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import anyio
from dispatch import bank, reworded
from made_tools import STARTER

from latm_mcp.latm import Latm, open_latm
from latm_mcp.models import Example, Tool
from latm_mcp.settings import Settings, read_settings
from latm_mcp.store import open_store
from latm_mcp.store_files import read_tool
from latm_mcp.tasks import questions

GAP = 0.15  # seconds before each question
PUBLISHED_AFTER = 5  # tools, one after the other


def plain(number: int, like: Tool) -> Tool:
    """A tool without adapter for the questions of this number."""
    name = f"tool_{number}"
    signature = like.signature.model_copy(
        update={"function": name, "text": like.signature.text.replace(like.name, name)}
    )
    examples: tuple[Example, ...] = tuple(bank(reworded(number)))
    changed = {
        "name": name,
        "version": f"sha256:{number}",
        "adapter": False,
        "signature": signature,
        "examples": examples,
    }
    return like.model_copy(update=changed)


async def timed(latm: Latm, asked: list[str]) -> list[float]:
    """Milliseconds of each question; a short rest before each, as between a client's."""
    taken = []
    for question in asked:
        await anyio.sleep(GAP)
        began = time.perf_counter()
        await latm.dispatch(question)
        taken.append(1e3 * (time.perf_counter() - began))
    return taken


async def measure(settings: Settings, tools: int, asked: int) -> tuple[float, ...]:
    """Seconds of the first question; p50 of answers, of others, and of the first question after a publishing."""
    sorter = read_tool(STARTER / "word_sorting")
    with open_store(settings.home) as store:
        store.publish(sorter, actor="benchmark")
        for number in range(tools - 1):
            store.publish(plain(number, sorter), actor="benchmark")
    sorting = [example.question for example in questions("word_sorting", asked // 2 + 20, seed=3)]
    others = [reworded(number)[-1] for number in range(min(asked // 2, tools - 1))]
    async with open_latm(settings) as latm:
        began = time.perf_counter()
        await latm.dispatch(sorting[0])
        first = time.perf_counter() - began
        await timed(latm, sorting[1:20])
        answered, used = await timed(latm, sorting[20:]), await timed(latm, others)
        after = []
        for number in range(PUBLISHED_AFTER):
            latm.store.publish(plain(10**6 + number, sorter), actor="benchmark")
            after += await timed(latm, sorting[:1])
    return first, statistics.median(answered), statistics.median(used), statistics.median(after)


async def main() -> None:
    """Print a line for each number of tools."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tools", type=int, nargs="+", default=[31, 1000])
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    print(f"{'tools':8}{'first, s':>12}{'answered':>12}{'use or ask':>12}{'next':>12}")
    for tools in options.tools:
        with tempfile.TemporaryDirectory() as home:
            row = await measure(replace(read_settings(), home=Path(home) / "home"), tools, options.questions)
        print(f"{tools:<8}" + "".join(f"{cell:12.2f}" for cell in row), flush=True)


if __name__ == "__main__":
    anyio.run(main)
