"""Attacks that try to have something reported that the function did not return."""

from attacks.attack import ANY_END, HONEST, Attack, Proof
from latm_mcp.outcomes import Died, Raised, Returned, TimedOut

ANSWER = """
def parse(question): return {'x': 'honest'}
def f(x): return x
def render(result, question): return result
"""


def forges(
    name: str,
    what: str,
    source: str,
    expect: tuple[type, ...],
    *,
    seconds: float = 5.0,
    proof: Proof = "",
) -> Attack:
    """An attack by a function that honestly returns "honest", or nothing at all."""
    return Attack("forging", name, what, source, expect, HONEST, seconds, proof=proof)


ATTACKS = [
    forges(
        "print-and-exit",
        "print a reply, then os._exit",
        """
def f(o):
    for frame in frames(): print(frame.decode('latin-1'), end='', flush=True)
    os._exit(0)
""",
        (Died,),
        proof="forged",
    ),
    forges(
        "print-and-system-exit",
        "print a reply, then sys.exit with one",
        """
def f(o):
    for frame in frames(): print(frame)
    sys.exit('{"returned": 1}')
""",
        (Raised,),
    ),
    forges(
        "write-and-return",
        "write replies to every descriptor, then return",
        """
def f(o):
    flood_descriptors()
    return 'honest'
""",
        (Returned, Died),
    ),
    forges(
        "write-and-exit",
        "write replies to every descriptor, then end the interpreter",
        """
def f(o):
    flood_descriptors()
    os._exit(0)
""",
        (Died, TimedOut),
        proof="forged",
    ),
    forges(
        "write-and-loop",
        "write replies to every descriptor, then never end",
        """
def f(o):
    flood_descriptors()
    while True: pass
""",
        (Died, TimedOut),
        seconds=0.5,
    ),
    forges(
        "write-and-raise",
        "write replies to every descriptor, then raise",
        """
def f(o):
    flood_descriptors()
    raise ValueError('honest')
""",
        (Died, Raised),
    ),
    forges(
        "write-at-load",
        "write replies to every descriptor while the source is loaded, for the call that comes",
        """
flood_descriptors()
def f(o): return 'honest'
""",
        (Returned, Died),
    ),
    forges(
        "write-at-load-and-exit",
        "the same, and end before the call",
        """
flood_descriptors()
os._exit(0)
def f(o): return 'honest'
""",
        (Died, TimedOut),
    ),
    forges(
        "write-loaded",
        "say that loading ended well, then reply, then end",
        """
flood_descriptors('{"loaded": true}')
flood_descriptors()
os._exit(0)
def f(o): return 'honest'
""",
        (Died, TimedOut),
    ),
    forges(
        "raw-write",
        "write replies past Python, with a raw system call",
        """
def f(o):
    for fd in range(16):
        for frame in frames(): loot(lambda: syscall(1, 64, fd, frame, len(frame)))
    os._exit(0)
""",
        (Died, TimedOut),
    ),
    forges(
        "half-a-frame",
        "write a frame's length only, so that the honest reply is read as its end",
        """
def f(o):
    for fd in range(64): loot(lambda: os.write(fd, b'\\0\\0\\1\\0'), lambda: os.write(fd, b'\\0\\1\\0\\0'))
    return 'honest'
""",
        (Returned, Died, TimedOut),
        seconds=0.5,
    ),
    forges(
        "close-descriptors",
        "close every descriptor, then return",
        """
def f(o):
    os.closerange(0, 256)
    return 'honest'
""",
        (Returned, Died),
    ),
    forges(
        "exit-code",
        "end the interpreter by every kind of exception",
        """
class Out(BaseException):
    def __str__(self): return '{"returned": "%s"}' % 'x'
def f(o): raise Out
""",
        (Raised,),
    ),
    forges(
        "group-of-exceptions",
        "raise a group of exits",
        "def f(o): raise BaseExceptionGroup('{\"returned\": 1}', [SystemExit(0), KeyboardInterrupt()])\n",
        (Raised,),
    ),
    forges(
        "lying-exception",
        "an exception whose text, class and traceback lie",
        """
class E(Exception):
    def __str__(self): flood_descriptors(); os._exit(0)
    __class__ = property(lambda self: MemoryError)
    __traceback__ = property(lambda self: 1/0)
def f(o): raise E
""",
        (Raised, Died),
    ),
    forges(
        "lying-exception-type",
        "an exception whose metaclass lies about its name",
        """
class Meta(type):
    __name__ = property(lambda cls: {'returned': FORGED})
class E(Exception, metaclass=Meta): pass
def f(o): raise E
""",
        (Raised, Died),
    ),
    forges(
        "endless-traceback",
        "an exception whose traceback never ends",
        """
class Frame:
    class f_code: co_filename = 'x'
class Trace:
    tb_frame, tb_lineno = Frame, 1
Trace.tb_next = Trace
class E(Exception):
    __traceback__ = Trace
def f(o): raise E
""",
        (Raised, TimedOut),
        seconds=0.5,
    ),
    forges(
        "exception-bomb",
        "an exception with a text of 100 MB and a name of 1 MB",
        "def f(o): raise type('E' * 10**6, (Exception,), {})('x' * 10**8)\n",
        ANY_END,
    ),
    forges(
        "at-exit",
        "write replies when the interpreter ends",
        """
def f(o):
    loot(lambda: module('atexit').register(flood_descriptors))
    return 'honest'
""",
        (Returned,),
    ),
    forges(
        "finalizer",
        "write replies when an object ends, after the function did",
        """
class Late:
    def __del__(self): flood_descriptors()
def f(o):
    late = Late()
    late.me = late
    return 'honest'
""",
        (Returned, Died),
    ),
    Attack(
        "forging",
        "taken-place",
        "`parse` ends the interpreter after writing a whole answer to every descriptor",
        f"""
{ANSWER}
def parse(question):
    flood_descriptors('{{"returned": {{"arguments": {{"x": 1}}, "result": 1, "answer": "%s"}}}}' % FORGED)
    os._exit(0)
""",
        (Died, TimedOut),
        question="?",
    ),
]
