"""Made source is checked before anything runs (design, sections 2.4 and 3): the function, its signature, its adapter.

Nothing here executes a line of it. That the code is harmless is the sandbox's promise, not this module's.
"""

import ast
import math

from latm_mcp.errors import Rejected
from latm_mcp.models import Signature
from latm_mcp.outcomes import Json
from latm_mcp.source_equal import functions_equal, literal_tables, string_literals
from latm_mcp.source_hygiene import check_hygiene
from latm_mcp.source_schema import schema_fault
from latm_mcp.source_tree import parsed, refusal, top_level
from latm_mcp.source_types import fits, is_plain, same_parameters, schema_of, spelling
from latm_mcp.text import NAME_PATTERN

__all__ = [
    "check_source",
    "functions_equal",
    "has_adapter",
    "literal_tables",
    "same_parameters",
    "schema_fault",
    "string_literals",
]

MAX_PARAMETERS = 20
MAX_SIGNATURE = 1000
_ADAPTER = {"parse": 1, "render": 2}
_CACHES = ("cache", "lru_cache")


def check_source(source: str, function: str) -> Signature:
    """Return the signature of `function` in a source that may be run in the sandbox.

    Raises: Rejected with the line, what is wrong with it and what to do, as feedback for the source's maker.
    """
    tree = parsed(source)
    definition = _the_def(tree, function)
    _check_adapter(tree)
    check_hygiene(tree)
    signature = _signature(definition)
    if fault := schema_fault(signature.parameters):
        raise Rejected(f"clients cannot take the parameters' schema: {fault}")
    return signature


def has_adapter(source: str) -> bool:
    """Whether the source defines both `parse` and `render`. Raises: Rejected for a source that cannot be read."""
    defined = {statement.name for statement in parsed(source).body if isinstance(statement, ast.FunctionDef)}
    return defined >= _ADAPTER.keys()


def _the_def(tree: ast.Module, name: str) -> ast.FunctionDef:
    found = top_level(tree, name)
    if not found:
        raise Rejected(f"there is no function {name!r} at the top level of the source: define it there with def")
    if len(found) > 1:
        raise refusal(f"{name!r} is defined more than once: keep one definition", found[1])
    if not isinstance(found[0], ast.FunctionDef):
        raise refusal(f"{name!r} is no plain function: define it with def (not async, class or assignment)", found[0])
    return found[0]


def _check_adapter(tree: ast.Module) -> None:
    present = [name for name in _ADAPTER if top_level(tree, name)]
    if len(present) == 1:
        other = "render" if present == ["parse"] else "parse"
        raise Rejected(
            f"there is a {present[0]!r} but no {other!r}: define both, parse(question) and render(result, question)"
        )
    for name in present:
        definition = _the_def(tree, name)
        arguments = definition.args
        optional = arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults
        if optional or len(arguments.posonlyargs + arguments.args) != _ADAPTER[name]:
            form = "parse(question)" if name == "parse" else "render(result, question)"
            raise refusal(f"{name!r} has other parameters than it is called with: write it as {form}", definition)
        _check_decorators(definition)


def _check_decorators(definition: ast.FunctionDef) -> None:
    for decorator in definition.decorator_list:
        bare = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = bare.attr if isinstance(bare, ast.Attribute) else getattr(bare, "id", "")
        if name not in _CACHES:
            raise refusal(f"{definition.name!r} may be decorated with functools.cache only: leave this out", decorator)


def _signature(definition: ast.FunctionDef) -> Signature:
    _check_decorators(definition)
    arguments = definition.args
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        what = "takes *args, **kwargs or positional-only parameters: name each parameter, callers pass them by name"
        raise refusal(f"{definition.name!r} {what}", definition)
    if definition.returns is None:
        raise refusal(f"{definition.name!r} has no return type: write def {definition.name}(...) -> TYPE:", definition)
    returns = schema_of(definition.returns)
    if returns == {"type": "null"}:
        raise refusal(f"{definition.name!r} returns nothing: return the result and say its type", definition)
    names = [*arguments.args, *arguments.kwonlyargs]
    if not 1 <= len(names) <= MAX_PARAMETERS:
        raise refusal(f"{definition.name!r} has {len(names)} parameters: take 1 to {MAX_PARAMETERS}", definition)
    properties = {argument.arg: _parameter(argument) for argument in names}
    defaults = _defaults(arguments, properties)
    parameters: dict[str, Json] = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in defaults],
        "additionalProperties": False,
    }
    inside = ", ".join(f"{name}: {spelling(schema)}{defaults.get(name, '')}" for name, schema in properties.items())
    text = f"{definition.name}({inside}) -> {spelling(returns)}"
    if len(text) > MAX_SIGNATURE:
        raise refusal(f"the signature has {len(text)} characters, more than {MAX_SIGNATURE}: simplify it", definition)
    return Signature(function=definition.name, parameters=parameters, returns=returns, text=text)


def _parameter(argument: ast.arg) -> dict[str, Json]:
    if not NAME_PATTERN.fullmatch(argument.arg):
        what = "has a wrong form: start with a-z, then only a-z, 0-9 and _, at most 40 characters"
        raise refusal(f"the parameter name {argument.arg[:80]!a} {what}", argument)
    if argument.annotation is None:
        raise refusal(f"the parameter {argument.arg!r} has no type: write {argument.arg}: TYPE", argument)
    return schema_of(argument.annotation)


def _defaults(arguments: ast.arguments, properties: dict[str, Json]) -> dict[str, str]:
    """Each optional parameter's default as the signature shows it, ` = 3`. Raises: Rejected for what is no JSON literal."""
    optional = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    pairs = [*zip(optional, arguments.defaults, strict=True)]
    pairs += [(name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    shown: dict[str, str] = {}
    for argument, node in pairs:
        value = _json_literal(node)
        if value is NotImplemented or not fits(properties[argument.arg], value):
            what = f"is no JSON literal of its type {spelling(properties[argument.arg])}: change one of the two"
            raise refusal(f"the default of {argument.arg!r} {what}", node)
        # A maker's prose must not reach a list of tools by way of a default: what is no plain word is not shown.
        plain = not isinstance(value, str | list | dict) or not value or (isinstance(value, str) and is_plain(value))
        shown[argument.arg] = f" = {value!r}" if plain else " = ..."
    return shown


def _json_literal(node: ast.expr) -> Json:
    """The value of a literal, or NotImplemented."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return NotImplemented
    return value if _is_json(value) else NotImplemented


def _is_json(value: Json) -> bool:
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, float):
        return math.isfinite(value)  # 1e999 is infinite
    return value is None or isinstance(value, bool | int | str)
