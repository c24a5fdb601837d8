"""Serving over HTTP: who is let in, and what is refused with a sentence."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front_door import FrontDoor
from http_served import HELLO, HttpServer, asking, http_server
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from served import ERAS, names

TOKEN = "a-token-of-enough-characters"
FIXED = ["call_tool", "dispatch", "make_tool", "report_result"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path_factory.mktemp("http") / "home", sandbox_cache)


@pytest.fixture(scope="module")
def server(door: FrontDoor) -> Iterator[HttpServer]:
    """One that asks for no token."""
    listed = {
        "LATM_HTTP_HOSTS": "tools.example.org, other.example.org:99",
        "LATM_HTTP_ORIGINS": "https://app.example.org/",
    }
    with http_server(door, **listed) as one:
        yield one


@pytest.fixture(scope="module")
def guarded(door: FrontDoor) -> Iterator[HttpServer]:
    """One that asks for a token."""
    with http_server(door, LATM_HTTP_TOKEN=TOKEN) as one:
        yield one


def sentence(response: httpx2.Response) -> str:
    """What a refusal says."""
    said = response.json()["error"]["message"]
    assert isinstance(said, str)
    return said


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "[::1]:{}", "LOCALHOST:{}", "tools.example.org"])
def test_a_name_of_this_machine_or_a_listed_one_is_let_in(server: HttpServer, host: str):
    answer = server.post(HELLO, {"host": host.format(server.port)})
    assert answer.status_code == 200
    assert '"serverInfo"' in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.org:{}",
        "127.0.0.1.evil.example.org:{}",
        "localhost.evil.example.org:{}",
        "evil.example.org",
        "localhost:1",
        "localhost",
        "other.example.org:{}",
        "192.168.0.7:{}",
        "user@localhost:{}",
        "localhost:{}:{}",
        "localhost:{}\\@evil.example.org",
    ],
)
@pytest.mark.parametrize("modern", [False, True])
def test_a_foreign_host_is_refused_in_both_eras(server: HttpServer, host: str, modern: bool):
    message = asking("tools/list") if modern else HELLO
    answer = server.post(message, {"host": host.format(server.port, server.port)}, modern)
    assert answer.status_code == 421
    assert "LATM_HTTP_HOSTS" in sentence(answer)


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443", "https://app.example.org"]
)
def test_a_page_of_this_machine_or_a_listed_one_is_let_in(server: HttpServer, origin: str):
    assert server.post(HELLO, {"origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example.org",
        "null",
        "http://localhost.evil.example.org",
        "http://localhost@evil.example.org",
        "file://",
        "https://app.example.org.evil.example.org",
        "http://app.example.org",
    ],
)
@pytest.mark.parametrize("modern", [False, True])
def test_a_foreign_page_is_refused_in_both_eras(server: HttpServer, origin: str, modern: bool):
    answer = server.post(asking("tools/list") if modern else HELLO, {"origin": origin}, modern)
    assert answer.status_code == 403
    assert "LATM_HTTP_ORIGINS" in sentence(answer)
    assert "access-control-allow-origin" not in answer.headers


def test_a_browser_passes_answers_on_to_listed_pages_alone(server: HttpServer):
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,mcp-session-id"}
    for origin, let_in in {"https://app.example.org": True, "http://localhost:3000": False}.items():
        answer = httpx2.options(server.url, headers={"origin": origin, **asks})
        assert (answer.headers.get("access-control-allow-origin") == origin) is let_in
        assert server.post(HELLO, {"origin": origin}).headers.get("access-control-allow-origin") == (
            origin if let_in else None
        )


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Bearer {TOKEN[:-1]}"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": TOKEN},
        {"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1"},
    ],
)
@pytest.mark.parametrize("modern", [False, True])
def test_without_the_token_nobody_is_let_in_not_even_on_loopback(guarded: HttpServer, shown: Any, modern: bool):
    answer = guarded.post(asking("tools/list") if modern else HELLO, shown, modern)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="latm-mcp"')
    assert "LATM_HTTP_TOKEN" in sentence(answer)
    for method in ("GET", "DELETE"):
        assert httpx2.request(method, guarded.url, headers=shown).status_code == 401


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_with_the_token_clients_of_both_eras_are_let_in_and_nothing_ever_shows_it(guarded: HttpServer, era: str):
    async with (
        create_mcp_http_client({"authorization": f"bearer {TOKEN}"}) as http,
        Client(streamable_http_client(guarded.url, http_client=http), mode=era) as client,
    ):
        assert await names(client) == FIXED
    assert TOKEN not in "".join(guarded.said)
    logs = guarded.home / "logs"
    assert all(TOKEN not in path.read_text(encoding="utf-8") for path in logs.glob("*"))


def test_the_greeting_says_how_to_connect_and_what_is_open(server: HttpServer, guarded: HttpServer):
    assert f"claude mcp add --transport http latm {server.url}\n" in "".join(server.said)
    assert "Every user of this machine can call it" in "".join(server.said)
    assert "LATM_HTTP_HOSTS lets other names in" in "".join(server.said)
    assert f'{guarded.url} --header "Authorization: Bearer TOKEN"\n' in "".join(guarded.said)
    assert "Every user" not in "".join(guarded.said)
    assert "LATM_HTTP_HOSTS" not in "".join(guarded.said)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_this_machine_a_token_is_needed(door: FrontDoor, host: str):
    said = door.refusal("serve", "--http", "--host", host, "--port", "0")
    assert "LATM_HTTP_TOKEN" in said
    assert host in said


@pytest.mark.parametrize("token", ["short", "fifteen-letters", "with spaces in the middle", "nicht-ganz-häßlich-genug"])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(door: FrontDoor, token: str):
    door.more = {"LATM_HTTP_TOKEN": token}
    try:
        said = door.refusal("serve", "--http", "--port", "0")
    finally:
        door.more = {}
    assert "LATM_HTTP_TOKEN" in said
    assert token not in said


def test_with_a_token_it_listens_at_every_address_of_this_machine(door: FrontDoor):
    with http_server(door, "--host", "0.0.0.0", LATM_HTTP_TOKEN=TOKEN) as server:
        assert "not encrypted" in "".join(server.said)
        assert server.post(HELLO).status_code == 401
        assert server.post(HELLO, {"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_port_that_is_taken_is_one_sentence(door: FrontDoor):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert "choose another port with --port" in door.refusal("serve", "--http", "--port", str(port))


@pytest.mark.parametrize(
    ("host", "says"), [("no-such-name.invalid", "is not known here"), ("192.0.2.1", "none of this machine's")]
)
def test_an_address_that_is_not_ours_is_one_sentence(door: FrontDoor, host: str, says: str):
    door.more = {"LATM_HTTP_TOKEN": TOKEN}
    try:
        assert says in door.refusal("serve", "--http", "--host", host, "--port", "0")
    finally:
        door.more = {}


@pytest.mark.parametrize("option", [("--port", "9"), ("--host", "127.0.0.1")])
def test_where_to_listen_means_nothing_without_http(door: FrontDoor, option: tuple[str, str]):
    assert "add --http" in door.refusal("serve", *option)


def test_anything_but_the_endpoint_is_not_there(server: HttpServer, guarded: HttpServer):
    for one in (server, guarded):
        for path in ("/", "/.well-known/oauth-protected-resource", "/mcp/x"):
            assert httpx2.get(one.url.removesuffix("/mcp") + path).status_code == 404


def test_serving_over_stdio_imports_nothing_that_only_http_needs(door: FrontDoor):
    """What the SDK imports by itself is not ours to leave out."""
    program = (
        "import sys, mcp.server.lowlevel; sdk = set(sys.modules)\n"
        "import latm_mcp.cli_serve, latm_mcp.latm_models, latm_mcp.server\n"
        "ours = set(sys.modules) - sdk\n"
        "print([name for name in ours if name.split('.')[0] in ('uvicorn', 'starlette', 'h11', 'sse_starlette')\n"
        "       or name.startswith('latm_mcp.server_http')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=door.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
