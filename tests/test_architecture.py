"""The layers of the design, as data: imports point strictly down, and each outside world has one door."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "latm_mcp"

# A module may import from layers before its own, and within its own layer only what ALLOWED_SIDEWAYS names.
LAYERS: list[tuple[str, ...]] = [
    ("outcomes", "errors", "allowed", "__init__"),
    ("models",),
    ("text", "tasks", "splits"),
    ("llm", "prompts", "source", "sandbox", "store", "settings", "compare", "recording", "masking"),
    ("drafts", "judging", "turns"),
    ("gates",),
    ("making", "using"),
    ("job", "latm"),
    ("server",),
    ("bench", "demo"),
    ("cli",),
    ("__main__",),
]

# One door each: who may import these packages at all.
DOORS = {
    "openai": {"llm"},
    "mcp": {"server", "demo"},
    "wasmtime": {"sandbox"},
    "sqlite3": {"store"},
    "os.environ": {"settings"},
    "rich": {"cli", "bench", "demo"},
}


def family(module: str) -> str:
    """`latm_mcp.making.propose` -> `making`; `latm_mcp.store_files` -> `store`: `x_*` is a part of `x`."""
    first = module.removeprefix("latm_mcp").lstrip(".").split(".")[0] or "__init__"
    if first.startswith("__"):
        return first if first == "__main__" else "__init__"  # `__version__` and the like are the package's own
    return first.split("_")[0]


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= {
                f"{node.module}.{alias.name}" if node.module == "latm_mcp" else node.module for alias in node.names
            }
    return found


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def own_name(path: Path) -> str:
    return ".".join(("latm_mcp", *path.relative_to(SRC).with_suffix("").parts))


def layer(of: str) -> int:
    for number, names in enumerate(LAYERS):
        if of in names:
            return number
    raise AssertionError(f"{of!r} is in no layer: add it to LAYERS")


@pytest.mark.parametrize("path", modules(), ids=own_name)
def test_imports_point_down(path: Path):
    own = family(own_name(path))
    for name in imports_of(path):
        if not name.startswith("latm_mcp"):
            continue
        other = family(name)
        if other == own or (own, other) == ("latm", "job"):
            continue
        assert layer(other) < layer(own), f"{own_name(path)} imports {name}: sideways or upward"


@pytest.mark.parametrize("path", modules(), ids=own_name)
def test_stages_never_import_each_other(path: Path):
    if own_name(path).count(".") < 2 or family(own_name(path)) not in ("making", "using"):
        return
    for name in imports_of(path):
        package = own_name(path).rsplit(".", 1)[0]
        assert not name.startswith(package + "."), f"{own_name(path)} imports the stage {name}"


@pytest.mark.parametrize("path", modules(), ids=own_name)
def test_each_outside_world_has_one_door(path: Path):
    own = family(own_name(path))
    text = path.read_text(encoding="utf-8")
    for package, owners in DOORS.items():
        if package == "os.environ":
            used = "os.environ" in text or "os.getenv" in text
        else:
            used = any(name == package or name.startswith(package + ".") for name in imports_of(path))
        assert not used or own in owners, f"{own_name(path)} uses {package}, which belongs to {sorted(owners)}"
