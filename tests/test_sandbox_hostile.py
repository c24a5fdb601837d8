"""Made code that means harm: what it does comes out as an outcome, and nothing else comes out."""

import sys
import time

import anyio
import pytest
from sandboxed import WITH_OS, pids, run

from latm_mcp.allowed import ALLOWED_IMPORTS
from latm_mcp.outcomes import (
    AnswerQuestion,
    CallFunction,
    Died,
    Limits,
    OutOfMemory,
    OutputTooLarge,
    Program,
    Raised,
    RenderResult,
    Returned,
    TimedOut,
)
from latm_mcp.sandbox import Sandbox, WorkerSandbox
from latm_mcp.sandbox_frames import decode
from latm_mcp.sandbox_kinds import Kind

pytestmark = pytest.mark.anyio


async def test_what_an_exception_says_is_bounded_and_has_no_control_characters(sandbox: Sandbox):
    outcome = await run(sandbox, "def f(): raise type('T' * 9999, (Exception,), {})('\\x1b[1m\\u202e\\n' * 9999)")

    assert isinstance(outcome, Raised)
    assert len(outcome.message) <= 500
    assert len(outcome.type) <= 100
    assert outcome.message.isprintable()


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
        f"{WITH_OS}def f(): os.write(1, b'\\0\\0\\0\\x12G{{\"returned\": 666}}'); os._exit(0)",
    ],
)
async def test_code_that_ends_its_interpreter_forges_nothing_and_harms_no_later_call(sandbox: Sandbox, body: str):
    assert isinstance(await run(sandbox, body), Died)
    assert await run(sandbox, "def f(): return 1") == Returned(1)


async def test_byte_code_that_is_none_forges_nothing_and_harms_no_later_call(sandbox: Sandbox):
    # What it runs into is whatever stands in memory there: it ends the interpreter, or comes to an unknown instruction.
    body = "def f(): exec(f.__code__.replace(co_code=b'\\x64\\xff' * 100))"
    assert isinstance(await run(sandbox, body), Died | Raised | TimedOut)
    assert await run(sandbox, "def f(): return 1") == Returned(1)


async def test_what_is_printed_goes_nowhere(sandbox: Sandbox):
    body = "def f():\n    print('\\0\\0\\0\\x12G{\"returned\": 666}')\n    return 1"

    assert await run(sandbox, body) == Returned(1)
    assert await run(sandbox, "def f(): return 2") == Returned(2)


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
    assert decode(Kind.REPLY, reply, CallFunction({}), Limits()) == Died("sent a malformed reply")


OVER_DUMPS = f"{WITH_OS}app = import_('sys').modules['latm_mcp.sandbox_guest.app']\n"


@pytest.mark.parametrize(
    "value",
    [
        "1", "null", "[]", "{}", '{"answer": "a"}', '{"arguments": {}, "result": 1, "answer": 2}', '"a"',
        '{"arguments": {}, "result": 1, "answer": null}', '{"arguments": [], "result": 1, "answer": "a"}',
        '{"arguments": {}, "answer": "a"}', '{"arguments": {}, "result": 1, "answer": "a", "more": 1}',
    ],
)  # fmt: skip
async def test_code_that_speaks_in_the_guests_place_cannot_return_what_was_not_asked_for(sandbox: Sandbox, value: str):
    body = f"{OVER_DUMPS}app.dumps = lambda *args, **options: '{{\"returned\": {value}}}'\n"
    program = Program(body + "def f(): return 1\ndef parse(q): return q[1]\ndef render(r, q): return r[1]", "f")

    assert await sandbox.run(program, AnswerQuestion("q")) == Died("sent a malformed reply")
    rendered = await sandbox.run(program, RenderResult(1, "q"))
    assert rendered == (Returned("a") if value == '"a"' else Died("sent a malformed reply"))


@pytest.mark.parametrize(
    "body",
    [
        "import queue\ndef f(): return queue.Queue().get()",
        "import queue\ndef f(): return queue.Queue().get(timeout=60)",
        f"{WITH_OS}def f(): import_('select').select([], [], [], 60)",
    ],
)
async def test_waiting_for_what_never_comes_ends_in_time(sandbox: Sandbox, body: str):
    with anyio.fail_after(8):
        assert isinstance(await run(sandbox, body, 0.3), TimedOut | Died)
    assert await run(sandbox, "def f(): return 1") == Returned(1)


READY = """
import os, struct
send = lambda data: os.write(1, struct.pack("!I", len(data)) + data)
send(b'R{"python": "3", "walls": []}')
os.read(0, 1 << 16)
"""


@pytest.mark.parametrize(
    "answer",
    [
        "os.write(1, b'\\xff\\xff\\xff\\xff' + b'x' * 100)",
        "os.write(1, b'\\0\\0\\0\\0')",
        "send(b'R{}')",
        "send(b'?')",
        "send(b'G')",
    ],
)
async def test_a_worker_that_is_taken_over_can_only_give_a_malformed_reply(answer: str):
    worker = [sys.executable, "-c", f"{READY}{answer}\nos.read(0, 1)"]
    sandbox = WorkerSandbox("wasm", worker, 1, lambda _: None)
    try:
        with anyio.fail_after(5):
            assert await run(sandbox, "def f(): return 1") == Died("sent a malformed reply")
    finally:
        await sandbox.close()
