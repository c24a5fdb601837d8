"""JSON-able types: an annotation as a JSON schema, a schema as one spelling."""

import ast
import re

from latm_mcp.errors import Rejected
from latm_mcp.models import Signature
from latm_mcp.outcomes import Json
from latm_mcp.source_tree import is_text, parsed, refusal

MAX_LITERALS = 20
_PLAIN_WORDS = re.compile(r"(?=.{1,24}\Z)[\w.+/%-]+( [\w.+/%-]+)?", re.ASCII)  # two, as in "half up"
_SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}
_SPELLINGS = {kind: name for name, kind in _SCALARS.items()}
_KINDS: dict[type, str] = {bool: "boolean", int: "integer", str: "string"}
_JSON_TYPES = "str, int, float, bool, None, list[T], dict[str, T], Literal[...], T | U"


def schema_of(annotation: ast.expr) -> dict[str, Json]:
    """Return the JSON schema of an annotation. Raises: Rejected, naming the types that there are."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return schema_of(_unquoted(annotation))
    name = _name(annotation)
    if name in _SCALARS:
        return {"type": _SCALARS[name]}
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _union([annotation.left, annotation.right])
    if isinstance(annotation, ast.Subscript):
        return _generic(annotation)
    raise _no_type(annotation)


def spelling(schema: Json) -> str:
    """Return the one way in which we write a schema of ours as a Python type."""
    if "anyOf" in schema:
        return " | ".join(spelling(member) for member in schema["anyOf"])
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if schema["type"] == "array":
        return f"list[{spelling(schema['items'])}]"
    if schema["type"] == "object":
        return f"dict[str, {spelling(schema['additionalProperties'])}]"
    return _SPELLINGS[schema["type"]]


def fits(schema: Json, value: Json) -> bool:
    """Whether a JSON value is of the type of a schema of ours."""
    if "anyOf" in schema:
        return any(fits(member, value) for member in schema["anyOf"])
    if "enum" in schema:
        return any(value == member and type(value) is type(member) for member in schema["enum"])
    if isinstance(value, list):
        return bool(schema["type"] == "array") and all(fits(schema["items"], item) for item in value)
    if isinstance(value, dict):
        return bool(schema["type"] == "object") and all(
            fits(schema["additionalProperties"], item) for item in value.values()
        )
    kind = {**_KINDS, float: "number", type(None): "null"}.get(type(value))
    return bool(schema["type"] == kind) or (schema["type"] == "number" and kind == "integer")


def is_plain(text: str) -> bool:
    """Whether a maker's text may stand in a schema or signature that clients list: a word or two, for prose may be an order."""
    return _PLAIN_WORDS.fullmatch(text) is not None


def same_parameters(old: Signature, new: Signature) -> bool:
    """Whether both take the same names, types and required ones: clients may hold the old schema (design, section 3)."""

    def shape(signature: Signature) -> tuple[Json, list[str]]:
        return signature.parameters.get("properties", {}), sorted(signature.parameters.get("required", []))

    return shape(old) == shape(new)


def _no_type(annotation: ast.AST) -> Rejected:
    return refusal(f"this type has no JSON form: use {_JSON_TYPES}", annotation)


def _unquoted(annotation: ast.Constant) -> ast.expr:
    try:
        body = parsed(str(annotation.value).strip()).body
    except Rejected:
        raise _no_type(annotation) from None
    if len(body) != 1 or not isinstance(body[0], ast.Expr) or is_text(body[0].value):
        raise _no_type(annotation)  # quotes in quotes would go on for ever
    for node in ast.walk(body[0]):
        ast.copy_location(node, annotation)
    return body[0].value


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and node.value is None:
        return "None"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.attr in ("List", "Dict", "Optional", "Union", "Literal") else ""
    return node.id if isinstance(node, ast.Name) else ""


def _generic(annotation: ast.Subscript) -> dict[str, Json]:
    inside = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    name = _name(annotation.value)
    if name in ("list", "List") and len(inside) == 1:
        return {"type": "array", "items": schema_of(inside[0])}
    if name in ("dict", "Dict") and len(inside) == 2:
        if schema_of(inside[0]) != {"type": "string"}:
            raise refusal("the keys of a JSON object are text: use dict[str, T]", annotation)
        return {"type": "object", "additionalProperties": schema_of(inside[1])}
    if name == "Optional" and len(inside) == 1:
        return _union([inside[0], ast.copy_location(ast.Constant(None), annotation)])
    if name == "Union" and inside:
        return _union(inside)
    if name == "Literal" and inside:
        return _literal(inside, annotation)
    raise _no_type(annotation)


def _union(members: list[ast.expr]) -> dict[str, Json]:
    flat: list[dict[str, Json]] = []
    for schema in map(schema_of, members):
        flat += [part for part in schema.get("anyOf", [schema]) if part not in flat]
    _check_count(flat, members[0])
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _literal(members: list[ast.expr], annotation: ast.AST) -> dict[str, Json]:
    values: list[Json] = []
    for member in members:
        value = _constant(member)
        if type(value) not in _KINDS or (isinstance(value, str) and not is_plain(value)):
            what = (
                "Literal may hold int, bool, and one or two words: 1 to 24 ASCII letters, digits and _ . + / % - in all"
            )
            raise refusal(f"{what}: for other text use str, and check it inside the function", annotation)
        if not any(value == known and type(value) is type(known) for known in values):
            values.append(value)
    _check_count([{"enum": values}], annotation)
    kinds = {_KINDS[type(value)] for value in values}
    return {"type": kinds.pop(), "enum": values} if len(kinds) == 1 else {"enum": values}


def _check_count(parts: list[dict[str, Json]], annotation: ast.AST) -> None:
    count = sum(len(part.get("enum", ())) for part in parts)
    if count > MAX_LITERALS:
        what = (
            f"Literal has {count} members, more than {MAX_LITERALS}: use str or int, and check it inside the function"
        )
        raise refusal(what, annotation)


def _constant(node: ast.expr) -> Json:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value if type(node.operand.value) is int else None
    return node.value if isinstance(node, ast.Constant) else None
