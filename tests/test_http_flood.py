"""Serving over HTTP: connections that ask for nothing take no place from those that do, and fill neither stderr nor the log."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from front_door import LINE, FrontDoor
from http_served import ACCEPT, HELLO, HttpServer, http_server, over_http
from mcp import Client
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from sandboxed import settings_at
from served import WITHIN, names
from test_http_end import here, opened

from latm_mcp import server_http_uvicorn
from latm_mcp.server import open_server
from latm_mcp.server_log_file import files

resource = pytest.importorskip("resource", reason="sockets are no files here")
pytestmark = pytest.mark.anyio
PING = {"jsonrpc": "2.0", "id": 5, "method": "ping"}
IDLE = 600  # more than any server keeps
FEW = 20  # lines on stderr, of all that a server says


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """This process holds the other end of each connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(params=[256, 1024, 2048])
def server(request: pytest.FixtureRequest, tmp_path: Path, sandbox_cache: Path) -> Iterator[HttpServer]:
    """A server that may have so many files open."""
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    process = subprocess.Popen(
        ["sh", "-c", f'ulimit -n {request.param}; exec "$0" "$@"', *LINE, "serve", "--http", "--port", "0"],
        env=door.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    one = HttpServer(process, door.home)
    try:
        yield one
        one.end()
    finally:
        one.close()
    assert len(one.said) < FEW, (len(one.said), one.said[:FEW])


def half_asked(port: int, stack: ExitStack) -> None:
    """A connection that sends half a header, and stays."""
    one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WITHIN))
    with suppress(ConnectionError):
        one.sendall(b"POST /mcp HTTP/1.1\r\nhost: loc")


async def test_half_requests_crowd_out_nobody(server: HttpServer):
    async with httpx2.AsyncClient(timeout=WITHIN) as http:
        session = {**ACCEPT, "mcp-session-id": await opened(http, server.url)}
        async with http.stream("GET", server.url, headers=session) as stream:
            assert stream.status_code == 200
            with ExitStack() as idle:
                for _ in range(IDLE):
                    half_asked(server.port, idle)
                async with httpx2.AsyncClient(timeout=WITHIN) as fresh:
                    assert (await fresh.post(server.url, json=PING, headers=session)).status_code == 200
                with anyio.fail_after(WITHIN):
                    async with Client(server.url) as client:
                        assert "make_tool" in await names(client)
                for _ in range(IDLE // 2):
                    half_asked(server.port, idle)
                async with httpx2.AsyncClient(timeout=WITHIN) as fresh:
                    again = await fresh.get(server.url, headers=session)
                    assert again.status_code == 409  # the stream from before is still there
    assert logged(server) < FEW


def logged(server: HttpServer) -> int:
    """How many lines the server's log has."""
    return len(files(server.home / "logs")[0].read_text(encoding="utf-8").splitlines())


def test_what_is_no_http_is_not_written_to_the_log(tmp_path: Path, sandbox_cache: Path):
    with http_server(FrontDoor(tmp_path / "home", sandbox_cache)) as server:
        before = logged(server)
        for sent in (
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nhost: x\r\n\r\n",
        ):
            for _ in range(5):
                with socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN) as raw:
                    raw.sendall(sent)
                    assert raw.recv(65536).startswith(b"HTTP/1.1 4")
        assert logged(server) == before > 0


async def test_a_client_that_names_its_last_event_gets_the_stream_or_is_told_that_it_has_one(
    tmp_path: Path, sandbox_cache: Path
):
    async with here(tmp_path, sandbox_cache) as (url, _), httpx2.AsyncClient(timeout=WITHIN) as http:
        asked = {**ACCEPT, "mcp-session-id": await opened(http, url), "last-event-id": "7"}
        async with http.stream("GET", url, headers=asked) as stream:
            assert stream.status_code == 200
            again = await http.get(url, headers=asked)
            assert again.status_code == 409
            assert "Only one" in again.json()["error"]["message"]


async def test_where_all_are_being_answered_a_new_one_is_let_go_and_room_comes_back(
    tmp_path: Path, sandbox_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_http_uvicorn, "MOST_CONNECTIONS", 3)
    async with here(tmp_path, sandbox_cache) as (url, _), AsyncExitStack() as streams:
        for _ in range(3):
            http = await streams.enter_async_context(httpx2.AsyncClient(timeout=WITHIN))
            session = {**ACCEPT, "mcp-session-id": await opened(http, url)}
            await streams.enter_async_context(http.stream("GET", url, headers=session))
        async with httpx2.AsyncClient(timeout=WITHIN) as late:
            with pytest.raises(httpx2.TransportError):
                await late.post(url, json=HELLO, headers=ACCEPT)
            await streams.aclose()
            with anyio.fail_after(WITHIN):
                while not await answered(late, url):
                    await anyio.sleep(0.05)


async def answered(http: httpx2.AsyncClient, url: str) -> bool:
    """Whether a client is let in."""
    with suppress(httpx2.TransportError):
        return (await http.post(url, json=HELLO, headers=ACCEPT)).status_code == 200
    return False


async def test_a_request_with_the_id_of_one_that_is_being_answered_is_refused_and_the_first_is_answered(
    tmp_path: Path, sandbox_cache: Path
):
    async with open_server(settings_at(tmp_path / "home", sandbox_cache)) as server:
        begun, go = anyio.Event(), anyio.Event()

        async def held(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
            if ctx.method == "tools/list":
                begun.set()
                await go.wait()
            return await call_next(ctx)

        server.middleware.append(held)
        async with over_http(server) as url, httpx2.AsyncClient(timeout=WITHIN) as http:
            session = {**ACCEPT, "mcp-session-id": await opened(http, url)}
            got: list[httpx2.Response] = []

            async def listing(identity: object) -> None:
                asked = {"jsonrpc": "2.0", "id": identity, "method": "tools/list"}
                got.append(await http.post(url, json=asked, headers=session))

            with anyio.fail_after(WITHIN):
                async with anyio.create_task_group() as group:
                    group.start_soon(listing, 7)
                    await begun.wait()
                    for same in (7, "7"):
                        await listing(same)
                    go.set()
                await listing(7)
        assert [one.status_code for one in got] == [409, 409, 200, 200]
        assert "the same id" in got[0].json()["error"]["message"]
        assert "make_tool" in got[2].text
