"""The tool user (paper, 3.2): a light model turns a question into a call of a wrapped tool, and the function computes.

For tools without an adapter, and for questions that an adapter refuses. What the model wrote is checked twice before anything is
computed: against the signature's schema, and against the question that it should have copied from. It is not asked whether the
tool fits: a model of 1.5 billion parameters then refuses other wordings and takes look-alikes, so that is the dispatcher's to tell.
"""

from dataclasses import dataclass

from latm_mcp.compare import result_as_answer
from latm_mcp.errors import BadInput
from latm_mcp.models import Tool
from latm_mcp.models_using import Asks
from latm_mcp.outcomes import Json, Limits, Outcome, Program, Raised, RenderResult, Returned
from latm_mcp.prompts_using import MAX_QUESTION, calling, corrected
from latm_mcp.sandbox import Sandbox
from latm_mcp.text import one_line, safe
from latm_mcp.text_copies import Copies
from latm_mcp.text_replies import read_object
from latm_mcp.using import use

TRIES = 2  # the call, and one more with the error
MAX_FAULT = 600
MAX_REPLY_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Misread:
    """The model made no call of this question, so that nothing was computed: why, in a sentence. replies: how many it gave."""

    sentence: str
    replies: int


async def use_tool(
    tool: Tool, question: str, model: Asks, sandbox: Sandbox, limits: Limits
) -> use.Answer | Outcome | Misread:
    """Have the model call the tool for a question, with one retry that tells it what was wrong.

    The outcome itself where the function, or `render`, does not come to its end with the arguments that were read.
    Raises: MakerFailed, CapReached, from asking.
    """
    if len(question) > MAX_QUESTION:
        return Misread(f"The question has {len(question)} characters, more than the {MAX_QUESTION} that are read.", 0)
    copies = Copies(tool.use_cases, tool.signature.parameters)
    conversation = calling(tool, question)
    fault: str | Raised = ""
    for _ in range(TRIES):
        reply = await model.ask(conversation, tool.signature.parameters, tool.name)
        try:
            arguments = _read(reply.text, question, copies)
            outcome = await use.call(tool, arguments, sandbox, limits)
        except BadInput as error:
            fault = str(error)
        else:
            if isinstance(outcome, Returned):
                return await _answer(tool, question, arguments, outcome.value, (sandbox, limits))
            if not isinstance(outcome, Raised):
                return outcome
            fault = outcome
        conversation = [*conversation, *corrected(reply.text[:MAX_REPLY_SHOWN], _told(fault))]
    return fault if isinstance(fault, Raised) else Misread(f"The model misread it twice. {fault}", TRIES)


def _read(reply: str, question: str, copies: Copies) -> dict[str, Json]:
    """The arguments in a reply. Raises: BadInput, in a sentence for the model."""
    arguments = read_object(reply)
    if fault := copies.fault(arguments, safe(question, MAX_QUESTION)):  # as the model saw it
        raise BadInput(fault)
    return arguments


def _told(fault: str | Raised) -> str:
    return one_line(f"The function {fault.sentence}." if isinstance(fault, Raised) else fault, MAX_FAULT)


async def _answer(
    tool: Tool, question: str, arguments: dict[str, Json], result: Json, where: tuple[Sandbox, Limits]
) -> use.Answer | Outcome:
    """The answer's text: by the tool's own `render` where it has one, else the result as it is."""
    text = result_as_answer(result)
    if tool.adapter:
        sandbox, limits = where
        program = Program(tool.source, tool.signature.function)
        rendered = await sandbox.run(program, RenderResult(result, question), limits=limits)
        if not isinstance(rendered, Returned):
            return rendered
        text = rendered.value
    return use.Answer(tool.name, text, arguments, result, how="tool and model")
