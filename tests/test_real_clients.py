"""Real clients from npm, where they are at hand: LATM_REAL_CLIENTS names the folder that `python tests/real_clients --into` filled."""

import json
import os
from pathlib import Path

import pytest
from real_clients.clients import CLIENTS
from real_clients.packages import NODE_PINNED, PINNED, present
from real_clients.trial import attempt

NAMED = os.environ.get("LATM_REAL_CLIENTS", "")
KEPT = Path(__file__).parent / "real_clients" / "output" / "real_clients.json"
SECONDS = 600  # two sessions of at most 240 s, and what is around them


@pytest.mark.skipif(not NAMED, reason="LATM_REAL_CLIENTS names no folder with the clients' packages")
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client_makes_a_tool_with_its_own_model_and_uses_it(name: str, tmp_path: Path, sandbox_cache: Path):
    folder = Path(NAMED).resolve()
    missing = [package for package in (NODE_PINNED, PINNED[name]) if not present(folder, package)]
    assert not missing, f"not in the folder that LATM_REAL_CLIENTS names: {missing}"
    verdict = attempt(CLIENTS[name], folder, tmp_path, sandbox_cache)
    assert verdict.trouble == []
    assert verdict.used == ("by call_tool" if name == "codex" else "directly")
    assert verdict.later == "directly"


def test_what_is_kept_is_of_these_versions_and_without_trouble():
    kept = json.loads(KEPT.read_text(encoding="utf-8"))["clients"]
    assert [f"{row['version']}" for row in kept] == [PINNED[name].rsplit("@", 1)[1] for name in CLIENTS]
    for row in kept:
        assert all(row[part] for part in ("refused", "drafted", "made", "answered")), row
        assert (row["used"], row["trouble"]) == ("by call_tool" if row["client"] == "Codex" else "directly", [])
