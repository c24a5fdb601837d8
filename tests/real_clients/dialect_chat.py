"""OpenCode's way to talk with its model, as configured here: an OpenAI-compatible endpoint of chat completions."""

import itertools
import json
from typing import Any

from real_clients.turns import Call, Exchange, Move, Shown

USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


class Chat:
    """The OpenAI chat completions API."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def read(self, path: str, body: dict[str, Any]) -> Shown | None:
        if not path.endswith("/chat/completions") or not body.get("tools"):
            return None
        messages = body["messages"]
        calls = [call for message in messages for call in message.get("tool_calls") or []]
        names = {call["id"]: call["function"]["name"] for call in calls}
        results = [message for message in messages if message["role"] == "tool"]
        done = tuple(Exchange(names[one["tool_call_id"]], _text(one["content"])) for one in results)
        return Shown(tuple(tool["function"]["name"] for tool in body["tools"]), done=done)

    def write(self, path: str, body: dict[str, Any], move: Move) -> tuple[str, str]:
        number = next(self._numbers)
        whole = {"id": f"chat_{number}", "created": 1, "model": "scripted"}
        message, ended = _message(move, number)
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": ended}
            return "application/json", json.dumps(
                {**whole, "object": "chat.completion", "choices": [choice], "usage": USAGE}
            )
        chunk = {**whole, "object": "chat.completion.chunk"}
        first = {**chunk, "choices": [{"index": 0, "delta": message, "finish_reason": None}]}
        last = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": ended}], "usage": USAGE}
        return "text/event-stream", f"data: {json.dumps(first)}\n\ndata: {json.dumps(last)}\n\ndata: [DONE]\n\n"


def _message(move: Move, number: int) -> tuple[dict[str, Any], str]:
    if isinstance(move, Call):
        function = {"name": move.name, "arguments": json.dumps(move.arguments)}
        call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    return {"role": "assistant", "content": move.text}, "stop"


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)
