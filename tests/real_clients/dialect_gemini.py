"""Gemini CLI's way to talk with its model: generateContent, streamed or whole."""

import json
from typing import Any

from real_clients.turns import Call, Exchange, Move, Shown

# The client adds this to every tool's parameters, tells its model that it must set it on a call that depends on another, and
# hands it on to the server.
WAITING = "wait_for_previous"


class Generate:
    """The Gemini API."""

    def read(self, path: str, body: dict[str, Any]) -> Shown | None:
        declared = _declared(body)
        if "enerateContent" not in path or not declared:
            return None
        parts = [part for content in body["contents"] for part in content["parts"]]
        answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
        done = tuple(Exchange(one["name"], _text(one["response"])) for one in answers)
        return Shown(tuple(declared), done=done)

    def write(self, path: str, body: dict[str, Any], move: Move) -> tuple[str, str]:
        if "countTokens" in path:
            return "application/json", json.dumps({"totalTokens": 100})
        candidate = {"content": {"role": "model", "parts": [_part(move, body)]}, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}
        said = json.dumps({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"})
        streamed = "streamGenerateContent" in path
        return ("text/event-stream", f"data: {said}\r\n\r\n") if streamed else ("application/json", said)


def _declared(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions that may be called, with their parameters' schemas."""
    functions = [one for tool in body.get("tools", []) for one in tool.get("functionDeclarations", [])]
    return {one["name"]: one.get("parametersJsonSchema", {}) for one in functions}


def _part(move: Move, body: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(move, Call):
        return {"text": move.text}
    arguments = move.arguments
    if WAITING in _declared(body)[move.name].get("properties", {}):
        arguments = {**arguments, WAITING: True}
    return {"functionCall": {"name": move.name, "args": arguments}}


def _text(response: dict[str, Any]) -> str:
    output = response.get("output")
    return output if isinstance(output, str) else json.dumps(response)
