"""Using a tool (paper, 3.2) without a model: its adapter reads the question, the function computes, the adapter answers."""

import json
from dataclasses import dataclass

from anyio import to_thread

from latm_mcp.errors import BadInput, Oversized
from latm_mcp.models import Signature, Tool
from latm_mcp.models_using import How
from latm_mcp.outcomes import AnswerQuestion, CallFunction, Json, Limits, Outcome, Program, Returned
from latm_mcp.sandbox import Sandbox

# Bytes of arguments times bytes of their schema that are checked at once, within 20 ms; a thread costs as much as most calls.
AT_ONCE = 1 << 17


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and how it came about: the tool, the arguments that `parse` or a model read, the function's result."""

    tool: str
    answer: str
    arguments: dict[str, Json]
    result: Json
    how: How = "adapter"


async def answer(tool: Tool, question: str, sandbox: Sandbox, limits: Limits) -> Answer | Outcome:
    """Put a question to a tool's adapter; the outcome itself where it refuses or fails. No model is asked."""
    outcome = await sandbox.run(Program(tool.source, tool.signature.function), AnswerQuestion(question), limits=limits)
    if not isinstance(outcome, Returned):
        return outcome
    return Answer(tool.name, outcome.value["answer"], outcome.value["arguments"], outcome.value["result"])


async def call(tool: Tool, arguments: dict[str, Json], sandbox: Sandbox, limits: Limits) -> Outcome:
    """Call a tool's function with arguments that are checked against its schema first.

    Raises: BadInput, naming the first argument that does not fit and the signature; Oversized, above the bound of the limits.
    """
    size = _size(arguments, limits.argument_bytes)
    if size * len(repr(tool.signature.parameters)) <= AT_ONCE:
        unfit = _first_unfit(tool.signature, arguments)
    else:  # Checking a hundred thousand items takes seconds, in which others are served.
        unfit = await to_thread.run_sync(_first_unfit, tool.signature, arguments, abandon_on_cancel=True)
    if unfit is not None:
        raise BadInput(unfit)
    return await sandbox.run(Program(tool.source, tool.signature.function), CallFunction(arguments), limits=limits)


def _size(arguments: dict[str, Json], most: int) -> int:
    """How many bytes of JSON they are. Raises: BadInput; Oversized."""
    try:
        size = len(json.dumps(arguments, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as why:
        raise BadInput(f"The arguments are no JSON values: {str(why)[:200]}. Send plain ones, not so deep.") from why
    if size > most:
        raise Oversized(f"The arguments are {size} bytes of JSON, more than {most}: send fewer at a time.")
    return size


def _first_unfit(signature: Signature, arguments: dict[str, Json]) -> str | None:
    """What is wrong with the first argument that does not fit, for its sender; None if all fit."""
    import jsonschema  # here and not above: it would lengthen the server's start, and most sessions call nothing at once

    error = next(jsonschema.Draft202012Validator(signature.parameters).iter_errors(arguments), None)
    if error is None:
        return None
    where = "".join(f"[{part!r}]" for part in error.absolute_path)
    return f"The arguments{where} do not fit {signature.text}: {error.message[:300]}"
