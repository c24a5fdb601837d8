"""The sandbox's workers: started when needed, shared by a batch, replaced when they die, gone at the end."""

import os
import platform
import signal
import stat
import sys
import threading
import time
from pathlib import Path

import anyio
import pytest
from sandboxed import KIND, WITH_OS, exists, pids, run, wasm_alone
from wire import children

from latm_mcp import sandbox as sandbox_module
from latm_mcp import sandbox_process
from latm_mcp.errors import SandboxUnavailable
from latm_mcp.outcomes import (
    CallFunction,
    Died,
    Limits,
    Outcome,
    OutOfMemory,
    Program,
    Returned,
    TimedOut,
)
from latm_mcp.sandbox import GUEST_PYTHON, Sandbox, WorkerSandbox, open_sandbox
from latm_mcp.sandbox_compiled import compile_once

pytestmark = pytest.mark.anyio


async def test_a_batch_goes_on_after_a_timeout_an_exit_and_a_full_memory(sandbox: Sandbox):
    body = (
        f"{WITH_OS}def f(n):\n    if n == 2:\n        while True: pass\n"
        "    if n == 4: os._exit(1)\n    if n == 6: return 'a' * (1 << 30)\n    return n"
    )

    outcomes = await sandbox.run_batch(
        Program(body, "f"), [CallFunction({"n": n}) for n in range(8)], limits=Limits(seconds=0.3, memory_mib=64)
    )

    assert [type(outcome) for outcome in outcomes] == [
        Returned,
        Returned,
        TimedOut,
        Returned,
        Died,
        Returned,
        OutOfMemory,
        Returned,
    ]
    assert [outcome.value for outcome in outcomes if isinstance(outcome, Returned)] == [0, 1, 3, 5, 7]


async def test_a_batch_goes_on_in_a_new_worker_when_its_own_is_killed(sandbox: Sandbox):
    await sandbox.warm()
    (first,) = pids(sandbox)
    outcomes: list[Outcome] = []
    slow = "def f(n):\n    x = 0\n    while n == 1 and x < 10**9: x += 1\n    return n"

    async def batch() -> None:
        outcomes.extend(await sandbox.run_batch(Program(slow, "f"), [CallFunction({"n": n}) for n in range(3)]))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(batch)
            await anyio.sleep(0.3)
            os.kill(first, signal.SIGKILL)

    assert [type(outcome) for outcome in outcomes] == [Returned, Died, Returned]


async def test_a_batch_takes_each_request_in_a_fresh_namespace(sandbox: Sandbox):
    program = Program("seen = []\ndef f(n):\n    seen.append(n)\n    return seen", "f")

    outcomes = await sandbox.run_batch(program, [CallFunction({"n": n}) for n in range(3)])

    assert outcomes == [Returned([0]), Returned([1]), Returned([2])]


async def test_cancelling_kills_the_worker_at_once_and_the_next_call_works(sandbox: Sandbox):
    await sandbox.warm()
    (before,) = pids(sandbox)
    began = time.monotonic()

    with anyio.move_on_after(0.2) as scope:
        await run(sandbox, "def f():\n    while True: pass", 30)

    assert scope.cancelled_caught
    assert time.monotonic() - began < 0.7
    assert not exists(before)
    assert await run(sandbox, "def f(): return 1") == Returned(1)


async def test_a_killed_worker_gives_died_and_is_replaced(sandbox: Sandbox):
    await sandbox.warm()
    outcomes: list[Outcome] = []

    async def endless() -> None:
        outcomes.append(await run(sandbox, "def f():\n    while True: pass", 30))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(endless)
            await anyio.sleep(0.2)
            os.kill(pids(sandbox)[0], signal.SIGKILL)

    assert outcomes == [Died("the worker process ended")]
    assert await run(sandbox, "def f(): return 1") == Returned(1)


async def test_nothing_starts_before_it_is_needed_and_nothing_is_left_after(sandbox_cache: Path):
    async with open_sandbox(sandbox_cache, kind=KIND, workers=2) as sandbox:
        assert pids(sandbox) == []
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(run, sandbox, "def f(): return sum(range(10**6))")
        started = pids(sandbox)
        assert len(started) == 2

    assert not any(exists(pid) for pid in started)
    with pytest.raises(SandboxUnavailable, match="closed"):
        await run(sandbox, "def f(): return 1")


async def test_where_made_code_runs_there_is_no_environment_no_open_file_no_capability_and_every_wall(sandbox: Sandbox):
    await sandbox.warm()
    (pid,) = pids(sandbox)
    if not Path(f"/proc/{pid}").exists():
        pytest.skip("needs /proc")

    for place in rooms(pid, sandbox):
        opened = [os.readlink(link) for link in (place / "fd").iterdir()]
        status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines() if ":\t" in line)
        assert (place / "environ").read_bytes().removesuffix(b"LC_CTYPE=C.UTF-8\0") == b"PYTHONHASHSEED=0\0"
        assert not [
            name
            for name in opened
            if not name.startswith(("pipe:", "socket:", "anon_inode:", "/memfd:")) and not name.endswith(".cwasm")
        ]
        assert status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == 0
        assert ("no seccomp" not in sandbox.description) == (status["Seccomp"] == "2")
        for thread in (place / "task").iterdir():
            assert "Seccomp:\t2" in (thread / "status").read_text() or "no seccomp" in sandbox.description


def rooms(worker: int, sandbox: Sandbox) -> list[Path]:
    """The processes that made code runs in: the worker itself, or the children of its zygote."""
    if sandbox.description.startswith("wasm"):
        return [Path(f"/proc/{worker}")]
    (zygote,) = children(worker)
    assert children(zygote)
    return [Path(f"/proc/{pid}") for pid in children(zygote)]


@wasm_alone
async def test_the_description_names_the_interpreter_that_answers(sandbox: Sandbox):
    await sandbox.warm()
    assert isinstance(sandbox, WorkerSandbox)

    assert next(iter(sandbox.all)).about["python"] == sandbox.python
    wasm = f"wasm: CPython {GUEST_PYTHON} in wasmtime "
    native = f"native: CPython {platform.python_version()} in a process for each call, Landlock, seccomp, rlimits"
    assert sandbox.description.startswith((wasm, native))


@wasm_alone
async def test_a_folder_that_others_can_write_is_refused(tmp_path: Path):
    tmp_path.chmod(0o777)
    async with open_sandbox(tmp_path) as sandbox:
        with pytest.raises(SandboxUnavailable, match=r"written by others.*chmod go-w.*LATM_CACHE"):
            await sandbox.warm()


@wasm_alone
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
async def test_a_folder_of_another_user_is_refused_as_that(tmp_path: Path):
    os.chown(tmp_path, 65534, 65534)
    async with open_sandbox(tmp_path) as sandbox:
        with pytest.raises(SandboxUnavailable, match="belongs to another user: set LATM_CACHE") as refused:
            await sandbox.warm()
    assert "others" not in str(refused.value)


@wasm_alone
@pytest.mark.parametrize("below", ["", "x/y"])
async def test_a_file_where_the_cache_folder_should_be_is_refused_as_that(tmp_path: Path, below: str):
    file = tmp_path / "cache"
    file.write_text("in the way", encoding="utf-8")
    async with open_sandbox(file / below) as sandbox:
        with pytest.raises(SandboxUnavailable, match="cache' is a file, not a folder: set LATM_CACHE"):
            await sandbox.warm()


@wasm_alone
async def test_a_checkout_without_the_interpreter_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox_module, "COMPONENT", tmp_path / "_sandbox.wasm")
    with pytest.raises(SandboxUnavailable, match=r"pip install -e \."):
        async with open_sandbox(tmp_path):
            pass


@wasm_alone
def test_of_two_that_start_at_once_one_compiles(tmp_path: Path):
    target, compilings, said = tmp_path / "sandbox-x.cwasm", [0], list[str]()
    target.with_suffix(".partial").write_bytes(b"of a process that was killed")

    def slowly() -> bytes:
        compilings[0] += 1
        time.sleep(0.1)
        return b"code"

    threads = [threading.Thread(target=compile_once, args=(target, slowly, said.append)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert compilings == [1]
    assert target.read_bytes() == b"code"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(said) == 2
    assert not list(tmp_path.glob("*.partial"))


@wasm_alone
def test_two_releases_that_compile_at_once_leave_each_other_alone(tmp_path: Path):
    first, second = tmp_path / "sandbox-a.cwasm", tmp_path / "sandbox-b.cwasm"

    def while_the_other_compiles() -> bytes:
        compile_once(second, lambda: b"second", lambda _: None)
        return b"first"

    compile_once(first, while_the_other_compiles, lambda _: None)

    assert (first.read_bytes(), second.read_bytes()) == (b"first", b"second")


@wasm_alone
def test_what_releases_left_that_nobody_started_for_a_month_is_removed_by_whoever_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = ("sandbox-a.cwasm", "sandbox-b.cwasm", "sandbox-c.partial", "sandbox-new.partial")
    old = [tmp_path / name for name in names]
    for path in old:
        path.write_bytes(b"code")
    for path in old[:3]:
        os.utime(path, (0, 0))
    stat_of = Path.stat

    def stat_after_another_removed_it(path: Path, **options: bool) -> os.stat_result:
        if path == old[0]:
            path.unlink()
        return stat_of(path, **options)

    monkeypatch.setattr(Path, "stat", stat_after_another_removed_it)
    compile_once(tmp_path / "sandbox-x.cwasm", lambda: b"code", lambda _: None)

    left = {path.name for path in tmp_path.iterdir()} - {"sandbox-x.lock"}
    assert left == {"sandbox-x.cwasm", "sandbox-new.partial"}


async def test_a_worker_that_does_not_answer_is_killed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox_process, "OVERTIME_SECONDS", 0.3)
    await sandbox.warm()
    (pid,) = pids(sandbox)
    os.kill(pid, signal.SIGSTOP)
    with anyio.fail_after(5):  # its other thread may run on for a moment
        while any(state(thread) != "T" for thread in Path(f"/proc/{pid}/task").iterdir()):
            await anyio.sleep(0.01)

    assert await run(sandbox, "def f(): return 1", 0.2) == TimedOut(0.2)
    assert not exists(pid)
    monkeypatch.undo()
    assert await run(sandbox, "def f(): return 1") == Returned(1)


async def test_a_worker_that_cannot_start_says_why():
    sandbox = WorkerSandbox("wasm", [sys.executable, "-c", "raise RuntimeError('no wasm here')"], 1, lambda _: None)
    with pytest.raises(SandboxUnavailable, match="no wasm here"):
        await sandbox.warm()


def state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


OWNER = """
import anyio, os, signal, sys
from pathlib import Path
from latm_mcp.outcomes import CallFunction, Limits, Program
from latm_mcp.sandbox import open_sandbox

async def main():
    async with open_sandbox(Path(sys.argv[1]), kind=sys.argv[2]) as sandbox, anyio.create_task_group() as group:
        await sandbox.warm()
        print(*(worker.process.pid for worker in sandbox.all), flush=True)
        endless = Program("def f():\\n    while True: pass", "f")
        group.start_soon(lambda: sandbox.run(endless, CallFunction({}), limits=Limits(seconds=60)))
        await anyio.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

anyio.run(main)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy worker ends with its call, not with its owner")
async def test_a_busy_worker_does_not_outlive_a_killed_server(sandbox_cache: Path):
    path = os.pathsep.join(entry for entry in sys.path if entry)
    ended = await anyio.run_process(
        [sys.executable, "-c", OWNER, str(sandbox_cache), KIND],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        stderr=None,
    )
    worker = Path(f"/proc/{int(ended.stdout)}")

    with anyio.fail_after(5):
        while worker.exists() and state(worker) != "Z":
            await anyio.sleep(0.02)
    assert ended.returncode == -signal.SIGKILL
