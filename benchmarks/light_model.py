"""A light model as tool user against the same model asked directly, on the same questions: accuracy, tokens, seconds.

    python benchmarks/light_model.py TASKS --base-url http://127.0.0.1:8081/v1 --model light [--questions 20] [--task NAME ...]

TASKS: a folder of files as BIG-Bench Hard has them ({"examples": [{"input", "target"}]}). To each belongs the starter tool whose
adapter answers its first rows; then adapters are switched off, and the model calls the tool for the rows after these. Asked
directly, it sees the first rows with their answers. free_text.json is a task besides for which no adapter is possible.

Each answer is a line of --results (light_model.jsonl): run again, it goes on where it stopped. Prints a table in Markdown.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
from made_tools import STARTER, made_tool

from latm_mcp.compare import comparison_of, same
from latm_mcp.llm import EndpointModel, open_model
from latm_mcp.models import Comparison, Example, Message, Reply, Tool, UseCase
from latm_mcp.outcomes import Json, Limits
from latm_mcp.sandbox import Sandbox, open_sandbox
from latm_mcp.settings import read_settings
from latm_mcp.store_files import read_tool
from latm_mcp.using.tool_user import use_tool
from latm_mcp.using.use import Answer, answer

SHOTS = 6
FREE_TEXT = Path(__file__).parent / "free_text.json"
TOOL, DIRECT = "tool user", "asked directly"
DIRECTLY = (
    "Answer the question. Reply with the answer alone, in exactly the form of the answers before, with no explanation."
)


@dataclass(frozen=True, slots=True)
class Work:
    """One task: its tool, the rows that may be shown, and those that are asked."""

    name: str
    tool: Tool
    comparison: Comparison
    shown: Sequence[Example]
    asked: Sequence[Example]


@dataclass(frozen=True, slots=True)
class Line:
    """One answer, as it is kept. seconds: of wall time; got: the answer, or why there is none."""

    model: str
    task: str
    way: str
    index: int
    right: bool
    answered: bool
    got: str
    replies: int
    tokens_in: int
    tokens_out: int
    seconds: float


class Counting:
    """The model, and what one question took of it."""

    def __init__(self, model: EndpointModel):
        self._model = model
        self.replies = self.tokens_in = self.tokens_out = 0

    async def ask(self, conversation: Sequence[Message], schema: Json | None = None, tool: str | None = None) -> Reply:
        reply = await self._model.complete(conversation, schema=schema)
        self.replies += 1
        self.tokens_in += reply.usage.tokens_in
        self.tokens_out += reply.usage.tokens_out
        return reply


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", type=Path)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--api-key")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--task", action="append", help="only these: a file's name without .json, or the tool's name")
    parser.add_argument("--results", type=Path, default=Path("light_model.jsonl"))
    options = parser.parse_args()
    anyio.run(measure, options)
    print_table(options.results, options.model)


async def measure(options: argparse.Namespace) -> None:
    """Answer what is not answered yet, and keep each answer as it comes."""
    done = {(line.model, line.task, line.way, line.index) for line in read_lines(options.results)}
    async with (
        open_sandbox(read_settings().cache, kind="wasm", workers=1) as sandbox,
        open_model(model=options.model, base_url=options.base_url, api_key=options.api_key, role="user") as model,
    ):
        for work in await works(options, sandbox):
            for way in (TOOL, DIRECT):  # one after the other: the server keeps the prompt's beginning
                for index in range(len(work.asked)):
                    if (options.model, work.name, way, index) not in done:
                        line = await one(work, way, index, model, sandbox)
                        with options.results.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")
                        print(
                            f"{work.name} {way} {index + 1}: {'right' if line.right else 'wrong'}, {line.seconds:.0f} s",
                            flush=True,
                        )


async def works(options: argparse.Namespace, sandbox: Sandbox) -> list[Work]:
    """The tasks that a starter tool is for, and the one in free text."""
    tools = [read_tool(path.parent) for path in sorted(STARTER.glob("*/tool.json"))]
    found = []
    for path in sorted(options.tasks.glob("*.json")):
        rows = examples_of(json.loads(path.read_text(encoding="utf-8")))
        shown, asked = rows[:SHOTS], rows[SHOTS : SHOTS + options.questions]
        tool = await tool_for(shown, tools, sandbox)
        if tool is None:
            print(f"{path.stem}: no starter tool is for it, left out")
        else:
            found.append(Work(path.stem, tool, tool.comparison, shown, asked))
    found.append(free_text(options.questions))
    wanted = options.task
    return [work for work in found if not wanted or work.name in wanted or work.tool.name in wanted]


async def tool_for(rows: Sequence[Example], tools: Sequence[Tool], sandbox: Sandbox) -> Tool | None:
    """The first tool whose adapter answers all of these rows."""
    for tool in tools:
        got = [await answer(tool, row.question, sandbox, Limits()) for row in rows]
        pairs = zip(rows, got, strict=True)
        if all(isinstance(said, Answer) and same(tool.comparison, row.answer, said.answer) for row, said in pairs):
            return tool
    return None


def free_text(questions: int) -> Work:
    """The task whose questions have no form: a function without an adapter, and its use cases."""
    told = json.loads(FREE_TEXT.read_text(encoding="utf-8"))
    cases = tuple(UseCase(**case) for case in told["use_cases"])
    shown = tuple(Example(question=case.question, answer=case.answer) for case in cases)
    source = "\n".join(told["source"])
    tool = made_tool(told["name"], source, shown, cases[0]).model_copy(
        update={"use_cases": cases, "description": told["description"]}
    )
    return Work(f"{told['name']} (free text)", tool, comparison_of(shown), shown, examples_of(told)[:questions])


def examples_of(told: Mapping[str, Json]) -> list[Example]:
    return [Example(question=row["input"], answer=row["target"]) for row in told["examples"]]


async def one(work: Work, way: str, index: int, model: EndpointModel, sandbox: Sandbox) -> Line:
    """One question, answered in one way. Raises: MakerFailed, which ends the run: what was answered is kept."""
    asked, counting, began = work.asked[index], Counting(model), time.perf_counter()
    if way == TOOL:
        said = await use_tool(work.tool, asked.question, counting, sandbox, Limits())
        answered = isinstance(said, Answer)
        got = said.answer if isinstance(said, Answer) else said.sentence
    else:
        got, answered = (await counting.ask(directly(work.shown, asked.question))).text.strip(), True
    return Line(
        model=model.model,
        task=work.name,
        way=way,
        index=index,
        right=answered and same(work.comparison, asked.answer, got),
        answered=answered,
        got=got[:500],
        replies=counting.replies,
        tokens_in=counting.tokens_in,
        tokens_out=counting.tokens_out,
        seconds=round(time.perf_counter() - began, 2),
    )


def directly(shown: Sequence[Example], question: str) -> list[Message]:
    """Few-shot: the examples as turns, then the question."""
    conversation = [Message(role="system", content=DIRECTLY)]
    for row in shown:
        conversation += [Message(role="user", content=row.question), Message(role="assistant", content=row.answer)]
    return [*conversation, Message(role="user", content=question)]


def read_lines(results: Path) -> list[Line]:
    if not results.exists():
        return []
    return [Line(**json.loads(line)) for line in results.read_text(encoding="utf-8").splitlines() if line.strip()]


def print_table(results: Path, model: str) -> None:
    """Markdown: a row for each task and way, with its means a question."""
    lines = [line for line in read_lines(results) if line.model == model]
    print(f"\nModel: {model}. Adapters off; {SHOTS} examples where it is asked directly.\n")
    print("| task | way | right | wrong | no answer | replies | tokens in | tokens out | seconds |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for task, way in dict.fromkeys((line.task, line.way) for line in lines):
        rows = [line for line in lines if (line.task, line.way) == (task, way)]
        right, answered = sum(row.right for row in rows), sum(row.answered for row in rows)
        means = [
            sum(getattr(row, of) for row in rows) / len(rows)
            for of in ("replies", "tokens_in", "tokens_out", "seconds")
        ]
        print(
            f"| {task} | {way} | {right} of {len(rows)} | {answered - right} | {len(rows) - answered} "
            f"| {means[0]:.1f} | {means[1]:.0f} | {means[2]:.0f} | {means[3]:.1f} |"
        )


if __name__ == "__main__":
    main()
