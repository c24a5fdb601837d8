"""Where the starter library is: in a checkout, or inside the installed package; and what was recorded of its makings."""

from pathlib import Path

from latm_mcp.errors import NotFound
from latm_mcp.recording import recordings

RECORDINGS = "recordings"


def starter_root() -> Path:
    """The starter library's folder, `NAME/` for each tool, with its recordings in `NAME/recordings/1`, `2`, ...

    Raises: NotFound where this installation has none.
    """
    package = Path(__file__).absolute().parent
    checkout = package.parent.parent
    for folder in (package / "_starter", checkout / "tools_store"):
        # An installed package may lie in any folder: only one with our pyproject.toml beside `src` is the checkout.
        ours = folder.parent == package or (checkout / "hatch_build.py").is_file()
        if ours and folder.is_dir():
            return folder
    raise NotFound(
        "This installation has no starter library: install latm-mcp from its wheel, or run it from a checkout."
    )


def rounds(root: Path, name: str) -> list[Path]:
    """The recordings of one starter tool's makings, oldest first; none where there are none."""
    return recordings(root / name / RECORDINGS)


def starter_tools(root: Path) -> list[Path]:
    """The folders of the starter tools that can be imported, by name."""
    return sorted(path.parent for path in root.glob("*/tool.json"))
