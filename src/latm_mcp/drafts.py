"""Reading a maker's reply: the draft in it, and how a question is put to that draft."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from latm_mcp import prompts
from latm_mcp.errors import Rejected
from latm_mcp.models import Call, Draft, Proposal, Task
from latm_mcp.outcomes import AnswerQuestion, CallFunction, Request
from latm_mcp.source import functions_equal
from latm_mcp.source_tree import parsed
from latm_mcp.text import plain

_BLOCK = re.compile(
    r"^(?P<fence>`{3,})[ \t]*(?P<language>[A-Za-z0-9_+-]*)[^\n`]*\n(?P<body>.*?)^(?P=fence)`*[ \t]*$", re.S | re.M
)


def read_draft(reply: str) -> Draft:
    """The draft in a reply: its fenced `python` block, and its `json` block of calls if there is one.

    Raises: Rejected, where there is no code, more than one file, or calls that are no list of calls.
    """
    blocks = [(match["language"].lower(), match["body"]) for match in _BLOCK.finditer(reply.replace("\r\n", "\n"))]
    files = [body for language, body in blocks if language in ("python", "py", "python3")]
    files = files or [body for language, body in blocks if language == "" and "def " in body]
    if not files:
        raise Rejected("The reply holds no code: give the whole file in one fenced block marked `python`.")
    if len(files) > 1:
        raise Rejected(f"The reply holds {len(files)} blocks of Python: give the whole file in one block.")
    return Draft(
        source=files[0].strip("\n").rstrip() + "\n",
        calls=_calls([body for language, body in blocks if language == "json"]),
    )


def _calls(bodies: list[str]) -> tuple[Call, ...]:
    if not bodies:
        return ()
    try:
        rows = json.loads(bodies[-1])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Rejected('The `json` block must hold a list of calls: [{"question": ..., "arguments": {...}}].')
        return TypeAdapter(tuple[Call, ...]).validate_python([_call(row) for row in rows])
    except (ValueError, RecursionError) as err:
        raise Rejected(f"The `json` block of calls cannot be read ({str(err).splitlines()[0][:200]}).") from None


def _call(row: dict[str, Any]) -> dict[str, Any]:
    return {"question": row.get("question"), "arguments_json": json.dumps(row.get("arguments"))}


def arguments_for(draft: Draft, question: str, known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The arguments that the maker's calls give for a question (paper, 3.1: verification by calls).

    known: those that an earlier version was verified with, for questions without a call.
    Raises: Rejected, where there is none or its arguments are no JSON object.
    """
    for call in draft.calls:
        if plain(call.question) == plain(question):
            arguments = _plain_json(call.arguments_json)
            if not isinstance(arguments, dict):
                got = call.arguments_json[:500]
                raise Rejected("The arguments of a call must be a JSON object.", question=question, got=got)
            return arguments
    if question in known:
        return known[question]
    raise Rejected(
        "The source has no `parse` and `render`, and no call is given for this question:\n"
        + prompts.failing([(question, "no call")]),
        question=question,
        got="no call",
    )


def known_calls(task: Task) -> dict[str, dict[str, Any]]:
    """The arguments of the questions that the version before was verified on: its parameters are kept, so they hold."""
    return {} if task.previous is None else {case.question: case.arguments for case in task.previous.use_cases}


def _plain_json(text: str) -> Any:
    """A JSON value that can be sent on: without NaN, infinities and half surrogate pairs; None where it is no such."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return value


def request_for(proposal: Proposal, question: str, known: Mapping[str, dict[str, Any]]) -> Request:
    """How a question is put to a proposal: through its adapter, or by the call that there is for it."""
    if proposal.adapter:
        return AnswerQuestion(question)
    return CallFunction(arguments_for(proposal.draft, question, known))


def function_changed(before: str, after: str, function: str) -> bool:
    """Whether the second of two replies that hold drafts changes the function that the first one proposed."""
    return not functions_equal(read_draft(before).source, read_draft(after).source, function)


def holds_draft(reply: str) -> bool:
    """Whether a reply holds a draft that can be read at all."""
    try:
        parsed(read_draft(reply).source)
    except Rejected:
        return False
    return True
