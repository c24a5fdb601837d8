"""What the package imports is what it asks for: nothing comes by way of another package's wishes alone."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BROUGHT = {"pydantic_core"}  # pydantic asks for the one version of it that fits


def imported() -> set[str]:
    """The first words of all imports in the package, wherever in a file they stand."""
    found = set()
    for path in (ROOT / "src" / "latm_mcp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"latm_mcp"} - BROUGHT


def plain(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~;\[ ]", name)[0]).lower()


def test_every_package_that_is_imported_is_asked_for():
    asked = {plain(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["plots"]}
    held = packages_distributions()

    modules = imported()

    assert "mcp" in modules  # the search finds what there is
    lacking = {module for module in modules if not {plain(name) for name in held.get(module, [module])} & asked}
    assert lacking == set()


def test_what_is_asked_for_has_a_lower_bound():
    assert [text for text in PROJECT["dependencies"] if not re.search(r">=|==", text)] == []
