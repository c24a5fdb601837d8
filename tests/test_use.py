"""Calling a tool with arguments: what does not fit is refused at once, before anything runs, and names the place."""

import time

import anyio
import pytest
from anyio.abc import TaskStatus

from latm_mcp.errors import BadInput, Oversized
from latm_mcp.models import Evidence, Provenance, Tool
from latm_mcp.outcomes import Json, Limits, Returned
from latm_mcp.sandbox import Sandbox
from latm_mcp.source import check_source
from latm_mcp.using import use

pytestmark = pytest.mark.anyio

SOURCE = '''
def total(numbers: list[int]) -> int:
    """Add numbers."""
    return len(numbers)
'''
TOTAL = Tool(
    name="total",
    version="sha256:0",
    description="",
    source=SOURCE,
    signature=check_source(SOURCE, "total"),
    adapter=False,
    comparison="number",
    examples=(),
    use_cases=(),
    evidence=Evidence(),
    provenance=Provenance(maker="import"),
)


async def call(sandbox: Sandbox, numbers: Json) -> object:
    return await use.call(TOTAL, {"numbers": numbers}, sandbox, Limits())


async def test_arguments_that_fit_are_handed_to_the_function(sandbox: Sandbox):
    assert await call(sandbox, [1, 2, 3]) == Returned(3)


async def test_the_first_argument_that_does_not_fit_is_named_with_the_signature(sandbox: Sandbox):
    with pytest.raises(
        BadInput, match=r"\['numbers'\]\[1\] do not fit total\(numbers: list\[int\]\) -> int: 'x' is not"
    ):
        await call(sandbox, [1, "x", "y"])


async def test_that_all_of_many_items_are_wrong_is_said_at_once(sandbox: Sandbox):
    began = time.process_time()
    with pytest.raises(BadInput, match=r"\[0\] do not fit"):
        await call(sandbox, ["x"] * 20_000)
    assert time.process_time() - began < 0.5


async def test_arguments_over_their_bound_are_refused_unread(sandbox: Sandbox):
    began = time.process_time()
    with pytest.raises(Oversized, match="more than 1048576"):
        await call(sandbox, [1] * 600_000)
    with pytest.raises(Oversized, match="more than 1048576"):
        await call(sandbox, "ä" * 600_000)
    assert time.process_time() - began < 1


async def test_the_bound_of_arguments_is_the_limits(sandbox: Sandbox):
    fits = {"numbers": [1] * 400}
    assert await use.call(TOTAL, fits, sandbox, Limits(argument_bytes=2000)) == Returned(400)
    with pytest.raises(Oversized, match="more than 1000: send fewer"):
        await use.call(TOTAL, fits, sandbox, Limits(argument_bytes=1000))


@pytest.mark.parametrize("numbers", [["\ud800"], [float("nan")], "\x00"])
async def test_arguments_that_are_no_plain_json_are_bad_input(sandbox: Sandbox, numbers: Json):
    with pytest.raises(BadInput):
        await call(sandbox, numbers)


async def test_arguments_nested_too_deeply_are_bad_input(sandbox: Sandbox):
    deep: list[Json] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadInput, match="no JSON"):
        await call(sandbox, deep)


async def test_others_are_served_while_many_arguments_are_checked(sandbox: Sandbox):
    waits = []

    async def others(task_status: TaskStatus[None]) -> None:
        task_status.started()
        while True:
            began = time.monotonic()
            await anyio.sleep(0.01)
            waits.append(time.monotonic() - began)

    async with anyio.create_task_group() as group:
        await group.start(others)
        assert await call(sandbox, [1] * 300_000) == Returned(300_000)
        group.cancel_scope.cancel()
    assert len(waits) > 10
    assert max(waits) < 0.5
