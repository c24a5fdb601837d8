"""Which sandbox the tests run on, by LATM_TEST_SANDBOX (wasm or native), and what the sandbox's test files share."""

import os
from pathlib import Path
from typing import Any

import pytest

from latm_mcp.outcomes import CallFunction, Limits, Outcome, Program, SandboxKind
from latm_mcp.sandbox import Sandbox
from latm_mcp.settings import Settings, read_settings

# Read as a person's LATM_SANDBOX is, so that a wrong word ends the tests instead of testing something else.
KIND: SandboxKind = read_settings({"LATM_SANDBOX": os.environ.get("LATM_TEST_SANDBOX", "")}).sandbox
CHOSEN = {"LATM_TEST_SANDBOX": KIND}  # the environment of a child process that uses `settings_at`
wasm_alone = pytest.mark.skipif(KIND != "wasm", reason="about what the wasm sandbox alone has: compiled code")

# Past the list of imports, to what the interpreter's own modules hold: the wall has to be elsewhere.
WITH_OS = "import random\nos = random._os\nimport_ = os.__builtins__['__import__']\n"


def settings_at(home: Path, cache: Path, **more: Any) -> Settings:
    """Settings of the sandbox that the tests run on."""
    return Settings(home=home, cache=cache, sandbox=KIND, **more)


def pids(sandbox: Sandbox) -> list[int]:
    assert hasattr(sandbox, "all")
    return [worker.process.pid for worker in sandbox.all]


async def run(sandbox: Sandbox, body: str, seconds: float = 5.0, **limits: Any) -> Outcome:
    """Call `f()` of this source."""
    return await sandbox.run(Program(body, "f"), CallFunction({}), limits=Limits(seconds=seconds, **limits))


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
