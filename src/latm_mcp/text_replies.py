"""A JSON object out of what a model wrote: alone, in a fence, or with words around it."""

import json

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json

MAX_STARTS = 20  # braces at which an object is looked for


def read_object(reply: str) -> dict[str, Json]:
    """The first JSON object of a reply. Raises: BadInput, where there is no whole one."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    at = -1
    for _ in range(MAX_STARTS):
        at = reply.find("{", at + 1)
        if at < 0:
            break
        try:
            value, _end = decoder.raw_decode(reply, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise BadInput("The reply holds no whole JSON object.")


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is no JSON")
