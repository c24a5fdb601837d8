"""What the dispatcher's index costs: a question and a tool more, among 31, 1,000 and 10,000 tools, and its memory.

    python benchmarks/dispatch.py [--tools 31 1000 10000] [--questions 300]

The tools are near-duplicates, made from the questions of the shipped generators by rewording: three words in ten are each tool's own.
Every question is a new one of a tool that is there. Times are processor times, so
that other load does not count; memory is what Python allocated for it.
"""

import argparse
import gc
import random
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from measured import percentile

from latm_mcp.models import Example
from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.dispatch import Dispatcher

EXAMPLES = 12
POOL = 120  # questions of each generator that the tools' examples are drawn from
OWN_WORDS = 0.3
_WORD = re.compile(r"[^\W\d_]{3,}")


@cache
def pool(task: str) -> tuple[str, ...]:
    """Questions of a shipped generator."""
    return tuple(example.question for example in questions(task, POOL, seed=1))


def reworded(number: int) -> list[str]:
    """So many examples and one more question of the tool of this number: the same words are replaced in all of them."""
    rng, words = random.Random(number), dict[str, str]()

    def own(match: re.Match[str]) -> str:
        word = match.group()
        if word not in words:
            words[word] = "".join(rng.choices("abdegiklmnoprstuv", k=6)) if rng.random() < OWN_WORDS else word
        return words[word]

    drawn = rng.sample(pool(GENERATED[number % len(GENERATED)].name), EXAMPLES + 1)
    return [_WORD.sub(own, question) for question in drawn]


def bank(rows: list[str]) -> list[Example]:
    """Questions as examples; the dispatcher does not look at answers."""
    return [Example(question=question, answer="-") for question in rows[:EXAMPLES]]


def timed(call: Callable[[Any], object], given: Sequence[object]) -> list[float]:
    """Seconds of each call, one for each that is given."""
    taken = []
    for one in given:
        began = time.process_time()
        call(one)
        taken.append(time.process_time() - began)
    return taken


def measure(tools: int, asked: int) -> tuple[float, ...]:
    """p50 and p95 of a question, of a tool put in and dropped, in ms; seconds to build; MB; shares found first and in three."""
    made = [(f"tool_{number}", bank(reworded(number))) for number in range(tools)]
    dispatcher = Dispatcher({})
    built = sum(timed(lambda row: dispatcher.put(*row), made))
    rng = random.Random(7)
    numbers = [rng.randrange(tools) for _ in range(asked)]
    found: list[list[str]] = []
    took = timed(
        lambda question: found.append([candidate.name for candidate in dispatcher.candidates(question)]),
        [reworded(number)[-1] for number in numbers],
    )
    names = [f"tool_{number}" for number in numbers]
    first = [own[:1] == [name] for own, name in zip(found, names, strict=True)]
    any_of = [name in own for own, name in zip(found, names, strict=True)]
    more = [(f"more_{number}", bank(reworded(10**6 + number))) for number in range(asked)]
    put = timed(lambda row: dispatcher.put(*row), more)
    dropped = timed(dispatcher.drop, [name for name, _ in more])
    times = [1e3 * of(rows) for rows in (took, put, dropped) for of in (statistics.median, ninety_fifth)]
    return (*times, built, memory(made), 100 * statistics.mean(first), 100 * statistics.mean(any_of))


def ninety_fifth(rows: Sequence[float]) -> float:
    """The 95th percentile."""
    return percentile(rows, 0.95)


def memory(made: list[tuple[str, list[Example]]]) -> float:
    """MB that a dispatcher with these tools holds: of at most a thousand tools by counting, the rest in proportion."""
    part = made[:1000]
    gc.collect()
    tracemalloc.start()
    kept = Dispatcher(dict(part))
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    del kept
    return size * len(made) / len(part)


def main() -> None:
    """Print a line for each number of tools, and the growth of a question's p50 from one to the next."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tools", type=int, nargs="+", default=[31, 1000, 10000])
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    heads = ("ask p50", "p95", "put p50", "p95", "drop p50", "p95", "build s", "MB", "first %", "in 3 %")
    print(f"{'tools (times in ms)':20}" + "".join(f"{head:>10}" for head in heads) + f"{'growth':>10}")
    before = None
    for tools in options.tools:
        row = measure(tools, options.questions)
        growth = f"{row[0] / before:10.2f}" if before else f"{'-':>10}"
        print(f"{tools:<20}" + "".join(f"{cell:10.2f}" for cell in row) + growth, flush=True)
        before = row[0]


if __name__ == "__main__":
    main()
