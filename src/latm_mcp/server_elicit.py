"""Asking the person at a client which answer is right, by a form, in both protocol eras (LATM_ELICIT, off by default).

What comes back counts as a person's word, though the client application stands between the person and us and could forge it: whoever
turns this on trusts the client. A handshake client is asked while its call waits. A modern one gets `InputRequiredResult`, and calls again
with what its person said.
"""

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types.version import is_version_at_least
from pydantic import ValidationError

from latm_mcp.errors import BadInput
from latm_mcp.models import MAX_ANSWER_BYTES
from latm_mcp.server_callers import client_of
from latm_mcp.server_elicit_tickets import Once, Tickets
from latm_mcp.server_progress import progress_to
from latm_mcp.store import Told
from latm_mcp.text import as_data, check_answer, one_line, safe

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 120.0
MAX_SHOWN = 4000  # characters of a question in a form
MAX_CLIENT = 55  # characters of its name, so that how a person was asked is never cut off
MAX_SAID, MOST_SAID = 1000, 6  # characters of an answer, and how many answers
INPUT_REQUIRED_SINCE = "2026-07-28"
KEY = "right_answer"
_TELLERS = {"person": "a person", "client": "a client's model", "model": "a model of this server"}

_FORM: types.ElicitRequestedSchema = {
    "type": "object",
    "properties": {
        "answer": {
            "type": "string",
            "title": "The right answer",
            "description": "In the form in which such questions are answered here. Leave it empty if you do not know.",
            "maxLength": MAX_ANSWER_BYTES,
        },
        "leave_it": {
            "type": "boolean",
            "title": "Leave it",
            "description": "Nothing is confirmed; it can be looked at later with `latm-mcp review`.",
            "default": False,
        },
    },
}

Settled: TypeAlias = types.CallToolResult | types.InputRequiredResult


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a person is to settle. said: the answers that were given; tool: the made tool that is said to have answered `got`, wrongly."""

    question: str
    said: tuple[Told, ...] = ()
    tool: str = ""
    got: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said in a form. by: through which client. doubt: what it settles, without what was said by others."""

    answer: str
    by: str
    doubt: Doubt


Report: TypeAlias = Callable[[], Awaitable[tuple[types.CallToolResult, Doubt | None]]]
Confirm: TypeAlias = Callable[[Word], Awaitable[types.CallToolResult]]


class Persons:
    """Asks persons through their clients. on: whether at all (LATM_ELICIT). patience: seconds for a form while a call waits."""

    def __init__(self, on: bool, patience: float = PATIENCE_SECONDS):
        self._on, self._patience = on, patience
        self._tickets: Tickets[Doubt] = Tickets()
        self._asked = Once()

    async def settled(
        self,
        ctx: ServerRequestContext[Any, Any],
        params: types.CallToolRequestParams,
        report: Report,
        confirm: Confirm,
    ) -> Settled:
        """Do `report`, and where it leaves a doubt, ask the person once; then `confirm` their word, if they give one.

        In every other case the result is the report's own: no such client, declined, cancelled, left, too late.
        Raises: BadInput, for an answer that cannot be taken; what `report` and `confirm` raise.
        """
        if params.request_state is not None:
            sent = self._tickets.redeem(params.request_state, _binding(ctx, params))
            if sent is None:  # too late, or never ours: what the client says a person said is not listened to
                return (await report())[0]
            word = _word(_response(params), sent.kept, ctx)
            return sent.result if word is None else await confirm(word)
        first, doubt = await report()
        if doubt is None or not self._may_ask(ctx, doubt):
            return first
        if is_version_at_least(ctx.session.protocol_version, INPUT_REQUIRED_SINCE):
            ticket = self._tickets.issue(_binding(ctx, params), first, replace(doubt, said=(), got=None))
            return types.InputRequiredResult(input_requests={KEY: _request(doubt)}, request_state=ticket)
        word = _word(await self._wait(ctx, doubt), doubt, ctx)
        return first if word is None else await confirm(word)

    def _may_ask(self, ctx: ServerRequestContext[Any, Any], doubt: Doubt) -> bool:
        """Each client's person is asked once about a question, so that no model can make a nuisance of forms."""
        return self._on and _has_forms(ctx) and self._asked.first(f"{client_of(ctx)}\n{doubt.question}")

    async def _wait(self, ctx: ServerRequestContext[Any, Any], doubt: Doubt) -> types.ElicitResult | None:
        """The form's result; None where there is none in time. Progress keeps clients from giving the call up meanwhile."""
        async with progress_to(ctx):
            with anyio.move_on_after(self._patience):
                try:
                    return await ctx.session.elicit_form(_message(doubt), _FORM, ctx.request_id)
                except (MCPError, ValidationError) as error:
                    logger.info("a client did not ask its person: %s", one_line(str(error), 300))
        return None


def _word(said: object, doubt: Doubt, ctx: ServerRequestContext[Any, Any]) -> Word | None:
    """What the person said; None where they gave no answer."""
    answer = _answer(said)
    if answer is None:
        return None
    by = f"client {one_line(client_of(ctx), MAX_CLIENT) or 'unnamed'}: elicitation"
    return Word(answer, by, replace(doubt, said=(), got=None))


def _answer(said: object) -> str | None:
    """The answer that a form came back with; None where the person did not give one."""
    if not isinstance(said, types.ElicitResult) or said.action != "accept" or said.content is None:
        return None
    answer = said.content.get("answer")
    if said.content.get("leave_it") or not isinstance(answer, str) or not answer.strip():
        return None
    try:
        return check_answer(answer.strip(), "the answer in the form")
    except BadInput as error:
        raise BadInput(f"The report is kept, but not what the person wrote: {error}.") from None


def _has_forms(ctx: ServerRequestContext[Any, Any]) -> bool:
    """Whether the client shows forms; one that names no mode does, for there was only this one at first."""
    capabilities = ctx.session.client_capabilities
    modes = None if capabilities is None else capabilities.elicitation
    return modes is not None and (modes.form is not None or modes.url is None)


def _response(params: types.CallToolRequestParams) -> object:
    return (params.input_responses or {}).get(KEY)


def _request(doubt: Doubt) -> types.ElicitRequest:
    form = types.ElicitRequestFormParams(message=_message(doubt), requested_schema=_FORM)
    return types.ElicitRequest(params=form)


def _message(doubt: Doubt) -> str:
    """What the person reads: all that others wrote is fenced, labelled and bounded."""
    begin = (
        f"Which answer is right? The made tool {doubt.tool} is said to have answered wrongly."
        if doubt.tool
        else "Which answer is right? Different answers were given to one question."
    )
    parts = [begin, as_data("The question", doubt.question, MAX_SHOWN)]
    if doubt.got is not None:
        parts.append(as_data(f"Answered by {doubt.tool or 'a tool'}", doubt.got, MAX_SAID))
    parts += [
        as_data(f"Said by {_TELLERS[told.who]}", _said(told), MAX_SAID + MAX_CLIENT) for told in doubt.said[-MOST_SAID:]
    ]
    if (more := len(doubt.said) - MOST_SAID) > 0:
        parts.append(f"{more} earlier answers are not shown.")
    parts.append("Your answer is taken as right: give it only if you know it.")
    return "\n\n".join(parts)


def _said(told: Told) -> str:
    """The answer, and inside the same fence who gave it, since a client names itself."""
    answer = safe(told.answer, MAX_SAID - 10)
    return f"{answer}\n({one_line(told.by, MAX_CLIENT)})" if told.by else answer


def _binding(ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> str:
    """What a call that comes back has to have in common with the one that was answered by a form."""
    same = [client_of(ctx), params.name, params.arguments or {}]
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()
