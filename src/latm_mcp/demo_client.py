"""What the demo asks of the server: its list, a call of each tool, and questions, over MCP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mcp import Client

from latm_mcp.compare import same
from latm_mcp.models import Example, Tool
from latm_mcp.outcomes import Json


@dataclass(frozen=True, slots=True)
class Answers:
    """How questions came out over MCP."""

    right: int = 0
    wrong: int = 0
    abstained: int = 0


async def called_once(client: Client, tool: Tool, listed: Sequence[str]) -> str:
    """Call a tool with the arguments of one of its use cases, by its own name where it is listed.

    Returns what was not as it should be; empty where the result was the one that was verified.
    """
    case = tool.use_cases[0]
    if tool.name in listed:
        got = await client.call_tool(tool.name, case.arguments)
    else:
        got = await client.call_tool("call_tool", {"name": tool.name, "arguments": case.arguments})
    structure: dict[str, Json] = got.structured_content or {}
    if got.is_error or structure.get("result") != case.result:
        return f"called with {case.arguments!r} it gave {structure!r}"
    return ""


async def answered(
    client: Client, tool: Tool, questions: Sequence[Example], told: Callable[[int], None]
) -> tuple[Answers, str]:
    """Put questions to a tool through `call_tool`; told: how many are done.

    Returns the count, and the first wrong answer in words.
    """
    right = wrong = abstained = 0
    first = ""
    for number, example in enumerate(questions, 1):
        got = await client.call_tool("call_tool", {"name": tool.name, "question": example.question})
        structure: dict[str, Json] = got.structured_content or {}
        if got.is_error:
            abstained += 1
        elif same(tool.comparison, example.answer, str(structure.get("answer"))):
            right += 1
        else:
            wrong += 1
            first = first or f"{example.question!r} was answered {structure.get('answer')!r}, not {example.answer!r}"
        told(number)
    return Answers(right, wrong, abstained), first


async def listed_names(client: Client) -> list[str]:
    """The names of everything that the server lists."""
    names: list[str] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        names += [tool.name for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None:
            return names
