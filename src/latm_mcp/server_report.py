"""report_result behind the MCP face: a client's word is provisional; where persons may be asked by forms, one settles a doubt."""

from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext

from latm_mcp.latm import Latm
from latm_mcp.latm_report import ReportResult, Said
from latm_mcp.outcomes import Json
from latm_mcp.server_arguments import ReportArguments, read_arguments
from latm_mcp.server_callers import client_of
from latm_mcp.server_elicit import Doubt, Persons, Settled, Word
from latm_mcp.server_elicit_doubt import confirmed, doubt_of
from latm_mcp.server_results import done


class ReportDesk:
    """What report_result works with."""

    def __init__(self, latm: Latm, persons: Persons):
        self._latm, self._persons = latm, persons

    async def report_result(self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Settled:
        """Take a report; ask the client's person where it leaves a doubt. Raises: BadInput, NotFound."""
        asked = read_arguments(ReportArguments, "report_result", params.arguments)
        said = Said(asked.question, "client", client_of(ctx), answer=asked.answer, right=asked.right, tool=asked.tool)

        async def report() -> tuple[types.CallToolResult, Doubt | None]:
            result = await self._latm.report(said)
            return _told(result), doubt_of(self._latm.store, said, result)

        async def confirm(word: Word) -> types.CallToolResult:
            return _told(await self._latm.report(confirmed(said, word)))

        return await self._persons.settled(ctx, params, report, confirm)


def _told(result: ReportResult) -> types.CallToolResult:
    structure: dict[str, Json] = {"next": result.sentence}
    if result.tool:
        structure["tool"] = result.tool
    if (cached := result.cached) is not None:
        counts = {"answered": cached.answered, "needed": cached.needed, "disputed": cached.disputed}
        structure["cached"] = {"group": cached.group.id, **counts}
    if result.job:
        structure["job"] = result.job
    return done(result.sentence, structure)
