"""Every attack of `attacks/`, in every sandbox that this machine offers, with proof from outside that nothing happened."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast, get_args

import anyio
import pytest
from attacks import poisoning
from attacks.attack import FORGED, Attack, Proof
from attacks.control import succeeded
from attacks.everything import ATTACKS, counts, in_document, table
from attacks.outside import Outside, descendants, process_field, subreaper

from latm_mcp.errors import Rejected, SandboxUnavailable
from latm_mcp.outcomes import CallFunction, Limits, Outcome, Returned, SandboxKind, World
from latm_mcp.sandbox import Sandbox, open_sandbox
from latm_mcp.source import check_source

pytestmark = pytest.mark.anyio

SEEDED = World(seed=0)  # the neighbour draws numbers, which have to be the same each time
LATE = 3.0  # seconds beyond its limit at which a call must have ended: the worker's grace, on a busy machine
# These do not hold in the sandbox alone: code that takes its own interpreter apart can answer in the place of its own
# function, and what it says is no more than that could return. By kind; one that holds has to leave the list.
FOR_ITSELF = (
    "forging-guest-copy", "forging-guest-code", "forging-guest-frames", "forging-guest-entry", "forging-trace-function",
    "forging-reply-object",
)  # fmt: skip
SPEAKS_FOR_ITSELF = {"wasm": FOR_ITSELF, "native": (*FOR_ITSELF, "forging-found-seal", "forging-taken-channel")}
SPARES = 4  # processes that a worker of the native sandbox may keep ready
SETTLING = 3.0  # seconds for the processes of a call to be gone


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Iterator[Outside]:
    """The canaries, with this process in the middle of them: its working folder, home and environment."""
    made = Outside(tmp_path_factory.mktemp("outside"), sandbox_cache)
    with pytest.MonkeyPatch.context() as patch, subreaper():
        patch.chdir(made.cwd)
        patch.setenv("HOME", str(made.home))
        patch.setenv("LATM_CANARY", made.secret)
        yield made
    made.close()


@pytest.fixture(scope="module", params=get_args(SandboxKind))
async def sandbox(request: pytest.FixtureRequest, outside: Outside, sandbox_cache: Path) -> AsyncIterator[Sandbox]:
    """One sandbox of each kind for all attacks, with one worker, so that each attack meets what the one before left."""
    try:
        async with open_sandbox(sandbox_cache, kind=request.param, workers=1) as opened:
            await opened.warm()
    except SandboxUnavailable as why:
        pytest.skip(f"no {request.param} sandbox here: {why}")
    async with open_sandbox(sandbox_cache, kind=request.param, workers=1) as opened:
        await opened.warm()
        assert opened.description.startswith(request.param), "never another sandbox in silence"
        yield opened


def workers(sandbox: Sandbox) -> set[int]:
    return {worker.process.pid for worker in cast(Any, sandbox).all}


async def attack_once(sandbox: Sandbox, attack: Attack, outside: Outside) -> Outcome:
    limits = Limits(seconds=attack.seconds, cpu_seconds=attack.seconds, memory_mib=attack.memory_mib)
    began = time.monotonic()
    with anyio.fail_after(attack.seconds + LATE):
        outcome = await sandbox.run(attack.program, attack.request(outside.told()), limits=limits, world=SEEDED)
    assert time.monotonic() - began < attack.seconds + LATE
    return outcome


async def neighbour(sandbox: Sandbox) -> Outcome:
    return await sandbox.run(poisoning.NEIGHBOUR, CallFunction({}), world=SEEDED)


async def settled(sandbox: Sandbox, outside: Outside) -> bool:
    """Whether there come to be no processes but the decoy, the workers, and children that a worker itself keeps ready.

    What an attack started would be a child's child, or, orphaned, a child of this process.
    """
    with anyio.move_on_after(SETTLING):
        while True:
            own = workers(sandbox)
            strangers = descendants(os.getpid()) - own - {outside.decoy.pid}
            strangers = {pid for pid in strangers if process_field(pid, 0) not in ("", "Z")}  # the dead start nothing
            zygotes = {pid for pid in strangers if process_field(pid, 1) in map(str, own)}
            rooms = {pid for pid in strangers if process_field(pid, 1) in map(str, zygotes)}
            if strangers == zygotes | rooms and len(zygotes) <= len(own) and len(rooms) <= SPARES * len(own):
                return True
            await anyio.sleep(0.02)
    return False


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.family}-{attack.name}")
async def test_an_attack_comes_to_nothing(sandbox: Sandbox, attack: Attack, outside: Outside) -> None:
    assert await neighbour(sandbox) == Returned(poisoning.HOLDS)
    before = workers(sandbox)

    outcome = await attack_once(sandbox, attack, outside)

    if f"{attack.family}-{attack.name}" in SPEAKS_FOR_ITSELF[sandbox.description.partition(":")[0]]:
        assert isinstance(outcome, Returned)
        assert FORGED in repr(outcome)
    else:
        assert attack.held(outcome), outcome
        assert FORGED not in repr(outcome)
    assert outside.secret not in repr(outcome)
    assert await neighbour(sandbox) == Returned(poisoning.HOLDS)
    assert outside.traces() == []
    assert attack.ends_worker or workers(sandbox) == before, "the worker process went with it"
    assert await settled(sandbox, outside), "processes are left"


REACHES = {
    "the function's caller, by a generator": "g = (n for n in 'ab')\n    return g.gi_frame",
    "the function's caller, by a coroutine": "async def c(): pass\n    return c().cr_frame",
    "the function's caller, by an exception": "try: 1 / 0\n    except Exception as e: return e.tb_frame.f_back",
    "a frame's variables": "return x.f_globals",
    "a frame's builtins": "return x.f_builtins",
    "a function's code": "return f.__code__",
    "a function's module": "return f.__globals__",
    "a module's own imports": "return re._parser",
    "a module through a module": "return re.enum.sys",
    "the guest's modules": "return re.enum.sys.modules",
    "a name put together, by getattr": "return getattr(x, 'gi_' + 'frame')",
    "a name put together, by attrgetter": "return operator.attrgetter('gi_' + 'frame')(x)",
    "a path of names, by attrgetter": "return operator.attrgetter('gi_frame.f_back')(x)",
    "an accessor under another name": "get = getattr\n    return get(x, 'gi_' + 'frame')",
    "an accessor handed on": "return list(map(getattr, [x], ['gi_' + 'frame']))",
    "a class pattern": "match x:\n        case object(gi_frame=g): return g",
    "a class pattern with a private name": "match re:\n        case object(_parser=p): return p",
    "a class pattern for a built-in": "match x:\n        case object(eval=e): return e('1')",
    "a call by name": "return operator.methodcaller('__reduce__')(x)",
}


@pytest.mark.parametrize("body", REACHES.values(), ids=REACHES)
def test_the_source_check_refuses_the_plain_ways_to_what_could_answer_for_a_function(body: str) -> None:
    with pytest.raises(Rejected, match=r"may (not|only) be used"):
        check_source(f"import operator\nimport re\n\ndef f(x: int) -> str:\n    {body}\n", "f")


@pytest.mark.parametrize("attack", poisoning.ATTACKS, ids=lambda attack: attack.name)
async def test_what_a_tool_poisons_is_whole_for_itself_and_for_its_neighbour(
    sandbox: Sandbox, attack: Attack, outside: Outside
) -> None:
    request, whole = attack.request(outside.told()), Returned(poisoning.HOLDS)

    first = await sandbox.run(attack.program, request, world=SEEDED)
    assert attack.held(first), first
    for _ in range(2):
        assert await sandbox.run(attack.program, request, world=SEEDED) == first
    assert await neighbour(sandbox) == whole
    assert await sandbox.run(attack.program, request, world=SEEDED) == first
    await sandbox.run_batch(attack.program, [request] * 3, world=SEEDED)
    assert await sandbox.run_batch(poisoning.NEIGHBOUR, [CallFunction({})] * 2, world=SEEDED) == [whole, whole]
    assert await sandbox.run(attack.program, request, world=SEEDED) == first


@pytest.mark.parametrize(
    "attack", [one for one in ATTACKS if one.proof], ids=lambda attack: f"{attack.family}-{attack.name}"
)
def test_without_a_sandbox_the_same_attack_succeeds(attack: Attack, tmp_path: Path) -> None:
    if attack.name == "server-memory-file" and ptrace_is_restricted():
        pytest.skip("this system lets no process read another's memory")
    assert succeeded(attack, tmp_path)


@pytest.mark.parametrize("proof", [proof for proof in get_args(Proof) if proof])
def test_code_that_means_well_gives_none_of_the_proofs(proof: Proof, tmp_path: Path) -> None:
    harmless = Attack("none", "harmless", "nothing", "def f(o): return []\n", proof=proof)

    assert not succeeded(harmless, tmp_path)


def ptrace_is_restricted() -> bool:
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return scope.exists() and scope.read_text().strip() != "0" and os.geteuid() != 0


def test_there_are_attacks_of_every_family_and_each_has_a_row_in_the_table() -> None:
    assert set(counts()) == {
        "reading", "writing", "network", "processes", "forging", "exhaustion", "escaping", "poisoning",
    }  # fmt: skip
    assert len({(attack.family, attack.name) for attack in ATTACKS}) == len(ATTACKS) >= 80
    assert len(table().splitlines()) == len(ATTACKS) + 2


def test_the_page_on_security_lists_the_attacks_of_today() -> None:
    page = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
    assert in_document(page) == page, "run `python -m attacks` in tests/"
