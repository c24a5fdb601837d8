"""What the sandbox promises to code that means well."""

import time
from typing import Any

import pytest
from sandboxed import run

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import (
    AnswerQuestion,
    CallFunction,
    NotJsonable,
    Program,
    Raised,
    RenderResult,
    Returned,
    World,
    refused,
)
from latm_mcp.sandbox import Sandbox

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


async def test_modules_that_import_late_work(sandbox: Sandbox):
    body = (
        "from __future__ import annotations\nimport copy, dataclasses, datetime, re, time\n"
        "@dataclasses.dataclass\nclass P:\n    day: datetime.date\n    tags: list[str]\n"
        "def f():\n    p = copy.deepcopy(P(datetime.datetime.strptime('3 Feb 2020', '%d %b %Y').date(), ['a']))\n"
        "    year = time.strptime('2021', '%Y').tm_year\n"
        "    return [f'{p.day:%A}', dataclasses.asdict(p)['tags'], 'ü'.encode('idna').decode(), year, re.sub('(?i)A', 'b', 'aA')]\n"
    )
    assert await run(sandbox, body) == Returned(["Monday", ["a"], "xn--tda", 2021, "bb"])


async def test_a_call_sees_nothing_of_the_one_before(sandbox: Sandbox):
    patching = "import math, json\ndef f():\n    math.pi = 3\n    json.dumps = json.loads = None\n    return math.pi"

    assert await run(sandbox, patching) == Returned(3)
    assert await run(sandbox, "import math\ndef f(): return math.pi > 3.1") == Returned(True)


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


async def test_arguments_that_are_no_json_are_the_callers_fault(sandbox: Sandbox):
    for bad in (float("nan"), "\ud800"):
        with pytest.raises(BadInput):
            await sandbox.run(Program("def f(x): return x", "f"), CallFunction({"x": bad}))


async def test_the_worlds_time_zones_are_there(sandbox: Sandbox):
    body = (
        "import datetime, zoneinfo\n"
        "def f():\n    noon = datetime.datetime(2020, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))\n"
        "    tokyo = noon.astimezone(zoneinfo.ZoneInfo('Asia/Tokyo'))\n"
        "    return [tokyo.isoformat(), 'America/Lima' in zoneinfo.available_timezones()]"
    )
    assert await run(sandbox, body) == Returned(["2020-07-01T19:00:00+09:00", True])
    unknown = await run(sandbox, "import zoneinfo\ndef f(): return zoneinfo.ZoneInfo('Mars/Olympus')")
    assert isinstance(unknown, Raised)
    assert unknown.type == "ZoneInfoNotFoundError"
