"""The interpreter itself: wasmtime instances of the component, each stopped at its time and held to its memory.

Imported by the worker process alone.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import wasmtime
from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError, _ffi
from wasmtime.component import Component, Func, Linker

from latm_mcp.sandbox_clocks import Watchdog
from latm_mcp.sandbox_compiled import Unusable, check_private, compile_once, compiled_path, make_folder
from latm_mcp.sandbox_guest import LOADED
from latm_mcp.sandbox_kinds import PROCESSOR, Kind
from latm_mcp.sandbox_rooms import TOUCH, Bounds
from latm_mcp.sandbox_wall import NoWall, no_files, no_system_calls

# The default kills an innocent recursion of depth 300; with 8 and 16 MiB some endless ones (json, repr, deepcopy) end the
# interpreter before Python's own check raises RecursionError. Pages of a stack cost nothing until they are used.
WASM_STACK = 32 << 20
THREAD_STACK = 2 * WASM_STACK  # of the thread that runs on it
NEVER = 1 << 40  # epochs; the epoch only moves when a call is to be stopped
PREPARING_MIB = 256
# What WASI would give and made code does not get; the streams would start a thread in the worker, which its wall forbids.
DENIED = (
    ("wasi:sockets/tcp-create-socket", "create-tcp-socket"),
    ("wasi:sockets/udp-create-socket", "create-udp-socket"),
    ("wasi:sockets/instance-network", "instance-network"),
    ("wasi:cli/stdin", "get-stdin"),
    ("wasi:cli/stdout", "get-stdout"),
    ("wasi:cli/stderr", "get-stderr"),
)


def engine() -> Engine:
    """An engine whose code can be interrupted and recurse deeply."""
    config = Config()
    config.epoch_interruption = True
    # Not in the Python API: it must exceed max_wasm_stack, or the engine is refused.
    _ffi.wasmtime_config_async_stack_size_set(config.ptr(), WASM_STACK + (1 << 20))
    config.max_wasm_stack = WASM_STACK
    return Engine(config)


def machine_code(component: Path) -> bytes:
    """Compile the component: about 13 seconds of processor time."""
    return bytes(Component.from_file(engine(), component).serialize())


class Instance:
    """The `Room` of one wasm instance."""

    def __init__(self, store: Store, function: Func, interpreter: "Interpreter", clock_offset: int):
        self.store, self.function, self.interpreter, self.clock_offset = store, function, interpreter, clock_offset

    def run(self, requests: list[str], bounds: Bounds) -> tuple[Kind, str]:
        """The guest's last reply, or what the engine made of the call."""
        self.store.set_limits(memory_size=bounds.memory_mib << 20)
        self.store.set_epoch_deadline(1)
        self.interpreter.clock_offset = self.clock_offset
        watchdog, reply = self.interpreter.watchdog, ""
        watchdog.arm(bounds.seconds, bounds.cpu_seconds)
        try:
            for request in requests:
                reply = str(self.function(self.store, request))
                if reply != LOADED:
                    break
        except WasmtimeError as why:
            return ended(why, watchdog.by_processor)
        finally:
            watchdog.disarm()
        return (
            (Kind.REPLY, reply) if len(reply.encode("utf-8", "replace")) <= bounds.reply_bytes else (Kind.TOO_LARGE, "")
        )

    def close(self) -> None:
        """Give its memory back."""
        self.store.close()


def ended(why: WasmtimeError, by_processor: bool) -> tuple[Kind, str]:
    """What a call came to that the engine ended."""
    text = str(why)
    if "wasm trap: interrupt" in text:
        return Kind.TIMED_OUT, PROCESSOR.decode() if by_processor else ""
    return Kind.DIED, text.strip().splitlines()[-1].strip()[:200] if text.strip() else "it was stopped"


def load(component: Path, folder: Path, progress: Callable[[str], None]) -> "Interpreter":
    """The component's interpreter, compiled first if need be. Raises: Unusable, OSError."""
    make_folder(folder)
    compiled = compiled_path(component, folder)
    if not compiled.exists():
        compile_once(compiled, lambda: machine_code(component), progress)
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


class Interpreter:
    """The `House` of wasm: the loaded component, from which instances are made."""

    def __init__(self, compiled: Path):
        self.wasm = engine()
        self.component = Component.deserialize_file(self.wasm, str(compiled))
        self.clock_offset = 0
        names = list(self.component.type.imports(self.wasm))
        self.wasi = next(name for name in names if name.startswith("wasi:clocks/wall-clock@")).split("@")[1]
        self.plain, self.shifted = self.linker(shift=False), self.linker(shift=True)

    def host(self, serve: Callable[[], None]) -> None:
        """Serve on a thread with a stack that deep recursion fits on."""
        # Before any other thread is there: a thread has the walls of the one that started it.
        self.walls = [self.wall(no_files)]
        self.watchdog = Watchdog(self.wasm.increment_epoch)
        threading.stack_size(THREAD_STACK)
        failed: list[Exception] = []

        def body() -> None:
            try:
                serve()
            except (Unusable, OSError) as why:
                failed.append(why)

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]

    def close_walls(self) -> list[str]:
        """Deny system calls too. What is missing is said, not refused: the component itself holds the code."""
        self.prepare(clock_offset=1).close()  # whatever that sets up must be there before the wall
        return [*self.walls, self.wall(no_system_calls)]

    @staticmethod
    def wall(close: Callable[[], str]) -> str:
        """The wall's name, or that there is none and why."""
        try:
            return close()
        except NoWall as why:
            return str(why)

    def linker(self, *, shift: bool) -> Linker:
        """WASI without sockets and streams; with shift, a wall clock that is `clock_offset` seconds off."""
        linker = Linker(self.wasm)
        linker.allow_shadowing = True
        linker.add_wasip2()
        functions: list[tuple[str, str, Callable[..., Any]]] = [
            (interface, name, partial(denied, name)) for interface, name in DENIED
        ]
        if shift:
            functions.append(("wasi:clocks/wall-clock", "now", self.shifted_now))
            functions.append(("wasi:clocks/wall-clock", "resolution", nanosecond))
        with linker.root() as root:
            for interface in dict.fromkeys(interface for interface, _, _ in functions):
                with root.add_instance(f"{interface}@{self.wasi}") as instance:
                    for owner, name, function in functions:
                        if owner == interface:
                            instance.add_func(name, function)
        return linker

    def shifted_now(self, _store: Any) -> Any:
        """`wasi:clocks/wall-clock.now`, shifted."""
        now = time.time_ns() + self.clock_offset * 1_000_000_000
        return record(now // 1_000_000_000, now % 1_000_000_000)

    def prepare(self, clock_offset: int = 0) -> Instance:
        """A fresh instance that has run trusted code once. No environment, arguments, files or streams. Raises: Unusable."""
        try:
            return self.instance(clock_offset)
        except WasmtimeError as why:
            raise Unusable(f"an interpreter cannot be started: {str(why)[:200]}") from why

    def instance(self, clock_offset: int) -> Instance:
        """The same. Raises: WasmtimeError."""
        store = Store(self.wasm)
        store.set_limits(memory_size=PREPARING_MIB << 20)
        store.set_epoch_deadline(NEVER)
        store.set_wasi(WasiConfig())
        linker = self.shifted if clock_offset else self.plain
        function = linker.instantiate(store, self.component).get_func(store, "run")
        assert function is not None, "the component was built from another world"
        for request in TOUCH:
            function(store, request)
        return Instance(store, function, self, clock_offset)


def denied(name: str, _store: Any, *_arguments: Any) -> NoReturn:
    """What stands in for a function that made code does not get: the call ends."""
    raise WasmtimeError(f"asked for {name}, which is not there")


def nanosecond(_store: Any) -> Any:
    """`wasi:clocks/wall-clock.resolution`."""
    return record(0, 1)


def record(seconds: int, nanoseconds: int) -> Any:
    """WASI's `datetime`."""
    value = wasmtime.component.Record()
    vars(value).update(seconds=max(0, seconds), nanoseconds=nanoseconds)
    return value
