"""Keys from the key store: kept without being shown, looked up only when they are needed, and sent nowhere else."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from file_ring import Ring
from front_door import LINE, SECONDS, FrontDoor, fenced, sort_words
from http_served import HELLO, http_server
from key_door import KEY, echoing, examples, looks, with_ring

from latm_mcp.errors import BadInput
from latm_mcp.settings import read_settings
from latm_mcp.settings_keys import http_token, look


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return with_ring(FrontDoor(tmp_path / "home", sandbox_cache), tmp_path)


def in_store(door: FrontDoor) -> dict[str, str]:
    ring = Path(door.more["RING"])
    held: dict[str, str] = json.loads(ring.read_text(encoding="utf-8")) if ring.exists() else {}
    return held


def key_row(door: FrontDoor, *options: str, code: int = 0) -> dict[str, object]:
    [row] = [row for row in door.json("config", *options, code=code)["settings"] if row["name"] == "maker.api_key"]
    return row


def test_a_kept_key_is_used_for_its_address_and_can_be_taken_out(door: FrontDoor, tmp_path: Path):
    with echoing() as endpoint:
        endpoint.reply = fenced(sort_words("sort_words"))
        door.more |= {"LATM_MAKER_MODEL": "m", "LATM_MAKER_BASE_URL": endpoint.url}
        said = door.run("config", "key", "maker", piped=KEY + "\n").stdout
        assert endpoint.url in said.replace("\n", "")
        assert list(in_store(door)) == ["latm-mcp/maker"]
        assert key_row(door)["from"] == "key store"
        assert door.json("config")["key_store"]["kept"] == {"maker": endpoint.url}

        door.run("make", examples(tmp_path), "--name", "sort_words")
        assert set(endpoint.shown) == {f"Bearer {KEY}"}

        door.run("config", "key", "maker", "--remove")
        assert in_store(door) == {}
        assert key_row(door)["from"] == "not set"
        assert "has no key of maker" in door.refusal("config", "key", "maker", "--remove")


@pytest.mark.parametrize("variable", ["LATM_MAKER_API_KEY", "OPENAI_API_KEY"])
def test_a_key_of_the_environment_stands_over_a_kept_one_which_is_not_looked_for(
    door: FrontDoor, tmp_path: Path, variable: str
):
    with echoing() as endpoint:
        door.more |= {"LATM_MAKER_MODEL": "m", "OPENAI_BASE_URL": endpoint.url}
        door.run("config", "key", "maker", piped=KEY)
        before = looks(door)
        door.more[variable] = "sk-of-the-environment"
        door.run("make", examples(tmp_path), code=1)
        assert set(endpoint.shown) == {"Bearer sk-of-the-environment"}
        assert looks(door) == before
        assert "another one stands over it" in door.json("config")["notes"][0]


def test_the_key_store_is_not_looked_into_before_a_model_is_asked(door: FrontDoor, tmp_path: Path):
    door.more |= {"LATM_MAKER_MODEL": "m", "LATM_USER_MODEL": "u", "LATM_MAKER_BASE_URL": "http://127.0.0.1:9/v1"}
    door.run("serve")  # its input ends at once
    door.run("list")
    door.run("config", "set", "user.model", "v")
    assert looks(door) == []
    door.run("make", examples(tmp_path), code=1)
    assert looks(door) == ["maker"]


def test_a_kept_key_goes_to_no_other_address(door: FrontDoor, tmp_path: Path):
    with echoing() as first, echoing() as other:
        door.more |= {"LATM_MAKER_MODEL": "m", "LATM_MAKER_BASE_URL": first.url}
        door.run("config", "key", "maker", piped=KEY)
        line = ("make", examples(tmp_path), "--set", f"maker.base_url={other.url}")
        said = door.run(*line, code=1).stderr
        assert f"is for {first.url} and goes nowhere else; the endpoint is now {other.url}" in said
        assert "latm-mcp config key maker" in said
        assert KEY not in str(other.shown)
        shown = door.json("config", "--set", f"maker.base_url={other.url}", code=2)
        assert "goes nowhere else" in shown["faults"][0]
        assert key_row(door, "--set", f"maker.base_url={other.url}/", code=2)["from"] == "not set"
        assert key_row(door, "--set", f"maker.base_url={first.url}/")["from"] == "key store"


def test_a_key_of_the_file_goes_to_no_address_but_the_files(door: FrontDoor, tmp_path: Path):
    with echoing() as files, echoing() as other:
        door.run("config", "set", "maker.model", "m")
        file = Path(door.run("config", "path").stdout.strip())
        file.write_text(f'[maker]\nmodel = "m"\nbase_url = "{files.url}"\napi_key = "{KEY}"\n')
        door.run("make", examples(tmp_path), code=1)
        assert set(files.shown) == {f"Bearer {KEY}"}

        door.more["LATM_MAKER_BASE_URL"] = other.url
        door.run("make", examples(tmp_path), code=1)
        assert other.shown
        assert KEY not in str(other.shown)
        assert "goes nowhere else" in str(key_row(door, code=2)["fault"])


def test_a_key_that_others_can_read_is_told(door: FrontDoor, tmp_path: Path):
    file = tmp_path / "settings.toml"
    file.write_text(f'[maker]\napi_key = "{KEY}"\n')
    for mode, count in ((0o644, 1), (0o600, 0)):
        file.chmod(mode)
        notes = door.json("config", "--config", file)["notes"]
        assert len([note for note in notes if "can be read by others" in note]) == count


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("config", "set", "maker.api_key", KEY), "config key maker"),
        (("config", "set", "LATM_HTTP_TOKEN", KEY), "config key http"),
        (("list", "--set", f"user.api_key={KEY}"), "config key user"),
        (("--set", f"http.token={KEY}", "list"), "config key http"),
        (("config", "key", KEY), "ROLE is one of maker, user, dispatcher, fallback, http"),
        (("list", "--set", KEY), "--set wants a setting and its value"),
    ],
)
def test_a_key_is_taken_from_no_argument_and_not_said_back(door: FrontDoor, arguments: tuple[str, ...], named: str):
    said = door.refusal(*arguments)
    assert named in said
    assert KEY not in said
    assert in_store(door) == {}


@pytest.mark.parametrize(
    ("piped", "said"),
    [("", "No key was given"), ("\n", "No key was given"), ("a b\n", "That is no key"), ("x" * 3000, "That is no key")],
)
def test_what_is_no_key_is_not_kept(door: FrontDoor, piped: str, said: str):
    assert said in door.refusal("config", "key", "maker", piped=piped)
    assert in_store(door) == {}


@pytest.mark.skipif(os.name != "posix", reason="plays a terminal")
def test_a_key_that_is_typed_is_not_echoed(door: FrontDoor):
    import pty

    terminal, end = pty.openpty()
    line = [*LINE, "config", "key", "maker"]
    with subprocess.Popen(line, env=door.environment, stdin=end, stdout=end, stderr=end, start_new_session=True) as run:
        os.close(end)
        shown = b""
        while b"Key of maker, for https://api.openai.com/v1: " not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, KEY.encode() + b"\n")
        try:
            while part := os.read(terminal, 1000):
                shown += part
        except OSError:  # how a terminal says that its program has ended
            pass
        assert run.wait(SECONDS) == 0
    os.close(terminal)
    assert KEY.encode() not in shown
    assert KEY in str(in_store(door))


def test_without_a_key_store_the_sentence_names_the_other_ways(tmp_path: Path, sandbox_cache: Path):
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    said = door.refusal("config", "key", "maker", piped=KEY)
    assert said == (
        "latm-mcp: There is no key store on this machine: set LATM_MAKER_API_KEY, or api_key under [maker] in the settings file."
    )
    with echoing() as endpoint:
        door.more |= {"LATM_MAKER_MODEL": "m", "LATM_MAKER_BASE_URL": endpoint.url}
        said = door.run("make", examples(tmp_path), code=1).stderr
        assert "takes no request without a key" in said
        assert "config key maker" in said


def test_a_store_that_forgets_is_found_out(door: FrontDoor):
    door.more["RING_DOES"] = "forgets"
    assert "did not keep it" in door.refusal("config", "key", "maker", piped=KEY)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("hangs", "The key store did not answer within 5 s"),
        ("locked", "The key store is locked"),
        ("fails", "The key store does not work here (RuntimeError)"),
    ],
)
def test_a_store_that_does_not_answer_holds_nobody_up(door: FrontDoor, tmp_path: Path, does: str, said: str):
    door.run("config", "key", "maker", piped=KEY)
    door.more |= {"RING_DOES": does, "LATM_MAKER_MODEL": "m"}
    begun = time.monotonic()
    told = door.run("make", examples(tmp_path), code=1).stderr  # OpenAI itself is never asked without a key
    assert "needs a key: the key store" in told
    assert said[1:] in told
    assert "LATM_MAKER_API_KEY" in told
    assert said in door.json("config")["key_store"]["problem"]
    with echoing() as endpoint:  # one that may want none is asked, and the reason told if it does
        door.more["LATM_MAKER_BASE_URL"] = endpoint.url
        told = door.run("make", examples(tmp_path), code=1).stderr
        assert endpoint.shown
        assert said in told
    assert time.monotonic() - begun < SECONDS


def test_the_token_of_http_is_the_settings_then_the_stores_and_a_store_that_is_shut_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RING", str(tmp_path / "ring.json"))
    monkeypatch.setattr("keyring.core._keyring_backend", Ring())
    places = {"LATM_HOME": str(tmp_path), "LATM_CACHE": str(tmp_path)}
    assert http_token(read_settings(places)) is None
    Ring().set_password("latm-mcp", "http", json.dumps({"key": KEY, "address": None}))
    assert http_token(read_settings(places)) == KEY
    assert http_token(read_settings({**places, "LATM_HTTP_TOKEN": "own"})) == "own"
    monkeypatch.setenv("RING_DOES", "locked")
    with pytest.raises(BadInput, match=r"The key store is locked.*LATM_HTTP_TOKEN.*Serving over HTTP waits for that"):
        http_token(read_settings(places))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX") or not hasattr(os, "getuid"), reason="has no such sockets")
def test_the_store_of_a_linux_desktop_is_found_where_the_client_passes_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    monkeypatch.setenv("RING", str(tmp_path / "ring.json"))
    monkeypatch.setattr("keyring.core._keyring_backend", Ring())
    monkeypatch.setattr("latm_mcp.settings_keys.BUSES", Path("buses"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert look().problem == ""
    assert "DBUS_SESSION_BUS_ADDRESS" not in os.environ
    place = Path("buses") / str(os.getuid())
    place.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(place / "bus"))
        assert look().problem == ""
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == f"unix:path={place}/bus"


def test_what_is_done_is_told_to_scripts_too(door: FrontDoor):
    path = door.json("config", "path")["path"]
    assert door.json("config", "set", "workers", "3")["path"] == path
    assert door.json("config", "unset", "workers")["name"] == "workers"
    told = json.loads(door.run("config", "key", "maker", "--json", piped=KEY).stdout)
    assert (told["role"], told["address"]) == ("maker", "https://api.openai.com/v1")
    assert KEY not in str(told)


def test_a_kept_token_is_asked_of_every_client_over_http(door: FrontDoor):
    assert "has 5 characters, fewer than 16" in door.refusal("config", "key", "http", piped="short")
    door.run("config", "key", "http", piped=KEY)
    assert door.json("config")["key_store"]["kept"] == {"http": None}
    with http_server(door) as server:
        assert server.post(HELLO).status_code == 401
        assert server.post(HELLO, {"authorization": f"Bearer {KEY}"}).status_code == 200
    assert KEY not in "".join(server.said)
    assert KEY not in "".join(path.read_text(encoding="utf-8") for path in door.home.rglob("logs/*"))
    door.more["RING_DOES"] = "locked"
    assert "The key store is locked" in door.refusal("serve", "--http", "--port", "0")


def test_what_another_program_put_into_the_store_is_not_taken_for_a_key(door: FrontDoor, tmp_path: Path):
    Path(door.more["RING"]).write_text(json.dumps({"latm-mcp/maker": "by hand"}), encoding="utf-8")
    assert "was not put there by latm-mcp" in door.json("config")["key_store"]["problem"]
