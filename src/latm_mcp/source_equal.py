"""What a source says apart from how it is written: its function with all that it reaches, and its constants."""

import ast

from latm_mcp.source_tree import bound_names, docstrings, parsed


def functions_equal(a: str, b: str, function: str) -> bool:
    """Whether `function` is the same in both sources apart from comments, formatting, docstrings and the adapter.

    Compared is its def, and every module-level def, class, constant and import that it reaches by name.
    Raises: Rejected for a source that cannot be read.
    """
    one, other = _reached(parsed(a), function), _reached(parsed(b), function)
    return function in one and one == other


def string_literals(source: str) -> list[str | int | float]:
    """Return the text and number constants of a source in its order: docstrings left out, bytes as text, -1 as one.

    Raises: Rejected for a source that cannot be read.
    """
    tree = parsed(source)
    passed_over = {id(statement.value) for statement in docstrings(tree)}
    found: list[tuple[int, int, str | int | float]] = []
    for node in ast.walk(tree):  # breadth first: a minus comes before the number that it belongs to
        if id(node) in passed_over:
            continue
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and _is_number(node.operand):
            passed_over.add(id(node.operand))
            found.append((node.lineno, node.col_offset, -node.operand.value))  # type: ignore[attr-defined]
        elif isinstance(node, ast.Constant) and (isinstance(node.value, str | bytes) or _is_number(node)):
            value = node.value.decode("utf-8", "replace") if isinstance(node.value, bytes) else node.value
            found.append((node.lineno, node.col_offset, value))  # type: ignore[arg-type]
    return [value for _, _, value in sorted(found, key=lambda place: place[:2])]


def literal_tables(source: str) -> list[list[tuple[str, str]]]:
    """Return the pairs of each dict of a source that has nothing but constants in it, as text. Raises: Rejected."""
    tables = [node for node in ast.walk(parsed(source)) if isinstance(node, ast.Dict)]
    pairs = (list(zip(table.keys, table.values, strict=True)) for table in tables)
    return [
        [(str(key.value), str(value.value)) for key, value in each]  # type: ignore[union-attr,attr-defined]
        for each in pairs
        if all(isinstance(key, ast.Constant) and isinstance(value, ast.Constant) for key, value in each)
    ]


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _reached(tree: ast.Module, function: str) -> dict[str, list[str]]:
    """Each module-level name that `function` reaches, itself included, with what binds it in order."""
    for docstring in list(docstrings(tree)):
        docstring.value = ast.Constant("")  # stays a statement: a body must not become empty
    _give_every_def_a_docstring(tree)
    statements: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in bound_names(statement):
            statements.setdefault(name, []).append(statement)
    reached: dict[str, list[str]] = {}
    waiting = [function]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in statements:
            continue
        reached[name] = [_written(statement, name) for statement in statements[name]]
        for statement in statements[name]:
            waiting += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return reached


def _give_every_def_a_docstring(tree: ast.Module) -> None:
    # A def with a docstring and the same def without one are the same function.
    has_one = {id(statement) for statement in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and id(node.body[0]) not in has_one:
            node.body.insert(0, ast.Expr(ast.Constant("")))


def _written(statement: ast.stmt, name: str) -> str:
    """A statement as comparable text; of an import only what binds `name`, since imports are grouped at will."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
        bound = [alias.name for alias in statement.names if (alias.asname or alias.name.split(".")[0]) == name]
        return f"import {module}{' '.join(bound)}"
    return ast.dump(statement)
