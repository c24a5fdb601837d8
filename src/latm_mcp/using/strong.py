"""What only a capable model is asked: to answer a question that no tool is for, and to tell which tool a question is for.

Never a small one: it takes every look-alike for the same task (design, section 6).
"""

import re
from collections.abc import Sequence

from latm_mcp.errors import BadInput, MakerFailed
from latm_mcp.models import Example, Tool
from latm_mcp.models_using import Asks
from latm_mcp.outcomes import Json
from latm_mcp.prompts_using import answering, choosing
from latm_mcp.text import check_answer
from latm_mcp.text_replies import read_object

_ANSWER = re.compile(r"^[ \t]*(?:#+[ \t]*)?(?:\*\*)?ANSWER(?:\*\*)?[ \t]*(?::(?:\*\*)?|$)", re.MULTILINE)
_FENCED = re.compile(r"(`{3,})[^\n`]*\n(.*)\n\1", re.DOTALL)


async def answer_strongly(question: str, examples: Sequence[Example], model: Asks) -> str:
    """The model's answer to a question of an unknown task; few-shot, where others of its group have been answered.

    At most 8 KiB. Raises: MakerFailed, where the reply holds no such answer; CapReached.
    """
    reply = await model.ask(answering(question, examples))
    found = [match.end() for match in _ANSWER.finditer(reply.text)]
    if not found:
        raise MakerFailed(_unusable("does not end in an answer, as it was asked to"))
    text = reply.text[found[-1] :].strip()
    fenced = _FENCED.fullmatch(text)
    text = fenced.group(2).strip() if fenced else text
    try:
        return check_answer(text, "the answer")
    except BadInput as error:
        raise MakerFailed(_unusable(f"cannot be taken, for {error}")) from None


async def which_tool(question: str, candidates: Sequence[Tool], model: Asks) -> str | None:
    """The name of the candidate that computes what the question asks for; None: none of them does. Never any other tool's.

    Raises: MakerFailed, where the reply says neither; CapReached.
    """
    if not candidates:
        return None
    names = [tool.name for tool in candidates]
    reply = await model.ask(choosing(candidates, question), _one_of(names))
    try:
        said = read_object(reply.text)
    except BadInput:
        said = {}
    name = said.get("tool", "")
    if name is None:
        return None
    if name not in names:  # also where a question talked the model into something else
        raise MakerFailed(
            "The dispatcher's model named none of the candidates, nor that none fits. Say which tool it is yourself, or set "
            "LATM_DISPATCHER_MODEL to a more capable one."
        )
    return str(name)


def _one_of(names: Sequence[str]) -> Json:
    choice = {"anyOf": [{"type": "string", "enum": list(names)}, {"type": "null"}]}
    return {"type": "object", "properties": {"tool": choice}, "required": ["tool"], "additionalProperties": False}


def _unusable(why: str) -> str:
    return f"The strong model's reply {why}. Ask again, or set LATM_FALLBACK_MODEL to a more capable model."
