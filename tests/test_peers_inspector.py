"""The MCP inspector's command line against the real server (see tests/peers)."""

from pathlib import Path

import pytest
from peers.conformance import serving
from peers.inspector import ERAS, Line, over_http, over_stdio, run_all
from peers.installed import installed
from peers.library import library


@pytest.mark.timeout(600)
@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_starts_the_server_and_lists_calls_and_makes_tools(era: str, tmp_path: Path, sandbox_cache: Path):
    places = installed()
    with library(sandbox_cache) as door:
        _all_right(list(run_all(places, over_stdio(door), era, tmp_path)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_does_the_same_over_http(era: str, tmp_path: Path, sandbox_cache: Path):
    places = installed()
    with library(sandbox_cache) as door, serving(door) as address:
        _all_right(list(run_all(places, over_http(address), era, tmp_path)))


def _all_right(lines: list[Line]) -> None:
    assert len(lines) == 11
    assert [line for line in lines if not line.passed] == []
