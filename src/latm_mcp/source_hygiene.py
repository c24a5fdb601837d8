"""What made source may contain at all. Hygiene with a clear message for its maker: the wall is the sandbox."""

import ast

from latm_mcp.allowed import ALLOWED_IMPORTS
from latm_mcp.source_tree import is_text, refusal

_COMPUTE = "write the computation out (ast.literal_eval reads literals)"
_PARAMETER = "there are no files and no console: take what is needed as a parameter"
_FORBIDDEN_NAMES = {
    "exec": _COMPUTE,
    "eval": _COMPUTE,
    "compile": _COMPUTE,
    "__import__": "use an import statement",
    "open": _PARAMETER,
    "input": _PARAMETER,
    "breakpoint": "leave it out",
    "globals": "name the constants that are needed",
    "exit": "return, or raise an exception",
    "quit": "return, or raise an exception",
}
# Without __doc__: a docstring that code can read would be a table that string_literals does not see.
_DUNDERS = frozenset(
    f"__{name}__"
    for name in (
        "init", "post_init", "new", "slots", "name", "all", "str", "repr", "format", "bool", "int", "float", "index", "hash",
        "eq", "ne", "lt", "le", "gt", "ge", "len", "iter", "next", "reversed", "getitem", "setitem", "delitem", "missing",
        "contains", "call", "enter", "exit", "add", "radd", "iadd", "sub", "rsub", "isub", "mul", "rmul", "imul", "truediv",
        "rtruediv", "floordiv", "rfloordiv", "mod", "rmod", "divmod", "pow", "rpow", "neg", "pos", "abs", "invert", "and",
        "or", "xor", "lshift", "rshift", "matmul", "round", "floor", "ceil", "trunc", "copy", "deepcopy",
    )
)  # fmt: skip
# Modules that allowed modules have imported themselves, so that they would be attributes of them.
_BORROWED = frozenset(
    {"sys", "os", "builtins", "importlib", "subprocess", "socket", "ctypes", "gc", "inspect", "marshal", "pickle"}
    | {"posix", "nt", "shutil", "pathlib", "signal", "threading", "warnings", "weakref", "locale"}
)
_STATEMENTS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign)


def check_hygiene(tree: ast.Module) -> None:
    """Refuse forbidden imports, names, attributes and module-level statements. Raises: Rejected, with the line."""
    for statement in tree.body:
        _check_statement(statement)
    bound = _all_bound(tree)
    modules = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            _check_import(node)
        elif isinstance(node, ast.Name):
            _check_name(node, bound)
        elif isinstance(node, ast.Attribute):
            _check_attribute(node, modules)
        elif isinstance(node, ast.Call):
            _check_call(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _is_forbidden_dunder(
            node.name
        ):
            raise refusal(f"{node.name[:80]!r} may not be defined: give it a plain name", node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_forbidden_dunder(node.value):
            raise refusal(f"the text {node.value[:80]!a} may not be used: do without it", node)  # getattr(f, "__doc__")


def _check_statement(statement: ast.stmt) -> None:
    if isinstance(statement, ast.Expr) and is_text(statement.value):
        return
    if not isinstance(statement, _STATEMENTS):
        what = "only imports, def, class and assignments may stand at module level: move this into a function"
        raise refusal(what, statement)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if target is not None and not _is_plain(target):
            raise refusal(
                "at module level only plain names may be assigned: build the value in one expression", statement
            )


def _is_plain(target: ast.AST) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_plain(element) for element in target.elts)
    return isinstance(target.value if isinstance(target, ast.Starred) else target, ast.Name)


def _all_bound(tree: ast.Module) -> frozenset[str]:
    """Every name that the source binds anywhere: `input` as a parameter is not the built-in."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef):
            bound.add(node.name)
    return frozenset(bound)


def _check_import(node: ast.Import | ast.ImportFrom) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name not in ALLOWED_IMPORTS:
                raise _no_import(alias.name, node)
        return
    if node.level:
        raise refusal("a relative import has nothing to refer to: the tool is one file, so put the code into it", node)
    for alias in node.names:
        if alias.name == "*":
            raise refusal("'import *' hides what is used: name what is imported", node)
        if node.module not in ALLOWED_IMPORTS and f"{node.module}.{alias.name}" not in ALLOWED_IMPORTS:
            raise _no_import(str(node.module), node)
        if alias.name in _BORROWED or alias.name.startswith("_"):
            raise _no_import(f"{node.module}.{alias.name}", node)


def _no_import(name: str, node: ast.AST) -> Exception:
    what = "use only the standard modules that the brief lists, such as re, math, json, itertools"
    return refusal(f"{name[:80]!r} may not be imported: {what}", node)


def _check_name(node: ast.Name, bound: frozenset[str]) -> None:
    if node.id in _FORBIDDEN_NAMES and (node.id not in bound or node.id == "__import__"):
        raise refusal(f"{node.id!r} may not be used: {_FORBIDDEN_NAMES[node.id]}", node)
    if _is_forbidden_dunder(node.id):
        raise refusal(f"{node.id[:80]!r} may not be used: do without it", node)


def _check_attribute(node: ast.Attribute, modules: set[str]) -> None:
    if _is_forbidden_dunder(node.attr):
        raise refusal(f"the attribute {node.attr[:80]!r} may not be used: do without it", node)
    of_module = isinstance(node.value, ast.Name) and node.value.id in modules
    if of_module and (node.attr in _BORROWED or node.attr.startswith("_")):
        raise refusal(f"the module's attribute {node.attr[:80]!r} may not be used: do without it", node)


def _check_call(node: ast.Call) -> None:
    """`getattr` and its like with a computed name would get at what may not be named."""
    if not isinstance(node.func, ast.Name) or node.func.id not in ("getattr", "setattr", "hasattr", "delattr"):
        return
    name = node.args[1] if len(node.args) > 1 else None
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str) or name.value in _BORROWED:
        raise refusal(f"{node.func.id!r} may only be used with a plain name: use a dict", node)


def _is_forbidden_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and len(name) > 4 and name not in _DUNDERS
