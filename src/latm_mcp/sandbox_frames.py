"""Requests to a worker and its replies, as bytes. Replies come from made code's side of the wall: nothing in them is believed."""

import json
import struct
from functools import lru_cache
from math import isfinite
from typing import Any, get_args

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import (
    AnswerQuestion,
    CallFunction,
    Died,
    Limits,
    NotJsonable,
    Outcome,
    OutOfMemory,
    OutputTooLarge,
    Program,
    Raised,
    Request,
    Returned,
    Step,
    TimedOut,
    World,
)
from latm_mcp.sandbox_kinds import PROCESSOR, Kind

ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
MALFORMED = Died("sent a malformed reply")
MAX_DEPTH = 102  # the guest's 100, inside {"returned": {"arguments": ...}}


def encode(program: Program, request: Request, limits: Limits, world: World, batch: int, last: bool = True) -> bytes:
    """One request frame; last: of its batch. Raises: BadInput if the source or the request is no JSON or no Unicode text.

    Three lines: what the worker has to know, the guest's request to load the program, the one to use it.
    """
    use = {**operation(request), "output_bytes": limits.output_bytes}
    try:
        data = b"\n".join(  # JSON has no line breaks of its own
            (header(limits, world.clock_offset, batch, last), load(program, world.seed, limits.recursion), as_json(use))
        )
    except (ValueError, RecursionError) as why:
        raise BadInput(f"the code and its arguments must be JSON values and Unicode text: {str(why)[:200]}") from why
    return struct.pack("!I", len(data)) + data


@lru_cache(maxsize=16)
def header(limits: Limits, clock_offset: int, batch: int, last: bool) -> bytes:
    """What the worker has to know."""
    return as_json(
        {
            "seconds": limits.seconds,
            "cpu_seconds": limits.cpu_seconds,
            "memory_mib": limits.memory_mib,
            "output_bytes": limits.output_bytes,
            "clock_offset": clock_offset,
            "batch": batch,
            "last": last,
        }
    )


@lru_cache(maxsize=64)  # the same few tools are called again and again
def load(program: Program, seed: int | None, recursion: int) -> bytes:
    """The guest's request to load a program. Raises: ValueError."""
    return as_json(
        {
            "op": "load",
            "source": program.source,
            "function": program.function,
            "seed": seed,
            "recursion": recursion,
        }
    )


def as_json(value: Any) -> bytes:
    """The bytes of a JSON text. Raises: ValueError, RecursionError."""
    return ENCODER.encode(value).encode()


def operation(request: Request) -> dict[str, Any]:
    """The request's own part of the guest's JSON."""
    match request:
        case CallFunction(arguments):
            return {"op": "call", "arguments": arguments}
        case AnswerQuestion(question):
            return {"op": "answer", "question": question}
        case _:
            return {"op": "render", "result": request.result, "question": request.question}


def decode(kind: bytes, payload: bytes, request: Request, limits: Limits) -> Outcome:
    """What a worker's frame says came of this request."""
    match kind:
        case Kind.TIMED_OUT:
            return TimedOut(limits.cpu_seconds, "processor") if payload == PROCESSOR else TimedOut(limits.seconds)
        case Kind.TOO_LARGE:
            return OutputTooLarge(limits.output_bytes)
        case Kind.DIED:
            return Died(clean(payload.decode("utf-8", "replace"), 200))
        case Kind.REPLY:
            return decode_reply(payload, request, limits)
    return MALFORMED


def decode_reply(payload: bytes, request: Request, limits: Limits) -> Outcome:
    """What the guest's JSON says."""
    try:
        reply = json.loads(payload)
    except (ValueError, RecursionError):
        return MALFORMED
    match reply:
        case {"returned": value} if len(reply) == 1 and is_plain(value) and is_due(value, request):
            return Returned(value)
        case {"memory": True}:
            return OutOfMemory(limits.memory_mib)
        case {"too_large": True}:
            return OutputTooLarge(limits.output_bytes)
        case {"raised": {"step": str(step), "type": str(type_), "message": str(message), "lines": list(lines)}}:
            return raised(step, type_, message, lines)
        case {"not_json": {"step": str(step), "what": str(what)}} if step in get_args(Step):
            return NotJsonable(step, clean(what, 300))  # type: ignore[arg-type]  # checked above
    return MALFORMED


def is_due(value: Any, request: Request) -> bool:
    """Whether a value has the shape that this kind of request returns: made code may speak in the guest's place."""
    match request:
        case CallFunction():
            return True
        case AnswerQuestion():
            match value:
                case {"arguments": dict(), "result": _, "answer": str()}:
                    return len(value) == 3
            return False
        case _:
            return isinstance(value, str)


def raised(step: str, type_: str, message: str, lines: list[Any]) -> Outcome:
    """The exception as the guest tells it, bounded."""
    if step not in get_args(Step) or not all(isinstance(line, str) for line in lines):
        return MALFORMED
    return Raised(step, clean(type_, 100), clean(message, 500), tuple(clean(line, 220) for line in lines[:8]))  # type: ignore[arg-type]


def is_plain(value: Any) -> bool:
    """Whether a parsed reply is JSON that can be sent on: finite numbers, Unicode text, bounded depth."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return False
        if isinstance(part, list):
            waiting.extend((item, depth + 1) for item in part)
        elif isinstance(part, dict):
            waiting.extend((item, depth + 1) for pair in part.items() for item in pair)
        elif (isinstance(part, str) and not is_text(part)) or (isinstance(part, float) and not isfinite(part)):
            return False
    return True


def is_text(value: str) -> bool:
    """Whether it holds no lone surrogate."""
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def clean(text: str, most: int) -> str:
    """Text without control and other invisible characters, at most so long."""
    return "".join(c if c.isprintable() else " " for c in text[: most * 2])[:most].strip()
