"""What the sandbox's test files share."""

import os
from typing import Any

from latm_mcp.outcomes import CallFunction, Limits, Outcome, Program
from latm_mcp.sandbox import Sandbox, WasmSandbox

# Past the list of imports, to what the interpreter's own modules hold: the wall has to be elsewhere.
WITH_OS = "import random\nos = random._os\nimport_ = os.__builtins__['__import__']\n"


def pids(sandbox: Sandbox) -> list[int]:
    assert isinstance(sandbox, WasmSandbox)
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
