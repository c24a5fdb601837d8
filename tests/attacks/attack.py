"""What an attack is, and what it finds when it begins."""

import platform
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from latm_mcp.outcomes import (
    AnswerQuestion,
    CallFunction,
    Died,
    NotJsonable,
    Outcome,
    OutOfMemory,
    OutputTooLarge,
    Program,
    Raised,
    Request,
    Returned,
    TimedOut,
)

FORGED = "forged-7e57"  # no outcome may hold it: no honest function of this battery returns it
HONEST = "honest"
# The secret comes out; something shows outside; it tells of a success; a forged reply is on stdout; the neighbour is wrong; no end.
Proof: TypeAlias = Literal["", "secret", "trace", "loot", "forged", "poisoned", "endless"]
STOPPED = (TimedOut, OutOfMemory, Died, Raised)
REFUSED = (Raised, Died, NotJsonable)
ANY_END = (Raised, TimedOut, OutOfMemory, OutputTooLarge, NotJsonable, Died)

# What every attack may use: the modules beneath the list of imports, and a way to try much and tell what worked.
PRELUDE = '''
import random
os = random._os
import_ = os.__builtins__["__import__"]
sys = import_("sys")
FORGED = "forged-" + "7e57"

def module(name):
    """A module, allowed or not."""
    return sys.modules[name] if name in sys.modules else (import_(name), sys.modules[name])[1]

def loot(*attempts):
    """What these attempts come to, as text; one that fails or gives nothing adds nothing."""
    got = []
    for attempt in attempts:
        try:
            value = attempt()
            if value not in (None, False, "", b"", [], {}, (), -1):
                got.append(repr(value)[:4000])
        except BaseException:
            continue
    return got

def syscall(number_x86_64, number_aarch64, *arguments):
    """A raw system call, if the interpreter has ctypes. Raises: whatever says that it did not work."""
    ctypes = module("ctypes")
    libc = ctypes.CDLL(None, use_errno=True)
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number_x86_64 if X86 else number_aarch64), *wide)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return "succeeded with %d" % result

def frames(text=None):
    """Replies as a worker or a guest would send them, forged: each kind of prefix and length that there could be."""
    import struct
    text = text or '{"returned": "%s"}' % FORGED
    bodies = [text, "G" + text, "A" + text, '{"loaded": true}\\n' + text, '{"status": "ok"}\\n' + text]
    whole = []
    for body in bodies:
        data = body.encode()
        whole += [struct.pack(order, len(data)) + data for order in ("!I", "<I", "!Q", "<Q")] + [data + b"\\n"]
    return whole

def flood_descriptors(text=None, most=256):
    """Write every forged frame to every descriptor."""
    for descriptor in range(most):
        for frame in frames(text):
            try:
                os.write(descriptor, frame)
            except BaseException:
                break
'''


@dataclass(frozen=True, slots=True)
class Attack:
    """One program that means harm, and what may come of it.

    source: defines `f(o)`, where `o` says where the canaries are (`outside.Outside.told`); the prelude comes before it.
    expect: the outcomes that may come. returned: what a Returned must hold then, exactly.
    seconds: the call's limit. ends_worker: the worker process may go with it (it is replaced).
    proof: what shows, in a plain interpreter without a sandbox, that the attack does what it is meant to; "" where trying
    it would do harm or needs more than an ordinary machine has.
    """

    family: str
    name: str
    what: str
    source: str
    expect: tuple[type, ...] = (Returned,)
    returned: Any = ()
    seconds: float = 5.0
    memory_mib: int = 128
    question: str = ""  # not empty: parse, function and render are run for it
    ends_worker: bool = False
    proof: Proof = ""

    @property
    def program(self) -> Program:
        """The made code."""
        return Program(f"X86 = {platform.machine() == 'x86_64'}\n{PRELUDE}{self.source}", "f")

    def request(self, told: dict[str, Any]) -> Request:
        """The call, or the question."""
        return AnswerQuestion(self.question) if self.question else CallFunction({"o": told})

    def held(self, outcome: Outcome) -> bool:
        """Whether the outcome is one that may come."""
        if isinstance(outcome, Returned):
            wanted = list(self.returned) if isinstance(self.returned, tuple) else self.returned
            return Returned in self.expect and outcome.value == wanted
        return isinstance(outcome, self.expect)


def answered(value: str) -> dict[str, Any]:
    """What a question comes to where parse, function and render pass this text on."""
    return {"arguments": {"x": value}, "result": value, "answer": value}
