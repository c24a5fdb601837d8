"""The probes of `latm-mcp doctor`: all hold on the real sandbox, and each fails where its wall is missing."""

import time

import pytest
from weak_sandbox import weak_sandbox

from latm_mcp.outcomes import Died, Limits, Outcome, Program, Request, World
from latm_mcp.sandbox import DEFAULT_LIMITS, DEFAULT_WORLD, Sandbox
from latm_mcp.sandbox_probes import PROBES, ProbeResult, probe, tried_here

pytestmark = pytest.mark.anyio

INNOCENT = PROBES[0].enforces


async def test_every_probe_holds_on_the_real_sandbox_within_seconds(sandbox: Sandbox):
    await sandbox.warm()
    began = time.monotonic()

    results = await probe(sandbox)

    assert [result for result in results if not result.held] == []
    assert [result.enforces for result in results] == [each.enforces for each in tried_here()]
    assert all(result.tried and result.came and len(result.came) <= 600 for result in results)
    assert time.monotonic() - began < 30


async def test_every_probe_says_that_nothing_held_where_no_wall_is():
    with weak_sandbox() as sandbox:
        results = await probe(sandbox)

    assert [result.enforces for result in results if result.held] == [INNOCENT]
    came = {result.enforces: result.came for result in results}
    assert "the folder now holds" in came["writes no file"]
    assert "reached this machine's loopback" in came["opens no network connection"]
    assert "was started" in came["starts no process"]
    assert "has ended" in came["sends no signal"]
    assert "forged" in came["forges no result"]


class Silent:
    """A sandbox in which nothing comes to its end."""

    description = python = ""

    async def run(
        self, program: Program, request: Request, *, limits: Limits = DEFAULT_LIMITS, world: World = DEFAULT_WORLD
    ) -> Outcome:
        return Died("always")


async def test_a_sandbox_that_runs_nothing_is_not_taken_for_a_safe_one():
    results: list[ProbeResult] = await probe(Silent())  # type: ignore[arg-type]

    assert not {result.enforces: result.held for result in results}[INNOCENT]
