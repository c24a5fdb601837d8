"""A library with a made tool in it, made without a model: a starter tool that is imported and approved by the command line."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from front_door import LINE, FrontDoor

STARTER = Path(__file__).parent.parent.parent / "tools_store"
MADE = "word_sorting"
WORDS = ["pear", "fig", "apple"]
SORTED = sorted(WORDS)
QUESTION = f"Sort the following words alphabetically: List: {' '.join(WORDS)}"
COMMANDS = ["call_tool", "dispatch", "make_tool", "report_result"]


@contextmanager
def library(cache: Path, made: bool = True) -> Iterator[FrontDoor]:
    """A library in a folder of its own, which is gone at the end; with the made tool in it, or empty."""
    with tempfile.TemporaryDirectory(prefix="latm-peers-") as folder:
        door = FrontDoor(Path(folder) / "library", cache)
        if made:
            door.run("import", STARTER / MADE)
            door.run("approve", "--yes", MADE)
        yield door


def server_of(door: FrontDoor) -> dict[str, object]:
    """How a client starts the server on it: what a person writes into its configuration."""
    return {"command": LINE[0], "args": [*LINE[1:], "serve"], "env": door.environment}


def cache_of(into: Path) -> Path:
    """Where the sandbox's compiled code is kept: with the tests' own, if they keep theirs."""
    return Path(os.environ.get("LATM_TEST_CACHE") or into / "cache")
