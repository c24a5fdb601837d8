"""Which schemas clients can take: one bad schema makes some of them drop a whole server, so bad ones are never listed."""

import json
import re

from mcp import types
from mcp.types.methods import serialize_server_result
from mcp.types.version import KNOWN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from latm_mcp.outcomes import Json

MAX_SCHEMA_BYTES = 16 * 1024
MAX_DEPTH = 12
ERAS = (
    KNOWN_PROTOCOL_VERSIONS[0],
    KNOWN_PROTOCOL_VERSIONS[-2],
    KNOWN_PROTOCOL_VERSIONS[-1],
)  # both handshake ends, modern
_KEY = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")
_UNIONS = ("anyOf", "oneOf", "allOf", "not", "if")


def schema_fault(schema: dict[str, Json]) -> str | None:
    """What is wrong with a schema for a list of tools; None where clients can take it.

    Its root is an object without unions; nowhere a `$ref` or a tuple; every array has items; keys are plain.
    """
    if schema.get("type") != "object":
        return "its root is no object"
    if any(word in schema for word in _UNIONS):
        return "its root is a union"
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        return f"it has more than {MAX_SCHEMA_BYTES} bytes"
    return _fault(schema, MAX_DEPTH)


def _fault(schema: Json, depth: int) -> str | None:
    if not isinstance(schema, dict):
        return "a part of it is no schema"
    if depth == 0:
        return f"it nests deeper than {MAX_DEPTH} levels"
    if "$ref" in schema or "$defs" in schema:
        return "it has a $ref"
    if schema.get("type") == "array" and not isinstance(schema.get("items"), dict):
        return "an array has no items"
    properties = schema.get("properties", {})
    if bad := [key for key in properties if not _KEY.fullmatch(key)]:
        return f"the name {bad[0]!r} is not plain"
    parts = [*properties.values(), *(part for word in _UNIONS[:3] for part in schema.get(word, []))]
    parts += [schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    return next((fault for fault in (_fault(part, depth - 1) for part in parts) if fault), None)


def vetted(tools: list[types.Tool]) -> list[types.Tool]:
    """Those that every protocol version can list, in order; without its output schema where that is what fails.

    All at once, and only where that fails one by one: checking a thousand tools is felt at the server's start.
    """
    plain = [tool for tool in map(_with_plain_schemas, tools) if tool is not None]
    if _can_be_listed(plain):
        return plain
    bare = [tool if _can_be_listed([tool]) else tool.model_copy(update={"output_schema": None}) for tool in plain]
    return [tool for tool in bare if _can_be_listed([tool])]


def _with_plain_schemas(tool: types.Tool) -> types.Tool | None:
    if schema_fault(tool.input_schema) is not None:
        return None
    if tool.output_schema is not None and schema_fault(tool.output_schema):
        return tool.model_copy(update={"output_schema": None})
    return tool


def _can_be_listed(tools: list[types.Tool]) -> bool:
    listing = types.ListToolsResult(tools=tools, ttl_ms=0, cache_scope="private")
    data = listing.model_dump(by_alias=True, mode="json", exclude_none=True)
    try:
        for version in ERAS:
            serialize_server_result("tools/list", version, data)
    except ValidationError:
        return False
    return True
