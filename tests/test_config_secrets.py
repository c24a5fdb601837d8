"""No key is ever shown, logged or kept in a library or a recording, wherever it is from and whatever an endpoint says back."""

import argparse
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from front_door import LINE, SECONDS, FrontDoor, fenced, sort_words
from key_door import KEY, Echo, echoing, examples, looks, with_ring
from mcp import Client
from mcp.client.stdio import stdio_client
from served import REQUEST, installed

from latm_mcp.settings_layers import read_layers
from latm_mcp.settings_told import settings_of, told_settings

LAYERS = ("file", "environment", "shared", "store")


@pytest.fixture
def endpoint() -> Iterator[Echo]:
    with echoing() as echo:
        yield echo


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return with_ring(FrontDoor(tmp_path / "home", sandbox_cache), tmp_path)


def give_key(door: FrontDoor, endpoint: Echo, layer: str) -> None:
    """Configure the maker with its key in one of the layers, and the token of HTTP in the same where there is one."""
    file = Path(door.run("config", "path").stdout.strip())
    file.parent.mkdir(parents=True)
    door.more["LATM_CONFIG"] = str(file)
    keys = f'api_key = "{KEY}"\n[http]\ntoken = "{KEY}"\n' if layer == "file" else ""
    file.write_text(f'[maker]\nmodel = "m"\nbase_url = "{endpoint.url}"\n{keys}')
    if layer == "environment":
        door.more |= {"LATM_MAKER_API_KEY": KEY, "LATM_HTTP_TOKEN": KEY}
    elif layer == "shared":
        door.more |= {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": KEY}
    elif layer == "store":
        door.run("config", "key", "maker", piped=KEY)
        door.run("config", "key", "http", piped=KEY)


def held_in(*folders: Path) -> list[Path]:
    """The files that hold the key."""
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert found, "nothing was looked at"
    return [path for path in found if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("layer", LAYERS)
def test_no_command_shows_a_key_or_keeps_it(door: FrontDoor, endpoint: Echo, tmp_path: Path, layer: str):
    give_key(door, endpoint, layer)
    file, records = examples(tmp_path), tmp_path / "records"
    runs = [door.run("config"), door.run("config", "--json"), door.run("config", "--set", "nix=1", code=2)]
    runs.append(door.run("make", file, "--name", "refused", "--record", records / "refused", code=1))
    assert endpoint.shown[-1] == f"Bearer {KEY}"
    endpoint.reply = fenced(sort_words("sort_words"))  # and the key behind it
    runs.append(door.run("make", file, "--name", "sort_words", "--record", records / "made"))
    runs += [door.run("show", "sort_words"), door.run("show", "sort_words", "--json")]
    for run in runs:
        assert KEY not in run.stdout + run.stderr
    assert "set" in runs[0].stdout
    assert "does not take the key" in runs[3].stderr
    assert held_in(door.home, records) == []


@pytest.mark.parametrize("layer", ["file", "store"])
def test_doctor_shows_no_key(door: FrontDoor, endpoint: Echo, layer: str):
    give_key(door, endpoint, layer)
    for line in (["doctor"], ["doctor", "--json"]):  # whatever it finds
        run = subprocess.run(
            [*LINE, *line], env=door.environment, capture_output=True, encoding="utf-8", timeout=SECONDS, input=""
        )
        assert "Traceback" not in run.stderr
        assert KEY not in run.stdout + run.stderr
        assert endpoint.url in run.stdout.replace("\n", "")
    assert f"Bearer {KEY}" in endpoint.shown


@pytest.mark.anyio
@pytest.mark.parametrize("layer", ["environment", "store"])
async def test_no_server_shows_a_key_or_keeps_it(door: FrontDoor, endpoint: Echo, tmp_path: Path, layer: str):
    give_key(door, endpoint, layer)
    before = looks(door)
    with (tmp_path / "stderr").open("w", encoding="utf-8") as errors:
        parameters = installed(door.home, door.cache, **door.environment)
        async with Client(stdio_client(parameters, errlog=errors)) as client:
            listed = await client.list_tools()
            assert looks(door) == before
            refused = await client.call_tool("make_tool", REQUEST)
            endpoint.reply = fenced(sort_words("sort_words"))
            made = await client.call_tool("make_tool", {**REQUEST, "name": "sort_words"})
    assert endpoint.shown[0] == f"Bearer {KEY}"
    assert "does not take the key" in str(refused)
    assert "sort_words" in str(made)
    assert KEY not in f"{listed}{refused}{made}"
    assert KEY not in (tmp_path / "stderr").read_text(encoding="utf-8")
    assert held_in(door.home) == []


@pytest.mark.parametrize("layer", ["file", "environment"])
def test_no_key_is_in_what_a_traceback_or_a_log_would_print_of_the_settings(tmp_path: Path, layer: str):
    path = tmp_path / "settings.toml"
    path.write_text(f'[maker]\nmodel = "m"\napi_key = "{KEY}"\n' if layer == "file" else "")
    keys = {} if layer == "file" else {"LATM_MAKER_MODEL": "m", "LATM_MAKER_API_KEY": KEY, "LATM_HTTP_TOKEN": KEY}
    layers = read_layers({"LATM_CONFIG": str(path)}, keys)
    settings = settings_of(layers)
    assert settings.maker is not None
    assert settings.maker.api_key == KEY
    values: tuple[Any, ...] = (layers, settings, told_settings(layers), argparse.Namespace(layers=layers))
    for value in values:
        assert KEY not in f"{value!r} {value!s}"
