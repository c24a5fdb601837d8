"""Other people's MCP clients for Python against the real server (see tests/peers)."""

from pathlib import Path
from typing import Any

import pytest
from peers.installed import installed
from peers.python_clients import WAYS, Way, faults, run_way
from served import REQUEST


def _named(way: Way) -> str:
    return f"{way.client}-{way.era}{'-listening' if way.listening else ''}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS, ids=_named)
def test_a_client_lists_is_told_of_and_calls_a_tool_that_it_had_made(way: Way, sandbox_cache: Path):
    seen = run_way(installed(), way, sandbox_cache)
    assert seen["fault"] == ""
    assert seen["protocol"] == ("2025-11-25" if way.era == "legacy" else "2026-07-28")


def test_what_a_client_saw_is_looked_at_closely():
    commands = ["call_tool", "dispatch", "make_tool", "report_result"]
    seen: dict[str, Any] = {
        "listed_before": commands,
        "begun": "draft_needed",
        "made": "published",
        "told": True,
        "told_how": "stream",
        "listed_after": [*commands, REQUEST["name"]],
        "by_its_name": ["a", "b"],
        "by_call_tool": {"result": ["a", "b"]},
        "by_question": {"answer": "bear cat wolf"},
    }
    way = Way("fastmcp", "mcp2", "auto", listening=True)
    assert faults(way, seen) == []
    wrong = {"told": False, "listed_after": commands, "by_its_name": ["b", "a"], "made": "failed"}
    assert [len(faults(way, {**seen, key: value})) for key, value in wrong.items()] == [1, 1, 1, 1]
