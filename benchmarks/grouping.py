"""Purity and completeness of the queue's groups: questions of several tasks, mixed, unlabelled, as they arrive.

    python benchmarks/grouping.py [FOLDER] [--seeds 10]

FOLDER: *.json files of {"examples": [{"input", "target"}]}; without one, the shipped generators' questions: alone, with
paraphrases of them, and with look-alikes, each of which is a task of its own (tests/dispatch_cases).
"""

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.grouping import Grouping

CASES = Path(__file__).parent.parent / "tests" / "dispatch_cases"
PER_TASK = 100
MAKE_AT = 6

Stream: TypeAlias = list[tuple[str, str]]  # question, task


@dataclass(frozen=True)
class Measured:
    """One stream. pure_first of first: groups that were of one task when they reached six questions, of all that did.

    most: groups of six and more that questions of one task fell into.
    """

    purity: float
    completeness: float
    pure_first: int
    first: int
    groups: int
    most: int
    milliseconds: float


def measured(stream: Stream) -> Measured:
    """Group a stream in its order."""
    grouping = Grouping()
    members: defaultdict[int, list[str]] = defaultdict(list)
    first: list[bool] = []
    begun = time.perf_counter()
    for number, (question, task) in enumerate(stream):
        group = grouping.nearest(question)
        group = number if group is None else group
        grouping.put(number, group, question)
        members[group].append(task)
        if len(members[group]) == MAKE_AT:
            first.append(len(set(members[group])) == 1)
    took = (time.perf_counter() - begun) * 1000 / len(stream)
    counts = [Counter(tasks) for tasks in members.values()]
    tasks = {task for _, task in stream}
    return Measured(
        purity=sum(max(count.values()) for count in counts) / len(stream),
        completeness=sum(max(count[task] for count in counts) for task in tasks) / len(stream),
        pure_first=sum(first),
        first=len(first),
        groups=len(members),
        most=max(sum(count[task] >= MAKE_AT for count in counts) for task in tasks),
        milliseconds=took,
    )


def mixed(tasks: dict[str, list[str]], more: Stream, seed: int) -> Stream:
    """`PER_TASK` questions of each task and these, in random order."""
    draw = random.Random(seed)
    stream = [(question, task) for task, rows in tasks.items() for question in draw.sample(rows, PER_TASK)] + more
    draw.shuffle(stream)
    return stream


def of_folder(folder: Path) -> dict[str, list[str]]:
    """Each file's questions, by its name."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        examples = json.loads(path.read_text(encoding="utf-8"))["examples"]
        found[path.stem] = list(dict.fromkeys(example["input"] for example in examples))
    return found


def cases(kind: str) -> Stream:
    """The tests' paraphrases, of their tools' tasks; or their look-alikes, each of its own."""
    found = []
    for path in sorted(CASES.glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8")).get(kind, ())
        found += [(row["question"], row["tool"] if kind == "paraphrases" else row["question"]) for row in rows]
    return found


def report(title: str, tasks: dict[str, list[str]], more: Stream, seeds: int) -> None:
    """One line: the means over all seeds, and the worst."""
    runs = [measured(mixed(tasks, more, seed)) for seed in range(seeds)]
    purity, completeness, took = (
        sum(values) / seeds
        for values in zip(*((run.purity, run.completeness, run.milliseconds) for run in runs), strict=True)
    )
    sys.stdout.write(
        f"{title}: {len(tasks) * PER_TASK + len(more)} questions, {seeds} seeds: purity {purity:.3f} (worst"
        f" {min(run.purity for run in runs):.3f}), completeness {completeness:.3f}; of one task at {MAKE_AT}:"
        f" {sum(run.pure_first for run in runs)} of {sum(run.first for run in runs)} groups; at most"
        f" {max(run.most for run in runs)} groups of a task; {took:.2f} ms a question\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    if options.folder is not None:
        report(options.folder.name, of_folder(options.folder), [], options.seeds)
        return
    tasks = {task.name: [row.question for row in questions(task.name, 2 * PER_TASK, 7)] for task in GENERATED}
    report("shipped", tasks, [], options.seeds)
    for kind in ("paraphrases", "lookalikes"):
        report(f"shipped with {kind}", tasks, cases(kind), options.seeds)


if __name__ == "__main__":
    main()
