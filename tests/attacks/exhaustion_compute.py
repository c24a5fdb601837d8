"""Attacks on time by computing: in Python, and in C where no Python code runs."""

from attacks.attack import Attack
from attacks.exhaustion import endless
from latm_mcp.outcomes import OutOfMemory, Raised, TimedOut

ATTACKS: list[Attack] = [
    endless(
        "generator",
        "take all of a generator that never ends",
        """
def g():
    while True: yield
def f(o): return sum(1 for _ in g())
""",
    ),
    endless(
        "loop-in-c",
        "loop for ever in C, where no Python code runs",
        """
import collections, itertools
def f(o): collections.deque(itertools.repeat(1), maxlen=0)
""",
    ),
    endless(
        "sum-in-c",
        "add for ever in C",
        """
import itertools
def f(o): return sum(itertools.cycle([0]))
""",
    ),
    endless(
        "regex",
        "match a catastrophic regular expression",
        """
import re
def f(o): return bool(re.match(r'(a+)+$', 'a' * 60 + 'b'))
""",
    ),
    endless(
        "power",
        "compute 10 ** 10 ** 8",
        """
def f(o):
    n = 8
    return 10 ** 10 ** n
""",
        (TimedOut, OutOfMemory),
    ),
    endless(
        "power-at-compile",
        "the same, for the compiler to fold",
        "def f(o): return 10 ** 10 ** 8\n",
        (TimedOut, OutOfMemory),
    ),
    endless(
        "digits",
        "turn a huge number into digits",
        """
def f(o):
    sys.set_int_max_str_digits(0)
    return len(str(1 << 20_000_000))
""",
        (TimedOut, OutOfMemory, Raised),
    ),
    endless(
        "hash-collisions",
        "fill a set with numbers of one hash",
        """
def f(o):
    m = sys.hash_info.modulus
    return len({i * m for i in range(60_000)})
""",
    ),
    endless(
        "slow-hash",
        "derive a key in ten thousand million rounds, in C",
        """
import hashlib
def f(o): return hashlib.pbkdf2_hmac('sha256', b'x', b'y', 2**31 - 1).hex()
""",
        (TimedOut, Raised),
    ),
    endless(
        "sort",
        "sort by a comparison that adds to the list",
        """
import functools
def f(o): return sorted(range(10**7), key=functools.cmp_to_key(lambda a, b: b - a))[0]
""",
        (TimedOut, OutOfMemory),
    ),
    endless(
        "permutations",
        "count what has no end in sight",
        """
import itertools
def f(o): return sum(1 for _ in itertools.permutations(range(20)))
""",
    ),
]
