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
# Attributes of frames, tracebacks, running generators and code objects: ways out of a function into what called it.
_INSIDES = frozenset(
    {f"{of}_{name}" for of in ("gi", "cr", "ag") for name in ("frame", "code", "await", "yieldfrom", "origin")}
    | {f"f_{name}" for name in ("back", "builtins", "code", "globals", "locals", "trace", "generator")}
    | {f"tb_{name}" for name in ("frame", "next", "lasti", "lineno")}
    | {f"co_{name}" for name in ("code", "consts", "names", "varnames", "freevars", "filename", "firstlineno")}
)
_ACCESSORS = frozenset({"getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller"})
_STATEMENTS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign)


def check_hygiene(tree: ast.Module) -> None:
    """Refuse forbidden imports, names, attributes and module-level statements. Raises: Rejected, with the line."""
    for statement in tree.body:
        _check_statement(statement)
    bound = _all_bound(tree)
    modules = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if id(node) not in called:
            _check_no_accessor(node, bound)
        _check_words(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            _check_import(node)
        elif isinstance(node, ast.Name):
            _check_name(node, bound)
        elif isinstance(node, ast.Attribute):
            _check_attribute(node, modules)
        elif isinstance(node, ast.Call):
            _check_call(node)
        elif isinstance(node, ast.MatchClass):
            _check_pattern(node)


def _check_words(node: ast.AST) -> None:
    """No forbidden name with double underscores is defined, nor given as a text: getattr(f, "__doc__")."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _is_forbidden_dunder(node.name):
        raise refusal(f"{node.name[:80]!r} may not be defined: give it a plain name", node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_forbidden_dunder(node.value):
        raise refusal(f"the text {node.value[:80]!a} may not be used: do without it", node)


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
        if alias.name in _ACCESSORS and alias.asname not in (None, alias.name):
            raise refusal(f"{alias.name!r} may only be used under its own name", node)


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
    if node.attr in _INSIDES:
        raise refusal(f"the attribute {node.attr!r} may not be used: do without it", node)
    root = node.value
    while isinstance(root, ast.Attribute):  # a module may be reached through another one: re.enum.sys
        root = root.value
    of_module = isinstance(root, ast.Name) and root.id in modules
    if of_module and (node.attr in _BORROWED or node.attr.startswith("_")):
        raise refusal(f"the module's attribute {node.attr[:80]!r} may not be used: do without it", node)


def _check_pattern(node: ast.MatchClass) -> None:
    """`case Point(x=a)` reads the attribute `x`."""
    for name in node.kwd_attrs:
        if name.startswith("_") or name in _INSIDES | _BORROWED or name in _FORBIDDEN_NAMES:
            raise refusal(f"the attribute {name[:80]!r} may not be used: do without it", node)


def _check_no_accessor(node: ast.AST, bound: frozenset[str]) -> None:
    """`getattr` and its like handed on as a value would be called with names that nobody sees."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if name in _ACCESSORS and name not in bound:
        raise refusal(f"{name!r} may only be used by calling it: use a dict", node)


def _check_call(node: ast.Call) -> None:
    """`getattr` and its like with a computed name would get at what may not be named."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called not in _ACCESSORS:
        return
    names = {"attrgetter": node.args, "methodcaller": node.args[:1]}.get(called, node.args[1:2])
    if not names or not all(map(_is_harmless, names)):
        raise refusal(f"{called!r} may only be used with a plain name: use a dict", node)


def _is_harmless(name: ast.expr) -> bool:
    """Whether a name of an attribute, given as a text, could be written with a dot as well."""
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return False
    return not any(part in _BORROWED | _INSIDES or part.startswith("__") for part in name.value.split("."))


def _is_forbidden_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and len(name) > 4 and name not in _DUNDERS
