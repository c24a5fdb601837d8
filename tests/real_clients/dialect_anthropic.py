"""Claude Code's way to talk with its model: the Messages API, with tools whose names alone are told at first."""

import itertools
import json
import re
from typing import Any

from real_clients.turns import Call, Exchange, Move, Shown

LATE = re.compile(r"servers are still connecting[^\n]*\n(?:\S+\n)*latm\n")
NAMED = re.compile(r"\bmcp__latm__\w+")


class Messages:
    """The Anthropic Messages API."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)  # the client takes replies with the same id for one

    def read(self, path: str, body: dict[str, Any]) -> Shown | None:
        if not path.startswith("/v1/messages") or "count_tokens" in path or not body.get("tools"):
            return None
        blocks = [block for message in body["messages"] for block in _blocks(message)]
        names = {block["id"]: block["name"] for block in blocks if block["type"] == "tool_use"}
        results = [block for block in blocks if block["type"] == "tool_result"]
        loaded = {one["tool_name"] for result in results for one in _references(result)}
        tools = body["tools"]
        offered = [tool["name"] for tool in tools if not tool.get("defer_loading") or tool["name"] in loaded]
        told = "\n".join(_said(block) for block in blocks if block["type"] == "text")
        deferred = {*NAMED.findall(told), *(tool["name"] for tool in tools)} - set(offered)
        done = tuple(Exchange(names[result["tool_use_id"]], _content(result)) for result in results)
        search = next((name for name in offered if name == "ToolSearch"), "")
        return Shown(tuple(offered), tuple(sorted(deferred)) if search else (), search, done, bool(LATE.search(told)))

    def write(self, path: str, body: dict[str, Any], move: Move) -> tuple[str, str]:
        if "count_tokens" in path:
            return "application/json", json.dumps({"input_tokens": 100})
        number = next(self._numbers)
        block, ended = _block(move, number)
        whole = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body.get("model", "scripted")}
        whole |= {"stop_reason": ended, "stop_sequence": None, "usage": {"input_tokens": 100, "output_tokens": 10}}
        if not body.get("stream"):
            return "application/json", json.dumps({**whole, "content": [block]})
        return "text/event-stream", "".join(map(_event, _events(whole, block, ended)))


def _block(move: Move, number: int) -> tuple[dict[str, Any], str]:
    if isinstance(move, Call):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": move.name, "input": move.arguments}
        return call, "tool_use"
    return {"type": "text", "text": move.text}, "end_turn"


def _events(whole: dict[str, Any], block: dict[str, Any], ended: str) -> list[dict[str, Any]]:
    """A message in pieces, as it is streamed."""
    if block["type"] == "tool_use":
        begun, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    else:
        begun, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
    stop = {"delta": {"stop_reason": ended, "stop_sequence": None}, "usage": {"output_tokens": 10}}
    return [
        {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": begun},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", **stop},
        {"type": "message_stop"},
    ]


def _event(event: dict[str, Any]) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _said(block: dict[str, Any]) -> str:
    return str(block.get("text", ""))


def _references(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools that a search has loaded."""
    content = result.get("content")
    return [one for one in content if one["type"] == "tool_reference"] if isinstance(content, list) else []


def _content(result: dict[str, Any]) -> str:
    content = result.get("content")
    return content if isinstance(content, str) else " ".join(map(_said, content or []))
