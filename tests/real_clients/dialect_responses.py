"""Codex's way to talk with its model: the OpenAI Responses API, streamed."""

import itertools
import json
from typing import Any

from real_clients.turns import Call, Exchange, Move, Shown

USAGE = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
APART = "::"  # between a name space and a name in it


class Responses:
    """The OpenAI Responses API."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def read(self, path: str, body: dict[str, Any]) -> Shown | None:
        if not path.endswith("/responses") or not body.get("tools"):
            return None
        items = body["input"]
        calls = {item["call_id"]: _name(item) for item in items if item["type"] == "function_call"}
        outputs = [item for item in items if item["type"] == "function_call_output"]
        done = tuple(Exchange(calls[item["call_id"]], _text(item["output"])) for item in outputs)
        return Shown(tuple(_names(body["tools"])), done=done)

    def write(self, path: str, body: dict[str, Any], move: Move) -> tuple[str, str]:
        number = next(self._numbers)
        response: dict[str, Any] = {"id": f"resp_{number}", "object": "response", "status": "completed", "usage": USAGE}
        item = _item(move, number)
        events: list[dict[str, Any]] = [
            {"type": "response.created", "response": {"id": response["id"]}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {**response, "output": [item]}},
        ]
        return "text/event-stream", "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)


def _item(move: Move, number: int) -> dict[str, Any]:
    if isinstance(move, Call):
        *space, name = move.name.split(APART)
        call = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": name}
        return {**call, "arguments": json.dumps(move.arguments), **({"namespace": space[0]} if space else {})}
    content = [{"type": "output_text", "text": move.text, "annotations": []}]
    return {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": content}


def _names(tools: list[dict[str, Any]]) -> list[str]:
    """All names, those in a name space with it before them."""
    found = []
    for tool in tools:
        if tool["type"] == "namespace":
            found += [tool["name"] + APART + name for name in _names(tool["tools"])]
        else:
            found.append(tool.get("name", tool["type"]))
    return found


def _name(item: dict[str, Any]) -> str:
    space, name = item.get("namespace"), str(item["name"])
    return f"{space}{APART}{name}" if space else name


def _text(output: Any) -> str:
    return output if isinstance(output, str) else json.dumps(output)
