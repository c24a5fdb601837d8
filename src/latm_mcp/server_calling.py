"""Made tools behind the MCP face: called by their own names, through call_tool, and found or asked by dispatch."""

from mcp import types

from latm_mcp.errors import BadInput
from latm_mcp.latm import Latm
from latm_mcp.latm_results import Dispatched
from latm_mcp.latm_sentences import argument_faults
from latm_mcp.models import Tool
from latm_mcp.outcomes import Json, Returned, refused
from latm_mcp.server_announce import Announcer
from latm_mcp.server_arguments import CallArguments, DispatchArguments, read_arguments
from latm_mcp.server_catalogue import evidence
from latm_mcp.server_results import UnfitArguments, done, returned, value_text
from latm_mcp.store import Listed
from latm_mcp.text import one_line, safe_json
from latm_mcp.using.dispatch import Candidate
from latm_mcp.using.use import Answer

COLLECT = (
    "No tool reads this kind of question yet. Answer it yourself; with 2 or more answered ones of its kind (6 are better), "
    "call make_tool."
)
CHOOSE = (
    "Look at what each of these tools takes, and at what the question has that it lacks. Call the one that fits; if none does, "
    "answer it yourself."
)


async def call_native(latm: Latm, name: str, arguments: dict[str, Json]) -> types.CallToolResult:
    """A made tool called by its own name, listed or not."""
    result = await _value(latm, latm.live(name), arguments)
    return done(value_text(result), {"result": result})


async def call_tool(latm: Latm, given: dict[str, Json]) -> types.CallToolResult:
    """call_tool: arguments for the function, or a question for the adapter.

    Raises: NotFound; BadInput, with the schema where the arguments do not fit it.
    """
    asked = read_arguments(CallArguments, "call_tool", given)
    tool = latm.live(asked.name)
    if asked.question is None:
        if asked.arguments is None and tool.signature.parameters.get("required"):
            raise UnfitArguments(
                f"call_tool needs `arguments` for {tool.signature.text}, or a `question`.", tool.signature.parameters
            )
        return await call_native(latm, asked.name, asked.arguments or {})
    if asked.arguments is not None:
        raise BadInput("call_tool takes either `arguments` or a `question`, not both: leave one of them out.")
    answer = await latm.answer(asked.name, asked.question)
    if not isinstance(answer, Answer):
        raise UnfitArguments(_no_answer(tool, answer), tool.signature.parameters)
    return done(answer.answer, _answered(answer))


def _no_answer(tool: Tool, outcome: object) -> str:
    if not isinstance(outcome, Returned) and refused(outcome):  # type: ignore[arg-type]
        return (
            f"The tool {tool.name!r} does not take this question: it is of another kind, or worded in a way that it cannot read. "
            "Give `arguments` instead."
        )
    return f"The tool {tool.name!r} could not answer: {one_line(getattr(outcome, 'sentence', ''), 900)}. Give `arguments` instead."


def _answered(answer: Answer) -> dict[str, Json]:
    return {"answer": answer.answer, "arguments": answer.arguments, "result": answer.result}


async def _value(latm: Latm, tool: Tool, arguments: dict[str, Json]) -> Json:
    parameters = tool.signature.parameters
    instead = (
        "for a question use call_tool with `question`" if tool.adapter else "this tool reads no questions by itself"
    )
    if faults := argument_faults(parameters, arguments, instead):
        raise UnfitArguments(f"The tool {tool.name!r} was not called. {faults}", parameters)
    try:
        outcome = await latm.call(tool.name, arguments)
    except BadInput as error:
        raise UnfitArguments(str(error), parameters) from None
    return returned(tool, outcome)


async def dispatch(latm: Latm, announcer: Announcer, client: str, given: dict[str, Json]) -> types.CallToolResult:
    """dispatch: the answer, or the tools that the question may be for, or word that it is new."""
    found = await latm.dispatch(read_arguments(DispatchArguments, "dispatch", given).question)
    if found.answer is not None:
        structure = {"outcome": "answered", "tool": found.answer.tool, **_answered(found.answer)}
        structure["next"] = f"Computed by {found.answer.tool}, which is verified for such questions: give this answer."
        return done(f"{found.answer.answer}\n\n{structure['next']}", structure)
    if not found.candidates:
        return done(COLLECT, {"outcome": "new", "next": COLLECT})
    rows = _candidates(found, announcer, client)
    text = "\n".join(map(_candidate_line, rows))
    return done(f"{CHOOSE}\n{text}", {"outcome": "use", "candidates": rows, "next": CHOOSE})


def _candidate_line(row: dict[str, Json]) -> str:
    lacks = f" (words that its examples never had: {', '.join(row['lacks'])})" if row["lacks"] else ""
    return f"- {row['signature']}: {row['how_to_call']} (verified: {row['evidence']}){lacks}"


def _candidates(found: Dispatched, announcer: Announcer, client: str) -> list[dict[str, Json]]:
    return [
        _candidate(candidate, row, announcer.knows(client, row.name, row.version))
        for candidate, row in found.candidates
    ]


def _candidate(candidate: Candidate, row: Listed, direct: bool) -> dict[str, Json]:
    reads_it = row.adapter and not candidate.certain  # a certain one was asked just now, and refused this very question
    return {
        "name": row.name,
        "signature": one_line(row.signature_text, 300),
        "parameters": safe_json(row.parameters),
        "ratio": round(candidate.ratio, 2),
        "lacks": [one_line(word, 40) for word in candidate.lacks],
        "evidence": evidence(row),
        "how_to_call": how_to_call(row.name, row.parameters, reads_it, direct),
    }


def how_to_call(name: str, parameters: dict[str, Json], adapter: bool, direct: bool) -> str:
    """One sentence: by its own name where this client has it, else through call_tool."""
    arguments = ", ".join(f"{key!r}: ..." for key in parameters.get("properties", {}))
    way = (
        f"call it directly as {name}"
        if direct
        else f"use call_tool with name {name!r} and arguments {{{one_line(arguments, 300)}}}"
    )
    return f"{way}; or call_tool with name {name!r} and the whole `question`" if adapter else way
