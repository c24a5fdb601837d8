"""How serving over HTTP ends: by a signal or Ctrl-C with everything open; and what a silent or slow client comes to."""

import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest
from front_door import FrontDoor
from http_served import ACCEPT, HELLO, asking, http_server, over_http, routed
from mcp import Client
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from sandboxed import settings_at
from served import ERAS, WITHIN, make_by_client, names, relisting
from test_http_clients import SPIN, busy
from wire import gone

from latm_mcp import server_http_body, server_http_uvicorn
from latm_mcp.server import open_server
from latm_mcp.server_http import serve_http
from latm_mcp.settings_http import HttpSettings

pytestmark = pytest.mark.anyio
JSON = {**ACCEPT, "content-type": "application/json"}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_within_seconds_with_streams_and_calls_open_and_leaves_no_child(
    tmp_path: Path, sandbox_cache: Path, by: signal.Signals
):
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    with http_server(door, LATM_CALL_SECONDS="600", LATM_WORKERS="1") as server:
        async with httpx2.AsyncClient(timeout=WITHIN) as http, anyio.create_task_group() as group:
            async with Client(server.url) as client:
                await make_by_client(client, SPIN)
            told = {**JSON, "mcp-session-id": await opened(http, server.url)}
            call = {"name": "sort_words", "arguments": {"words": ["spin"]}}
            listen = asking("subscriptions/listen", notifications={"toolsListChanged": True})
            ended = [anyio.Event() for _ in range(4)]
            streams = [
                ("GET", told, None),
                ("POST", told, {"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": call}),
                ("POST", {**JSON, **routed(listen)}, listen),
                ("POST", {**JSON, **routed(asking("tools/call", **call))}, asking("tools/call", **call)),
            ]
            for event, (method, headers, body) in zip(ended, streams, strict=True):
                group.start_soon(streamed, http, (method, server.url, headers, body), event)
            await busy(server)
            children = server.children()
            assert children
            assert await anyio.to_thread.run_sync(server.end, by) < 30
            with anyio.fail_after(WITHIN):
                for event in ended:
                    await event.wait()
        assert gone(children)
    assert server.process.returncode == -by
    assert "Cancel" not in "".join(server.said)
    assert [tool["name"] for tool in door.json("list")] == ["sort_words"]


async def opened(http: httpx2.AsyncClient, url: str) -> str:
    """A new session's id."""
    answer = await http.post(url, json=HELLO, headers=ACCEPT)
    assert answer.status_code == 200, answer.text
    session = answer.headers["mcp-session-id"]
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await http.post(url, json=ready, headers={**ACCEPT, "mcp-session-id": session})).status_code == 202
    return str(session)


async def streamed(http: httpx2.AsyncClient, asked: tuple[str, str, Any, Any], ended: anyio.Event) -> None:
    """Read an answer to its end, which must be one that HTTP allows."""
    method, url, headers, body = asked
    async with http.stream(method, url, headers=headers, content=json.dumps(body) if body else None) as answer:
        assert answer.status_code in (200, 503)
        async for _ in answer.aiter_raw():
            pass
    ended.set()


@asynccontextmanager
async def here(tmp_path: Path, cache: Path, **options: Any) -> AsyncIterator[tuple[str, "Ends"]]:
    """A server in this process, and what tells of the ends of its sessions."""
    ends = Ends()
    async with open_server(settings_at(tmp_path / "home", cache)) as server:
        server.middleware.append(ends.note)
        async with over_http(server, **options) as url:
            yield url, ends


class Ends:
    """A middleware that counts the sessions that have ended."""

    def __init__(self) -> None:
        self.count = 0

    async def note(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method == "initialize":
            ctx.session._connection.exit_stack.callback(self._ended)
        return await call_next(ctx)

    def _ended(self) -> None:
        self.count += 1


async def soon(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(WITHIN):
        while not condition():
            await anyio.sleep(0.01)


async def test_a_session_whose_client_went_away_without_a_word_ends_after_a_while(tmp_path: Path, sandbox_cache: Path):
    async with (
        here(tmp_path, sandbox_cache, idle_seconds=2.0) as (url, ends),
        httpx2.AsyncClient(timeout=WITHIN) as http,
    ):
        kept, left = await opened(http, url), await opened(http, url)
        async with http.stream("GET", url, headers={**ACCEPT, "mcp-session-id": kept}):
            async with http.stream("GET", url, headers={**ACCEPT, "mcp-session-id": left}):
                assert ends.count == 0
            await soon(lambda: ends.count == 1)
            ping = {"jsonrpc": "2.0", "id": 5, "method": "ping"}
            for session, status in ((left, 404), (kept, 200)):
                answer = await http.post(url, json=ping, headers={**ACCEPT, "mcp-session-id": session})
                assert answer.status_code == status
        await soon(lambda: ends.count == 2)


async def test_a_session_whose_stream_was_broken_off_hears_of_what_it_missed(tmp_path: Path, sandbox_cache: Path):
    async with here(tmp_path, sandbox_cache) as (url, _), httpx2.AsyncClient(timeout=WITHIN) as http:
        behind = await opened(http, url)
        await listing(http, url, behind)
        async with Client(url) as maker:
            await make_by_client(maker)
        with anyio.fail_after(WITHIN):
            async with http.stream("GET", url, headers={**ACCEPT, "mcp-session-id": behind}) as told:
                assert "tools/list_changed" in await first_event(told)


async def listing(http: httpx2.AsyncClient, url: str, session: str) -> None:
    """The session lists."""
    asked = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    assert (await http.post(url, json=asked, headers={**ACCEPT, "mcp-session-id": session})).status_code == 200


async def first_event(answer: httpx2.Response) -> str:
    """The first thing that an open stream says."""
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            return line
    raise AssertionError("the stream ended")


async def test_a_session_that_its_client_ends_is_gone_at_once(tmp_path: Path, sandbox_cache: Path):
    async with here(tmp_path, sandbox_cache) as (url, ends):
        async with Client(url, mode="legacy") as client:
            await names(client)
            assert ends.count == 0
        await soon(lambda: ends.count == 1)


async def test_a_client_that_sends_slowly_or_nothing_is_let_go(
    tmp_path: Path, sandbox_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_http_body, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(server_http_uvicorn, "HEAD_SECONDS", 0.3)
    begun = b"POST /mcp HTTP/1.1\r\nhost: localhost:%d\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    async with here(tmp_path, sandbox_cache) as (url, _):
        port = int(url.removesuffix("/mcp").rpartition(":")[2])
        for sent, answer in ((b"", b""), (b"POST /mc", b""), (begun % port, b"HTTP/1.1 408 ")):
            async with await anyio.connect_tcp("127.0.0.1", port) as raw:
                await raw.send(sent)
                got = b""
                with anyio.fail_after(WITHIN):
                    try:
                        while True:
                            got += await raw.receive()
                    except anyio.EndOfStream:
                        pass
                assert got.startswith(answer)
                assert bool(got) is bool(answer)


@pytest.mark.parametrize("era", ERAS)
async def test_ctrl_c_where_no_signals_can_be_waited_for_ends_it_as_well(
    tmp_path: Path, sandbox_cache: Path, era: str, capsys: pytest.CaptureFixture[str]
):
    """There the whole program is cancelled."""
    settings = settings_at(tmp_path / "home", sandbox_cache, http=HttpSettings(port=0))
    with anyio.fail_after(WITHIN):
        async with anyio.create_task_group() as group:
            group.start_soon(serve_http, settings)
            said = ""
            while "Serving MCP over HTTP at " not in said:
                await anyio.sleep(0.01)
                said += capsys.readouterr().err
            url = said.split("Serving MCP over HTTP at ")[1].split(";")[0]
            async with relisting(url, era) as following:
                assert await names(following.client)
            group.cancel_scope.cancel()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)
