"""The links of one click hold the one entry, and are those that the README shows."""

import base64
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

ROOT = Path(__file__).parent.parent
SERVER = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))["packages"][0]
WANTED = {"command": SERVER["runtimeHint"], "args": [SERVER["identifier"]]}
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def links() -> ModuleType:
    """packaging/links.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("links", ROOT / "packaging" / "links.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("scheme", ["vscode", "vscode-insiders"])
def test_a_link_for_vs_code_holds_the_entry_and_its_name(links: ModuleType, scheme: str):
    start, _, held = links.vscode(scheme).partition("?")

    assert start == f"{scheme}:mcp/install"
    assert json.loads(unquote(held)) == {"name": "latm", **WANTED}
    web = urlsplit(links.vscode_web(scheme))
    assert (web.netloc, web.path) == ("insiders.vscode.dev", "/redirect")
    assert parse_qs(web.query) == {"url": [links.vscode(scheme)]}


def test_a_link_for_cursor_holds_the_entry_and_its_name(links: ModuleType):
    link, web = urlsplit(links.cursor()), urlsplit(links.cursor_web())

    assert (link.scheme, link.netloc, link.path) == ("cursor", "anysphere.cursor-deeplink", "/mcp/install")
    assert (web.netloc, web.path) == ("cursor.com", "/en/install-mcp")
    for query in (link.query, web.query):
        assert "+" not in query  # some readers take it for a space
        held = parse_qs(query, strict_parsing=True)
        assert held["name"] == ["latm"]
        assert json.loads(base64.b64decode(held["config"][0], validate=True)) == WANTED


def test_the_readme_shows_these_links_and_no_others_of_their_kind(links: ModuleType):
    shown = re.findall(r"\((https://(?:insiders\.vscode\.dev|cursor\.com)/[^)]*install[^)]*)\)", README)

    wanted = {links.vscode_web(), links.cursor_web()}
    assert wanted <= set(shown) <= wanted | {links.vscode_web("vscode-insiders")}
