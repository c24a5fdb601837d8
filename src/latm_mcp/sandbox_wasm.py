"""The interpreter itself: wasmtime instances of the component, each stopped at its time and held to its memory.

Imported by the worker process alone.
"""

import os
import threading
import time
from math import inf
from pathlib import Path
from typing import Any, NoReturn

import wasmtime
from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError, _ffi
from wasmtime.component import Component, Func, Linker

# The default kills an innocent recursion of depth 300; with 8 and 16 MiB some endless ones (json, repr, deepcopy) end the
# interpreter before Python's own check raises RecursionError. Pages of a stack cost nothing until they are used.
WASM_STACK = 32 << 20
THREAD_STACK = 2 * WASM_STACK  # of the thread that runs on it
NEVER = 1 << 40  # epochs; the epoch only moves when a call is to be stopped
GRACE = 1.0  # seconds for a stopped call to end before the whole worker does
PREPARING_MIB = 256
SOCKETS = (
    ("wasi:sockets/tcp-create-socket", "create-tcp-socket"),
    ("wasi:sockets/udp-create-socket", "create-udp-socket"),
    ("wasi:sockets/instance-network", "instance-network"),
)
# Code that a spare runs before it is needed, so that the pages a call touches are there.
TOUCH = (
    '{"op": "call", "source": "def f(x: list[int]) -> dict[str, int]:\\n    return {str(i): i for i in sorted(x)}\\n", '
    '"function": "f", "arguments": {"x": [2, 1]}, "seed": 0, "output_bytes": 1000}'
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


class Watchdog:
    """Stops the one running call at its deadline; if it does not stop, ends the process."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.changed = threading.Condition()
        self.deadline: float | None = None
        self.rung = False
        self.wakes = inf  # when the thread looks next
        threading.Thread(target=self.watch, daemon=True).start()

    def arm(self, seconds: float) -> None:
        """Let the call that begins now run for so many seconds."""
        with self.changed:
            self.deadline, self.rung = time.monotonic() + seconds, False
            if (
                self.deadline < self.wakes
            ):  # otherwise it looks in time anyway; waking it at each call costs milliseconds
                self.changed.notify()

    def disarm(self) -> None:
        """The call has ended: from here on no epoch moves."""
        with self.changed:
            self.deadline = None

    def watch(self) -> NoReturn:
        """Wait for deadlines; the body of the watchdog's thread."""
        with self.changed:
            while True:
                left = None if self.deadline is None else self.deadline - time.monotonic()
                if left is None or left > 0:
                    self.wakes = inf if left is None else time.monotonic() + left
                    self.changed.wait(left)
                elif self.rung:
                    os._exit(124)  # it waits in the host, where no epoch reaches it
                else:
                    self.engine.increment_epoch()
                    self.rung, self.deadline = True, time.monotonic() + GRACE


class Instance:
    """One interpreter: run calls in it until one does not end well."""

    def __init__(self, store: Store, function: Func, watchdog: Watchdog):
        self.store, self.function, self.watchdog = store, function, watchdog

    def run(self, request: str, seconds: float, memory_mib: int) -> str:
        """The guest's reply. Raises: WasmtimeError, after which the instance is of no more use."""
        self.store.set_limits(memory_size=memory_mib << 20)
        self.store.set_epoch_deadline(1)
        self.watchdog.arm(seconds)
        try:
            return str(self.function(self.store, request))
        finally:
            self.watchdog.disarm()

    def close(self) -> None:
        """Give its memory back."""
        self.store.close()


class Interpreter:
    """The loaded component, from which instances are made."""

    def __init__(self, compiled: Path):
        self.engine = engine()
        self.component = Component.deserialize_file(self.engine, str(compiled))
        self.clock_offset = 0
        names = list(self.component.type.imports(self.engine))
        self.wasi = next(name for name in names if name.startswith("wasi:clocks/wall-clock@")).split("@")[1]
        self.plain, self.shifted = self.linker(shift=False), self.linker(shift=True)

    def watch(self) -> None:
        """Start the watchdog; a thread has the walls of the thread that started it."""
        self.watchdog = Watchdog(self.engine)

    def linker(self, *, shift: bool) -> Linker:
        """WASI without sockets; with shift, a wall clock that is `clock_offset` seconds off."""
        linker = Linker(self.engine)
        linker.allow_shadowing = True
        linker.add_wasip2()
        functions = [(interface, name, denied) for interface, name in SOCKETS]
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
        """A fresh instance that has run trusted code once. No environment, arguments, files or streams."""
        self.clock_offset = clock_offset
        store = Store(self.engine)
        store.set_limits(memory_size=PREPARING_MIB << 20)
        store.set_epoch_deadline(NEVER)
        store.set_wasi(WasiConfig())
        linker = self.shifted if clock_offset else self.plain
        function = linker.instantiate(store, self.component).get_func(store, "run")
        assert function is not None, "the component was built from another world"
        function(store, TOUCH)
        return Instance(store, function, self.watchdog)


def denied(_store: Any, *_arguments: Any) -> NoReturn:
    """What stands in for making a socket: the call ends."""
    raise WasmtimeError("there is no network here")


def nanosecond(_store: Any) -> Any:
    """`wasi:clocks/wall-clock.resolution`."""
    return record(0, 1)


def record(seconds: int, nanoseconds: int) -> Any:
    """WASI's `datetime`."""
    value = wasmtime.component.Record()
    vars(value).update(seconds=max(0, seconds), nanoseconds=nanoseconds)
    return value
