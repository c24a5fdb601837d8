"""Made tools behind the MCP face: called by their own names, and through call_tool."""

from mcp import types

from latm_mcp.errors import BadInput
from latm_mcp.latm import Latm
from latm_mcp.latm_sentences import argument_faults
from latm_mcp.models import Tool
from latm_mcp.outcomes import Json, Returned, refused
from latm_mcp.server_arguments import CallArguments, own, read_arguments
from latm_mcp.server_results import UnfitArguments, done, returned, value_text
from latm_mcp.text import one_line
from latm_mcp.using.use import Answer


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
    arguments = own(arguments, parameters.get("properties", {}))
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


def how_to_call(name: str, parameters: dict[str, Json], adapter: bool, direct: bool) -> str:
    """One sentence: by its own name where this client has it, else through call_tool."""
    if direct:
        return f"call it directly as {name}" + (
            f"; or call_tool with name {name!r} and the whole `question`" if adapter else ""
        )
    arguments = ", ".join(f"{key!r}: ..." for key in parameters.get("properties", {}))
    given = f"arguments {{{one_line(arguments, 300)}}}"
    return f"use call_tool with name {name!r} and " + (f"either {given} or the whole `question`" if adapter else given)
