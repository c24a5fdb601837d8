"""Rows a second of `latm-mcp run`, against calling one by one.

    python benchmarks/run_rows.py [--rows 10000] [--rounds 4] [--workers 2]

The starter library's word sorter reads questions, by its adapter. In turn, A B C A B C, in one run, the rows shared out
between the rounds; rows a second, and how many times as long a row takes as in `run`.

    run             the whole command, its start included
    one by one      the library open, one question after the other, each in an interpreter of its own
    a command each  `latm-mcp call NAME --question ...` for each row
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.to_thread
from measured import print_row

from latm_mcp.latm import open_latm
from latm_mcp.settings import read_settings
from latm_mcp.tasks import questions

COMMAND = [sys.executable, "-m", "latm_mcp"]
FEWER = {"run": 1, "one by one": 10, "a command each": 1000}  # of so many rows one is enough to know
TOOL, TASK = "word_sorting", "word_sorting"

Way = Callable[[list[str]], Awaitable[None]]


def command(home: Path, *arguments: str, codes: tuple[int, ...] = (0, 1)) -> None:
    """A command, to its end."""
    environment = {**os.environ, "LATM_HOME": str(home)}
    done = subprocess.run([*COMMAND, *arguments], check=False, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode in codes, done.stderr


def ways(home: Path, workers: int) -> dict[str, Way]:
    """Each way to have questions answered."""

    async def run(asked: list[str]) -> None:
        rows, answers = home / "rows.jsonl", home / "answers.jsonl"
        rows.write_text("".join(json.dumps({"question": text}) + "\n" for text in asked), encoding="utf-8")
        answers.unlink(missing_ok=True)
        line = ("run", TOOL, "--in", str(rows), "--out", str(answers), "--set", f"workers={workers}")
        await anyio.to_thread.run_sync(lambda: command(home, *line))
        assert answers.read_bytes().count(b"\n") == len(asked)

    async def one_by_one(asked: list[str]) -> None:
        async with open_latm(read_settings({**os.environ, "LATM_HOME": str(home)})) as latm:
            for text in asked:
                await latm.answer(TOOL, text)

    async def command_each(asked: list[str]) -> None:
        for text in asked:
            await anyio.to_thread.run_sync(lambda text=text: command(home, "call", TOOL, "--question", text))

    return {"run": run, "one by one": one_by_one, "a command each": command_each}


async def measure(rows: int, rounds: int, workers: int) -> None:
    """Print a line for each way."""
    asked = [example.question for example in questions(TASK, rows, 1)]
    taken: dict[str, tuple[int, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        command(home, "import", "--starter", TOOL, codes=(0,))
        command(home, "approve", "--yes", TOOL, codes=(0,))
        share = rows // rounds
        for number in range(rounds):
            for name, way in ways(home, workers).items():
                some = asked[number * share :][: max(1, share // FEWER[name])]
                began = time.perf_counter()
                await way(some)
                count, seconds = taken.get(name, (0, 0.0))
                taken[name] = (count + len(some), seconds + time.perf_counter() - began)
    print_row(f"{rows} rows, {workers} workers", "", "rows", "rows/s", "times")
    base = taken["run"][1] / taken["run"][0]
    for name, (count, seconds) in taken.items():
        print_row("", name, count, count / seconds, seconds / count / base)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    anyio.run(measure, options.rows, options.rounds, options.workers)


if __name__ == "__main__":
    main()
