"""Attacks on time: loops, waiting, floods, processes and threads. All end in time with an outcome that says how."""

from typing import Any

from attacks.attack import Attack, Proof
from latm_mcp.outcomes import Died, Raised, Returned, TimedOut

BRIEF = 0.5  # seconds for what never ends by itself


def endless(
    name: str,
    what: str,
    source: str,
    expect: tuple[type, ...] = (TimedOut,),
    *,
    ends_worker: bool = False,
    returned: Any = (),
    proof: Proof = "",
) -> Attack:
    """An attack that would go on for ever."""
    return Attack("exhaustion", name, what, source, expect, returned, BRIEF, ends_worker=ends_worker, proof=proof)


HANDLERS = """
def f(o):
    signal = module("signal") if "signal" in sys.modules else None
    for number in range(1, 65):
        loot(lambda: signal.signal(number, signal.SIG_IGN), lambda: signal.pthread_sigmask(0, range(1, 65)))
    while True: pass
"""

ATTACKS = [
    endless(
        "loop",
        "loop for ever",
        """
def f(o):
    while True: pass
""",
        proof="endless",
    ),
    endless(
        "loop-at-load",
        "loop for ever while the source is loaded",
        """
while True: pass
def f(o): pass
""",
    ),
    endless(
        "swallowing",
        "loop for ever and swallow every exception",
        """
def f(o):
    while True:
        try: 1 / 0
        except BaseException: continue
""",
        proof="endless",
    ),
    endless(
        "finally",
        "start again in every finally",
        """
def f(o):
    try:
        while True: pass
    finally:
        f(o)
""",
    ),
    endless(
        "finalizers",
        "make an object whose end makes the next",
        """
class Again:
    def __del__(self):
        Again()
        while True: pass
def f(o):
    Again()
    return 1
""",
    ),
    endless("ignored-signals", "ignore and block every signal, then loop", HANDLERS),
    endless(
        "sleep",
        "sleep for an hour",
        """
import time
def f(o):
    time.sleep(3600)
    return 'awake'
""",
        (Returned, TimedOut),
        returned="awake",
        proof="endless",
    ),
    endless(
        "wait",
        "wait for what never comes: a lock, a queue, a descriptor",
        """
import queue
def f(o):
    loot(lambda: module('select').select([], [], [], 3600))
    queue.Queue().get()
""",
        (TimedOut, Died, Raised),
        ends_worker=True,
    ),
    endless(
        "wait-for-input",
        "wait for standard input",
        "def f(o): return os.read(0, 1), input()\n",
        (TimedOut, Died, Raised),
        ends_worker=True,
    ),
    endless(
        "lock",
        "take a lock twice",
        """
def f(o):
    lock = module('_thread').allocate_lock()
    lock.acquire()
    lock.acquire()
""",
        (TimedOut, Died, Raised),
        ends_worker=True,
    ),
    endless(
        "print-flood",
        "print for ever",
        """
def f(o):
    while True: print('x' * 100_000)
""",
    ),
    endless(
        "descriptor-flood",
        "write to the descriptors for ever",
        """
def f(o):
    while True:
        for fd in (1, 2, 0):
            loot(lambda: os.write(fd, b'x' * 65536))
""",
        (TimedOut, Died),
        ends_worker=True,
    ),
    endless(
        "fork-bomb",
        "fork as long as it works",
        """
def f(o):
    while True: loot(lambda: os.fork())
""",
    ),
    endless(
        "threads",
        "start threads as long as it works, then wait for them",
        """
def f(o):
    def spin():
        while True: pass
    started = loot(*(lambda: module('_thread').start_new_thread(spin, ()),) * 100)
    while started: pass
    return []
""",
        (TimedOut, Returned),
    ),
    endless(
        "thread-left-behind",
        "return, and leave a thread that goes on",
        """
def f(o):
    def spin():
        while True: flood_descriptors()
    loot(lambda: module('_thread').start_new_thread(spin, ()))
    return []
""",
        (TimedOut, Returned, Died),
    ),
    endless(
        "alarms",
        "let timers go off for ever",
        """
def f(o):
    signal = sys.modules.get('signal')
    loot(lambda: signal.signal(14, lambda *a: None))
    loot(lambda: signal.setitimer(0, 0.001, 0.001))
    while True: pass
""",
    ),
]
