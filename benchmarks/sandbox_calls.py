"""The sandbox's own part of a call: `Sandbox.run` in process, with fresh state kept, against a plain CPython.

    python benchmarks/sandbox_calls.py [--sandbox wasm|native] [--calls 300] [--gap 0.02]

Without --sandbox, each kind that this machine offers, with 2 workers, as a server has. In turn, A B A B, in one run; p50
and p95 of a call in milliseconds, and the ratio of its p50 to the plain CPython's.

    plain            a child process with no wall and no fresh interpreter: the source is compiled and executed for each call
    one tool         a trivial tool, called again and again (goal: p50 under 1 ms, spaced and back to back)
    rota of 10       ten trivial tools in turn: no instance has seen the tool that comes next
    order_five...    a tool of the starter library with some dozen regular expressions answers its examples' questions
    loop, 7! orders  pure computation (goal: native within 1.1 times the plain CPython)
    1 MB of JSON     rows of numbers and text, in and out
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import anyio
from made_tools import ECHO, INCREMENT, LOOP, ROUND, starter
from measured import KINDS, Call, interleaved, open_offered, print_row, print_times
from plain_python import PlainPython, open_plain

from latm_mcp.outcomes import AnswerQuestion, CallFunction, Program, Request, Returned, SandboxKind
from latm_mcp.sandbox import Sandbox

PLAIN = "plain"
MEGABYTE = 10**6

Job = Callable[[int], tuple[Program, Request]]  # the program and request of the call of this number


def in_sandbox(sandbox: Sandbox, job: Job) -> Call:
    """A call in a sandbox."""

    async def call(number: int) -> None:
        got = await sandbox.run(*job(number))
        assert isinstance(got, Returned), got

    return call


def in_plain(plain: PlainPython, job: Job) -> Call:
    """The same call in the plain interpreter."""

    async def call(number: int) -> None:
        program, request = job(number)
        part = {"arguments": request.arguments} if isinstance(request, CallFunction) else {"question": request.question}
        await plain.run({"source": program.source, "function": program.function, **part})

    return call


def trivial(tools: int) -> Job:
    """So many trivial tools in turn."""
    programs = [Program(f"{INCREMENT}\n\nNUMBER = {n}\n", "increment") for n in range(tools)]
    return lambda number: (programs[number % tools], CallFunction({"x": number}))


def answering(name: str) -> Job:
    """A tool of the starter library answers questions."""
    program, questions = starter(name)
    return lambda number: (program, AnswerQuestion(questions[number % len(questions)]))


def computing(source: str, function: str, **arguments: object) -> Job:
    """The same call each time."""
    program, request = Program(source, function), CallFunction(arguments)
    return lambda number: (program, request)


def megabyte() -> list[dict[str, object]]:
    """Rows that are just under a megabyte of JSON."""
    rows: list[dict[str, object]] = []
    size = 2
    while True:
        row = {"number": len(rows), "name": f"the {len(rows)}th of many", "words": "some text of a row " * 3}
        size += len(json.dumps(row)) + 2
        if size > MEGABYTE:
            return rows
        rows.append(row)


async def compare(title: str, callers: Mapping[str, Call], calls: int, gap: float, block: int = 50) -> None:
    """Print one measurement."""
    print_times(await interleaved(callers, calls, gap, block), title, PLAIN)


async def measure(kinds: Sequence[SandboxKind], calls: int, gap: float) -> None:
    """Print the table."""
    spaced = f"spaced {gap * 1e3:g} ms"
    small = {
        "one tool": trivial(1),
        "rota of 10": trivial(10),
        "order_five_objects": answering("order_five_objects"),
    }
    places = [[(a * 7 + b * 13) % 29 + 1 for b in range(7)] for a in range(7)]
    large = {
        "a loop of 10^6": computing(LOOP, "loop", times=10**6),
        "a search over 7! orders": computing(ROUND, "shortest_round", distances=places),
        "1 MB of JSON, in and out": computing(ECHO, "echo", rows=megabyte()),
    }
    async with AsyncExitStack() as stack:
        sandboxes = await open_offered(stack, kinds)
        plain = stack.enter_context(open_plain())
        print_row("the sandbox's own part", "", "calls", "p50 ms", "p95 ms", "ratio")
        for title, job in (small | large).items():
            callers = {PLAIN: in_plain(plain, job)} | {kind: in_sandbox(box, job) for kind, box in sandboxes.items()}
            if title in small:
                await compare(f"{title}, {spaced}", callers, calls, gap)
                await compare(f"{title}, back to back", callers, calls, 0)
            else:  # they take long: one after the other, so that a busy moment of the machine meets both
                await compare(title, callers, calls, 0, block=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sandbox", choices=KINDS)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--gap", type=float, default=0.02)
    options = parser.parse_args()
    anyio.run(measure, [options.sandbox] if options.sandbox else KINDS, options.calls, options.gap)


if __name__ == "__main__":
    main()
