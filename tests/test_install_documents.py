"""Configuration files of any form: one entry comes, changes and goes, and all else stays to the byte."""

import json
import random
import re
import tomllib

import pytest
from ruamel.yaml import YAML

from latm_mcp.install_documents import Document, Entry, Format, Under, Unusable
from latm_mcp.install_formats import open_document

ENTRY: Entry = {"type": "stdio", "command": "C:\\Program Files\\l\u00e4tm.exe", "args": ["--home", 'a "b" #c: d']}
UNDER: dict[Format, Under] = {
    "json": ("mcpServers",),
    "jsonc": ("mcp", "servers"),
    "toml": ("mcp_servers",),
    "yaml": ("extensions",),
    "yaml-list": ("mcpServers",),
}

JSON = [
    '{"mcpServers":{"x":{"command":"y"}}}',
    '{"a": 1, "mcpServers": {"x": {"command": "y"}}, "b": [1, {"c": "}"}]}\n',
    '{\n\t"mcpServers": {\n\t\t"x": {\n\t\t\t"command": "y"\n\t\t}\n\t},\n\t"b": [\n\t\t1\n\t]\n}',
    '{\n    "mcpServers": {\n        "x": {"command": "\\u00e4 // no comment", "env": {"K": "*/"}}\n    }\n}\n',
    '{"mcpServers": {}}\n',
]
JSONC = [
    '{\n  // one\n  "a": 1, // of a\n  /* two\n     lines */\n  "mcp": {\n    "servers": {\n'
    '      "x": {"command": "y"}, // last\n      // end\n    },\n  },\n}\n',
    '{\n  "mcp": {\n    "servers": {\n      "x": {"url": "http://y/,}"} // of x, the last\n      /* after it */\n    }\n  }\n}',
    '{"mcp": {"servers": {"x": {"command": "y"},}}, }',
    '// first\n{"mcp": {"servers": {}}} // last\n',
]
TOML = [
    '# first\nmodel = "x" # of it\n\n[mcp_servers.x]\ncommand = "y" # c\n\n[mcp_servers.x.env]\nK = "v"\n\n[tui]\na = [\n  1, # one\n]\n',
    '[mcp_servers]\nx = {command = "y"}\n',
    "[[profiles]]\nname = 'a'\n\n[[profiles]]\nname = 'b'\n",
    'mcp_servers.x.command = "y"\n',
]
YAML_TEXTS = [
    'a: 1 # of a\nextensions:\n  dev:\n    enabled: true # of it\n    args: []\n\n# then\nb: "x"\n',
    "extensions:\n    dev:\n        type: builtin\n        text: |\n            two\n            lines\nlast: 1\n",
    "extensions: {}\nb: 1\n",
    "x: &a 1\ny: &a 2\nextensions:\n  x:\n    cmd:\n\n# end\n",
    "# only\n---\na: &a\n  k: v\nb: *a\nextensions:\n  x:\n    cmd: y\n",
]
YAML_LISTS = [
    "name: me\nmcpServers:\n- name: x\n  command: y\nmodels: []\n",
    "mcpServers:\n    - name: x\n      command: y # c\n      args:\n          - a\n\nrules:\n    - one\n",
    "mcpServers: []\n",
]
CASES: list[tuple[Format, str]] = [
    *(("json", text) for text in JSON),
    *(("jsonc", text) for text in JSONC),
    *(("toml", text) for text in TOML),
    *(("yaml", text) for text in YAML_TEXTS),
    *(("yaml-list", text) for text in YAML_LISTS),
]


def opened(format: Format, content: bytes) -> Document:
    return open_document(format, UNDER[format], content)


def entry(format: Format) -> Entry:
    return {"name": "latm", **ENTRY} if format == "yaml-list" else ENTRY


def lines_of(text: str) -> list[str]:
    """The lines, without commas at their ends: the one before a new last member gets one."""
    return [re.sub(r",(?=\s*(//.*)?$)", "", line) for line in text.splitlines()]


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "marked"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("format", "text"), CASES)
def test_an_entry_comes_changes_and_goes_and_the_rest_stays(format: Format, text: str, ends: str, mark: str):
    before = (mark + text.replace("\n", ends)).encode()
    others = opened(format, before).entries()
    new = entry(format)
    added = opened(format, before).put("latm", new)
    assert opened(format, added).entries() == others | {"latm": new}
    assert opened(format, added).put("latm", new) == added, "a second time changes nothing"
    told = added.decode()
    assert told.count("\n") == told.count(ends)
    kept = iter(lines_of(told))
    assert all(
        line in kept for line in lines_of(before.decode()) if "{}" not in line and "[]" not in line and "}" not in line
    )
    changed = {**new, "args": ["other"], "more": {"K": "v"}}
    again = opened(format, added).put("latm", changed)
    assert opened(format, again).entries() == others | {"latm": changed}
    assert opened(format, again).take("latm") == before


@pytest.mark.parametrize("format", UNDER)
def test_a_file_with_nothing_in_it_gets_the_entry(format: Format):
    for content in (b"", b"\n"):
        added = opened(format, content).put("latm", entry(format))
        assert opened(format, added).entries() == {"latm": entry(format)}
        assert opened(format, opened(format, added).take("latm")).entries() == {}


def test_what_leads_to_the_entries_is_made_where_it_is_not_there():
    added = opened("jsonc", b'{\n  "a": 1 // of a\n}\n').put("latm", {"command": "x"})
    wanted = '{\n  "a": 1, // of a\n  "mcp": {\n    "servers": {\n      "latm": {\n        "command": "x"\n      }\n    }\n  }\n}\n'
    assert added.decode() == wanted


def test_a_comment_inside_the_entry_stays_when_the_entry_changes():
    text = '{"mcp": {"servers": {\n  "latm": {\n    // mine\n    "command": "old",\n    "disabled": true\n  }\n}}}'
    changed = opened("jsonc", text.encode()).put("latm", {"command": "new", "disabled": True})
    assert changed.decode() == text.replace("old", "new")
    text = '[mcp_servers.latm]\ncommand = "old" # mine\nenabled = false\n'
    changed = opened("toml", text.encode()).put("latm", {"command": "new", "enabled": False})
    assert changed.decode() == text.replace("old", "new")


def test_a_comment_behind_the_entrys_own_table_stays_when_the_table_changes():
    before = b'[mcp_servers.latm]\ncommand = "x"\n\n[mcp_servers.latm.env]\nK = "s"\n\n# of the next\n[other]\na = 1\n'
    changed = opened("toml", before).put("latm", {"command": "x", "env": {"K": "s", "MORE": "1"}})
    assert b"# of the next\n" in changed
    assert opened("toml", changed).entries()["latm"] == {"command": "x", "env": {"K": "s", "MORE": "1"}}


def test_a_string_that_looks_like_the_entry_stays():
    text = 'model = """\n[mcp_servers.latm]\n"""\n'
    added = opened("toml", text.encode()).put("latm", ENTRY)
    assert added.decode().startswith(text)
    assert tomllib.loads(opened("toml", added).take("latm").decode())["model"] == "[mcp_servers.latm]\n"


def test_toml_in_braces_is_edited_in_braces():
    added = opened("toml", b'mcp_servers = { x = {command = "y"} }\n').put("latm", {"command": "z", "env": {"K": "v"}})
    assert tomllib.loads(added.decode())["mcp_servers"]["latm"] == {"command": "z", "env": {"K": "v"}}


def test_yaml_in_braces_gets_its_entry_in_braces():
    added = opened("yaml", b"extensions: {x: {cmd: y}} # c\n").put("latm", {"cmd": "z: 1"})
    assert added == b'extensions: {x: {cmd: y}, "latm": {"cmd": "z: 1"}} # c\n'
    assert YAML(typ="safe").load(added.decode())["extensions"]["latm"] == {"cmd": "z: 1"}


@pytest.mark.parametrize(
    ("format", "content", "why"),
    [
        ("json", b'{"mcpServers": {}', "cannot be read: .*line 1 column 18"),
        ("json", b'{"a": 1, // a comment\n "mcpServers": {}}', "cannot be read"),
        ("json", b'{"a": 1,}', "cannot be read"),
        ("json", b"[1, 2]", "no mapping of names"),
        ("json", b'{"a": "\xff"}', "not UTF-8"),
        ("json", b'{"mcpServers": []}', "'mcpServers' in it is no object"),
        ("json", b"[" * 100_000, "nested too deeply|cannot be read"),
        ("jsonc", b'{"mcp": {"servers": 5}}', "'servers' in it is no object"),
        ("jsonc", b'{"mcp": /* open', "cannot be read"),
        ("toml", b"a = ", "cannot be read"),
        ("toml", b"mcp_servers = 5\n", "'mcp_servers' in it is no table"),
        ("yaml", b"a: [", "cannot be read"),
        ("yaml", b"a: 1\na: 2\n", "cannot be read"),
        ("yaml", b"extensions: text\n", "'extensions' in it is no mapping"),
        ("yaml", b"a: &a {b: *a}\n", "cannot be edited"),
        ("yaml", b"---\na: 1\n---\nb: 2\n", "cannot be read"),
        ("json", b'{\r\n"a": 1,\n"b": 2}', "end in two ways"),
    ],
)
def test_what_cannot_be_read_or_edited_is_refused_with_the_reason(format: Format, content: bytes, why: str):
    with pytest.raises(Unusable, match=why):
        opened(format, content).put("latm", entry(format))


def test_an_edit_that_would_change_anything_else_is_refused():
    comment = b'{"mcp": {"servers": {\n  "x": {} /* over\n two lines */\n}}}'
    try:
        added = opened("jsonc", comment).put("latm", ENTRY)
    except Unusable:
        return
    assert opened("jsonc", added).entries() == {"x": {}, "latm": ENTRY}
    assert b"/* over\n two lines */" in added


def test_many_files_of_chance_come_back_to_the_byte():
    chance = random.Random(5)
    for _ in range(300):
        value = {
            "a": [chance.random(), {"}": "{,//"}],
            "mcpServers": {f"s{n}": {"command": "\t"} for n in range(1, chance.randint(2, 5))},
        }
        names = list(value)
        chance.shuffle(names)
        indent = chance.choice([None, 1, 2, 4, "\t"])
        text = json.dumps({name: value[name] for name in names}, indent=indent, ensure_ascii=chance.random() < 0.5)
        before = text.encode()
        added = opened("json", before).put("latm", ENTRY)
        assert json.loads(added)["mcpServers"] == value["mcpServers"] | {"latm": ENTRY}
        assert opened("json", added).take("latm") == before
