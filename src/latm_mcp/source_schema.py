"""Which schemas clients can take: one bad schema makes some of them drop a whole server (design, section 4).

The same rules for a draft's parameters, where its maker can still mend them, and for the list of tools.
"""

import json
import re

from latm_mcp.outcomes import Json

MAX_SCHEMA_BYTES = 16 * 1024
MAX_DEPTH = 12
_NOT_AT_ROOT = ("anyOf", "oneOf", "allOf", "not", "if", "enum", "const")
_UNIONS = ("anyOf", "oneOf", "allOf")
_NOWHERE = (
    "$ref",
    "$defs",
    "definitions",
    "$dynamicRef",
    "$recursiveRef",
    "prefixItems",
    "additionalItems",
)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def schema_fault(schema: Json) -> str | None:
    """What is wrong with the schema of a tool's arguments or result, and what to do; None where clients can take it.

    Its root is an object without unions; nowhere a `$ref`, a tuple or a list of types; every array has items; names are
    plain; it is neither deep nor long.
    """
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "its root is no object: give it type 'object'"
    if found := [word for word in _NOT_AT_ROOT if word in schema]:
        return f"its root is a union or choice ({found[0]!r}): move that into a property"
    if fault := _fault(schema, MAX_DEPTH):
        return fault
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        return f"it has more than {MAX_SCHEMA_BYTES} bytes: simplify the types"
    return None


def _fault(schema: Json, depth: int) -> str | None:
    if not isinstance(schema, dict):
        return "a part of it is no schema: write it out as an object"
    if depth == 0:
        return f"it nests deeper than {MAX_DEPTH} levels: flatten the type"
    if found := [word for word in _NOWHERE if word in schema]:
        return f"it has {found[0]!r}: write the type out"
    if isinstance(schema.get("type"), list):
        return "it has a list of types: use anyOf in a property"
    if (schema.get("type") == "array" or "items" in schema) and not isinstance(schema.get("items"), dict):
        return "an array has no items of one schema: say what they are"
    if not isinstance(properties := schema.get("properties", {}), dict):
        return "its 'properties' are no object: map names to schemas"
    if bad := [name for name in properties if not _NAME.fullmatch(name)]:
        return f"the name {bad[0][:80]!a} is not plain: use a-z, 0-9 and _"
    return next((fault for fault in (_fault(part, depth - 1) for part in _parts(schema)) if fault), None)


def _parts(schema: dict[str, Json]) -> list[Json]:
    parts: list[Json] = [*schema.get("properties", {}).values()]
    parts += [schema[key] for key in ("items", "additionalProperties") if not isinstance(schema.get(key, True), bool)]
    for key in _UNIONS:
        members = schema.get(key, [])
        parts += members if isinstance(members, list) else [None]
    return parts
