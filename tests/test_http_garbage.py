"""Serving over HTTP: what is too long, no protocol, no text or no HTTP at all is answered or dropped, and harms nobody."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from front_door import FrontDoor
from http_served import HELLO, HttpServer, asking, http_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Iterator[HttpServer]:
    with http_server(FrontDoor(tmp_path_factory.mktemp("http") / "home", sandbox_cache)) as one:
        yield one


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("modern", [False, True])
def test_a_body_over_the_bound_is_refused(server: HttpServer, declared: bool, modern: bool):
    message = asking("tools/call", name="call_tool", arguments={"name": "x", "arguments": {"text": "x" * (9 << 20)}})
    body = json.dumps(message).encode()
    parts = body if declared else (body[at : at + 65536] for at in range(0, len(body), 65536))
    told = {"content-type": "application/json", "accept": "*/*"} | (
        {"mcp-protocol-version": "2026-07-28"} if modern else {}
    )
    answer = httpx2.post(server.url, content=parts, headers=told, timeout=60)
    assert answer.status_code == 413
    assert "too large" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":"\\ud800","method":"tools/list","params":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"\\udc00","params":{}}',
        b'{"jsonrpc":"2.0","id":1' + b"0" * 5000 + b',"method":"tools/list"}',
    ],
)
@pytest.mark.parametrize("modern", [False, True])
def test_garbage_is_answered_and_harms_nobody(server: HttpServer, body: bytes, modern: bool):
    answer = server.post(body, {"mcp-protocol-version": "2026-07-28"} if modern else {})
    assert 400 <= answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    assert server.post(HELLO).status_code == 200


@pytest.mark.parametrize("text", ["half \ud800 a pair", "\ufffd", "\x00"])
def test_text_that_is_no_unicode_is_refused_in_words(server: HttpServer, text: str):
    message = asking("tools/call", name="dispatch", arguments={"question": text})
    answer = server.post(message, modern=True)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["isError"] is True


def test_what_is_no_http_is_answered_or_dropped_and_harms_nobody(server: HttpServer):
    for sent in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000, b"\r\n" * 1000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
            raw.sendall(sent)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
    assert server.post(HELLO).status_code == 200
