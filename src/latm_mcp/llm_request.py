"""What is sent to Chat Completions: the conversation, and the options that an endpoint has not refused."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from latm_mcp.models import Message
from latm_mcp.outcomes import Json

if TYPE_CHECKING:
    from openai import APIStatusError

# Characters of the longest question that make one more token of a bounded reply: arguments repeat what a question holds.
CHARACTERS_OF_A_BOUND = 2


class Way(NamedTuple):
    """How a role is asked (paper: 0.3 for making, 0 for all else). seconds: of one reply with all its retries.

    tokens: a small model can run on for ever, so its replies end at so many and half as many as the question has characters; what
    was cut off there is returned as it is. None: no such bound.
    """

    temperature: float
    seconds: float
    tokens: int | None = None


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "maker": Way(0.3, 600),
        "user": Way(0.0, 300, 512),
        "dispatcher": Way(0.0, 300, 4096),
        "fallback": Way(0.0, 600),
    }
)

# Words by which a refusal names an option. An endpoint that cannot follow a schema names it in many ways.
_SIGNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "temperature": ("temperature",),
        "response_format": ("response_format", "json_schema", "schema", "grammar", "structured output"),
        "max_tokens": ("max_tokens",),
    }
)


def options(way: Way, conversation: Sequence[Message], schema: Json | None) -> dict[str, Json]:
    """All options of a request for this role. schema: of the one JSON object that the reply is to be."""
    wanted: dict[str, Json] = {"temperature": way.temperature}
    if way.tokens is not None:
        longest = max((len(message.content) for message in conversation if message.role == "user"), default=0)
        wanted["max_tokens"] = way.tokens + longest // CHARACTERS_OF_A_BOUND
    if schema is not None:
        form = {"name": "reply", "schema": schema, "strict": _is_strict(schema)}
        wanted["response_format"] = {"type": "json_schema", "json_schema": form}
    return wanted


def refused_option(error: "APIStatusError", sent: Mapping[str, Json]) -> str | None:
    """Which of the options that were sent a refusal names; None where it is about something else."""
    if error.status_code not in (400, 422):
        return None
    body = str(error.body).lower()
    named = getattr(error, "param", None)
    found = (name for name in sent if named == name or any(sign in body for sign in _SIGNS[name]))
    return next(found, None)


def _is_strict(schema: Json) -> bool:
    """Whether a schema is of the kind that OpenAI follows to the letter: objects are closed, all their properties required."""
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required", ())) != set(schema.get("properties", ())):
            return False
    parts = [*schema.get("properties", {}).values(), schema.get("items"), *schema.get("anyOf", ())]
    return "default" not in schema and all(map(_is_strict, parts))
