"""The component's one export: run a request against made code and say what came of it.

Request: {"op": "call" | "answer" | "render", "source", "function", "seed", "output_bytes"} and, by op, "arguments",
"question", or "result" and "question". Reply, one of: {"returned": value}, {"raised": {"step", "type", "message",
"lines"}}, {"not_json": {"step", "what"}}, {"memory": true}, {"too_large": true}. {"op": "about"} gives the version.
"""

import platform
from collections.abc import Callable
from json import dumps, loads
from types import CodeType, TracebackType
from typing import Any

from latm_mcp.sandbox_guest.fence import fresh_namespace, preload
from latm_mcp.sandbox_guest.plain import NotPlain, TooLarge, plain

FILE = "<tool>"
MOST_LINES = 8
compiled: dict[str, CodeType] = {}  # lives as long as the instance, so only a batch profits


class Stop(Exception):
    """The run has come to an end that is no value; `reply` says which."""

    def __init__(self, reply: dict[str, Any]):
        super().__init__()
        self.reply = reply


class WitWorld:
    """The world `sandbox` of wit/world.wit."""

    def run(self, request: str) -> str:
        """Answer one request; never raises on account of made code."""
        asked = loads(request)
        if asked["op"] == "about":
            return dumps({"python": platform.python_version()})
        try:
            reply = dumps({"returned": Run(asked).value()}, ensure_ascii=False, allow_nan=False)
        except Stop as stop:
            return dumps(stop.reply)
        except TooLarge:
            return '{"too_large": true}'
        except MemoryError:
            return '{"memory": true}'
        too_large = len(reply) > asked["output_bytes"] or len(reply.encode()) > asked["output_bytes"] + 14
        return '{"too_large": true}' if too_large else reply


class Run:
    """One request against a fresh namespace."""

    def __init__(self, asked: dict[str, Any]):
        self.asked, self.source = asked, asked["source"]
        self.namespace = fresh_namespace(asked["seed"])

    def value(self) -> Any:
        """What the request comes to. Raises: Stop, TooLarge, MemoryError."""
        self.attempt("load", self.load)
        asked, function = self.asked, self.asked["function"]
        if asked["op"] == "call":
            return self.step("function", function, kwargs=asked["arguments"])
        if asked["op"] == "render":
            return self.rendered(asked["result"])
        arguments = self.step("parse", "parse", asked["question"])
        if not isinstance(arguments, dict):
            raise Stop(not_json("parse", f"{type(arguments).__name__} where a dict of arguments is due"))
        # Copied again before each use, so that what the code does to its arguments shows nowhere else.
        result = self.step("function", function, kwargs=loads(dumps(arguments)))
        return {"arguments": arguments, "result": result, "answer": self.rendered(loads(dumps(result)))}

    def load(self) -> None:
        """Execute the source and look that it defines what will be called."""
        code = compiled.get(self.source)
        if code is None:
            code = compiled[self.source] = compile(self.source, FILE, "exec", dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102 - running made code is what this component is for
        needs = {
            "call": [self.asked["function"]],
            "render": ["render"],
            "answer": ["parse", self.asked["function"], "render"],
        }
        for name in needs[self.asked["op"]]:
            if not callable(self.namespace.get(name)):
                raise NameError(f"the code defines no function {name!r}")

    def rendered(self, result: Any) -> str:
        """The answer's text. Raises: Stop if `render` gives anything but a str."""
        answer = self.step("render", "render", result, self.asked["question"])
        if not isinstance(answer, str):
            raise Stop(not_json("render", f"{type(answer).__name__} where a str is due"))
        return answer

    def step(self, step: str, name: str, *args: Any, kwargs: dict[str, Any] | None = None) -> Any:
        """Call one of the code's functions and copy what it returns as plain JSON."""
        value = self.attempt(step, lambda: self.namespace[name](*args, **(kwargs or {})))
        try:
            return plain(value, self.asked["output_bytes"])
        except NotPlain as why:
            raise Stop(not_json(step, str(why))) from None

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
        try:
            message = str(error)[:2000]
        except BaseException:  # noqa: BLE001 - the exception class is made code too
            message = ""
        return {"type": type(error).__name__[:100], "message": message, "lines": self.lines(error)}

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


def not_json(step: str, what: str) -> dict[str, Any]:
    """The reply for a value that is no JSON."""
    return {"not_json": {"step": step, "what": what}}


preload()  # at build time: what is imported now is all that there will ever be to import
