"""The fixtures that ask their client for something: by requests of the server (handshake), and by `InputRequiredResult` (modern).

Request states are handled as `report_result` handles them: by the product's own tickets.
"""

import json
from typing import Any

from mcp import types
from mcp.shared.exceptions import MCPError
from peers.fixtures import Answer, Context, Handler, said

from latm_mcp.server_elicit_tickets import Tickets


def form(message: str, **properties: dict[str, Any]) -> types.ElicitRequest:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


TEXT, YES = {"type": "string"}, {"type": "boolean"}
NAME = form("What is your name?", name=TEXT)
ROOTS = types.ListRootsRequest()
ENUMS = {
    "untitledSingle": {"type": "string", "enum": ["active", "inactive", "pending"]},
    "titledSingle": {
        "type": "string",
        "oneOf": [{"const": each, "title": f"{each} priority"} for each in ("low", "medium", "high")],
    },
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["read", "write", "execute"]}},
    "titledMulti": {
        "type": "array",
        "items": {"anyOf": [{"const": each, "title": f"a {each}"} for each in ("feature", "bug", "docs")]},
    },
    "legacyEnum": {"type": "string", "enum": ["small", "large"], "enumNames": ["Small Size", "Large Size"]},
}
DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}


def _sample(text: str) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=text))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=100))


async def sampling(ctx: Context, params: types.CallToolRequestParams) -> Answer:
    """A tool of the handshake era that asks the client's model."""
    asked = _sample(str((params.arguments or {}).get("prompt"))).params
    got = await ctx.session.create_message(
        asked.messages, max_tokens=asked.max_tokens, related_request_id=ctx.request_id
    )
    return said(f"LLM response: {got.content.text if isinstance(got.content, types.TextContent) else got.content}")


def eliciting(properties: dict[str, Any]) -> Handler:
    """A tool of the handshake era that shows a form and says what came back."""

    async def handler(ctx: Context, params: types.CallToolRequestParams) -> Answer:
        message = str((params.arguments or {}).get("message", "Please fill this in"))
        got = await ctx.session.elicit_form(message, {"type": "object", "properties": properties}, ctx.request_id)
        return said(f"User response: action={got.action}, content={json.dumps(got.content)}")

    return handler


def needing(**requests: Any) -> Handler:
    """A tool of the modern era that answers once all of these were given, whatever they are."""

    async def handler(ctx: Context, params: types.CallToolRequestParams) -> Answer:
        got = params.input_responses or {}
        if requests.keys() <= got.keys():
            return said("All was given: " + "; ".join(_shown(got[key]) for key in requests))
        return types.InputRequiredResult(input_requests=requests)

    return handler


def _shown(response: Any) -> str:
    return response.model_dump_json() if hasattr(response, "model_dump_json") else str(response)


class Stateful:
    """Tools whose state is a ticket of ours: one that is not ours, or used, is refused."""

    def __init__(self) -> None:
        self._tickets: Tickets[dict[str, Any]] = Tickets()

    def _asking(self, name: str, requests: Any, kept: dict[str, Any]) -> types.InputRequiredResult:
        ticket = self._tickets.issue(name, said(), kept)
        return types.InputRequiredResult(input_requests=requests, request_state=ticket)

    def _kept(self, params: types.CallToolRequestParams) -> dict[str, Any]:
        sent = self._tickets.redeem(params.request_state or "", params.name)
        if sent is None:
            raise MCPError(types.INVALID_PARAMS, "The request state is not one of ours, or was used.")
        return sent.kept

    async def once(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        if params.request_state is None:
            return self._asking(params.name, {"confirm": form("Please confirm", ok=YES)}, {})
        self._kept(params)
        return said("state-ok: confirmation received")

    async def several(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        wanted = {"user_name": NAME, "greeting": _sample("Generate a greeting"), "client_roots": ROOTS}
        if params.request_state is None:
            return self._asking(params.name, wanted, {})
        self._kept(params)
        return said("All inputs received.")

    async def rounds(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        """Two forms, one after the other."""
        if params.request_state is None:
            return self._asking(params.name, {"step1": form("Step 1: your name?", name=TEXT)}, {})
        kept, got = self._kept(params), params.input_responses or {}
        if "step1" in got:
            step = {"step2": form("Step 2: your favourite colour?", color=TEXT)}
            return self._asking(params.name, step, {"name": _field(got["step1"], "name")})
        return said(f"{kept.get('name')} likes {_field(got.get('step2'), 'color')}.")

    async def declared(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        """Asks only for what the client said that it can do."""
        can = ctx.session.client_capabilities
        requests: dict[str, Any] = {}
        if can is None or can.sampling is not None:
            requests["sample"] = _sample("Say hello")
        if can is None or can.elicitation is not None:
            requests["ask"] = NAME
        return self._asking(params.name, requests, {})


def _field(response: Any, name: str) -> Any:
    return (response.content or {}).get(name) if isinstance(response, types.ElicitResult) else None


async def context_prompt(ctx: Context, params: types.GetPromptRequestParams) -> Any:
    """A prompt of the modern era that asks for something first."""
    got = (params.input_responses or {}).get("user_context")
    if got is None:
        return types.InputRequiredResult(input_requests={"user_context": form("Which context?", context=TEXT)})
    text = types.TextContent(type="text", text=f"Use this context: {_field(got, 'context')}")
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])


def asking_tools() -> dict[str, Handler]:
    """All of them, by their names."""
    stateful, name = Stateful(), "test_input_required_result_"
    return {
        "test_sampling": sampling,
        "test_elicitation": eliciting({"response": {"type": "string", "description": "User's response"}}),
        "test_elicitation_sep1034_defaults": eliciting(DEFAULTS),
        "test_elicitation_sep1330_enums": eliciting(ENUMS),
        "test_streaming_elicitation": needing(user_name=NAME),
        f"{name}elicitation": needing(user_name=NAME),
        f"{name}sampling": needing(capital_question=_sample("What is the capital of France?")),
        f"{name}list_roots": needing(client_roots=ROOTS),
        f"{name}request_state": stateful.once,
        f"{name}tampered_state": stateful.once,
        f"{name}multiple_inputs": stateful.several,
        f"{name}multi_round": stateful.rounds,
        f"{name}capabilities": stateful.declared,
    }
