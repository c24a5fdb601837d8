"""What `latm-mcp doctor` finds around the server: models, clients, the start, the log; each problem with what mends it."""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from front_door import FrontDoor
from front_door import endpoint as answering
from holding import copied, holding, kept

from latm_mcp import cli_doctor_models, cli_doctor_start
from latm_mcp.cli_doctor_log import last_errors
from latm_mcp.cli_doctor_models import AskedModels
from latm_mcp.cli_doctor_start import start_section
from latm_mcp.peer import PeerGone
from latm_mcp.server_log_file import append
from latm_mcp.settings import Settings
from latm_mcp.settings_keys import FoundKey
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_models import ModelSettings
from latm_mcp.settings_told import told_settings

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


@contextmanager
def endpoint(*models: str, status: int = 200, body: bytes | None = None) -> Iterator[tuple[str, list[Any]]]:
    """An endpoint on the loopback that has these models; yields its address and what it is asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("authorization")))
            said = (
                body
                or json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in models]}).encode()
            )
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with answering(Handler) as url:
        yield url, asked


def models(url: str, model: str = "good-1", key: str | None = KEY) -> Any:
    """The section about one configured maker."""
    settings = Settings(Path("/nowhere"), Path("/nowhere"), maker=ModelSettings(model, url, key))
    environ = {"LATM_MAKER_MODEL": model, "LATM_MAKER_BASE_URL": url, **({"LATM_MAKER_API_KEY": key} if key else {})}
    return AskedModels(settings, told_settings(Layers(environment=environ))).section()


def test_an_endpoint_is_asked_for_its_models_with_the_key_and_nothing_else(door: FrontDoor):
    with endpoint("good-1", "good-2") as (url, asked):
        door.more = {"LATM_MAKER_MODEL": "good-1", "LATM_MAKER_BASE_URL": url, "LATM_MAKER_API_KEY": KEY}
        done = door.run("doctor")
        found = door.json("doctor")

    assert found["well"]
    [row] = found["models"]["configured"]
    assert row == {
        "role": "maker",
        "model": "good-1",
        "endpoint": url,
        "reached": True,
        "key": "environment (LATM_MAKER_API_KEY)",
        "model_is_there": True,
        "price": "free, on this machine",
    }
    assert asked == [("/v1/models", f"Bearer {KEY}")] * 2
    assert KEY not in done.stdout + done.stderr + json.dumps(found)
    assert f"maker: good-1 at {url}: reached, has the model; key: environment" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "written",
    [
        'base_url = "127.0.0.1:9/v1"',  # without http://
        'base_ulr = "http://127.0.0.1:9/v1"',
        'base_url = ["http://127.0.0.1:9/v1"]',
    ],
)
@pytest.mark.parametrize("key_in", ["file", "environment"])
def test_a_key_goes_nowhere_while_the_address_that_it_is_for_is_miswritten(
    door: FrontDoor, tmp_path: Path, written: str, key_in: str
):
    file = tmp_path / "settings.toml"
    key = f'api_key = "{KEY}"\n' if key_in == "file" else ""
    file.write_text(f'[maker]\nmodel = "good-1"\n{written}\n{key}')
    file.chmod(0o600)
    with endpoint("good-1") as (shared, asked):
        door.more = {"LATM_CONFIG": str(file), "OPENAI_BASE_URL": shared}
        if key_in == "environment":
            door.more["LATM_MAKER_API_KEY"] = KEY
        found = door.json("doctor", code=2)

        assert KEY not in str(asked)
        assert "base_u" in str(found["problems"])

        file.write_text(f'[maker]\nmodel = "good-1"\nbase_url = "{shared}"\n{key}')
        door.json("doctor")
        assert asked[-1] == ("/v1/models", f"Bearer {KEY}")


def test_a_model_that_is_not_there_is_a_problem_with_the_nearest_names():
    with endpoint("qwen3-coder-30b", "qwen3-coder-480b", "llama-4") as (url, _):
        section = models(url, "qwen3-coder")

    [problem] = section.problems
    assert "does not list the model 'qwen3-coder' of LATM_MAKER_MODEL. It has 'qwen3-coder-30b'" in problem
    assert section.mends[problem] == "latm-mcp config set maker.model qwen3-coder-30b"


@pytest.mark.parametrize(
    ("listed", "model"),
    [("models/gemini-3-pro", "gemini-3-pro"), ("llama4:latest", "llama4"), ("vendor/model", "vendor/model:online")],
)
def test_a_model_is_there_under_each_name_that_endpoints_take_for_it(listed: str, model: str):
    with endpoint("other", listed) as (url, _):
        assert models(url, model).problems == []


@pytest.mark.parametrize(
    ("status", "said", "mend"),
    [
        (401, "does not take the key", "latm-mcp config key maker"),
        (403, "does not take the key", "latm-mcp config key maker"),
        (500, "failed", "latm-mcp doctor"),
        (400, "refused the request", "latm-mcp config set maker.base_url ADDRESS"),
    ],
)
def test_what_an_endpoint_refuses_is_told_with_the_command_that_mends_it(status: int, said: str, mend: str):
    with endpoint(status=status) as (url, _):
        section = models(url)

    [problem] = section.problems
    assert said in problem
    assert KEY not in problem
    assert section.mends == {problem: mend}
    assert [row["reached"] for row in section.facts["configured"]] == [False]


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (200, b"<html>"), (200, b'{"data": 7}'), (200, b"[" * 100_000), (200, b'{"data": [{}]}')],
)
def test_an_endpoint_without_a_list_is_reached_all_the_same(status: int, body: bytes):
    with endpoint(status=status, body=body) as (url, _):
        section = models(url)

    assert section.problems == []
    assert [(row["reached"], row["model_is_there"]) for row in section.facts["configured"]] == [(True, None)]


def test_an_endpoint_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli_doctor_models, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        section = models(f"http://127.0.0.1:{silent.getsockname()[1]}/v1")

    assert time.monotonic() - began < 30
    [problem] = section.problems
    assert "did not say within 0.5 s which models it has" in problem


def test_not_even_one_that_drips(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli_doctor_models, "MOST_SECONDS", 1.0)
    done = threading.Event()

    def listed(_: object) -> None:
        done.wait(60)

    monkeypatch.setattr(cli_doctor_models, "listed_models", listed)
    began = time.monotonic()
    section = models("http://127.0.0.1:9/v1")
    done.set()

    assert time.monotonic() - began < 20
    assert "did not say within" in section.problems[0]


def test_without_a_key_the_endpoint_that_needs_one_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli_doctor_models, "stored_key", lambda *_: FoundKey())
    settings = Settings(Path("/nowhere"), Path("/nowhere"), maker=ModelSettings("gpt-5"))

    section = AskedModels(settings, told_settings(Layers())).section()

    [problem] = section.problems
    assert "needs a key" in problem
    assert section.mends == {problem: "latm-mcp config key maker"}


def test_a_start_is_measured_on_a_copy_and_changes_nothing(tmp_path: Path, sandbox_cache: Path):
    held = holding(tmp_path / "held", sandbox_cache)
    before, names = kept(held.home), sorted(held.home.rglob("*"))

    found = held.json("doctor")

    start = found["start_up"]
    assert start["library"] == "a copy of yours"
    assert start["listed_tools"] == 5
    assert 0 < start["first_answer_seconds"] <= start["first_list_of_tools_seconds"] < 30
    assert (kept(held.home), sorted(held.home.rglob("*"))) == (before, names)


@pytest.mark.anyio
async def test_a_slow_start_is_measured_again_and_then_worth_knowing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    times = iter([(4.0, 5.0), (3.0, 3.5), (3.0, 4.0)])

    async def started(*_: object) -> tuple[float, float]:
        return next(times)

    monkeypatch.setattr(cli_doctor_start, "_started", started)
    section = await start_section(Settings(tmp_path, tmp_path))

    assert section.facts["first_list_of_tools_seconds"] == 3.5
    assert section.problems == []
    assert section.notes[0].startswith(
        "The server needs 3.5 s for its first list of tools, and some clients wait no longer than 2.7 s"
    )


@pytest.mark.anyio
async def test_a_server_that_does_not_start_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def started(*_: object) -> tuple[float, float]:
        raise PeerGone("The server could not be asked: it ended.")

    monkeypatch.setattr(cli_doctor_start, "_started", started)
    section = await start_section(Settings(tmp_path, tmp_path))

    assert section.problems == ["The server could not be asked: it ended."]


def test_the_last_errors_of_the_log_are_shown_and_no_traceback(door: FrontDoor):
    log = door.home / "logs" / "latm-mcp.log"
    begins = "2026-11-23T00:00:00.000+00:00 7"
    append(log, f"{begins} INFO ends\n{begins} ERROR server: it failed\n{begins} ERROR   latm_mcp.x, line 3, in f\n")
    append(log, f"{begins} WARNING store: hostile\x1b[2J\n")

    found = door.json("doctor")

    assert found["log"]["file"] == str(log)
    assert found["log"]["last_errors"] == [f"{begins} ERROR server: it failed", f"{begins} WARNING store: hostile[2J"]


def test_of_the_log_only_the_last_are_shown(tmp_path: Path):
    log = tmp_path / "latm-mcp.log"
    log.with_name("latm-mcp.log.1").write_text("".join(f"t 1 ERROR x: {n}\n" for n in range(20_000)), encoding="utf-8")
    log.write_text("t 1 ERROR x: new\n", encoding="utf-8")

    assert [line.rsplit(" ", 1)[1] for line in last_errors(tmp_path)] == [*map(str, range(19_991, 20_000)), "new"]


def test_a_client_that_starts_what_is_not_there_is_a_problem_with_its_command(door: FrontDoor):
    home = door.home.parent
    config = home / ".cursor" / "mcp.json"
    config.parent.mkdir(parents=True)
    entry = {"command": str(home / "gone" / "latm-mcp"), "args": ["serve"]}
    config.write_text(json.dumps({"mcpServers": {"latm": entry}}), encoding="utf-8")

    found = door.json("doctor", code=1)

    [row] = found["clients"]["found"]
    assert (row["client"], row["state"], row["file"]) == ("cursor", "gone", str(config))
    [mend] = found["mend"]
    assert mend["command"] == "latm-mcp install --client cursor"
    assert mend["problem"] == found["problems"][0]
    door.run("install", "--client", "cursor")
    assert door.json("doctor")["clients"]["found"][0]["state"] == "current"


HARMS = {
    "LATM_WORKERS": ("many", "unset LATM_WORKERS"),
    "LATM_CACHE": ("/dev/null/x", "latm-mcp config set cache FOLDER"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="its shell has other words")
@pytest.mark.parametrize("variable", HARMS)
def test_every_problem_is_shown_with_the_command_that_mends_it(door: FrontDoor, variable: str):
    value, mend = HARMS[variable]
    door.more = {variable: value, "LATM_SANDBOX": "wasm"}

    said = door.run("doctor", code=2 if variable == "LATM_WORKERS" else 3).stdout

    problems = said.partition("\nProblems:\n")[2]
    assert re.search(rf"\n    {re.escape(mend)}\n", problems), said


def test_a_damaged_library_has_a_command_that_moves_it_away(tmp_path: Path, sandbox_cache: Path):
    door = copied(holding(tmp_path / "held", sandbox_cache), tmp_path / "a home")
    (door.home / "library.sqlite").write_bytes(b"no library" * 1000)

    found = door.json("doctor", code=3)

    [mend] = found["mend"]
    assert (
        mend["command"] == f"mkdir '{door.home}-damaged' && mv '{door.home / 'library.sqlite'}'* '{door.home}-damaged'"
    )
    assert found["start_up"]["library"] == "an empty one, for yours cannot be read"
