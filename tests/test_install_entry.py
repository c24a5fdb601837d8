"""Which command clients are told to start."""

import json
from pathlib import Path

import pytest
from configured import client, places

from latm_mcp.errors import BadInput
from latm_mcp.install_change import adding, carry_out
from latm_mcp.install_clients import Shape
from latm_mcp.install_entry import Line, Running, entry_of, is_there, launching, line_of, options_of, running
from latm_mcp.install_look import look
from latm_mcp.settings_layers import assigned

UV_CACHE = ".cache/uv/archive-v0/0aB-cD_e"


def process(prefix: Path, *, scripts: tuple[Path, ...] = (), installed: bool = True, source: str = "") -> Running:
    """A process of an environment. scripts: folders that have the command."""
    for folder in scripts:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("latm-mcp", "latm-mcp.exe"):
            (folder / name).touch()
    package = prefix / "lib/latm_mcp"
    return Running(prefix / "bin/python", prefix, scripts or (prefix / "bin",), package, "1.2.3", installed, source)


def tool(folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch(mode=0o755)
    return str(folder / name)


def test_the_command_of_the_same_environment_is_started_by_its_whole_path(tmp_path: Path):
    here = process(tmp_path / "venv", scripts=(tmp_path / "venv/bin",))
    assert launching(here, places(tmp_path)).launcher == (str(tmp_path / "venv/bin/latm-mcp"),)
    assert launching(here, places(tmp_path, "win32")).launcher == (str(tmp_path / "venv/bin/latm-mcp.exe"),)


def test_without_its_command_the_module_is_started(tmp_path: Path):
    line = launching(process(tmp_path / "venv"), places(tmp_path))
    assert line.launcher == (str(tmp_path / "venv/bin/python"), "-m", "latm_mcp")
    assert (line.env, line.note) == ({}, "")


def test_a_checkout_tells_the_client_where_its_source_is(tmp_path: Path):
    line = launching(process(tmp_path / "venv", installed=False), places(tmp_path))
    assert line.env == {"PYTHONPATH": str(tmp_path / "venv/lib")}
    assert "runs from its source" in line.note


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("", ["latm-mcp@1.2.3"]),
        ('{"url": "https://x/latm_mcp-1.whl", "archive_info": {}}', ["--from", "https://x/latm_mcp-1.whl", "latm-mcp"]),
        ('{"url": "file:///a%20b/latm.whl", "archive_info": {}}', ["--from", "/a b/latm.whl", "latm-mcp"]),
        (
            '{"url": "https://x/r", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            ["--from", "git+https://x/r@abc", "latm-mcp"],
        ),
        ("no json", ["latm-mcp@1.2.3"]),
    ],
)
def test_what_runs_from_the_cache_of_uv_is_started_by_uvx(told: str, wanted: list[str], tmp_path: Path):
    uvx = tool(tmp_path / "bin", "uvx")
    passing = process(tmp_path / UV_CACHE, scripts=(tmp_path / UV_CACHE / "bin",), source=told)
    line = launching(passing, places(tmp_path, PATH=str(tmp_path / "bin")))
    assert line.launcher == (uvx, *wanted)
    found = line_of(Shape(), {"command": uvx, "args": [*wanted, "--home", "/h"]})
    assert found == Line((uvx, *wanted), ("--home", "/h"))


def test_the_uvx_beside_the_uv_that_started_it_is_taken_first(tmp_path: Path):
    tool(tmp_path / "bin", "uvx")
    beside = tool(tmp_path / "own", "uvx")
    at = places(tmp_path, PATH=str(tmp_path / "bin"), UV=str(tmp_path / "own/uv"))
    assert launching(process(tmp_path / UV_CACHE), at).launcher[0] == beside


@pytest.mark.parametrize("cache", [".cache/pipx/0f1e", ".local/pipx/.cache/0f1e"])
def test_what_pipx_runs_for_once_is_started_by_pipx(cache: str, tmp_path: Path):
    pipx = tool(tmp_path / "bin", "pipx")
    line = launching(process(tmp_path / cache), places(tmp_path, PATH=str(tmp_path / "bin")))
    assert line.launcher == (pipx, "run", "--spec", "latm-mcp==1.2.3", "latm-mcp")
    assert line_of(Shape(), {"command": pipx, "args": list(line.launcher[1:])}) == Line(line.launcher)


@pytest.mark.parametrize(
    "kept", [".local/share/uv/tools/latm-mcp", ".local/share/pipx/venvs/latm-mcp", "cache/project/venv"]
)
def test_an_environment_that_stays_is_no_cache(kept: str, tmp_path: Path):
    tool(tmp_path / "bin", "uvx")
    here = process(tmp_path / kept, scripts=(tmp_path / kept / "bin",))
    line = launching(here, places(tmp_path, PATH=str(tmp_path / "bin")))
    assert line.launcher == (str(tmp_path / kept / "bin/latm-mcp"),)


def test_a_cache_that_nothing_fills_again_is_told_of(tmp_path: Path):
    line = launching(process(tmp_path / UV_CACHE), places(tmp_path))
    assert line.launcher[1:] == ("-m", "latm_mcp")
    assert "may be emptied" in line.note


def test_this_very_process_is_started_by_whole_paths():
    line = launching(running(), places(Path("/nowhere")))
    assert Path(line.launcher[0]).is_absolute()
    assert line_of(Shape(), entry_of(Shape(), "latm", line)) == Line(line.launcher, ())


def test_folders_are_made_whole_and_other_settings_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    sets = assigned(["cache=../c", "LATM_HOME=h", "maker.model=a/b", "workers="])
    assert options_of("lib", "~/c.toml", sets) == (
        *("--home", str(tmp_path / "lib"), "--config", "/home/me/c.toml"),
        *("--set", f"cache={tmp_path / '../c'}", "--set", f"home={tmp_path / 'h'}"),
        *("--set", "maker.model=a/b", "--set", "workers="),
    )
    assert options_of(None, None, assigned(["cache="])) == ("--set", "cache=")  # the default, wherever that is


@pytest.mark.parametrize("secret", ["https://me:word@host/v1", "https://host/v1?word"])
def test_an_address_with_a_password_is_no_part_of_a_clients_configuration(secret: str):
    with pytest.raises(BadInput, match=r"leave it out here, and run `latm-mcp config set maker\.base_url") as refused:
        options_of(None, None, assigned([f"maker.base_url={secret}"]))
    assert "word" not in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "ours"),
    [
        ({"command": "latm-mcp"}, True),
        ({"command": "C:\\Python\\Scripts\\LATM-MCP.EXE", "args": []}, True),
        ({"command": "/v/bin/python", "args": ["-W", "error", "-m", "latm_mcp"]}, True),
        ({"command": "uvx", "args": ["--from", "latm-mcp", "latm-mcp"]}, True),
        ({"command": "/x/uv", "args": ["tool", "run", "latm-mcp>=1"]}, True),
        ({"command": "npx", "args": ["latm-mcp"]}, False),
        ({"command": "/v/bin/python", "args": ["-m", "latm_mcp_other"]}, False),
        ({"command": "uvx", "args": ["--from", "latm-mcp", "other"]}, False),
        ({"url": "http://127.0.0.1:8765/mcp"}, False),
        ({"command": 5, "args": "x"}, False),
    ],
)
def test_our_own_entry_is_told_from_others(entry: dict[str, object], ours: bool):
    assert (line_of(Shape(), entry) is not None) is ours


def test_a_program_without_a_folder_is_looked_for_as_the_client_would(tmp_path: Path):
    tool(tmp_path / "bin", "latm-mcp")
    assert is_there(("latm-mcp",), places(tmp_path, PATH=str(tmp_path / "bin")))
    assert not is_there(("latm-mcp",), places(tmp_path))
    assert not is_there((), places(tmp_path))
    assert not is_there(("~nobody_of_that_name/latm-mcp",), places(tmp_path))


def test_what_a_person_changed_in_the_entry_stays_and_so_do_its_options(tmp_path: Path):
    at = places(tmp_path)
    old, new = (Line((tool(tmp_path / folder, "latm-mcp"),)) for folder in ("old", "new"))
    file = tmp_path / ".cline/data/settings/cline_mcp_settings.json"
    file.parent.mkdir(parents=True)
    mine = {
        "type": "stdio",
        "command": old.launcher[0],
        "args": ["--home", "/h"],
        "disabled": True,
        "autoApprove": ["a"],
    }
    file.write_text(json.dumps({"mcpServers": {"latm": mine}}))
    carry_out(adding(look(client("cline"), at, new), new))
    assert json.loads(file.read_text())["mcpServers"]["latm"] == mine | {"command": new.launcher[0]}
    given = Line(new.launcher, ("--home", "/other"))
    carry_out(adding(look(client("cline"), at, given), given))
    assert json.loads(file.read_text())["mcpServers"]["latm"]["args"] == ["--home", "/other"]
