"""Draws docs/pictures/session.svg: a real session at the command line, in a library and a home that are empty.

`python docs/pictures/session.py` runs every command of it here and now; what they print is what is drawn.
"""

import io
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("session.svg")
WIDTH = 88
COMMANDS = (
    ("install", "--client", "claude-code"),
    ("import", "--starter", "iso_date"),
    ("approve", "iso_date", "--yes"),
    ("ask", "Write this date as YYYY-MM-DD: 27-Jun-38"),
    ("list",),
)
QUIET = {"approve"}  # what it shows is the whole tool


def main() -> None:
    """Run the commands, draw what came."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    with TemporaryDirectory() as folder:
        Path(folder, ".claude").mkdir()
        for words in COMMANDS:
            shown = " ".join(f'"{word}"' if " " in word else word for word in words)
            console.print(Text(f"$ latm-mcp {shown}", style="bold"))
            said = _run(words, folder).replace(folder, "~")
            lines = said.strip("\n").splitlines()
            console.print(Text("\n".join(["  ...", *lines[-1:]] if words[0] in QUIET else lines)))
            console.print()
    PICTURE.write_text(console.export_svg(title="latm-mcp"), encoding="utf-8")


def _run(words: tuple[str, ...], home: str) -> str:
    """What a command prints. Raises: CalledProcessError."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    cache = {"LATM_CACHE": os.environ["LATM_CACHE"]} if words[0] != "install" and "LATM_CACHE" in os.environ else {}
    line = [sys.executable, "-m", "latm_mcp", *words]
    environment = kept | cache | {"HOME": home, "COLUMNS": str(WIDTH)}
    return subprocess.run(line, check=True, env=environment, stdout=subprocess.PIPE, encoding="utf-8").stdout  # noqa: S603


if __name__ == "__main__":
    main()
