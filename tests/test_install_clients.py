"""Every client on every platform: where its configuration is, and what an entry of it looks like."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from configured import HARD, NAMES, PLATFORMS, backups, client, places, program, put_in, take_out
from ruamel.yaml import YAML

from latm_mcp.errors import BadInput
from latm_mcp.install_change import adding
from latm_mcp.install_entry import Line
from latm_mcp.install_look import file_of, installed, look
from latm_mcp.settings_places import Platform

APP = "Library/Application Support"
# From each client's documentation, by platform: Linux, macOS, Windows.
FILES = {
    "claude-desktop": [
        ".config/Claude/claude_desktop_config.json",
        f"{APP}/Claude/claude_desktop_config.json",
        "AppData/Roaming/Claude/claude_desktop_config.json",
    ],
    "claude-code": [".claude.json"] * 3,
    "cursor": [".cursor/mcp.json"] * 3,
    "vscode": [".config/Code/User/mcp.json", f"{APP}/Code/User/mcp.json", "AppData/Roaming/Code/User/mcp.json"],
    "codex": [".codex/config.toml"] * 3,
    "gemini-cli": [".gemini/settings.json"] * 3,
    "zed": [".config/zed/settings.json", ".config/zed/settings.json", "AppData/Roaming/Zed/settings.json"],
    "windsurf": [".codeium/windsurf/mcp_config.json"] * 3,
    "opencode": [".config/opencode/opencode.json"] * 3,
    "goose": [
        ".config/goose/config.yaml",
        ".config/goose/config.yaml",
        "AppData/Roaming/Block/goose/config/config.yaml",
    ],
    "cline": [".cline/data/settings/cline_mcp_settings.json"] * 3,
    "continue": [".continue/config.yaml"] * 3,
    "lm-studio": [".lmstudio/mcp.json"] * 3,
}
COMMAND = HARD.launcher[0]
OPTIONS = list(HARD.options)
PLAIN = {"command": COMMAND, "args": OPTIONS}
# What a client's documentation shows of an entry.
ENTRIES: dict[str, Any] = {
    "claude-desktop": {"mcpServers": {"latm": PLAIN}},
    "claude-code": {"mcpServers": {"latm": {"type": "stdio", **PLAIN}}},
    "cursor": {"mcpServers": {"latm": PLAIN}},
    "vscode": {"servers": {"latm": {"type": "stdio", **PLAIN}}},
    "codex": {"mcp_servers": {"latm": {**PLAIN, "startup_timeout_sec": 120}}},
    "gemini-cli": {"mcpServers": {"latm": PLAIN}},
    "zed": {"context_servers": {"latm": {**PLAIN, "source": "custom"}}},
    "windsurf": {"mcpServers": {"latm": PLAIN}},
    "opencode": {
        "mcp": {"latm": {"type": "local", "command": [COMMAND, *OPTIONS], "enabled": True, "timeout": 120000}}
    },
    "goose": {
        "extensions": {
            "latm": {
                "type": "stdio",
                "name": "latm",
                "cmd": COMMAND,
                "args": OPTIONS,
                "enabled": True,
                "timeout": 300,
                "description": "Tools made from worked examples",
            }
        }
    },
    "cline": {"mcpServers": {"latm": {"type": "stdio", **PLAIN, "disabled": False}}},
    "continue": {
        "name": "Local Config",
        "version": "1.0.0",
        "schema": "v1",
        "mcpServers": [{"name": "latm", **PLAIN}],
    },
    "lm-studio": {"mcpServers": {"latm": PLAIN}},
}
MOVED = [
    ("claude-code", "CLAUDE_CONFIG_DIR", "moved/.claude.json"),
    ("codex", "CODEX_HOME", "moved/config.toml"),
    ("gemini-cli", "GEMINI_CLI_HOME", "moved/.gemini/settings.json"),
    ("opencode", "OPENCODE_CONFIG", "moved"),
    ("opencode", "XDG_CONFIG_HOME", "moved/opencode/opencode.json"),
    ("goose", "GOOSE_PATH_ROOT", "moved/config/config.yaml"),
    ("goose", "XDG_CONFIG_HOME", "moved/goose/config.yaml"),
    ("cline", "CLINE_DIR", "moved/data/settings/cline_mcp_settings.json"),
    ("cline", "CLINE_DATA_DIR", "moved/settings/cline_mcp_settings.json"),
    ("continue", "CONTINUE_GLOBAL_DIR", "moved/config.yaml"),
    ("vscode", "XDG_CONFIG_HOME", "moved/Code/User/mcp.json"),
    ("vscode", "VSCODE_APPDATA", "moved/Code/User/mcp.json"),
    ("vscode", "VSCODE_PORTABLE", "moved/user-data/User/mcp.json"),
    ("claude-desktop", "XDG_CONFIG_HOME", "moved/Claude/claude_desktop_config.json"),
]


def read_as_the_client_does(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".toml":
        return tomllib.loads(text)
    return YAML(typ="safe", pure=True).load(text) if file.suffix == ".yaml" else json.loads(text)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", NAMES)
def test_each_client_is_written_where_it_looks_and_as_it_reads(name: str, platform: Platform, tmp_path: Path):
    at = places(tmp_path, platform)
    found = put_in(name, at)
    assert found.file == tmp_path / FILES[name][PLATFORMS.index(platform)]
    assert read_as_the_client_does(found.file) == ENTRIES[name]
    assert (found.entry, found.command) == (found.entry, (COMMAND, *OPTIONS))
    assert adding(found, HARD).outcome == "kept"
    assert backups(found.file) == []  # there was nothing to keep
    assert take_out(name, at).entry is None
    assert not found.file.exists()


@pytest.mark.parametrize(("name", "variable", "file"), MOVED)
def test_a_variable_moves_a_clients_file(name: str, variable: str, file: str, tmp_path: Path):
    assert file_of(client(name), places(tmp_path, **{variable: str(tmp_path / "moved")})) == tmp_path / file


def test_a_relative_xdg_folder_counts_as_unset(tmp_path: Path):
    at = places(tmp_path, XDG_CONFIG_HOME="relative")
    assert file_of(client("zed"), at) == tmp_path / ".config/zed/settings.json"


def test_claude_desktop_as_a_windows_package_has_its_file_in_the_package(tmp_path: Path):
    package = tmp_path / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc"
    package.mkdir(parents=True)
    old = tmp_path / "AppData/Roaming/Claude/claude_desktop_config.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    found = put_in("claude-desktop", places(tmp_path, "win32"))
    assert found.file == package / "LocalCache/Roaming/Claude/claude_desktop_config.json"
    assert old.read_text() == "{}"


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("opencode", ".config/opencode/opencode.jsonc"),
        ("cline", ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
        ("lm-studio", ".cache/lm-studio/mcp.json"),
    ],
)
def test_the_file_that_is_there_is_used(name: str, there: str, tmp_path: Path):
    file = tmp_path / there
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert put_in(name, places(tmp_path)).file == file


def test_a_continue_with_its_older_file_keeps_it_in_force(tmp_path: Path):
    (tmp_path / ".continue").mkdir()
    (tmp_path / ".continue/config.json").write_text('{"models": []}')
    found = put_in("continue", places(tmp_path))
    assert found.file == tmp_path / ".continue/mcpServers/latm.yaml"
    assert not (tmp_path / ".continue/config.yaml").exists()


def test_an_opencode_file_in_the_newer_form_gets_the_newer_entry(tmp_path: Path):
    file = tmp_path / ".config/opencode/opencode.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"mcp": {"servers": {"x": {"type": "local", "command": ["x"]}}}}')
    put_in("opencode", places(tmp_path), Line(("/bin/latm-mcp",)))
    new = {"type": "local", "command": ["/bin/latm-mcp"], "timeout": {"startup": 120000}}
    assert json.loads(file.read_text())["mcp"] == {"servers": {"x": {"type": "local", "command": ["x"]}, "latm": new}}


@pytest.mark.parametrize("name", NAMES)
def test_a_client_is_found_by_its_folder_and_by_its_command(name: str, tmp_path: Path):
    at = places(tmp_path)
    assert not look(client(name), at, HARD).here
    file = file_of(client(name), at)
    folder = file.parent if file.parent != tmp_path else tmp_path / ".claude"
    folder.mkdir(parents=True)
    assert look(client(name), at, HARD).here
    for command in client(name).commands:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / command).touch(mode=0o755)
        elsewhere = places(tmp_path / "elsewhere", PATH=str(tmp_path / "bin"))
        assert look(client(name), elsewhere, HARD).here


def test_the_states_of_an_entry(tmp_path: Path):
    at = places(tmp_path)
    here, other = program(tmp_path / "here"), program(tmp_path / "other")

    def state(line: Line) -> tuple[str, bool]:
        [found] = [found for found in installed(at, line) if found.client.name == "cursor"]
        return found.state, found.stale

    assert state(here) == ("absent", False)
    put_in("cursor", at, here)
    assert state(here) == ("current", False)
    assert state(other) == ("differs", True)
    Path(here.launcher[0]).unlink()
    assert state(other) == ("gone", True)
    file = tmp_path / ".cursor/mcp.json"
    file.write_text('{"mcpServers": {"latm": {"command": "npx", "args": ["another"]}, "b": {"command": "latm-mcp"}}}')
    assert state(here) == ("another", False)
    assert look(client("cursor"), at, here).also == ("b",)
    file.write_text('{"mcpServers": ')
    assert state(here) == ("unusable", False)


def test_a_client_whose_folder_cannot_be_looked_into_hides_no_other(tmp_path: Path):
    beyond = str(tmp_path / ("x" * 300))  # longer than a name may be: the system refuses to look, whoever asks
    at = places(tmp_path, CODEX_HOME=beyond, CLINE_DIR=beyond)
    put_in("cursor", at)
    states = {found.client.name: found.state for found in installed(at, HARD)}
    assert (states["codex"], states["cline"]) == ("unusable", "unusable")
    assert set(states.values()) == {"unusable", "gone", "absent"}


def test_an_unknown_client_is_told_the_nearest_and_all():
    with pytest.raises(BadInput, match="Is 'claude-desktop' meant"):
        client("Claude Dekstop")
    with pytest.raises(BadInput, match=r"They are: claude-desktop, claude-code, .*lm-studio\.$"):
        client("emacs")
