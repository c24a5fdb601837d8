"""What answers requests inside the sandbox: load made code, call it, and say what came of it. The same in every sandbox.

Two kinds of request, as JSON. {"op": "load", "source", "function", "seed", "recursion"} executes the source in a fresh
namespace, once for each of the others: {"op": "call" | "answer" | "render", "output_bytes"} and, by op, "arguments",
"question", or "result" and "question". {"op": "about"} gives the version. Reply, one of: {"loaded": true}, {"returned":
value}, {"raised": {"step", "type", "message", "lines"}}, {"not_json": {"step", "what"}}, {"memory": true}, {"too_large": true}.
"""

import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from types import CodeType, TracebackType
from typing import Any

from latm_mcp.sandbox_guest import LOADED
from latm_mcp.sandbox_guest.fence import fresh_namespace, preload
from latm_mcp.sandbox_guest.plain import NotPlain, TooLarge, dumps, loads, plain

FILE = "<tool>"
MOST_LINES = 8
compiled: dict[str, CodeType] = {}  # lives as long as the interpreter, so only a batch profits
NEEDS = {"call": ("",), "render": ("render",), "answer": ("parse", "", "render")}  # "": the tool's own function


class Stop(Exception):
    """The run has come to an end that is no value; `reply` says which."""

    def __init__(self, reply: dict[str, Any]):
        super().__init__()
        self.reply = reply


class WitWorld:
    """The world `sandbox` of wit/world.wit."""

    tool: "Tool | None" = None

    def run(self, request: str) -> str:
        """Answer one request; never raises on account of made code."""
        asked = loads(request)
        if asked["op"] == "about":
            return dumps({"python": platform.python_version()})
        try:
            reply = self.reply(asked)
        except Stop as stop:
            return dumps(stop.reply)
        except TooLarge:
            return '{"too_large": true}'
        except MemoryError:
            return '{"memory": true}'
        most = asked.get("output_bytes", len(LOADED))
        return '{"too_large": true}' if len(reply) > most + 14 or len(reply.encode()) > most + 14 else reply

    def reply(self, asked: dict[str, Any]) -> str:
        """LOADED, or what was returned. Raises: Stop, TooLarge, MemoryError."""
        if asked["op"] == "load":
            sys.setrecursionlimit(asked["recursion"])
            self.tool = Tool(asked)
            return LOADED
        tool, self.tool = self.tool, None
        assert tool is not None, "nothing is loaded"
        return dumps({"returned": Call(tool, asked).value()})


class Tool:
    """Made code, executed in a namespace of its own, for one call."""

    def __init__(self, asked: dict[str, Any]):
        self.source, self.function = asked["source"], asked["function"]
        self.namespace = fresh_namespace(asked["seed"])
        self.attempt("load", self.load)

    def load(self) -> None:
        """Execute the source."""
        code = compiled.get(self.source)
        if code is None:
            code = compiled[self.source] = compile(self.source, FILE, "exec", dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102 - running made code is what this is for

    def check(self, op: str) -> None:
        """Look that the source defined what will be called."""
        for name in NEEDS[op]:
            if not callable(self.namespace.get(name or self.function)):
                raise NameError(f"the code defines no function {name or self.function!r}")

    def attempt(self, step: str, action: Callable[[], Any]) -> Any:
        """Run made code; whatever it raises becomes Stop, except MemoryError."""
        try:
            return action()
        except MemoryError:
            raise
        except BaseException as error:  # noqa: BLE001 - made code raises what it likes, SystemExit included
            raise Stop({"raised": {"step": step, **self.told(error)}}) from None

    def told(self, error: BaseException) -> dict[str, Any]:
        """The exception's type, message and place in the code; its own methods may fail or lie."""
        message, lines = "", list[str]()
        with suppress(BaseException):  # the exception class is made code too
            message = str.__str__(str(error))[:2000]
        with suppress(BaseException):
            lines = self.lines(error)
        name = type.__dict__["__name__"].__get__(type(error))  # past what a metaclass may say
        return {"type": str.__str__(name)[:100], "message": message, "lines": lines}

    def lines(self, error: BaseException) -> list[str]:
        """`line N: text` for the last of the code's own lines that the exception went through."""
        text = self.source.splitlines()
        numbers = [error.lineno or 0] if isinstance(error, SyntaxError) and error.filename == FILE else []
        trace: TracebackType | None = error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == FILE:
                numbers.append(trace.tb_lineno)
            trace = trace.tb_next
        return [f"line {n}: {text[n - 1].strip()[:200]}" for n in numbers[-MOST_LINES:] if 0 < n <= len(text)]


class Call:
    """One request put to a loaded tool."""

    def __init__(self, tool: Tool, asked: dict[str, Any]):
        self.tool, self.asked = tool, asked

    def value(self) -> Any:
        """What the request comes to. Raises: Stop, TooLarge, MemoryError."""
        asked, function = self.asked, self.tool.function
        self.tool.attempt("load", lambda: self.tool.check(asked["op"]))
        if asked["op"] == "call":
            return self.step("function", function, kwargs=asked["arguments"])
        if asked["op"] == "render":
            return self.rendered(asked["result"])
        arguments = self.step("parse", "parse", asked["question"])
        if not isinstance(arguments, dict):
            raise Stop(not_json("parse", f"{type(arguments).__name__} where a dict of arguments is due"))
        # Copied again before each use, so that what the code does to its arguments shows nowhere else.
        result = self.step("function", function, kwargs=self.copy(arguments))
        return {"arguments": arguments, "result": result, "answer": self.rendered(self.copy(result))}

    def rendered(self, result: Any) -> str:
        """The answer's text. Raises: Stop if `render` gives anything but a str."""
        answer = self.step("render", "render", result, self.asked["question"])
        if not isinstance(answer, str):
            raise Stop(not_json("render", f"{type(answer).__name__} where a str is due"))
        return answer

    def step(self, step: str, name: str, *args: Any, kwargs: dict[str, Any] | None = None) -> Any:
        """Call one of the code's functions and copy what it returns as plain JSON."""
        value = self.tool.attempt(step, lambda: self.tool.namespace[name](*args, **(kwargs or {})))
        try:
            return plain(value, self.asked["output_bytes"])
        except NotPlain as why:
            raise Stop(not_json(step, str(why))) from None

    def copy(self, value: Any) -> Any:
        """Another copy of a plain value."""
        return plain(value, self.asked["output_bytes"])


def not_json(step: str, what: str) -> dict[str, Any]:
    """The reply for a value that is no JSON."""
    return {"not_json": {"step": step, "what": what}}


preload()  # at build time: what is imported now is all that there will ever be to import
