"""Look-alikes and paraphrases put to a library as a user does: through `Latm.dispatch`, adapters and sandbox included.

    python benchmarks/lookalikes.py [--shots 3 6 10] [--rows] [--parts lookalikes paraphrases] [FILE ...]

FILE: tests/dispatch_cases/*.json. English rows go to the starter tools, the others to the tools of their own file; each tool is
known by so many examples. A look-alike asks for another computation: every answer to it is wrong. A paraphrase asks for the tool's
own: its answer is compared where the file has one. Genuine questions are the tools' other examples. No model is used, and the queue is off.
Prints a table in Markdown; --rows lists what was not as it should be.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import anyio
from made_tools import STARTER, fill, made_tool

from latm_mcp.compare import comparison_of, same
from latm_mcp.latm import Latm, open_latm
from latm_mcp.latm_results import Dispatched
from latm_mcp.models import Example, Tool, UseCase
from latm_mcp.settings import Settings, read_settings
from latm_mcp.store_files import read_tool

CASES = Path(__file__).parent.parent / "tests" / "dispatch_cases"
PARTS = ("lookalikes", "paraphrases", "genuine")
GENUINE = 30  # of each tool's other examples
# What may come of a row of each part, the bad ones last.
HEADS = {
    "lookalikes": ("new", "asked", "used", "answered"),
    "paraphrases": ("answered rightly", "used", "asked", "asked others", "new", "used others", "answered wrongly"),
    "genuine": ("answered rightly", "used", "asked", "asked others", "new", "used others", "answered wrongly"),
}
UNWANTED = {
    "lookalikes": {"used", "answered"},
    "paraphrases": {"asked others", "new", "used others", "answered wrongly"},
    "genuine": {"asked others", "new", "used others", "answered wrongly"},
}

Row: TypeAlias = dict[str, str]


def tools_of(content: dict[str, Any]) -> Iterator[Tool]:
    """The tools that a file's rows are about."""
    if "tools" not in content:
        yield from (read_tool(path.parent) for path in sorted(STARTER.glob("*/tool.json")))
    for row in content.get("tools", ()):
        examples = tuple(Example(**example) for example in row["examples"])
        case = UseCase(question=examples[0].question, arguments={}, result=None, answer=examples[0].answer)
        tool = made_tool(row["name"], row["source"], examples, case)
        yield tool.model_copy(update={"description": row["description"], "comparison": comparison_of(examples)})


def others(tools: Sequence[Tool], shots: int) -> list[Row]:
    """Examples that the tools are not known by, as rows."""
    return [
        {"tool": tool.name, "kind": tool.name, "question": example.question, "answer": example.answer}
        for tool in tools
        for example in tool.examples[shots : shots + GENUINE]
    ]


def with_examples(tool: Tool, shots: int) -> Tool:
    """The tool as if it had been made from so many of its examples."""
    return tool.model_copy(update={"examples": tool.examples[:shots]})


def became(part: str, row: Row, got: Dispatched, tools: dict[str, Tool]) -> str:
    """What came of one row, in the words of HEADS."""
    if got.outcome == "new":
        return "new"
    if part == "lookalikes":
        return {"ask": "asked", "use": "used", "answered": "answered"}[got.outcome]
    if got.answer is not None:
        right = got.answer.tool == row["tool"] and (
            "answer" not in row or same(tools[row["tool"]].comparison, row["answer"], got.answer.answer)
        )
        return "answered rightly" if right else "answered wrongly"
    named = any(one.row.name == row["tool"] for one in got.candidates)
    if got.outcome == "ask":
        return "asked" if named else "asked others"
    return "used" if named else "used others"


async def put(latm: Latm, part: str, rows: Sequence[Row], tools: dict[str, Tool], listed: bool) -> Counter[str]:
    """How many rows became what."""
    counts: Counter[str] = Counter()
    for row in rows:
        got = await latm.dispatch(row["question"])
        came = became(part, row, got, tools)
        counts[came] += 1
        if part == "genuine":
            counts[f"{row['tool']}: {came}"] += 1
        if listed and came in UNWANTED[part]:
            names = ", ".join(one.row.name for one in got.candidates)
            said = got.answer and f"{got.answer.tool}: {got.answer.answer[:60]!r}"
            print(f"{came:16} {row['tool']} ({row['kind']}): {row['question'][:300]!r} -> {said or names}", flush=True)
    return counts


async def measure(options: argparse.Namespace) -> dict[tuple[str, str, int], Counter[str]]:
    """The counts of each part, file and number of examples."""
    counted = {}
    for path in options.files:
        content = json.loads(path.read_text(encoding="utf-8"))
        for shots in options.shots:
            with TemporaryDirectory() as home:
                whole = list(tools_of(content))
                content["genuine"] = others(whole, shots)
                tools = {tool.name: with_examples(tool, shots) for tool in whole}
                fill(Path(home), tools.values())
                settings = Settings(Path(home), read_settings().cache)
                async with open_latm(settings) as latm:
                    for part in options.parts:
                        counted[part, path.stem, shots] = await put(latm, part, content[part], tools, options.rows)
    return counted


def main() -> None:
    """Put all rows, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", default=sorted(CASES.glob("*.json")))
    parser.add_argument("--shots", type=int, nargs="+", default=[3, 6, 10])
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--rows", action="store_true", help="list the rows that did not become what they should")
    options = parser.parse_args()
    counted = anyio.run(measure, options)
    for part in options.parts:
        print(f"\n| {part} | examples | rows | " + " | ".join(f"{head} %" for head in HEADS[part]) + " |")
        print("|---|" + "---:|" * (2 + len(HEADS[part])))
        for (of, name, shots), counts in counted.items():
            if of == part and any(counts.values()):
                total = sum(counts[head] for head in HEADS[part])
                cells = " | ".join(f"{100 * counts[head] / total:.1f}" for head in HEADS[part])
                print(f"| {name} | {shots} | {total} | {cells} |")


if __name__ == "__main__":
    main()
