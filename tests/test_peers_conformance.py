"""The official conformance suite against the real server, and the server that it is run against (see tests/peers)."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from mcp import Client, MCPError, types
from peers import conformance
from peers.conformance import EXPLAINED, REVISIONS, Ran, explained, run_suite, serving, unexplained
from peers.conformance_server import Composed
from peers.installed import installed
from peers.library import library
from sandboxed import settings_at
from served import ERAS, call, make_by_client, names

from latm_mcp.server import open_server

# What the server itself has to answer, with no fixture beside it.
OWN = {
    "2026-07-28": {
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "prompts-list",
        "resources-list",
        "sep-2164-resource-not-found",
        "server-sse-multiple-streams",
        "tools-list",
    },
    "2025-11-25": {"dns-rebinding-protection", "ping", "server-initialize", "server-session-lifecycle", "tools-list"},
    "2025-06-18": {"ping", "prompts-list", "resources-list", "server-initialize", "tools-list"},
    "2025-03-26": {"server-session-lifecycle"},
}


def _passed(ran: list[Ran]) -> set[str]:
    return {each.scenario for each in ran if each.checks and not each.failures}


@pytest.fixture(scope="module")
def addresses(sandbox_cache: Path) -> Iterator[tuple[str, str]]:
    """Of the server with the fixtures in front of it, and of the server alone."""
    installed()
    with (
        library(sandbox_cache) as door,
        library(sandbox_cache) as other,
        serving(door, fixtures=True) as full,
        serving(other) as bare,
    ):
        yield full, bare


@pytest.mark.timeout(600)
@pytest.mark.parametrize("revision", REVISIONS)
def test_what_does_not_pass_is_explained(revision: str, tmp_path: Path, addresses: tuple[str, str]):
    ran = run_suite(installed(), addresses[0], revision, tmp_path)
    assert unexplained(ran) == []
    known = explained()
    assert [each for each in ran if each.failures and known[each.scenario].applicable] == []
    assert OWN[revision] <= _passed(ran)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("revision", REVISIONS)
def test_the_server_passes_by_itself_what_needs_no_fixture(revision: str, tmp_path: Path, addresses: tuple[str, str]):
    assert OWN[revision] <= _passed(run_suite(installed(), addresses[1], revision, tmp_path))


def test_each_explanation_says_why_and_whether_the_scenario_is_applicable():
    paragraphs = EXPLAINED.read_text(encoding="utf-8").strip().split("\n\n")
    known = explained()
    assert len(known) == len(paragraphs) - 2  # the two at its beginning say what the file is
    assert all(each.why for each in known.values())


def test_a_failure_without_an_explanation_and_an_explanation_of_a_success_are_told():
    name = next(iter(explained()))
    failing = Ran("2026-07-28", "tools-list", True, 3, ("tools-list: no list",), ())
    passing = Ran("2026-07-28", name, True, 3, (), ())
    told = ["tools-list fails, and nothing explains it", f"{name} is explained, and does not fail"]
    assert unexplained([failing, passing]) == told
    assert all(f"NOT TRUE: {line}" in conformance.table([failing, passing], []) for line in told)


@pytest.fixture(params=ERAS)
async def composed(request: pytest.FixtureRequest, tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Client]:
    """A client of the server with the fixtures in front of it."""
    async with open_server(settings_at(tmp_path / "home", sandbox_cache)) as server:
        Composed(server, tmp_path / "home", "sort_words").install()
        async with Client(server, mode=request.param) as client:
            yield client


@pytest.mark.anyio
async def test_what_is_no_fixture_is_answered_by_the_real_server(composed: Client):
    await make_by_client(composed)
    listed = await names(composed)
    assert listed[:5] == ["call_tool", "dispatch", "make_tool", "report_result", "sort_words"]
    assert all(name.startswith(("test_", "json_schema_")) for name in listed[5:])
    assert await call(composed, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
    (said,) = (await composed.call_tool("test_simple_text", {})).content
    assert isinstance(said, types.TextContent)
    assert said.text.startswith("This is a simple text")
    addresses = [resource.uri for resource in (await composed.list_resources()).resources]
    assert addresses[:3] == ["latm://queue", "latm://ledger", "latm://tools/sort_words"]
    assert addresses[3:] == ["test://static-text", "test://static-binary"]
    assert (await composed.list_prompts()).prompts[0].name == "make_a_tool"


@pytest.mark.anyio
async def test_an_address_that_there_is_not_comes_back_in_the_error(composed: Client):
    for address in ("latm://tools/nobody", "file:///etc/hosts"):
        with pytest.raises(MCPError, match="There is no") as raised:
            await composed.read_resource(address)
        assert (raised.value.code, raised.value.data) == (types.INVALID_PARAMS, {"uri": address})
