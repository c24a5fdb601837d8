"""A model behind an endpoint, asked over real HTTP: a server on the loopback plays the endpoint."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from latm_mcp.errors import MakerFailed
from latm_mcp.llm import EndpointModel, open_model
from latm_mcp.llm_replies import MAX_BODY_BYTES, MAX_REPLY_BYTES
from latm_mcp.models import Example, Message, Task
from latm_mcp.recording import Recorder

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret-0123456789"
ASKED = (Message(role="system", content="You write tools."), Message(role="user", content="Sort words."))
Answer = tuple[int, dict[str, str], bytes]


def completion(text: str | None = "def f(): ...", *, ended: str = "stop", usage: Any = True, **message: Any) -> Answer:
    said = {"role": "assistant", "content": text, **message}
    body: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 1, "model": "strong-2026-11"}
    body["choices"] = [{"index": 0, "finish_reason": ended, "message": said}]
    counted = {"prompt_tokens": 120, "completion_tokens": 7, "total_tokens": 127}
    if usage is not False:
        body["usage"] = counted if usage is True else usage
    return answer(body)


def answer(body: dict[str, Any], status: int = 200, **headers: str) -> Answer:
    return status, {"content-type": "application/json", **headers}, json.dumps(body).encode()


def refusal(status: int, message: str, **error: Any) -> Answer:
    return answer({"error": {"message": message, **error}}, status, **{"retry-after-ms": "1"})


class Endpoint:
    """A server that answers from a list, its last answer again and again, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [completion()]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hold = threading.Event()  # set: answer nothing until the client goes away
        self.asked, self.client_left = threading.Event(), threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # so that connections stay open until the client closes them
            timeout = 20

            def do_POST(self) -> None:
                endpoint.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                endpoint.headers.append({name.lower(): value for name, value in self.headers.items()})
                endpoint.asked.set()
                if endpoint.hold.is_set():
                    self.connection.recv(1)
                    self.close_connection = True
                    return
                self.give(endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0])

            def give(self, given: Answer) -> None:
                status, headers, body = given
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def finish(self) -> None:
                super().finish()
                endpoint.client_left.set()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    playing = Endpoint()
    thread = threading.Thread(target=playing.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield playing
    playing.server.shutdown()
    thread.join()
    playing.server.server_close()


@asynccontextmanager
async def asking(endpoint: Endpoint, **settings: Any) -> AsyncIterator[EndpointModel]:
    given = {"model": "strong", "base_url": endpoint.url, "api_key": KEY, "max_retries": 0, "timeout": 30.0}
    async with open_model(**{**given, **settings}) as maker:
        yield maker


async def failure(endpoint: Endpoint, **settings: Any) -> str:
    """The sentence that the maker fails with, which must never hold the key, nor carry what may hold it."""
    async with asking(endpoint, **settings) as maker:
        with pytest.raises(MakerFailed) as raised:
            await maker.reply(ASKED, "propose", 1)
    assert KEY not in str(raised.value)
    assert raised.value.__cause__ is None  # a logged traceback would show the library's error, which quotes
    return str(raised.value)


async def test_the_conversation_is_sent_and_the_reply_comes_back_with_its_counted_usage(endpoint: Endpoint):
    async with asking(endpoint) as maker:
        reply = await maker.reply(ASKED, "propose", 1)

    assert (maker.kind, maker.model) == ("model", "strong")
    assert (reply.text, reply.model) == ("def f(): ...", "strong-2026-11")
    assert reply.usage.model_dump() == {"tokens_in": 120, "tokens_out": 7, "replies": 1, "estimated": False}
    messages = [{"role": "system", "content": "You write tools."}, {"role": "user", "content": "Sort words."}]
    assert endpoint.requests == [{"model": "strong", "messages": messages, "temperature": 0.3}]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "said",
    [
        {"prompt_tokens": -(10**9), "completion_tokens": -5},
        {"prompt_tokens": -3, "completion_tokens": 5},
        {"prompt_tokens": 1.5, "completion_tokens": 7},
        {"prompt_tokens": float("nan"), "completion_tokens": "7"},
        {"prompt_tokens": True, "completion_tokens": True},
        {"prompt_tokens": {}},
        [],
        "much",
    ],
)
async def test_usage_that_can_not_be_is_estimated_and_costs_neither_the_reply_nor_its_counting(
    endpoint: Endpoint, said: Any
):
    endpoint.answers = [completion("12345678", usage=said)]
    async with asking(endpoint) as maker:
        reply = await maker.reply(ASKED, "propose", 1)
    assert reply.text == "12345678"
    assert reply.usage.model_dump() == {"tokens_in": 7, "tokens_out": 2, "replies": 1, "estimated": True}


async def test_usage_beyond_all_measure_is_bounded(endpoint: Endpoint):
    endpoint.answers = [completion(usage={"prompt_tokens": 10**30, "completion_tokens": 3})]
    async with asking(endpoint) as maker:
        assert (await maker.reply(ASKED, "propose", 1)).usage.tokens_in == 10**9


async def test_usage_that_the_server_does_not_count_is_estimated_and_says_so(endpoint: Endpoint):
    endpoint.answers = [completion("12345678", usage=False)]
    async with asking(endpoint) as maker:
        usage = (await maker.reply(ASKED, "propose", 1)).usage

    assert usage.model_dump() == {"tokens_in": 7, "tokens_out": 2, "replies": 1, "estimated": True}


async def test_a_server_on_the_loopback_needs_no_key_and_no_proxy(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    async with asking(endpoint, api_key=None) as maker:
        assert (await maker.reply(ASKED, "propose", 1)).text == "def f(): ..."

    assert endpoint.headers[0]["authorization"] == "Bearer not-needed"
    assert "openai-organization" not in endpoint.headers[0]


@pytest.mark.parametrize("error", [{"param": "temperature"}, {"code": "unsupported_value"}])
async def test_a_model_that_refuses_temperature_is_asked_without_it_from_then_on(endpoint: Endpoint, error: Any):
    message = "Unsupported value" if "param" in error else "'temperature' does not support 0.3 with this model"
    endpoint.answers = [refusal(400, message, **error), completion()]
    async with asking(endpoint) as maker:
        await maker.reply(ASKED, "propose", 1)
        await maker.reply(ASKED, "propose", 2)

    assert [request.get("temperature") for request in endpoint.requests] == [0.3, None, None]


REFUSALS = {
    "temperature": refusal(400, "Unsupported value", param="temperature"),
    "max_tokens": refusal(400, "Unsupported parameter: use 'max_completion_tokens' instead.", param="max_tokens"),
    "response_format": refusal(422, "This response_format type is unavailable now"),
}
SCHEMA = {
    "type": "object",
    "properties": {"words": {"type": "array", "items": {"type": "string"}}},
    "required": ["words"],
    "additionalProperties": False,
}


async def test_each_role_is_asked_in_its_own_way(endpoint: Endpoint):
    ways = {}
    for role in ("maker", "user", "dispatcher", "fallback"):
        async with asking(endpoint, role=role) as model:
            await model.complete(ASKED)
        ways[role] = (endpoint.requests[-1]["temperature"], endpoint.requests[-1].get("max_tokens"))

    assert ways == {"maker": (0.3, None), "user": (0, 517), "dispatcher": (0, 4101), "fallback": (0, None)}


async def test_a_long_question_may_have_a_long_reply(endpoint: Endpoint):
    async with asking(endpoint, role="user") as model:
        await model.complete([Message(role="user", content="x" * 40_000)])

    assert endpoint.requests[0]["max_tokens"] == 512 + 20_000


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (SCHEMA, True),
        ({**SCHEMA, "required": []}, False),
        ({**SCHEMA, "additionalProperties": True}, False),
        ({**SCHEMA, "properties": {"words": {"type": "object", "additionalProperties": {"type": "string"}}}}, False),
        ({**SCHEMA, "properties": {"words": {"anyOf": [{"type": "null"}, {"type": "object"}]}}}, False),
    ],
)
async def test_a_schema_is_sent_and_is_strict_only_where_every_endpoint_could_follow_it(
    endpoint: Endpoint, schema: Any, strict: bool
):
    async with asking(endpoint, role="user") as model:
        await model.complete(ASKED, schema=schema)

    form = endpoint.requests[0]["response_format"]
    assert form == {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": strict}}


@pytest.mark.parametrize("refused", list(REFUSALS))
async def test_an_endpoint_that_refuses_an_option_is_asked_without_it_from_then_on(endpoint: Endpoint, refused: str):
    endpoint.answers = [REFUSALS[refused], completion()]
    async with asking(endpoint, role="user") as model:
        await model.complete(ASKED, schema=SCHEMA)
        await model.complete(ASKED, schema=SCHEMA)

    assert [refused in request for request in endpoint.requests] == [True, False, False]
    assert all(REFUSALS.keys() - {refused} < request.keys() for request in endpoint.requests)


async def test_an_endpoint_that_refuses_all_options_is_still_asked(endpoint: Endpoint):
    endpoint.answers = [*REFUSALS.values(), completion()]
    async with asking(endpoint, role="user") as model:
        await model.complete(ASKED, schema=SCHEMA)

    assert not REFUSALS.keys() & endpoint.requests[-1].keys()
    assert len(endpoint.requests) == 4


async def test_an_option_is_not_blamed_for_a_request_that_fails_without_it_too(endpoint: Endpoint):
    endpoint.answers = [REFUSALS["temperature"], refusal(400, "context length exceeded"), completion()]
    async with asking(endpoint, role="user") as model:
        with pytest.raises(MakerFailed, match="context length"):
            await model.complete(ASKED)
        await model.complete(ASKED)

    assert "temperature" in endpoint.requests[-1]


async def test_what_a_bounded_role_was_cut_off_at_is_handed_on(endpoint: Endpoint):
    endpoint.answers = [completion('{"words": ["a", "a"', ended="length")]
    async with asking(endpoint, role="user") as model:
        assert (await model.complete(ASKED)).text == '{"words": ["a", "a"'


async def test_a_bounded_role_that_thought_to_its_bound_is_told(endpoint: Endpoint):
    endpoint.answers = [completion("", ended="length")]
    assert "without thinking first" in await failure(endpoint, role="user")


@pytest.mark.parametrize("role", ["user", "dispatcher", "fallback"])
@pytest.mark.parametrize(
    ("answered", "named"),
    [
        (refusal(401, "bad key"), "API_KEY"),
        (refusal(402, "no credit"), "API_KEY"),
        (refusal(404, "model not found"), "MODEL"),
        (refusal(405, ""), "BASE_URL"),
        (refusal(409, "no"), "MODEL"),
        (refusal(429, "slower"), "MODEL"),
        (refusal(500, "down"), "BASE_URL"),
        (completion("", ended="length"), "MODEL"),
        (completion(""), "MODEL"),
        (completion("", refusal="no"), "MODEL"),
        (completion("x" * MAX_REPLY_BYTES + "x"), "MODEL"),
        ((200, {}, b"<html>"), "BASE_URL"),
    ],
)
async def test_a_failure_names_the_variables_of_its_role(endpoint: Endpoint, role: str, answered: Answer, named: str):
    endpoint.answers = [answered]
    said = await failure(endpoint, role=role)

    assert f"LATM_{role.upper()}_{named}" in said
    assert "MAKER" not in said


@pytest.mark.parametrize("wrong", [{"model": ""}, {"base_url": "ftp://x"}, {"base_url": None, "api_key": None}])
async def test_settings_that_cannot_work_name_the_variables_of_their_role(endpoint: Endpoint, wrong: dict[str, Any]):
    said = await failure(endpoint, role="user", **wrong)

    assert "LATM_USER_" in said
    assert "MAKER" not in said


@pytest.mark.parametrize("url", [None, "https://eu.api.openai.com/v1"])
async def test_openai_itself_is_never_asked_without_a_key(
    endpoint: Endpoint, url: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)  # configured for something else: settings alone decide
    said = await failure(endpoint, base_url=url, api_key=None)

    assert "needs a key" in said
    assert "LATM_MAKER_API_KEY" in said


@pytest.mark.parametrize("key", ["sk-with blank", "sk-ü", "sk-\x00"])
async def test_a_key_that_no_header_can_hold_is_told_before_anything_is_sent(endpoint: Endpoint, key: str):
    said = await failure(endpoint, api_key=key)

    assert "LATM_MAKER_API_KEY" in said
    assert key not in said
    assert endpoint.requests == []


@pytest.mark.parametrize("url", ["localhost:11434/v1", "http://", "http://[::1", "http://h:port/v1", "file:///x"])
async def test_an_address_that_cannot_be_asked_is_told(endpoint: Endpoint, url: str):
    assert "set it to one like 'http://localhost:11434/v1'" in await failure(endpoint, base_url=url)


async def test_a_missing_model_name_is_told(endpoint: Endpoint):
    assert "set LATM_MAKER_MODEL" in await failure(endpoint, model=" ")


async def test_a_refused_key_names_its_setting_and_the_server_cannot_make_us_show_it(endpoint: Endpoint):
    endpoint.answers = [refusal(401, f"Incorrect API key: {KEY[:5]}\u200b{KEY[5:]} and {KEY}")]
    said = await failure(endpoint)

    assert "does not take the key (401: 'Incorrect API key: ... and ...')" in said
    assert "Set LATM_MAKER_API_KEY" in said


async def test_a_key_that_stands_in_quotes_is_not_shown_either(endpoint: Endpoint):
    key = "sk-'very\\secret'-0123456789"
    endpoint.answers = [answer({"error": {"code": key, "param": [key]}}, 400)]
    said = await failure(endpoint, api_key=key)
    assert "very" not in said
    assert "..." in said


async def test_a_kept_key_is_looked_for_at_the_first_reply_and_again_once_it_was_refused(endpoint: Endpoint):
    kept = [("sk-old", ""), (KEY, "")]
    endpoint.answers = [refusal(401, "Old"), completion()]
    async with asking(endpoint, api_key=lambda: kept.pop(0)) as maker:
        assert len(kept) == 2
        with pytest.raises(MakerFailed, match="does not take the key"):
            await maker.reply(ASKED, "propose", 1)
        await maker.reply(ASKED, "propose", 1)
        await maker.reply(ASKED, "propose", 1)
    assert [headers["authorization"] for headers in endpoint.headers] == [
        "Bearer sk-old",
        f"Bearer {KEY}",
        f"Bearer {KEY}",
    ]


async def test_a_key_that_cannot_be_had_is_told_where_one_is_wanted_and_nowhere_else(endpoint: Endpoint):
    asked: list[int] = []

    def locked() -> tuple[None, str]:
        asked.append(1)
        return None, "The key store is locked."

    endpoint.answers = [completion(), refusal(401, "Who?"), completion()]
    async with asking(endpoint, api_key=locked) as maker:
        await maker.reply(ASKED, "propose", 1)
        with pytest.raises(MakerFailed, match=r"without a key \(401: 'Who\?'\)\. The key store is locked\."):
            await maker.reply(ASKED, "propose", 1)
        assert len(asked) == 1
        await maker.reply(ASKED, "propose", 1)
    assert len(asked) == 2


async def test_an_endpoint_that_wants_a_key_and_was_given_none_says_so(endpoint: Endpoint):
    endpoint.answers = [refusal(401, "Missing bearer")]
    assert "takes no request without a key" in await failure(endpoint, api_key=None)


async def test_a_wrong_model_name_is_told(endpoint: Endpoint):
    endpoint.answers = [refusal(404, "The model `strong` does not exist", code="model_not_found")]
    said = await failure(endpoint)

    assert "has no model 'strong'" in said
    assert "Set LATM_MAKER_MODEL" in said


async def test_an_address_without_chat_completions_is_told(endpoint: Endpoint):
    endpoint.answers = [(404, {"content-type": "text/html"}, b"<html>404 page not found</html>")]
    said = await failure(endpoint)

    assert "Set LATM_MAKER_BASE_URL" in said
    assert endpoint.url in said


async def test_an_unreachable_server_is_told(endpoint: Endpoint):
    with socket.socket() as taken:  # bound and not listening: connections to it are refused
        taken.bind(("127.0.0.1", 0))
        said = await failure(endpoint, base_url=f"http://user:{KEY}@127.0.0.1:{taken.getsockname()[1]}/v1?key={KEY}")

    assert "cannot be reached" in said
    assert "LATM_MAKER_BASE_URL" in said


@pytest.mark.parametrize(
    "refused",
    [completion(None, refusal="I cannot help with that."), completion("half", ended="content_filter")],
    ids=["refusal", "content_filter"],
)
async def test_a_refusal_is_told(endpoint: Endpoint, refused: Answer):
    endpoint.answers = [refused]
    said = await failure(endpoint)

    assert "refused to write this" in said
    assert "LATM_MAKER_MODEL" in said


async def test_a_reply_that_was_cut_off_is_told(endpoint: Endpoint):
    endpoint.answers = [completion("def f", ended="length")]
    assert "was cut off at its limit of tokens" in await failure(endpoint)


@pytest.mark.parametrize("text", [None, "", " \n"])
async def test_a_useless_reply_says_what_it_took(endpoint: Endpoint, text: str | None):
    endpoint.answers = [completion(text)]
    async with asking(endpoint) as model:
        with pytest.raises(MakerFailed) as raised:
            await model.complete(ASKED)

    assert (raised.value.tokens_in, raised.value.tokens_out) == (120, 7)


@pytest.mark.parametrize("text", [None, "", "  "])
async def test_an_empty_reply_is_told(endpoint: Endpoint, text: str | None):
    endpoint.answers = [completion(text)]
    assert "gave an empty reply" in await failure(endpoint)


@pytest.mark.parametrize(
    "long",
    [completion("é" * (MAX_REPLY_BYTES // 2 + 1)), completion("short", reasoning="x" * MAX_BODY_BYTES)],
    ids=["reply", "body"],
)
async def test_a_reply_over_the_bound_is_told(endpoint: Endpoint, long: Answer):
    endpoint.answers = [long]
    assert "is longer than the 512 KiB" in await failure(endpoint)


async def test_a_reply_at_the_bound_is_taken_whole(endpoint: Endpoint):
    endpoint.answers = [completion("é" * (MAX_REPLY_BYTES // 2))]
    async with asking(endpoint) as maker:
        assert len((await maker.reply(ASKED, "propose", 1)).text.encode()) == MAX_REPLY_BYTES


async def test_a_server_that_does_not_answer_in_time_is_told_and_left(endpoint: Endpoint):
    endpoint.hold.set()
    said = await failure(endpoint, timeout=0.3, max_retries=2)

    assert "did not answer within 0.3 s" in said
    assert len(endpoint.requests) == 1  # the time is that of the reply with all its retries
    assert await anyio.to_thread.run_sync(endpoint.client_left.wait, 10)


async def test_a_rate_limit_is_waited_for_and_asked_again(endpoint: Endpoint):
    endpoint.answers = [refusal(429, "slow down"), completion("after all")]
    async with asking(endpoint, max_retries=1) as maker:
        assert (await maker.reply(ASKED, "propose", 1)).text == "after all"


async def test_a_rate_limit_that_stays_is_told_after_the_retries(endpoint: Endpoint):
    endpoint.answers = [refusal(429, "slow down")]
    said = await failure(endpoint, max_retries=2)

    assert "is rate limited, after all retries (429: 'slow down')" in said
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("spent", [refusal(429, "quota", code="insufficient_quota"), refusal(402, "pay")])
async def test_an_account_without_credit_is_told(endpoint: Endpoint, spent: Answer):
    endpoint.answers = [spent]
    assert "no credit left" in await failure(endpoint)


async def test_a_server_that_fails_is_told_after_the_retries(endpoint: Endpoint):
    endpoint.answers = [refusal(503, "overloaded")]
    assert "failed, after all retries (503: 'overloaded')" in await failure(endpoint, max_retries=1)
    assert len(endpoint.requests) == 2


async def test_any_other_refused_request_is_told_in_one_bounded_line(endpoint: Endpoint):
    endpoint.answers = [refusal(400, "context\nlength\x1b[31m " + "x" * 5000)]
    said = await failure(endpoint)

    assert "refused the request (400: 'context length[31m xxx" in said
    assert said.endswith("Check LATM_MAKER_MODEL ('strong') and LATM_MAKER_BASE_URL.")
    assert len(said) < 700
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    "page",
    [
        (200, {"content-type": "text/html"}, b"<!doctype html><title>Ollama is running</title>"),
        (200, {"content-type": "text/event-stream"}, b'data: {"choices": []}\n\n'),
        answer({"choices": []}),
        answer({"choices": [{"message": "hello"}]}),
        answer({"choices": [{"message": {"content": 7}}]}),
        (200, {"content-type": "application/json"}, b"[" * 100_000),
    ],
    ids=["html", "stream", "no choices", "no message", "no text", "nested"],
)
async def test_a_body_that_chat_completions_never_gives_points_at_the_address(endpoint: Endpoint, page: Answer):
    endpoint.answers = [page]
    said = await failure(endpoint)

    assert "not what Chat Completions gives" in said
    assert "LATM_MAKER_BASE_URL" in said


async def test_an_error_sent_with_status_200_is_told(endpoint: Endpoint):
    endpoint.answers = [answer({"error": {"message": "Provider returned error", "code": 502}})]
    assert "could not have 'strong' answer: 'Provider returned error'" in await failure(endpoint)


async def test_the_connections_are_closed_when_the_block_ends(endpoint: Endpoint):
    async with asking(endpoint) as maker:
        await maker.reply(ASKED, "propose", 1)
        await maker.reply(ASKED, "propose", 2)
        assert not endpoint.client_left.is_set()

    assert await anyio.to_thread.run_sync(endpoint.client_left.wait, 10)


async def test_cancelling_closes_the_request(endpoint: Endpoint):
    endpoint.hold.set()
    async with asking(endpoint) as maker:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(maker.reply, ASKED, "propose", 1)
            assert await anyio.to_thread.run_sync(endpoint.asked.wait, 10)
            tasks.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(endpoint.client_left.wait, 10)

        endpoint.hold.clear()
        assert (await maker.reply(ASKED, "propose", 1)).text == "def f(): ..."


def test_importing_the_maker_does_not_import_the_library():
    code = "import sys, latm_mcp.llm; print('openai' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "False\n"


async def test_a_recording_of_a_model_never_holds_its_key(endpoint: Endpoint, tmp_path: Path):
    examples = (Example(question="b a", answer="a b"), Example(question="d c", answer="c d"))
    task = Task(name="sort_words", description="Sort words.", examples=examples, comparison="text")
    async with asking(endpoint) as maker:
        await Recorder(maker, tmp_path / "1", task).reply(ASKED, "propose", 1)

    written = [path.read_bytes() for path in (tmp_path / "1").iterdir()]
    assert len(written) == 5
    assert not [content for content in written if KEY.encode() in content]
    assert b"strong-2026-11" in (tmp_path / "1" / "recording.json").read_bytes()
