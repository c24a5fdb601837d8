"""The paper's dispatcher protocol (3.2, appendix) on a folder of task files, and how certain the dispatcher is of genuine questions.

    python benchmarks/dispatch_protocol.py FOLDER [--seeds 20] [--shots 6]

FOLDER holds JSON files, one for each task, either `{"examples": [{"input": ..., "target": ...}]}` or a list of such rows. A task is
known by so many examples. Protocol: four known tasks; a hundred questions of four tasks, of which some are known and some are
not; no model is used. "found": the right tool comes first; "new": the dispatcher names no tool at all; "certain", "wrong" and "not
certain": what it would answer without asking anyone.
"""

import argparse
import json
import random
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from latm_mcp.models import Example
from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.dispatch import Dispatcher

KNOWN = TESTED = 4
ASKED = 100
GENUINE = 50  # questions of each task and seed that certainty is measured on

Tasks = Mapping[str, Sequence[str]]


def read_tasks(folder: Path) -> dict[str, list[str]]:
    """The questions of every task file in a folder."""
    tasks = {}
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = data["examples"] if isinstance(data, dict) else data
        tasks[path.stem] = [str(row["input"]) for row in rows]
    return tasks


def bank(rows: Sequence[str]) -> list[Example]:
    """Questions as examples; the dispatcher does not look at answers."""
    return [Example(question=question, answer="-") for question in rows]


def one_seed(tasks: Tasks, shots: int, seed: int) -> dict[str, tuple[int, int]]:
    """Counts (right, of) for one draw of known tasks, tested tasks and questions."""
    rng = random.Random(seed)
    rows = {name: rng.sample(list(own), len(own)) for name, own in tasks.items()}
    known = rng.sample(sorted(rows), KNOWN)
    tested = rng.sample(sorted(rows), TESTED)
    dispatcher = Dispatcher({name: bank(rows[name][:shots]) for name in known})
    counts: dict[str, list[bool]] = {key: [] for key in ("found", "certain", "wrong", "new", "not certain")}
    for _ in range(ASKED):
        name = rng.choice(tested)
        found = dispatcher.candidates(rng.choice(rows[name][shots:]))
        sure = [candidate.name for candidate in found if candidate.certain]
        if name in known:
            counts["found"].append(bool(found) and found[0].name == name)
            counts["certain"].append(sure == [name])
        else:
            counts["new"].append(not found)
            counts["not certain"].append(not sure)
        counts["wrong"].append(bool(set(sure) - {name}))
    return {key: (sum(values), len(values)) for key, values in counts.items()}


def genuine(tasks: Tasks, shots: int, seeds: int) -> dict[str, float]:
    """The share of each task's other questions that the dispatcher is certain of, all tasks known, mean over seeds."""
    shares: dict[str, list[float]] = {name: [] for name in tasks}
    for seed in range(seeds):
        rng = random.Random(seed)
        rows = {name: rng.sample(list(own), min(len(own), shots + GENUINE)) for name, own in tasks.items()}
        dispatcher = Dispatcher({name: bank(own[:shots]) for name, own in rows.items()})
        for name, own in rows.items():
            sure = [
                [c.name for c in dispatcher.candidates(question) if c.certain] == [name] for question in own[shots:]
            ]
            shares[name].append(sum(sure) / len(sure))
    return {name: statistics.mean(own) for name, own in shares.items()}


def main() -> None:
    """Print the protocol's figures, then a table of certainty by task and number of examples."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--shots", type=int, default=6)
    options = parser.parse_args()
    tasks = read_tasks(options.folder)
    counted = [one_seed(tasks, options.shots, seed) for seed in range(options.seeds)]
    print(f"{KNOWN} known tasks by {options.shots} examples, {TESTED} tested, {ASKED} questions, {options.seeds} seeds")
    for key in counted[0]:
        shares = [right / of for right, of in (row[key] for row in counted) if of]
        print(
            f"{key:14} mean {100 * statistics.mean(shares):6.2f} %   worst seed {100 * (max if key == 'wrong' else min)(shares):6.2f} %"
        )
    made = {task.name: [row.question for row in questions(task.name, 150, seed=1)] for task in GENERATED}
    print(f"\n{'certain of genuine questions, %':40}" + "".join(f"{shots:>8}" for shots in (3, 6, 12)))
    for group in (tasks, made):
        columns = [genuine(group, shots, options.seeds) for shots in (3, 6, 12)]
        for name in group:
            print(f"{name:40}" + "".join(f"{100 * column[name]:8.1f}" for column in columns))


if __name__ == "__main__":
    main()
