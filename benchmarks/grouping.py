"""Purity and completeness of the queue's groups: questions of several tasks, mixed, unlabelled, as they arrive.

    python benchmarks/grouping.py [FOLDER]

FOLDER: *.json files of {"examples": [{"input", "target"}]}; without one, the shipped generators' questions.
"""

import json
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.grouping import Grouping

PER_TASK = 100
SEEDS = 10
MAKE_AT = 6


@dataclass(frozen=True)
class Measured:
    """One stream. first_pure, first_all: groups that were of one task, and all, when they reached six questions."""

    purity: float
    completeness: float
    first_pure: int
    first_all: int
    groups: int
    most_groups: int
    milliseconds: float


def measured(tasks: dict[str, list[str]], seed: int) -> Measured:
    """Group `PER_TASK` questions of each task in random order."""
    draw = random.Random(seed)
    stream = [(question, task) for task, all_of_it in tasks.items() for question in draw.sample(all_of_it, PER_TASK)]
    draw.shuffle(stream)
    grouping, members = Grouping(), defaultdict(list)
    first_pure = first_all = 0
    begun = time.perf_counter()
    for number, (question, task) in enumerate(stream):
        group = grouping.nearest(question)
        group = number if group is None else group
        grouping.put(number, group, question)
        members[group].append(task)
        if len(members[group]) == MAKE_AT:
            first_all, first_pure = first_all + 1, first_pure + (len(set(members[group])) == 1)
    took = (time.perf_counter() - begun) * 1000 / len(stream)
    counts = [Counter(of_group) for of_group in members.values()]
    whole = {task: max(count[task] for count in counts) for task in tasks}
    split = max(sum(count[task] >= MAKE_AT for count in counts) for task in tasks)
    purity = sum(max(count.values()) for count in counts) / len(stream)
    return Measured(purity, sum(whole.values()) / len(stream), first_pure, first_all, len(members), split, took)


def of_folder(folder: Path) -> dict[str, list[str]]:
    """Each file's questions, by its name."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        examples = json.loads(path.read_text(encoding="utf-8"))["examples"]
        found[path.stem] = list(dict.fromkeys(example["input"] for example in examples))
    return found


def main() -> None:
    """Print one line for each seed, and their mean."""
    tasks = (
        of_folder(Path(sys.argv[1]))
        if len(sys.argv) > 1
        else {task.name: [example.question for example in questions(task.name, 2 * PER_TASK, 7)] for task in GENERATED}
    )
    runs = [measured(tasks, seed) for seed in range(SEEDS)]
    for seed, run in enumerate(runs):
        sys.stdout.write(
            f"seed {seed}: purity {run.purity:.3f}, completeness {run.completeness:.3f}, pure at {MAKE_AT}:"
            f" {run.first_pure} of {run.first_all} groups, {run.groups} groups in all, at most {run.most_groups} of a task,"
            f" {run.milliseconds:.2f} ms a question\n"
        )
    pure, reached = sum(run.first_pure for run in runs), sum(run.first_all for run in runs)
    purity, completeness = (
        sum(values) / SEEDS for values in zip(*((r.purity, r.completeness) for r in runs), strict=True)
    )
    sys.stdout.write(
        f"mean of {SEEDS}: purity {purity:.3f}, completeness {completeness:.3f}, pure at {MAKE_AT}: {pure} of {reached}\n"
    )


if __name__ == "__main__":
    main()
