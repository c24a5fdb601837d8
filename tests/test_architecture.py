"""The layers of the design, as data: imports point strictly down, and each outside world has one door."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "latm_mcp"

# A module may import from layers before its own, and within its own layer only what ALLOWED_SIDEWAYS names.
LAYERS: list[tuple[str, ...]] = [
    ("outcomes", "errors", "allowed", "__init__"),
    ("models",),
    ("text", "tasks", "splits", "locking"),
    ("llm", "prompts", "source", "sandbox", "store", "settings", "compare", "recording", "masking", "prices"),
    ("drafts", "judging", "turns", "stats", "install"),
    ("gates",),
    ("making", "using"),
    ("job", "latm"),
    ("server", "api"),
    ("peer",),
    ("bench", "demo"),
    ("cli",),
    ("__main__",),
]

# What the package offers by name, loaded at first use: it names those modules for type checkers alone.
FACADE = SRC / "__init__.py"

# The one stage that is built on another: a tool user calls the tool.
BUILT_ON = {("latm_mcp.using.tool_user", "latm_mcp.using.use")}

# One door each: who may reach these packages and names at all. A star stands for any ending.
PROCESSES = (
    "subprocess",
    "multiprocessing",
    "pty",
    "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures.process",
    "anyio.open_process",
    "anyio.run_process",
    "anyio.to_process",
    "asyncio.create_subprocess_*",
    "asyncio.subprocess",
    "os.exec*",
    "os.fork*",
    "os.spawn*",
    "os.posix_spawn*",
    "os.system",
    "os.popen",
    "os.startfile",
)
ENVIRONMENT = ("os.environ*", "os.getenv*", "os.putenv", "os.unsetenv")
DOORS = {
    "openai": {"llm"},
    "genai_prices": {"prices"},
    "keyring": {"settings"},
    "matplotlib": {"cli", "bench"},
    "mcp": {"server", "peer", "demo"},
    "mcp.client": {"peer"},  # it starts servers, and so does the next
    "mcp.stdio_client": {"peer"},
    "wasmtime": {"sandbox"},
    "sqlite3": {"store"},
    "starlette": {"server"},
    "uvicorn": {"server"},
    "rich": {"cli", "bench", "demo"},
    "tomlkit": {"install", "settings"},
    "ruamel": {"install"},
    **{name: {"sandbox"} for name in PROCESSES},
    **{name: {"settings"} for name in ENVIRONMENT},
}


def family(module: str) -> str:
    """`latm_mcp.making.propose` -> `making`; `latm_mcp.store_files` -> `store`: `x_*` is a part of `x`."""
    first = module.removeprefix("latm_mcp").lstrip(".").split(".")[0] or "__init__"
    if first.startswith("__"):
        return first if first == "__main__" else "__init__"  # `__version__` and the like are the package's own
    return first.split("_")[0]


def imports_of(source: str) -> set[tuple[str, str]]:
    """What a module imports, wherever in it: pairs of the name that it has there and its dotted name."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                found |= {(alias.asname or top, alias.name if alias.asname else top), (alias.name, alias.name)}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            found |= {(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names}
    return found


def reached_by(source: str) -> set[str]:
    """All dotted names that a module gets at: its imports, and what it takes from them (`import os`, `os.environ`)."""
    imported = imports_of(source)
    found = {name for _, name in imported}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            first, *rest = ast.unparse(node).split(".")
            found |= {".".join((name, *rest)) for local, name in imported if local == first}
    return found


def opens(door: str, name: str) -> bool:
    return name.startswith(door[:-1]) if door.endswith("*") else f"{name}.".startswith(f"{door}.")


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def own_name(path: Path) -> str:
    return ".".join(("latm_mcp", *path.relative_to(SRC).with_suffix("").parts))


def as_run(source: str) -> str:
    """A module without what stands in it for type checkers alone."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def layer(of: str) -> int:
    for number, names in enumerate(LAYERS):
        if of in names:
            return number
    raise AssertionError(f"{of!r} is in no layer: add it to LAYERS")


def imported_modules(path: Path) -> set[str]:
    """The project's own modules that a module imports, each by its own name."""
    source = path.read_text(encoding="utf-8")
    if path == FACADE:
        source = as_run(source)
    names = [name for _, name in imports_of(source) if opens("latm_mcp", name)]
    known = {own_name(other) for other in modules()}
    found = set()
    for name in names:
        while name not in known and f"{name}.__init__" not in known:
            name = name.rpartition(".")[0]
        found.add(name if name in known else f"{name}.__init__")
    return found


@pytest.mark.parametrize("path", modules(), ids=own_name)
def test_imports_point_down(path: Path):
    own = family(own_name(path))
    for name in imported_modules(path):
        other = family(name)
        if other == own or (own, other) == ("latm", "job"):
            continue
        assert layer(other) < layer(own), f"{own_name(path)} imports {name}: sideways or upward"


def test_no_module_imports_itself_by_way_of_others():
    TopologicalSorter({own_name(path): imported_modules(path) for path in modules()}).prepare()


@pytest.mark.parametrize("path", modules(), ids=own_name)
def test_stages_never_import_each_other(path: Path):
    package = own_name(path).rpartition(".")[0]
    if package not in ("latm_mcp.making", "latm_mcp.using"):
        return
    for name in imported_modules(path):
        meant = (own_name(path), name) in BUILT_ON
        assert meant or not opens(package, name), f"{own_name(path)} imports the stage {name}"


@pytest.mark.parametrize("path", modules(), ids=own_name)
def test_each_outside_world_has_one_door(path: Path):
    own = family(own_name(path))
    for name in reached_by(path.read_text(encoding="utf-8")):
        for door, owners in DOORS.items():
            assert not opens(door, name) or own in owners, f"{own_name(path)} uses {name}: that is for {sorted(owners)}"


@pytest.mark.parametrize(
    ("source", "door"),
    [
        ("import os\nhome = os.environ['HOME']", "os.environ*"),
        ("import os as system\ndef f(): return system.environ.get('HOME')", "os.environ*"),
        ("from os import environ", "os.environ*"),
        ("from os import getenv as g", "os.getenv*"),
        ("import os.path\nos.execv('x', [])", "os.exec*"),
        ("import os\nos.fork()", "os.fork*"),
        ("def f():\n    import subprocess as s", "subprocess"),
        ("from subprocess import PIPE", "subprocess"),
        ("import anyio\nasync def f(): await anyio.open_process([])", "anyio.open_process"),
        ("from anyio import run_process", "anyio.run_process"),
        ("import asyncio\nstart = asyncio.create_subprocess_exec", "asyncio.create_subprocess_*"),
        ("from mcp import client", "mcp.client"),
        ("def f():\n    from os import fork as a\ndef g():\n    from json import loads as a", "os.fork*"),
        ("import mcp.client.stdio", "mcp.client"),
        ("import sqlite3", "sqlite3"),
    ],
)
def test_a_door_is_seen_however_it_is_opened(source: str, door: str):
    assert any(opens(door, name) for name in reached_by(source))


@pytest.mark.parametrize(
    "source",
    [
        "import os.path\nprint('os.environ', os.sep)",
        "environ = {}\nclass os: environ = {}\nx = os.environ",
        "import mcpx",
        "from anyio import Event",
    ],
)
def test_what_only_looks_like_a_door_is_none(source: str):
    assert not [name for name in reached_by(source) for door in DOORS if opens(door, name)]


def test_a_module_is_seen_however_it_is_imported(tmp_path: Path):
    module = tmp_path / "module.py"
    for source in (
        "from latm_mcp.making import verify",
        "from latm_mcp.making.verify import verify as v",
        "import latm_mcp.making.verify",
        "def f():\n    import latm_mcp.making.verify as v",
    ):
        module.write_text(source, encoding="utf-8")
        assert "latm_mcp.making.verify" in imported_modules(module)
