"""make_tool behind the MCP face: a making begun, asked about or handed a draft; and how it stands, in text and structure."""

from dataclasses import dataclass, replace
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext

from latm_mcp.errors import BadInput, Oversized
from latm_mcp.job_board import Report
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm
from latm_mcp.latm_results import MakeResult
from latm_mcp.models import MAX_EXAMPLES, MAX_SOURCE_BYTES, Draft, Progress, Tool
from latm_mcp.outcomes import Json
from latm_mcp.prompts import written
from latm_mcp.server_announce import Announcer
from latm_mcp.server_arguments import MakeArguments, read_arguments
from latm_mcp.server_callers import Caller, caller_of
from latm_mcp.server_calling import how_to_call
from latm_mcp.server_catalogue import Catalogue, describe, evidence
from latm_mcp.server_progress import progress_to
from latm_mcp.server_results import done
from latm_mcp.text import one_line, safe

MAX_BRIEF = (
    250_000  # characters; its rules stand at the end, so it is never cut in practice: examples in it are bounded
)
MAX_CALL_BYTES = 64 * 1024
ENDED = ("published", "fits", "failed")
UNSEEN = "This draft was not looked at, because the job has ended."
MAX_RESULT = 1 << 20  # a brief holds whole examples, which the caller sent itself


@dataclass(frozen=True, slots=True)
class MakingDesk:
    """What make_tool works with. answer_within: seconds after which it answers with the job alone."""

    latm: Latm
    catalogue: Catalogue
    announcer: Announcer
    answer_within: float

    async def make_tool(self, ctx: ServerRequestContext[Any, Any], given: dict[str, Json]) -> types.CallToolResult:
        """Begin or go on with a making. Raises: BadInput, NotFound, and what stands in the way of making at all."""
        asked = read_arguments(MakeArguments, "make_tool", given)
        _check_together(asked)
        async with progress_to(ctx) as report:
            report(Progress(stage="propose", attempt=1, sentence="looking at what there is already", done=0.01))
            result = await self._work(asked, report)
            return await self._told(result, caller_of(ctx))

    async def _work(self, asked: MakeArguments, report: Report) -> MakeResult:
        if asked.draft is not None:
            _check_draft(asked.draft)
            return await self._judged(asked.job, asked.draft, report)
        if asked.job:
            return await self.latm.job(asked.job, report, self.answer_within)
        request = MakeRequest(asked.pairs(), asked.description, asked.name.strip(), asked.force, by_client=True)
        return await self.latm.make(request, report, self.answer_within)

    async def _judged(self, job_id: str, draft: Draft, report: Report) -> MakeResult:
        """A draft judged; one for a job that has ended is not looked at, and its author has to be told so."""
        job = self.latm.store.job(job_id)
        late = job is not None and job.status in ENDED and not (job.tries and job.tries[-1].reply == written(draft))
        result = await self.latm.draft(job_id, draft, report, self.answer_within)
        return replace(result, next=f"{UNSEEN} {result.next}") if late else result

    async def _told(self, result: MakeResult, caller: Caller) -> types.CallToolResult:
        """Announce what was published, wait for the client to list it, and say how to call it."""
        direct = False
        if result.tool is not None:
            await self.announcer.announce()
            made = (caller, result.tool.name, result.tool.version)
            direct = await self.announcer.settle(*made) if result.status == "published" else self.announcer.knows(*made)
        structure = self._structure(result, direct)
        return done(_text(structure), structure, most=MAX_RESULT)

    def _structure(self, result: MakeResult, direct: bool) -> dict[str, Json]:
        structure: dict[str, Json] = {"status": result.status, "job": result.job}
        if result.tries_left is not None:
            structure["tries_left"] = result.tries_left.model_dump()
        if result.brief:
            structure["brief"] = safe(result.brief, MAX_BRIEF)
        following = result.next
        if result.tool is not None:
            structure["tool"] = self._tool(result.tool, direct)
            following = f"{following} To use it, {structure['tool']['how_to_call']}."
        if result.failure is not None:
            failure = result.failure
            structure["failure"] = {
                "stage": failure.stage,
                "try": failure.attempt,
                "question": safe(failure.question, 2000),
                "got": safe(failure.got, 2000),
                # Where a brief follows, it begins with the whole of it.
                "sentence": safe(failure.sentence.splitlines()[0] if result.brief else failure.sentence, 8000),
            }
        return {**structure, "next": following}

    def _tool(self, tool: Tool, direct: bool) -> dict[str, Json]:
        row = next((row for row in self.catalogue.live() if row.name == tool.name), None)
        return {
            "name": tool.name,
            "version": tool.version,
            "signature": one_line(tool.signature.text, 300),
            "description": "" if row is None else describe(row),
            "parameters": tool.signature.parameters,
            "evidence": "" if row is None else evidence(row),
            "how_to_call": how_to_call(tool.name, tool.signature.parameters, tool.adapter, direct),
        }


def _check_together(asked: MakeArguments) -> None:
    """Which arguments go together: schemas may not say it, since clients refuse unions at their root."""
    if asked.examples is not None and (asked.job or asked.draft is not None):
        raise BadInput(
            "make_tool takes `examples` to begin a making, or `job` (with or without `draft`) to go on with one, not both."
        )
    if asked.draft is not None and not asked.job:
        raise BadInput(
            "make_tool needs the `job` that the draft is for: call it with `examples` first, and write what its brief asks for."
        )
    if asked.job and (asked.name or asked.description or asked.force):
        raise BadInput(
            "With `job`, make_tool takes only `draft`: name, description and force belong to the call that begins a making."
        )
    if not asked.job and not asked.examples:
        raise BadInput("make_tool needs `examples`: at least 2, better 6 and more, each with `question` and `answer`.")


def _check_draft(draft: Draft) -> None:
    """Refuse what no judging should begin with; it uses no try."""
    if (size := len(draft.source.encode())) > MAX_SOURCE_BYTES:
        raise Oversized(
            f"The draft's source has {size} bytes, more than {MAX_SOURCE_BYTES}: shorten it. No try was used."
        )
    calls = sum(len(call.question.encode()) + len(call.arguments_json.encode()) for call in draft.calls)
    if len(draft.calls) > MAX_EXAMPLES or calls > MAX_EXAMPLES * MAX_CALL_BYTES:
        raise Oversized(
            f"The draft has {len(draft.calls)} calls of {calls} bytes: give one for each example, no more. No try was used."
        )
    if not draft.source.strip():
        raise BadInput("The draft's `source` is empty: give the whole file. No try was used.")


def _text(structure: dict[str, Json]) -> str:
    """The same for a reader, what to do next at its end."""
    head = f"{structure['status']}" + (f" (job {structure['job']})" if structure["job"] else "")
    lines = [head]
    if tool := structure.get("tool"):
        lines += [f"{tool['name']}: {tool['description']}"]
    if failure := structure.get("failure"):
        lines += [f"{failure['stage']}, try {failure['try']}: {failure['sentence']}"]
    if (left := structure.get("tries_left")) and structure["status"] == "draft_needed":
        lines += [f"Drafts left: {left['propose'] or left['verify']}."]  # none to propose: a draft passed that stage
    if brief := structure.get("brief"):
        lines += ["", brief, ""]
    return "\n".join([*lines, structure["next"]])
