"""Hostile source text becomes a syntax tree, or a sentence: bounded before and after Python's own parser sees it."""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator

from latm_mcp.errors import Rejected
from latm_mcp.models import MAX_SOURCE_BYTES
from latm_mcp.text import one_line
from latm_mcp.text_characters import hidden_characters

MAX_BRACKETS = 50
MAX_PREFIXES = 20
MAX_TREE_DEPTH = 150
_PREFIXES = frozenset({"-", "+", "~", "not"})
_NESTING_WORDS = frozenset({"lambda", "else", "**"})
_MAX_NESTING_WORDS = 200


def refusal(sentence: str, at: ast.AST | int | None = None) -> Rejected:
    """Return the error to raise: the line, then what is wrong and what to do."""
    line = at if isinstance(at, int) else getattr(at, "lineno", None)
    return Rejected(f"line {line}: {sentence}" if line else sentence)


def parsed(source: str) -> ast.Module:
    """Return the tree of `source` as Python 3.11 reads it.

    Raises: Rejected for what is too large, too deep, no text or no Python; never RecursionError or MemoryError.
    """
    _check_characters(source)
    _check_nesting(source)
    try:
        with warnings.catch_warnings():  # a hostile "\d" must not reach our log, nor fail where warnings are errors
            warnings.simplefilter("ignore")
            tree = ast.parse(source, feature_version=(3, 11))
    except SyntaxError as error:
        raise refusal(f"this is no Python 3.11: {one_line(str(error.msg), 200)}; correct it", error.lineno) from None
    except (RecursionError, MemoryError):
        raise refusal("the source is nested too deeply: use fewer levels and shorter expressions") from None
    except ValueError as error:
        raise refusal(f"the source cannot be read: {one_line(str(error), 200)}; correct it") from None
    _check_depth(tree)
    return tree


def top_level(tree: ast.Module, name: str) -> list[ast.stmt]:
    """Return the module-level statements that bind `name`, in order."""
    return [statement for statement in tree.body if name in bound_names(statement)]


def bound_names(statement: ast.stmt) -> frozenset[str]:
    """Return the module-level names that a module-level statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({statement.name})
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return frozenset(alias.asname or alias.name.split(".")[0] for alias in statement.names)
    stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return frozenset(node.id for node in stored)


def docstrings(tree: ast.Module) -> Iterator[ast.Expr]:
    """Yield every docstring of the module, its classes and its functions, as the statement that it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and is_text(first.value):
                yield first


def is_text(node: ast.AST) -> bool:
    """Whether the node is a plain string constant."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _check_characters(source: str) -> None:
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        raise refusal(f"the source has {size} bytes, more than {MAX_SOURCE_BYTES}: shorten it")
    for at, kind in hidden_characters(source):  # what a reviewer cannot see could turn the meaning of a line around
        line = source.count("\n", 0, at) + 1
        raise refusal(f"{kind} character U+{ord(source[at]):04X}: remove it, or write it as an escape", line)


def _check_nesting(source: str) -> None:
    """Refuse what would make Python's parser recurse: brackets, prefix operators, lambdas and `else` in a row.

    Its own limits hold for a large stack only: a thread with a small one would crash before they are reached.
    """
    brackets = prefixes = words = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in (tokenize.OP, tokenize.NAME, tokenize.NEWLINE):
                continue
            brackets += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
            prefixes = prefixes + 1 if token.string in _PREFIXES else 0
            words = 0 if token.type == tokenize.NEWLINE else words + (token.string in _NESTING_WORDS)
            if brackets > MAX_BRACKETS or prefixes > MAX_PREFIXES or words > _MAX_NESTING_WORDS:
                raise refusal("this is nested too deeply: use fewer levels and shorter expressions", token.start[0])
    except (tokenize.TokenError, SyntaxError):
        return  # the parser says it better, and as far as the tokens go the nesting is bounded


def _check_depth(tree: ast.Module) -> None:
    waiting: list[tuple[ast.AST, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, line = waiting.pop()
        line = getattr(node, "lineno", line)
        if depth > MAX_TREE_DEPTH:
            raise refusal(f"this is nested more than {MAX_TREE_DEPTH} levels deep: split it up", line)
        waiting += [(child, depth + 1, line) for child in ast.iter_child_nodes(node)]
