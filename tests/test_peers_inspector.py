"""The MCP inspector's command line against the real server (see tests/peers)."""

from pathlib import Path

import pytest
from peers.inspector import ERAS, run_all
from peers.installed import installed
from peers.library import library


@pytest.mark.timeout(600)
@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_lists_calls_and_makes_tools(era: str, sandbox_cache: Path):
    places = installed()
    with library(sandbox_cache) as door:
        lines = list(run_all(places, door, era))
    assert len(lines) == 11
    assert [line for line in lines if not line.passed] == []
