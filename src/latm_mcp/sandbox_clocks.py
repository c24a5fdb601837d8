"""The clocks of a call: how much time it has left, and the watchdog that stops it."""

import os
import sys
import threading
import time
from collections.abc import Callable
from math import inf
from typing import NoReturn

GRACE = 1.0  # seconds for a stopped call to end before the whole worker does


class ProcessorTime:
    """Processor seconds that a thread or a process may use from now on. Where the system cannot tell: no bound."""

    def __init__(self, seconds: float, clock: int | None = None):
        self.clock = clock if clock is not None else _this_thread()
        self.until = seconds + (_now(self.clock) if self.clock is not None else 0.0)

    def left(self) -> float:
        """Seconds that are left; nothing uses them up faster than one a second, since made code has one thread."""
        return inf if self.clock is None else self.until - _now(self.clock)


def _this_thread() -> int | None:
    if sys.platform == "win32" or not hasattr(time, "pthread_getcpuclockid"):  # macOS has none either
        return None
    return int(time.pthread_getcpuclockid(threading.get_ident()))


def _now(clock: int) -> float:
    if sys.platform == "win32":  # where nobody has a clock to ask
        return 0.0
    return time.clock_gettime(clock)


def of_process(pid: int) -> int:
    """The clock of a whole process, on Linux (clock_getcpuclockid(3), which Python has not)."""
    return (~pid << 3) | 2


class Watchdog:
    """Stops the one running call at its deadline; if it does not stop, ends the process."""

    def __init__(self, interrupt: Callable[[], None]):
        self.interrupt = interrupt
        self.changed = threading.Condition()
        self.deadline: float | None = None
        self.processor: ProcessorTime | None = None
        self.rung = False
        self.by_processor = False  # which clock rang
        self.wakes = inf  # when the thread looks next
        threading.Thread(target=self.watch, daemon=True).start()

    def arm(self, seconds: float, cpu_seconds: float) -> None:
        """Let the call that begins now, in this thread, run for so long."""
        with self.changed:
            self.processor = ProcessorTime(cpu_seconds) if cpu_seconds < seconds else None
            self.deadline, self.rung, self.by_processor = time.monotonic() + seconds, False, False
            # Otherwise it looks in time anyway; waking it at each call costs milliseconds.
            if time.monotonic() + min(seconds, cpu_seconds) < self.wakes:
                self.changed.notify()

    def disarm(self) -> None:
        """The call has ended: from here on no epoch moves."""
        with self.changed:
            self.deadline = None

    def watch(self) -> NoReturn:
        """Wait for deadlines; the body of the watchdog's thread."""
        with self.changed:
            while True:
                left = None if self.deadline is None else self.left(self.deadline)
                if left is None or left > 0:
                    self.wakes = inf if left is None else time.monotonic() + left
                    self.changed.wait(left)
                elif self.rung:
                    os._exit(124)  # it waits in the host, where no epoch reaches it
                else:
                    self.by_processor = self.deadline is not None and time.monotonic() < self.deadline
                    self.interrupt()
                    self.rung, self.deadline, self.processor = True, time.monotonic() + GRACE, None

    def left(self, deadline: float) -> float:
        """Seconds until the call can have used up its wall or its processor time."""
        left = deadline - time.monotonic()
        return left if self.processor is None else min(left, self.processor.left())
