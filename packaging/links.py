"""Links that put the server into VS Code and Cursor with one click, all made from one entry.

`python packaging/links.py` prints them as the Markdown that the README shows; tests/test_packaging_links.py compares.
"""

import base64
import json
import sys
from urllib.parse import quote

NAME = "latm"
ENTRY = {"command": "uvx", "args": ["latm-mcp"]}


def vscode(scheme: str = "vscode") -> str:
    """The link for a web page. scheme: "vscode", or "vscode-insiders" for the early edition."""
    return f"{scheme}:mcp/install?{quote(_compact({'name': NAME, **ENTRY}), safe='')}"


def vscode_web(scheme: str = "vscode") -> str:
    """The same behind a redirect, for places that open web addresses alone, as rendered Markdown does."""
    return f"https://insiders.vscode.dev/redirect?url={quote(vscode(scheme), safe='')}"


def cursor() -> str:
    """The link for a web page."""
    return f"cursor://anysphere.cursor-deeplink/mcp/install?{_cursor_query()}"


def cursor_web() -> str:
    """The same behind Cursor's own page, for places that open web addresses alone."""
    return f"https://cursor.com/en/install-mcp?{_cursor_query()}"


def markdown() -> list[str]:
    """What the README shows, a line each."""
    return [
        f"[Install in VS Code]({vscode_web()})",
        f"[Install in VS Code Insiders]({vscode_web('vscode-insiders')})",
        f"[Install in Cursor]({cursor_web()})",
    ]


def _cursor_query() -> str:
    config = base64.b64encode(_compact(ENTRY).encode()).decode()
    return f"name={NAME}&config={quote(config, safe='')}"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    sys.stdout.write(" · ".join(markdown()) + "\n")
