"""What the tests of forms share: a server that is in doubt, and persons who answer forms in one way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp import Client, types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from served import WITHIN

from latm_mcp.errors import BadInput
from latm_mcp.server_elicit import Doubt, Persons, Settled, Word
from latm_mcp.server_results import done, failed
from latm_mcp.store import Told

REPORTED = {"said": "kept as provisional"}
DOUBT = Doubt(
    "What is 2 + 2?", (Told("5", "client", "someone", 1.0), Told("4", "model", "m", 2.0)), tool="adder", got="5"
)
Answering = Callable[[types.ElicitRequestFormParams], Awaitable[types.ElicitResult | types.ErrorData]]


@dataclass
class Desk:
    """A server with one command, `report`, that leaves a doubt; and what was reported and confirmed there."""

    persons: Persons
    doubt: Doubt | None = DOUBT
    reports: int = 0
    confirmed: list[tuple[str, str]] = field(default_factory=list)

    async def call_tool(self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Settled:
        try:
            return await self.persons.settled(ctx, params, self._report, self._confirm)
        except BadInput as error:
            return failed(str(error))

    async def _report(self) -> tuple[types.CallToolResult, Doubt | None]:
        self.reports += 1
        return done("reported", REPORTED), self.doubt

    async def _confirm(self, word: Word) -> types.CallToolResult:
        assert (word.doubt.question, word.doubt.tool) == (DOUBT.question, DOUBT.tool)
        self.confirmed.append((word.answer, word.by))
        return done("confirmed", {"said": "confirmed"})

    def server(self) -> Server[Any]:
        async def list_tools(ctx: object, params: object) -> types.ListToolsResult:
            return types.ListToolsResult(tools=[types.Tool(name="report", input_schema={"type": "object"})])

        return Server("desk", on_call_tool=self.call_tool, on_list_tools=list_tools)


@dataclass
class Person:
    """Answers forms in one way, and remembers what was asked."""

    answering: Answering
    asked: list[types.ElicitRequestFormParams] = field(default_factory=list)

    async def __call__(self, ctx: object, params: types.ElicitRequestParams) -> types.ElicitResult | types.ErrorData:
        assert isinstance(params, types.ElicitRequestFormParams)
        self.asked.append(params)
        return await self.answering(params)


def saying(action: Any, **content: Any) -> Answering:
    async def answer(params: types.ElicitRequestFormParams) -> types.ElicitResult:
        return types.ElicitResult(action=action, content=content or None)

    return answer


@asynccontextmanager
async def connected(desk: Desk, era: str, person: Person | None) -> AsyncIterator[Client]:
    info = types.Implementation(name="latm-test", version="7")
    with anyio.fail_after(WITHIN):
        async with Client(desk.server(), mode=era, client_info=info, elicitation_callback=person) as client:
            yield client


async def reported(desk: Desk, era: str, person: Person | None, **arguments: Any) -> dict[str, Any] | None:
    async with connected(desk, era, person) as client:
        return (await client.call_tool("report", arguments)).structured_content
