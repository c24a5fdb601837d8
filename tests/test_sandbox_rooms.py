"""Interpreters made and tools loaded ahead of their calls; time by either clock; workers shared between tools."""

import os
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from sandboxed import KIND, WITH_OS, pids, run, wasm_alone
from wire import descendants

from latm_mcp.errors import SandboxUnavailable
from latm_mcp.outcomes import CallFunction, Died, Limits, Outcome, Program, Raised, Returned, TimedOut, World
from latm_mcp.sandbox import Sandbox, WorkerSandbox, open_sandbox
from latm_mcp.sandbox_kinds import KEPT_LOADED
from latm_mcp.sandbox_process import command
from latm_mcp.sandbox_queue import REST_SECONDS

pytestmark = pytest.mark.anyio

# Says how often it was called since it was loaded, and when that was: a state that any reuse would show.
STATEFUL = Program(
    "import time\nloaded = time.time()\ncalls = []\ndef f(x):\n    calls.append(x)\n    return [calls, time.time() - loaded]",
    "f",
)


async def call(sandbox: Sandbox, program: Program, x: int = 0, **more: World | Limits) -> Outcome:
    return await sandbox.run(program, CallFunction({"x": x}), **more)  # type: ignore[arg-type]


async def test_a_tool_that_is_used_again_is_loaded_ahead_and_still_fresh_for_each_call(sandbox: Sandbox):
    ages: list[float] = []
    for number in range(6):
        outcome = await call(sandbox, STATEFUL, number)
        assert isinstance(outcome, Returned)
        assert outcome.value[0] == [number], "nothing is left of the call before"
        ages.append(outcome.value[1])
        await anyio.sleep(0.3)

    assert max(ages[:2]) < 0.2, "at its first use it is loaded for the call"
    assert min(ages[3:]) > 0.2, "from then on it was loaded after the call before"


async def test_a_tool_loaded_ahead_is_used_only_for_the_same_code_seed_and_clock(sandbox: Sandbox):
    seeded = Program(
        "import random, time\nbase = random.random()\nloaded = time.time()\ndef f(x): return [base, loaded]", "f"
    )
    for _ in range(3):
        plain = await call(sandbox, seeded)
    other = await call(sandbox, seeded, world=World(seed=5))
    later = await call(sandbox, seeded, world=World(clock_offset=10**6))
    again = await call(sandbox, seeded)

    assert isinstance(plain, Returned)
    assert isinstance(other, Returned)
    assert isinstance(later, Returned)
    assert isinstance(again, Returned)
    assert plain.value[0] == again.value[0] == later.value[0] != other.value[0]
    assert later.value[1] - plain.value[1] > 9 * 10**5


async def test_a_tool_that_breaks_when_it_is_loaded_ahead_breaks_no_other_call(sandbox: Sandbox):
    moody = Program(
        f"{WITH_OS}import time\nif time.time_ns() // 10**8 % 3 == 0: os._exit(3)\nif time.time_ns() // 10**8 % 3 == 1: 1 / 0\n"
        "def f(x): return x",
        "f",
    )
    for number in range(12):
        await call(sandbox, moody, number)
        assert await run(sandbox, "def f(): return 1") == Returned(1)
        await anyio.sleep(0.05)


async def test_a_tool_that_takes_its_worker_with_it_while_it_is_loaded_ahead_takes_no_call_of_another(sandbox: Sandbox):
    turns = time.time() + 1.5
    traitor = Program(
        f"{WITH_OS}import time\nif time.time() > {turns}: import_('select').select([], [], [], 60)\ndef f(x): return x",
        "f",
    )
    for number in range(2):
        assert await call(sandbox, traitor, number) == Returned(number)
    await anyio.sleep(max(0.0, turns - time.time()) + 0.1)
    assert await call(sandbox, traitor, 2) == Returned(2), "it was loaded in time"

    for _ in range(3):
        assert await run(sandbox, "def f(): return 1") == Returned(1)


# Finds what seals an honest reply, sends one of its own and goes on computing.
GOES_ON = f"""{WITH_OS}
import struct
def forge(text):
    frame, body = import_("sys")._getframe(), text.encode()
    while frame is not None:
        if "head" in frame.f_locals and "write" in frame.f_globals:
            os.write(1, struct.pack("!I", len(body)) + frame.f_locals["head"][4:] + body)
            while True:
                pass
        frame = frame.f_back
"""


async def test_code_that_answers_for_itself_computes_no_longer_than_somebody_waits(sandbox: Sandbox):
    in_a_batch = Program(GOES_ON + "def f(x):\n    forge('{\"returned\": 5}')\n    return 5", "f")
    at_load = Program(GOES_ON + "STATE = forge('{\"loaded\": true}')\ndef f(x): return 5", "f")

    await sandbox.run_batch(in_a_batch, [CallFunction({"x": 1})] * 2, limits=Limits(seconds=1))
    for _ in range(3):
        await sandbox.run(at_load, CallFunction({"x": 1}), limits=Limits(seconds=0.5))
    await anyio.sleep(0.5)
    before = ticks(sandbox)
    await anyio.sleep(1)

    assert ticks(sandbox) - before < 30, "hundredths of a second of processor time in one second"


def processes(sandbox: Sandbox) -> set[int]:
    """The workers and their children."""
    return set(pids(sandbox)).union(*map(descendants, pids(sandbox)))


def ticks(sandbox: Sandbox) -> int:
    """Processor time that the workers and their children have used, in hundredths of a second."""
    used = 0
    for pid in processes(sandbox):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
    return used


SNOOP = f"""{WITH_OS}
import re
def f(x):
    sys, found = import_("sys"), []
    frame = sys._getframe()
    while frame is not None:
        found += [repr(value) for value in frame.f_locals.values()]
        frame = frame.f_back
    gc = import_("gc")
    found += [repr(one)[:4000] for one in gc.get_objects() if type(one) in (dict, list, tuple, bytes, str)]
    found += [repr(ref)[:4000] for one in gc.get_objects() for ref in gc.get_referents(one) if type(ref) in (str, bytes)]
    return sorted(set(re.findall("secret-of-[a-z]+", " ".join(found))))
"""


async def test_no_call_finds_anything_of_another_tools_calls_in_its_interpreter(sandbox: Sandbox):
    keeper = Program("# secret-of-source\ndef f(x): return x.replace('arguments', 'results')", "f")
    given = CallFunction({"x": "secret-of-arguments"})
    for _ in range(3):
        assert await sandbox.run(keeper, given) == Returned("secret-of-results")
    await sandbox.run_batch(keeper, [given] * 3)
    for _ in range(3):
        assert await call(sandbox, Program(SNOOP, "f")) == Returned([])
        await sandbox.run(keeper, given)


async def test_what_a_batch_held_is_given_back_at_its_end(sandbox: Sandbox):
    await sandbox.warm()
    large = Program("held = ['x' * 1000 for _ in range(100_000)]\ndef f(x): return x", "f")
    before = resident(sandbox)
    await sandbox.run_batch(large, [CallFunction({"x": x}) for x in range(3)])
    await anyio.sleep(0.5)

    assert resident(sandbox) - before < 50, "MiB"


def resident(sandbox: Sandbox) -> float:
    """MiB that the workers and their children hold for themselves."""
    held = 0
    for pid in processes(sandbox):
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            held += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_Dirty"))
    return held / 1024


async def test_a_tool_that_takes_long_to_load_holds_up_nobody_else(sandbox: Sandbox):
    slow = Program("import time\nend = time.time() + 1\nwhile time.time() < end: pass\ndef f(x): return x", "f")
    for number in range(3):
        assert await call(sandbox, slow, number) == Returned(number)
    began = time.monotonic()
    assert await run(sandbox, "def f(): return 1") == Returned(1)
    assert time.monotonic() - began < 0.9, "it is not being loaded ahead for a second"


async def test_more_tools_than_are_kept_loaded_each_get_their_own_answer(sandbox: Sandbox):
    programs = [Program(f"n = {n}\ndef f(x): return n * x", "f") for n in range(2 * KEPT_LOADED)]
    for x in range(3):
        for n, program in enumerate(programs):
            assert await call(sandbox, program, x) == Returned(n * x)


async def test_processor_time_has_a_limit_of_its_own(sandbox: Sandbox):
    endless = "def f():\n    while True: pass"
    by_processor = await run(sandbox, endless, 20, cpu_seconds=0.3)
    by_wall = await run(sandbox, endless, 0.3, cpu_seconds=20)

    assert by_processor == TimedOut(0.3, "processor")
    assert by_processor.sentence == "used more than 0.3 s of processor time"
    assert by_wall == TimedOut(0.3)


@pytest.mark.parametrize("depth", [200, 4000])
async def test_the_depth_of_recursion_is_a_limit_that_can_be_set(sandbox: Sandbox, depth: int):
    body = f"def g(n): return n and 1 + g(n - 1)\ndef f(): return g({depth - 100})"

    assert await run(sandbox, body, recursion=depth) == Returned(depth - 100)
    outcome = await run(sandbox, body, recursion=depth - 101)
    assert isinstance(outcome, Raised)
    assert outcome.type == "RecursionError"


async def test_a_greedy_tool_delays_another_ones_short_call_by_none_of_its_long_ones(sandbox_cache: Path):
    async with open_sandbox(sandbox_cache, kind=KIND, workers=2) as sandbox:
        await sandbox.warm()
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(run, sandbox, "def f():\n    while True: pass", 30)
            await anyio.sleep(0.5)
            with anyio.fail_after(10):
                assert await run(sandbox, "def f(): return 1") == Returned(1)
            group.cancel_scope.cancel()


@wasm_alone
async def test_a_tool_that_keeps_killing_workers_is_slowed_down_and_no_other(sandbox: Sandbox):
    killer = f"{WITH_OS}def f(): import_('select').select([], [], [], 60)"
    for _ in range(3):
        assert await run(sandbox, killer) == Died("the worker process ended")
    began, ended = time.monotonic(), dict[str, float]()

    async def timed(name: str, body: str) -> None:
        await run(sandbox, body)
        ended[name] = time.monotonic() - began

    async with anyio.create_task_group() as group:
        group.start_soon(timed, "killer", killer)
        group.start_soon(timed, "other", "def f(): return 1")

    assert ended["killer"] > 0.9 * REST_SECONDS[0]
    assert ended["other"] < ended["killer"]


async def test_a_long_batch_lets_others_in_between(sandbox: Sandbox):
    slow = Program(
        "import time\ndef f(x):\n    end = time.time() + 0.05\n    while time.time() < end: pass\n    return x", "f"
    )
    requests = [CallFunction({"x": x}) for x in range(100)]
    outcomes: list[Outcome] = []

    async def batch() -> None:
        outcomes.extend(await sandbox.run_batch(slow, requests))

    async with anyio.create_task_group() as group:
        group.start_soon(batch)
        await anyio.sleep(0.2)
        assert await run(sandbox, "def f(): return 1") == Returned(1)
        assert not outcomes, "it did not wait for the end of the batch"

    assert outcomes == [Returned(x) for x in range(100)]


NO_LANDLOCK = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from latm_mcp import sandbox_wall
def none(): raise sandbox_wall.NoWall("no {wall} in this kernel")
sandbox_wall.{function} = none
from latm_mcp.sandbox_worker import main
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the native sandbox is there on Linux alone")
@pytest.mark.parametrize(("wall", "function"), [("Landlock", "no_files"), ("seccomp", "no_system_calls")])
async def test_native_refuses_to_run_code_without_one_of_its_walls(tmp_path: Path, wall: str, function: str):
    line = command("native", tmp_path, tmp_path)
    line[line.index("-c") + 1] = NO_LANDLOCK.format(wall=wall, function=function)
    sandbox = WorkerSandbox("native", line, 1, lambda _: None)
    try:
        with pytest.raises(SandboxUnavailable, match=f"no {wall} in this kernel; unset LATM_SANDBOX"):
            await run(sandbox, "def f(): return 1")
    finally:
        await sandbox.close()


LISTENING = """
from latm_mcp.sandbox_pipe import frames
for frame in frames(False):
    print(frame.decode(), flush=True)
    while True: pass
"""


def test_where_the_kernel_does_not_end_a_worker_it_notices_the_end_of_its_server_in_the_middle_of_a_call():
    source = str(Path(__file__).parent.parent / "src")
    with subprocess.Popen(
        [sys.executable, "-c", LISTENING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(struct.pack("!I", 5) + b"hello")
        worker.stdin.flush()
        assert worker.stdout.readline() == b"hello\n"
        worker.stdin.close()
        assert worker.wait(5) == 0
