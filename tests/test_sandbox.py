"""The sandbox through its front door, with real workers and made code that means harm."""

import os
import signal
import stat
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from latm_mcp import sandbox as sandbox_module
from latm_mcp.allowed import ALLOWED_IMPORTS
from latm_mcp.errors import BadInput, SandboxUnavailable
from latm_mcp.outcomes import (
    AnswerQuestion,
    CallFunction,
    Died,
    Limits,
    NotJsonable,
    Outcome,
    OutOfMemory,
    OutputTooLarge,
    Program,
    Raised,
    RenderResult,
    Returned,
    TimedOut,
    World,
    refused,
)
from latm_mcp.sandbox import GUEST_PYTHON, Sandbox, WasmSandbox, open_sandbox
from latm_mcp.sandbox_compiled import compile_once
from latm_mcp.sandbox_frames import decode
from latm_mcp.sandbox_kinds import Kind

pytestmark = pytest.mark.anyio

SORTER = Program(
    '''
def sort_words(words: list[str]) -> list[str]:
    """Sort."""
    words.sort()
    return words

def parse(question: str) -> dict:
    if not question.startswith("Sort: "):
        raise NotThisTask("no list of words")
    return {"words": question.removeprefix("Sort: ").split()}

def render(result, question: str) -> str:
    return " ".join(result)
''',
    "sort_words",
)
# Past the list of imports, to what the interpreter's own modules hold: the wall has to be elsewhere.
WITH_OS = "import random\nos = random._os\nimport_ = os.__builtins__['__import__']\n"


@pytest.fixture
async def sandbox(sandbox_cache: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(sandbox_cache, workers=1) as opened:
        yield opened


def pids(sandbox: Sandbox) -> list[int]:
    assert isinstance(sandbox, WasmSandbox)
    return [worker.process.pid for worker in sandbox.all]


async def run(sandbox: Sandbox, body: str, seconds: float = 5.0, **limits: Any) -> Outcome:
    """Call `f()` of this source."""
    return await sandbox.run(Program(body, "f"), CallFunction({}), limits=Limits(seconds=seconds, **limits))


async def test_a_function_is_called_with_its_arguments(sandbox: Sandbox):
    assert await sandbox.run(SORTER, CallFunction({"words": ["b", "ä", "a"]})) == Returned(["a", "b", "ä"])


async def test_a_question_is_answered_and_arguments_are_reported_as_they_were_parsed(sandbox: Sandbox):
    outcome = await sandbox.run(SORTER, AnswerQuestion("Sort: pear fig"))

    assert outcome == Returned(
        {"arguments": {"words": ["pear", "fig"]}, "result": ["fig", "pear"], "answer": "fig pear"}
    )


async def test_another_result_can_be_rendered(sandbox: Sandbox):
    assert await sandbox.run(SORTER, RenderResult(["x", "y"], "Sort: pear fig")) == Returned("x y")


async def test_a_foreign_question_is_refused_at_parse(sandbox: Sandbox):
    outcome = await sandbox.run(SORTER, AnswerQuestion("How old are you?"))

    assert isinstance(outcome, Raised)
    assert (outcome.step, outcome.type, outcome.message) == ("parse", "NotThisTask", "no list of words")
    assert refused(outcome)


@pytest.mark.parametrize(
    ("body", "step", "type_", "line"),
    [
        ("def f():\n    x = {}\n    return x['k']", "function", "KeyError", "line 3: return x['k']"),
        ("x = 1 / 0\ndef f(): pass", "load", "ZeroDivisionError", "line 1: x = 1 / 0"),
        ("\ndef f(:\n  pass", "load", "SyntaxError", "line 2: def f(:"),
        ("def f():\n    raise SystemExit(3)", "function", "SystemExit", "line 2: raise SystemExit(3)"),
        ("def f():\n    raise KeyboardInterrupt", "function", "KeyboardInterrupt", "line 2: raise KeyboardInterrupt"),
        ("class E(Exception):\n    def __str__(self): raise SystemExit\ndef f(): raise E", "function", "E", "line 3: def f(): raise E"),
        ("def f(n=0): return f(n + 1)", "function", "RecursionError", "line 1: def f(n=0): return f(n + 1)"),
        ("import json\ndef f(): json.loads('[' * 100000)", "function", "RecursionError", "line 2: def f(): json.loads('[' * 100000)"),
        ("def f(): return input()", "function", "EOFError", "line 1: def f(): return input()"),
    ],
)  # fmt: skip
async def test_an_exception_tells_its_step_type_and_the_codes_own_line(
    sandbox: Sandbox, body: str, step: str, type_: str, line: str
):
    outcome = await run(sandbox, body)

    assert isinstance(outcome, Raised)
    assert (outcome.step, outcome.type, outcome.lines[-1]) == (step, type_, line)
    assert len(outcome.lines) <= 8


async def test_a_missing_function_is_named(sandbox: Sandbox):
    outcome = await sandbox.run(Program("def f(): return 1", "f"), AnswerQuestion("?"))

    assert outcome == Raised("load", "NameError", "the code defines no function 'parse'")


async def test_what_an_exception_says_is_bounded_and_has_no_control_characters(sandbox: Sandbox):
    outcome = await run(sandbox, "def f(): raise type('T' * 9999, (Exception,), {})('\\x1b[1m\\u202e\\n' * 9999)")

    assert isinstance(outcome, Raised)
    assert len(outcome.message) <= 500
    assert len(outcome.type) <= 100
    assert outcome.message.isprintable()


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("[1, (2, 3)]", "tuple"),
        ("float('nan')", "nan"),
        ("[1e999]", "inf"),
        ("{1}", "set"),
        ("{'a': {1: 2}}", "key of type int"),
        ("b'x'", "bytes"),
        ("'\\ud800'", "surrogate"),
        ("{'\\udfff': 1}", "surrogate"),
        ("10 ** 4300", "4300 digits"),
        ("(x := [], x.append(x))[0]", "nested"),
        ("(i for i in 'ab')", "generator"),
    ],
)
async def test_what_is_no_json_is_named_and_not_passed_on(sandbox: Sandbox, value: str, what: str):
    outcome = await run(sandbox, f"def f():\n    return {value}")

    assert isinstance(outcome, NotJsonable)
    assert what in outcome.what
    assert outcome.step == "function"


async def test_subclasses_of_json_types_come_out_plain(sandbox: Sandbox):
    outcome = await run(
        sandbox,
        "from collections import Counter, defaultdict\nfrom enum import IntEnum, StrEnum\n"
        "class N(IntEnum):\n    one = 1\nclass S(StrEnum):\n    a = 'b'\n"
        "def f(): return [Counter('aa'), defaultdict(list, k=[0.5]), N.one, S.a, True, None, 10 ** 4299 > 1, -0.0]",
    )

    assert outcome == Returned([{"a": 2}, {"k": [0.5]}, 1, "b", True, None, True, -0.0])


async def test_parse_must_give_a_dict_and_render_a_str(sandbox: Sandbox):
    program = "def f(): return 1\ndef parse(q): return [q] if q else {}\ndef render(r, q): return r"

    no_dict = await sandbox.run(Program(program, "f"), AnswerQuestion("x"))
    no_str = await sandbox.run(Program(program, "f"), AnswerQuestion(""))

    assert no_dict == NotJsonable("parse", "list where a dict of arguments is due")
    assert no_str == NotJsonable("render", "int where a str is due")


async def test_an_endless_loop_is_stopped_at_its_time(sandbox: Sandbox):
    await sandbox.warm()
    before, began = pids(sandbox), time.monotonic()

    outcome = await run(sandbox, "def f():\n    while True:\n        try: g()\n        except BaseException: pass", 0.3)

    assert outcome == TimedOut(0.3)
    assert time.monotonic() - began < 2
    assert pids(sandbox) == before, "the worker itself goes on"


async def test_sleeping_does_not_hold_up_the_worker(sandbox: Sandbox):
    assert await run(sandbox, "import time\ndef f():\n    time.sleep(3600)\n    return 1") == Returned(1)


@pytest.mark.parametrize(
    "body",
    [
        "def f(): return len('a' * (1 << 30))",
        "def f():\n    x = []\n    while True: x.append('a' * 100000)",
        "def f(): raise MemoryError",
    ],
)
async def test_memory_is_bounded(sandbox: Sandbox, body: str):
    assert await run(sandbox, body, memory_mib=64) == OutOfMemory(64)


@pytest.mark.parametrize(
    "value",
    ["'x' * 1001", "'€' * 400", "['a'] * 400", "__import__('functools').reduce(lambda x, _: [x, x], range(60), 1)"],
)
async def test_a_result_larger_than_may_leave_is_not_passed_on(sandbox: Sandbox, value: str):
    assert await run(sandbox, f"def f(): return {value}", output_bytes=1000) == OutputTooLarge(1000)


async def test_every_listed_import_works_and_no_other(sandbox: Sandbox):
    listed = "from __future__ import annotations\n" + "".join(f"import {name}\n" for name in ALLOWED_IMPORTS[1:])
    assert await run(sandbox, listed + "def f(): return urllib.parse.quote('ä')") == Returned("%C3%A4")

    for name in (
        "os",
        "sys",
        "subprocess",
        "socket",
        "ctypes",
        "importlib",
        "builtins",
        "urllib",
        "latm_mcp",
        "wit_world",
    ):
        outcome = await run(sandbox, f"import {name}\ndef f(): pass")
        assert isinstance(outcome, Raised)
        assert (outcome.step, outcome.type) == ("load", "ImportError")
        assert f"{name!r} cannot be imported" in outcome.message


async def test_modules_that_import_late_work(sandbox: Sandbox):
    body = (
        "from __future__ import annotations\nimport copy, dataclasses, datetime, re, time\n"
        "@dataclasses.dataclass\nclass P:\n    day: datetime.date\n    tags: list[str]\n"
        "def f():\n    p = copy.deepcopy(P(datetime.datetime.strptime('3 Feb 2020', '%d %b %Y').date(), ['a']))\n"
        "    year = time.strptime('2021', '%Y').tm_year\n"
        "    return [f'{p.day:%A}', dataclasses.asdict(p)['tags'], 'ü'.encode('idna').decode(), year, re.sub('(?i)A', 'b', 'aA')]\n"
    )
    assert await run(sandbox, body) == Returned(["Monday", ["a"], "xn--tda", 2021, "bb"])


@pytest.mark.parametrize(
    "body",
    [
        "def f(): return open('/etc/passwd').read()",
        "def f(): open('x', 'w').write('x'); return 1",
        f"{WITH_OS}def f(): return os.listdir('/')",
        f"{WITH_OS}def f(): return os.environ['PATH']",
        f"{WITH_OS}def f(): return os.fork()",
        f"{WITH_OS}def f(): return import_('subprocess').run(['true'])",
        f"{WITH_OS}def f():\n    import_('_socket').socket().connect(('127.0.0.1', 9))\n    return 1",
        f"{WITH_OS}def f(): return import_('_socket').getaddrinfo('localhost', 80)",
        f"{WITH_OS}def f(): return import_('ctypes')",
    ],
)
async def test_there_are_no_files_environment_processes_or_sockets(sandbox: Sandbox, body: str):
    assert isinstance(await run(sandbox, body), Raised | Died)


async def test_the_environment_is_empty_even_for_code_that_gets_at_it(sandbox: Sandbox):
    assert await run(sandbox, f"{WITH_OS}def f(): return [dict(os.environ), import_('sys').argv[1:]]") == Returned(
        [{}, []]
    )


@pytest.mark.parametrize(
    "body",
    [
        f"{WITH_OS}def f(): os._exit(0)",
        f"{WITH_OS}def f(): os.abort()",
        "def f(): exec(f.__code__.replace(co_code=b'\\x64\\xff' * 100))",
        f"{WITH_OS}def f(): os.write(1, b'\\0\\0\\0\\x12G{{\"returned\": 666}}'); os._exit(0)",
    ],
)
async def test_code_that_ends_its_interpreter_forges_nothing_and_harms_no_later_call(sandbox: Sandbox, body: str):
    assert isinstance(await run(sandbox, body), Died)
    assert await run(sandbox, "def f(): return 1") == Returned(1)


async def test_what_is_printed_goes_nowhere(sandbox: Sandbox):
    body = "def f():\n    print('\\0\\0\\0\\x12G{\"returned\": 666}')\n    return 1"

    assert await run(sandbox, body) == Returned(1)
    assert await run(sandbox, "def f(): return 2") == Returned(2)


async def test_a_call_sees_nothing_of_the_one_before(sandbox: Sandbox):
    patching = "import math, json\ndef f():\n    math.pi = 3\n    json.dumps = json.loads = None\n    return math.pi"

    assert await run(sandbox, patching) == Returned(3)
    assert await run(sandbox, "import math\ndef f(): return math.pi > 3.1") == Returned(True)


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


async def test_seed_and_clock_are_the_worlds(sandbox: Sandbox):
    program = Program(
        "import datetime, random, time\n"
        "def f(): return [random.random(), time.time(), datetime.datetime.now().timestamp(), str(datetime.date.today()),"
        " time.mktime(time.localtime())]",
        "f",
    )

    async def values(world: World) -> list[Any]:
        outcome = await sandbox.run(program, CallFunction({}), world=world)
        assert isinstance(outcome, Returned)
        assert isinstance(outcome.value, list)
        return outcome.value

    plain, again = await values(World(seed=1)), await values(World(seed=1))
    other, shifted = await values(World(seed=2)), await values(World(seed=1, clock_offset=400 * 86400))

    assert plain[0] == again[0] == shifted[0] != other[0]
    assert abs(plain[1] - time.time()) < 60
    for place in (1, 2, 4):
        assert 399 * 86400 < shifted[place] - plain[place] < 401 * 86400
    assert shifted[3] != plain[3] == time.strftime("%Y-%m-%d", time.gmtime(plain[1]))


@pytest.mark.parametrize("depth", [300, 900])
async def test_a_deep_recursion_works(sandbox: Sandbox, depth: int):
    plain = f"def g(n): return 0 if n == 0 else 1 + g(n - 1)\ndef f(): return g({depth})"
    assert await run(sandbox, plain) == Returned(depth)
    through_c = "def g(n): return sorted([n], key=lambda x: g(x - 1) if x else 0)\ndef f(): return g(300)"
    assert await run(sandbox, through_c) == Returned([300])


async def test_a_result_may_be_nested_as_deep_as_json_here_goes(sandbox: Sandbox):
    assert isinstance(
        await run(sandbox, "def f():\n    x = 1\n    for _ in range(100): x = [x]\n    return x"), Returned
    )


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
    async with open_sandbox(sandbox_cache, workers=2) as sandbox:
        assert pids(sandbox) == []
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(run, sandbox, "def f(): return sum(range(10**6))")
        started = pids(sandbox)
        assert len(started) == 2

    assert not any(exists(pid) for pid in started)
    with pytest.raises(SandboxUnavailable, match="closed"):
        await run(sandbox, "def f(): return 1")


async def test_the_worker_has_no_environment_no_open_files_and_its_walls(sandbox: Sandbox):
    await sandbox.warm()
    (pid,) = pids(sandbox)
    folder = Path(f"/proc/{pid}")
    if not folder.exists():
        pytest.skip("needs /proc")

    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
    opened = [os.readlink(link) for link in (folder / "fd").iterdir()]

    assert (folder / "environ").read_bytes() in (b"", b"LC_CTYPE=C.UTF-8\0")
    assert not [name for name in opened if name.startswith("/") and name != "/dev/null" and not name.startswith("/memfd:")
                and not name.endswith(".cwasm")]  # fmt: skip
    assert status["NoNewPrivs"] == "1"
    assert ("seccomp" in sandbox.description) == (status["Seccomp"] == "2")
    for thread in (folder / "task").iterdir():
        assert "Seccomp:\t2" in (thread / "status").read_text() or "no seccomp" in sandbox.description


async def test_the_description_names_the_interpreter_that_answers(sandbox: Sandbox):
    await sandbox.warm()
    assert isinstance(sandbox, WasmSandbox)

    assert next(iter(sandbox.all)).about["python"] == GUEST_PYTHON == sandbox.python
    assert sandbox.description.startswith(f"wasm: CPython {GUEST_PYTHON} in wasmtime ")


async def test_arguments_that_are_no_json_are_the_callers_fault(sandbox: Sandbox):
    for bad in (float("nan"), "\ud800"):
        with pytest.raises(BadInput):
            await sandbox.run(Program("def f(x): return x", "f"), CallFunction({"x": bad}))


async def test_a_folder_that_others_can_write_is_refused(tmp_path: Path):
    tmp_path.chmod(0o777)
    async with open_sandbox(tmp_path) as sandbox:
        with pytest.raises(SandboxUnavailable, match="written by others"):
            await sandbox.warm()


async def test_a_checkout_without_the_interpreter_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox_module, "COMPONENT", tmp_path / "_sandbox.wasm")
    with pytest.raises(SandboxUnavailable, match=r"pip install -e \."):
        async with open_sandbox(tmp_path):
            pass


def test_of_two_that_start_at_once_one_compiles(tmp_path: Path):
    target, compilings, said = tmp_path / "sandbox-x.cwasm", [0], list[str]()
    (tmp_path / "left.partial").write_bytes(b"of a process that was killed")

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


NESTED = "[" * 100_000


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"{", b"[]", b"666", b"{}", b'{"returned": NaN}', b'{"returned": 1e999}', b'{"returned": "\\ud800"}',
        b'{"returned": 1, "raised": 2}', NESTED.encode(), b'{"returned": ' + b"[" * 150 + b"]" * 150 + b"}",
        b'{"raised": {"step": "elsewhere", "type": "T", "message": "", "lines": []}}',
        b'{"raised": {"step": "load", "type": "T", "message": "", "lines": [1]}}',
        b'{"not_json": {"step": 1, "what": "x"}}', b"\xff", b'{"returned": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_a_reply_of_no_known_shape_is_not_believed(reply: bytes):
    assert decode(Kind.REPLY, reply, Limits()) == Died("sent a malformed reply")


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
