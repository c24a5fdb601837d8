"""The demo's client side: a real `latm-mcp serve` process, driven over MCP by a real stdio client."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

import latm_mcp
from latm_mcp.compare import same
from latm_mcp.errors import LatmError
from latm_mcp.models import Example, Tool
from latm_mcp.outcomes import Json, SandboxKind

CALL_SECONDS = 120.0  # of a slow machine that is busy; a call takes milliseconds
UNREACHABLE = (MCPError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Answers:
    """How questions came out over MCP."""

    right: int = 0
    wrong: int = 0
    abstained: int = 0


class ServerGone(LatmError):
    """The server process ended, or no longer answers."""


@asynccontextmanager
async def client_of(home: Path, cache: Path, sandbox: SandboxKind) -> AsyncIterator[Client]:
    """A client of a server process that serves the library in `home`; both are gone at the end.

    Raises: ServerGone, with the last that the server said on its standard error, which is kept in `home`.
    """
    package = Path(latm_mcp.__file__).absolute().parent.parent
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "latm_mcp", "serve", "--home", str(home)],
        # The child runs what this process runs, where this process does.
        env={"LATM_CACHE": str(cache), "LATM_SANDBOX": sandbox, "PYTHONPATH": str(package)},
    )
    log = home / "server.log"
    try:
        with log.open("w", encoding="utf-8") as said:  # not ours: progress is being drawn there
            async with Client(stdio_client(server, errlog=said), read_timeout_seconds=CALL_SECONDS) as client:
                yield client
    except BaseExceptionGroup as group:  # the client's task groups wrap whatever happens inside them
        gone, others = group.split(UNREACHABLE)
        if gone is None or others is not None:
            raise
        raise _gone(_leaf(gone), log) from group
    except UNREACHABLE as error:
        raise _gone(error, log) from error


def _gone(error: BaseException, log: Path) -> ServerGone:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    last = f" Its last words: {lines[-1]}" if lines else ""
    return ServerGone(f"The server could not be asked: {error}.{last} Start `latm-mcp serve` to see what it says.")


def _leaf(error: BaseException) -> BaseException:
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


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
