"""A `Sandbox` without walls: what a probe that can fail must tell from a real one."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from latm_mcp.outcomes import CallFunction, Died, Limits, Outcome, Program, Raised, Request, Returned, World
from latm_mcp.sandbox import DEFAULT_LIMITS, DEFAULT_WORLD

# One process for all calls; whatever line of JSON comes first is the answer; no limit of anything.
WORKER = """
import json, sys
sys.setrecursionlimit(10 ** 6)
for line in sys.stdin:
    source, function, arguments = json.loads(line)
    try:
        namespace = {}
        exec(source, namespace)
        answer = {"returned": namespace[function](**arguments)}
    except Exception as error:
        answer = {"raised": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
"""


class WeakSandbox:
    """Plain `exec` in a process of its own."""

    description, python = "weak: nothing stands around it", sys.version.split()[0]

    def __init__(self) -> None:
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )

    async def run(
        self, program: Program, request: Request, *, limits: Limits = DEFAULT_LIMITS, world: World = DEFAULT_WORLD
    ) -> Outcome:
        assert isinstance(request, CallFunction)
        line = self.ask(json.dumps([program.source, program.function, request.arguments]))
        if line is None:
            self.close()
            self.process = self.start()
            return Died("it ended")
        answer = json.loads(line)
        if "raised" in answer:
            return Raised("function", "Exception", answer["raised"])
        return Returned(answer["returned"])

    def ask(self, asked: str) -> str | None:
        """The first line of JSON that comes, whoever wrote it; None where the process has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(asked + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        return next((line for line in self.process.stdout if line.startswith("{")), None)

    async def run_batch(
        self,
        program: Program,
        requests: Sequence[Request],
        *,
        limits: Limits = DEFAULT_LIMITS,
        world: World = DEFAULT_WORLD,
    ) -> list[Outcome]:
        return [await self.run(program, request) for request in requests]

    async def warm(self) -> None:
        """There is nothing to be ready for."""

    def close(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        self.process.wait()


@contextmanager
def weak_sandbox(kind: type[WeakSandbox] = WeakSandbox) -> Iterator[WeakSandbox]:
    sandbox = kind()
    try:
        yield sandbox
    finally:
        sandbox.close()
