"""The worker process: one wasm interpreter, one call at a time, framed JSON on stdin and stdout, no way out.

In: `<u32 length><header JSON>\\n<the guest's request JSON>`. Out: `<u32 length><kind><payload>`, kinds in `Kind`.
It starts with no environment and ends when its stdin does. What it imports is kept small: it is memory in every worker.
"""

import json
import os
import struct
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from wasmtime import WasmtimeError

from latm_mcp.sandbox_compiled import Unusable, check_private, compile_once, compiled_path, make_folder
from latm_mcp.sandbox_kinds import SLACK, Kind
from latm_mcp.sandbox_wall import die_with_parent, no_files, no_system_calls
from latm_mcp.sandbox_wasm import THREAD_STACK, Instance, Interpreter, machine_code


def main() -> NoReturn:
    """Start, say that it is ready, answer requests. argv: [component file, cache folder]."""
    die_with_parent()
    try:
        interpreter = load(Path(sys.argv[1]), Path(sys.argv[2]))
    except (Unusable, OSError) as why:
        send(Kind.UNUSABLE, str(why))
        os._exit(1)
    walls = [no_files()]  # before any other thread is there: a thread has the walls of the one that started it
    interpreter.watch()
    threading.stack_size(THREAD_STACK)
    thread = threading.Thread(target=lambda: Worker(interpreter, walls).serve())
    thread.start()
    thread.join()
    os._exit(0)


def load(component: Path, folder: Path) -> Interpreter:
    """The component's interpreter, compiled first if need be. Raises: Unusable, OSError."""
    make_folder(folder)
    compiled = compiled_path(component, folder)
    if not compiled.exists():
        compile_once(compiled, lambda: machine_code(component), lambda text: send(Kind.PROGRESS, text))
        if os.name == "posix":  # elsewhere that makes another process, which nobody would know of
            # Compiling leaves threads and memory behind that a worker should not have: begin again.
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very program
    check_private(compiled)
    try:
        interpreter = Interpreter(compiled)
    except WasmtimeError as why:
        compiled.unlink(missing_ok=True)
        raise Unusable(
            f"the compiled sandbox could not be loaded and was removed: try again ({str(why)[:200]})"
        ) from why
    os.utime(compiled)  # says that it is in use
    return interpreter


class Worker:
    """Answers requests; holds one spare instance ahead, and the one that a batch shares."""

    def __init__(self, interpreter: Interpreter, walls: list[str]):
        self.interpreter = interpreter
        self.spare: Instance | None = interpreter.prepare()
        self.shared: tuple[int, Instance] | None = None
        about = json.loads(self.spare.run('{"op": "about"}', 10, 256))
        interpreter.prepare(clock_offset=1).close()  # whatever that sets up must be there before the wall
        send(Kind.READY, json.dumps({"python": about["python"], "walls": [*walls, no_system_calls()]}))

    def serve(self) -> None:
        """Answer one request after the other until stdin ends."""
        while True:
            if self.spare is None:
                self.spare = self.interpreter.prepare()
            (length,) = struct.unpack("!I", read(4))
            header, _, request = read(length).partition(b"\n")
            self.run(json.loads(header), request.decode())

    def run(self, header: dict[str, Any], request: str) -> None:
        """Answer one request from the instance that it is due; one that did not end well is not used again."""
        instance = self.instance(header["batch"], header["clock_offset"])
        self.interpreter.clock_offset = header["clock_offset"]  # a spare that was prepared meanwhile set it back
        try:
            reply = instance.run(request, header["seconds"], header["memory_mib"])
        except WasmtimeError as why:
            send(*ended(why))
            self.drop(instance)
            return
        too_large = len(reply) > header["output_bytes"] + SLACK
        send(*((Kind.TOO_LARGE, "") if too_large else (Kind.REPLY, reply)))
        if not header["batch"] or reply.startswith('{"memory"'):
            self.drop(instance)  # after the answer has gone: it takes a while

    def instance(self, batch: int, clock_offset: int) -> Instance:
        """A fresh instance, or the one that this batch already has."""
        if self.shared and self.shared[0] == batch:
            return self.shared[1]
        if self.shared:
            self.drop(self.shared[1])
        if clock_offset:
            instance = self.interpreter.prepare(clock_offset)
        else:
            instance, self.spare = self.spare or self.interpreter.prepare(), None
        if batch:
            self.shared = (batch, instance)
        return instance

    def drop(self, instance: Instance) -> None:
        """Give an instance's memory back."""
        if self.shared and self.shared[1] is instance:
            self.shared = None
        instance.close()


def ended(why: WasmtimeError) -> tuple[Kind, str]:
    """What a call came to that the engine ended."""
    text = str(why)
    if "wasm trap: interrupt" in text:
        return Kind.TIMED_OUT, ""
    return Kind.DIED, text.strip().splitlines()[-1].strip()[:200] if text.strip() else "it was stopped"


def read(length: int) -> bytes:
    """Exactly so many bytes from stdin; the end of stdin is the end of the worker."""
    parts = bytearray()
    while len(parts) < length:
        part = os.read(0, min(length - len(parts), 1 << 20))
        if not part:
            os._exit(0)
        parts += part
    return bytes(parts)


def send(kind: Kind, payload: str) -> None:
    """Write one frame to stdout."""
    data = kind.value + payload.encode("utf-8", "replace")
    rest = memoryview(struct.pack("!I", len(data)) + data)
    while rest:
        rest = rest[os.write(1, rest) :]
