"""The yardstick of made code: the same requests in a plain CPython, this one, over pipes. No wall and no fresh interpreter.

As a module it gives `PlainPython`, which has a sandbox's `run`; as a script it is that child process.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class NotThisTask(Exception):
    """What `parse` raises for a question that is not of its task."""


def answered(asked: dict[str, Any]) -> object:
    """What a request comes to, in a new module and with no regular expression compiled before."""
    re.purge()
    namespace: dict[str, Any] = {"NotThisTask": NotThisTask, "__name__": "tool"}
    exec(compile(asked["source"], "<tool>", "exec"), namespace)
    function = namespace[asked["function"]]
    if "question" not in asked:
        return function(**asked["arguments"])
    arguments = namespace["parse"](asked["question"])
    result = function(**json.loads(json.dumps(arguments)))
    return {"arguments": arguments, "result": result, "answer": namespace["render"](result, asked["question"])}


class PlainPython:
    """A child process that answers requests one after the other."""

    def __init__(self, process: "subprocess.Popen[bytes]"):
        self.process = process

    async def run(self, asked: dict[str, Any]) -> object:
        """Source, function, and arguments or question; the value that the code returned."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked, ensure_ascii=False).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def open_plain() -> Iterator[PlainPython]:
    """A plain interpreter until the end."""
    command = [sys.executable, "-I", "-S", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield PlainPython(process)
        assert process.stdin is not None
        process.stdin.close()


if __name__ == "__main__":
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(answered(json.loads(line)), ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()
