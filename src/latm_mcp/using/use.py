"""Using a tool (paper, 3.2) without a model: its adapter reads the question, the function computes, the adapter answers."""

from dataclasses import dataclass

from latm_mcp.errors import BadInput
from latm_mcp.models import Tool
from latm_mcp.outcomes import AnswerQuestion, CallFunction, Json, Limits, Outcome, Program, Returned
from latm_mcp.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and how it came about: the tool, the arguments that `parse` read, the function's result."""

    tool: str
    answer: str
    arguments: dict[str, Json]
    result: Json


async def answer(tool: Tool, question: str, sandbox: Sandbox, limits: Limits) -> Answer | Outcome:
    """Put a question to a tool's adapter; the outcome itself where it refuses or fails. No model is asked."""
    outcome = await sandbox.run(Program(tool.source, tool.signature.function), AnswerQuestion(question), limits=limits)
    if not isinstance(outcome, Returned):
        return outcome
    return Answer(tool.name, outcome.value["answer"], outcome.value["arguments"], outcome.value["result"])


async def call(tool: Tool, arguments: dict[str, Json], sandbox: Sandbox, limits: Limits) -> Outcome:
    """Call a tool's function with arguments that are checked against its schema first.

    Raises: BadInput, naming the argument that does not fit and the signature.
    """
    import jsonschema  # here and not above: it would lengthen the server's start, and most sessions call nothing at once

    errors = sorted(jsonschema.Draft202012Validator(tool.signature.parameters).iter_errors(arguments), key=str)
    if errors:
        where = "".join(f"[{part!r}]" for part in errors[0].absolute_path)
        raise BadInput(f"The arguments{where} do not fit {tool.signature.text}: {errors[0].message[:300]}")
    return await sandbox.run(Program(tool.source, tool.signature.function), CallFunction(arguments), limits=limits)
