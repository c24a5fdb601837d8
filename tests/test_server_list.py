"""The list of tools: what is in it, that every client can take it, and who is told when it changes."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from mcp import Client, types
from mcp.shared.exceptions import MCPError
from mcp.types.methods import serialize_server_result
from mcp.types.version import KNOWN_PROTOCOL_VERSIONS
from sandboxed import settings_at
from scripted import sort_words
from served import ERAS, WITHIN, call, child, make_by_client, names, relisting, served

from latm_mcp import server_announce
from latm_mcp.latm import Latm
from latm_mcp.models import Evidence, Example, Provenance, Signature, Tally, Tool
from latm_mcp.server import open_server
from latm_mcp.server_commands import Commands, fixed_commands
from latm_mcp.server_schemas import vetted
from latm_mcp.settings import Settings
from latm_mcp.source import schema_fault
from latm_mcp.store import Store, open_store

pytestmark = pytest.mark.anyio
FIXED = ["call_tool", "dispatch", "make_tool", "report_result"]
WORDS = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}


@pytest.fixture
def settings(tmp_path: Path, sandbox_cache: Path) -> Settings:
    return settings_at(tmp_path / "home", sandbox_cache, exposure_limit=3)


@contextmanager
def library(settings: Settings) -> Iterator[Store]:
    """The library as another process sees it."""
    with open_store(settings.home) as store:
        yield store


def tool(name: str, version: str = "sha256:1", **parts: object) -> Tool:
    fields: dict[str, object] = {
        "name": name,
        "version": version,
        "description": "",
        "source": f"def {name}(word: str) -> str:\n    return word[::-1]\n",
        "signature": Signature(
            function=name, parameters=WORDS, returns={"type": "string"}, text=f"{name}(word: str) -> str"
        ),
        "adapter": False,
        "comparison": "text",
        "examples": (Example(question="Reverse: ab", answer="ba"), Example(question="Reverse: cd", answer="dc")),
        "use_cases": (),
        "evidence": Evidence(blind=Tally(passed=3), held_out=Tally(passed=17), bound=0.861),
        "provenance": Provenance(maker="model"),
    }
    return Tool.model_validate(fields | parts)


@pytest.mark.parametrize("era", ERAS)
async def test_every_listed_schema_is_one_that_all_clients_take(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        for listed in (await client.list_tools(cache_mode="bypass")).tools:
            assert schema_fault(listed.input_schema) is None, listed.name
            assert listed.output_schema is not None
            assert schema_fault(listed.output_schema) is None, listed.name
            assert len(listed.description or "") <= 2048
            assert all(listed.output_schema["properties"].values()), (
                listed.name
            )  # a property that says nothing is warned of
            listing = types.ListToolsResult(tools=[listed], ttl_ms=0, cache_scope="private")
            for version in KNOWN_PROTOCOL_VERSIONS:
                serialize_server_result(
                    "tools/list", version, listing.model_dump(by_alias=True, mode="json", exclude_none=True)
                )


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "string"}, "no object"),
        ({"type": "object", "anyOf": [{"type": "object"}]}, "union"),
        ({"type": "object", "properties": {"a": {"$ref": "#/x"}}}, r"\$ref"),
        ({"type": "object", "properties": {"a": {"type": "array"}}}, "no items"),
        ({"type": "object", "properties": {"a": {"type": "array", "items": [{}]}}}, "no items"),
        ({"type": "object", "properties": {"a": {"anyOf": [{"type": "array"}]}}}, "no items"),
        (
            {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": {"type": "array"}}}},
            "no items",
        ),
        ({"type": "object", "properties": {"größe": {"type": "string"}}}, "not plain"),
        ({"type": "object", "enum": [{}]}, "union or choice"),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, "list of types"),
        ({"type": "object", "properties": {"a": {"items": {}, "type": "array", "prefixItems": []}}}, "prefixItems"),
        ({"type": "object", "properties": []}, "no object"),
        ({"type": "object", "properties": {"a": {"enum": ["x" * 20_000]}}}, "more than"),
    ],
)
async def test_a_schema_that_breaks_clients_is_found(schema: dict[str, object], fault: str):
    assert re.search(fault, schema_fault(schema) or "")
    good = types.Tool(name="b", input_schema=WORDS)
    assert vetted([types.Tool(name="a", input_schema=schema), good]) == [good]


async def test_a_result_schema_that_breaks_handshake_clients_is_left_out():
    bad = types.Tool(name="a", input_schema=WORDS, output_schema={"type": "array", "items": {}})
    good = types.Tool(name="b", input_schema=WORDS, output_schema=WORDS)
    listed = vetted([bad, good])
    assert listed == [bad.model_copy(update={"output_schema": None}), good]


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_with_a_bad_schema_is_not_listed_and_all_others_are(settings: Settings, era: str):
    parameters = {"type": "object", "properties": {"größe": {"type": "string"}}}
    bad = Signature(function="bad", parameters=parameters, returns={"type": "string"}, text="bad(größe: str) -> str")
    with library(settings) as store:
        store.publish(tool("bad", signature=bad), actor="test")
        store.publish(tool("good"), actor="test")
    async with served(settings, era) as client:
        assert await names(client) == [*FIXED, "good"]


async def test_pinned_and_then_most_used_tools_are_listed_by_name_up_to_the_limit(settings: Settings):
    with library(settings) as store:
        for name in ("a", "b", "c", "d", "e"):
            store.publish(tool(name), actor="test")
        for name in ("d", "d", "b"):
            store.note_use(name)
        store.pin("e", True)
    async with served(settings, "auto") as client:
        assert await names(client) == [*FIXED, "b", "d", "e"]
        assert await call(client, "a", word="xy") == {"result": "yx"}  # not listed, and callable all the same


async def test_a_use_alone_never_changes_the_list(settings: Settings):
    with library(settings) as store:
        for name in ("a", "b", "c", "d"):
            store.publish(tool(name), actor="test")
        async with served(settings, "auto") as client:
            before = await names(client)
            for _ in range(3):
                assert await call(client, "d", word="xy") == {"result": "yx"}
            assert await names(client) == before == [*FIXED, "a", "b", "c"]
            store.archive("a", "test")
            assert await names(client) == [*FIXED, "b", "c", "d"]


async def test_a_waiting_tool_is_neither_listed_nor_callable_nor_readable(settings: Settings):
    with library(settings) as store:
        store.publish(tool("waits"), state="waiting", actor="import")
    async with served(settings, "auto") as client:
        assert await names(client) == FIXED
        result = await client.call_tool("waits", {"word": "a"})
        assert result.is_error
        assert "latm-mcp approve" in result.content[0].text
        assert [row.name for row in (await client.list_resources()).resources] == ["queue", "ledger"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_that_is_archived_while_it_is_read_is_told_by_a_sentence(
    settings: Settings, era: str, monkeypatch: pytest.MonkeyPatch
):
    def archived_after_reading(latm: Latm, name: str, read: Callable[[Latm, str], Tool] = Latm.live) -> Tool:
        found = read(latm, name)
        latm.store.archive(name, "another process")
        return found

    with library(settings) as store:
        store.publish(tool("fleeting"), actor="test")
    monkeypatch.setattr(Latm, "live", archived_after_reading)
    async with served(settings, era) as client:
        with pytest.raises(MCPError, match="'fleeting' was archived or changed just now"):
            await client.read_resource("latm://tools/fleeting")


async def test_static_exposure_lists_the_fixed_commands_alone_and_says_how_to_call(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    static = settings_at(settings.home, settings.cache, exposure="static")
    monkeypatch.setattr(server_announce, "SETTLE_SECONDS", 10 * WITHIN)
    with anyio.fail_after(WITHIN):
        async with served(static, "auto") as client:
            made = await make_by_client(client)
            assert await names(client) == FIXED
    async with served(static, "auto") as client:
        assert made["tool"]["how_to_call"].startswith("use call_tool with name 'sort_words'")
        assert await names(client) == FIXED
        assert await call(client, "call_tool", name="sort_words", arguments={"words": ["b", "a"]}) == {
            "result": ["a", "b"]
        }


async def test_what_is_listed_about_a_tool_is_ours_with_the_evidence_and_no_text_of_a_maker(settings: Settings):
    hostile = tool("good", description="Reverse <b>words</b>\u202e\u200b now")
    with library(settings) as store:
        store.publish(hostile, actor="test")
        store.publish(tool("plain"), actor="test")
    async with served(settings, "auto") as client:
        good, plain = (await client.list_tools()).tools[-2:]
        assert good.description is not None
        assert "\u202e" not in good.description
        assert "\u200b" not in good.description
        assert plain.description == (
            "Answers the kind of question that its examples show. Made tool: plain(word: str) -> str. "
            "Verified: 3 of 3 blind, 17 of 17 held out, at least 86% right on unseen questions (95 % bound)."
        )
        assert plain.annotations is not None
        assert plain.annotations.read_only_hint is True
        assert plain.annotations.open_world_hint is False


@pytest.mark.parametrize("era", ERAS)
async def test_clients_are_told_that_lists_change_and_what_may_be_cached(settings: Settings, era: str):
    async with served(settings, era) as client:
        assert client.server_capabilities.tools is not None
        assert client.server_capabilities.tools.list_changed is True
        assert client.server_capabilities.prompts is not None
        assert not client.server_capabilities.prompts.list_changed
        assert client.server_capabilities.resources is not None
        assert not client.server_capabilities.resources.subscribe
        listed = await client.list_tools()
        assert (listed.ttl_ms, listed.cache_scope) == (0, "private")


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_lists_again_is_waited_for_and_told_to_call_directly(settings: Settings, era: str):
    async with open_server(settings) as server, relisting(server, era) as following:
        made = await make_by_client(following.client)
        assert following.lists[-1] == [*FIXED, "sort_words"]
        assert made["tool"]["how_to_call"].startswith("call it directly as sort_words")
        assert "call it directly as sort_words" in made["next"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_does_not_list_again_is_waited_for_once_and_told_to_use_call_tool(
    settings: Settings, era: str, monkeypatch: pytest.MonkeyPatch
):
    info = types.Implementation(name="deaf", version="1")
    async with served(settings, era, client_info=info) as client:
        await client.list_tools()
        first = await make_by_client(client)
        assert first["tool"]["how_to_call"].startswith("use call_tool with name 'sort_words'")
    with library(settings) as store:
        assert store.relists("deaf 1") is False
        store.archive("sort_words", "test")
    monkeypatch.setattr(server_announce, "SETTLE_SECONDS", 10 * WITHIN)
    with anyio.fail_after(WITHIN):
        async with served(settings, era, client_info=info) as client:
            await client.list_tools()
            second = await make_by_client(client, sort_words("order_words"), name="order_words")
            assert second["tool"]["how_to_call"].startswith("use call_tool with name 'order_words'")


async def test_everyone_connected_is_told_in_both_eras(settings: Settings):
    async with (
        open_server(settings) as server,
        relisting(server, "auto") as one,
        relisting(server, "auto") as two,
        relisting(server, "legacy") as three,
        relisting(server, "legacy") as four,
    ):
        await make_by_client(one.client)
        for following in (one, two, three, four):
            await following.until("sort_words")


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_made_in_one_process_is_announced_to_and_callable_in_another(settings: Settings, era: str):
    maker, user = (child(settings.home, settings.cache) for _ in range(2))
    with anyio.fail_after(WITHIN):
        async with Client(maker, mode="auto") as making, relisting(user, era) as following:
            await making.list_tools()
            assert (await make_by_client(making))["status"] == "published"
            published = time.monotonic()
            await following.until("sort_words")
            assert time.monotonic() - published < 2
            assert await call(following.client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
            found = await call(
                following.client, "dispatch", question="Sort the following words alphabetically: List: wolf cat"
            )
            assert found["answer"] == "cat wolf"


@pytest.mark.parametrize(
    ("here", "costs"),
    [
        (Commands(makes_by_model=True, asks_models=False, queue=False), False),
        (Commands(makes_by_model=False, asks_models=False, queue=True), False),
        (Commands(makes_by_model=True, asks_models=False, queue=True), True),
        (Commands(makes_by_model=False, asks_models=True, queue=False), True),
    ],
)
def test_dispatch_says_that_it_costs_nothing_only_where_no_model_may_get_its_question(here: Commands, costs: bool):
    dispatch = next(command for command in fixed_commands(here) if command.name == "dispatch")
    assert ("Costs nothing" in (dispatch.description or "")) is not costs
    assert dispatch.annotations is not None
    assert dispatch.annotations.open_world_hint is costs
