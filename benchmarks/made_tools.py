"""Tools for the benchmarks, and libraries that are filled with them."""

from collections.abc import Iterable
from pathlib import Path

from latm_mcp.models import Evidence, Example, Provenance, Tally, Tool, UseCase
from latm_mcp.outcomes import Program
from latm_mcp.source import check_source, has_adapter
from latm_mcp.store import open_store
from latm_mcp.store_files import read_tool, version_of

STARTER = Path(__file__).parent.parent / "tools_store"

INCREMENT = '''def increment(x: int) -> int:
    """Add one."""
    return x + 1
'''
SORT = '''def {name}(words: list[str]) -> list[str]:
    """Sort words alphabetically."""
    return sorted(words)


def parse(question: str) -> dict:
    if not question.startswith("Sort: "):
        raise NotThisTask("no list")
    return {{"words": question[6:].split()}}


def render(result, question: str) -> str:
    return " ".join(result)
'''
LOOP = '''def loop(times: int) -> int:
    """Add up."""
    total = 0
    for number in range(times):
        total += number * number % 7
    return total
'''
ROUND = '''from itertools import permutations


def shortest_round(distances: list[list[int]]) -> list[int]:
    """Try every order of the places."""
    best, shortest = [], 10**9
    for order in permutations(range(len(distances))):
        length = distances[order[-1]][order[0]]
        for a, b in zip(order, order[1:]):
            length += distances[a][b]
        if length < shortest:
            best, shortest = list(order), length
    return best
'''
ECHO = '''def echo(rows: list[dict[str, str | int]]) -> list[dict[str, str | int]]:
    """Give back what came."""
    return rows
'''


def sorter(number: int) -> Tool:
    """One of many tools that differ in their names: it sorts words, and reads questions for it."""
    name = f"tool_{number}"
    examples = tuple(Example(question=f"Sort: {'b ' * n}a", answer=f"a{' b' * n}") for n in range(1, 11))
    case = UseCase(question="Sort: b a", arguments={"words": ["b", "a"]}, result=["a", "b"], answer="a b")
    return made_tool(name, SORT.format(name=name), examples, case)


def increment() -> Tool:
    """The trivial tool."""
    case = UseCase(question="1", arguments={"x": 1}, result=2, answer="2")
    return made_tool("increment", INCREMENT, (Example(question="1", answer="2"),), case)


def made_tool(name: str, source: str, examples: tuple[Example, ...], case: UseCase, outside: str | None = None) -> Tool:
    """A tool as if it had been made and verified. outside: a source of the same signature, where this one is hostile."""
    return Tool(
        name=name,
        version=version_of(source),
        description="Sort words alphabetically, as they stand in a list.",
        source=source,
        signature=check_source(outside or source, name),
        adapter=has_adapter(source),
        comparison="text",
        examples=examples,
        use_cases=(case,),
        evidence=Evidence(shown=Tally(passed=3), blind=Tally(passed=3), held_out=Tally(passed=4), bound=0.65),
        provenance=Provenance(maker="model", made_at="2026-01-01T00:00:00+00:00"),
    )


def fill(home: Path, tools: Iterable[Tool]) -> None:
    """A library with these tools, live."""
    with open_store(home) as store:
        for tool in tools:
            store.publish(tool, actor="benchmark")


def starter(name: str) -> tuple[Program, list[str]]:
    """A tool of the starter library, and questions for it."""
    tool = read_tool(STARTER / name)
    return Program(tool.source, tool.signature.function), [example.question for example in tool.examples]
