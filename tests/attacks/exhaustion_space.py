"""Attacks on memory, the stack and the size of what comes out. All end with an outcome that says how."""

from typing import Any

from attacks.attack import STOPPED, Attack
from latm_mcp.outcomes import Died, OutOfMemory, OutputTooLarge, Raised, Returned, TimedOut


def large(
    name: str,
    what: str,
    source: str,
    expect: tuple[type, ...] = (OutOfMemory, Raised),
    seconds: float = 5.0,
    returned: Any = (),
) -> Attack:
    """An attack that wants more memory than 64 MiB."""
    return Attack("exhaustion", name, what, source, expect, returned, seconds, memory_mib=64)


def deep(name: str, what: str, source: str, expect: tuple[type, ...] = STOPPED) -> Attack:
    """An attack on the stack."""
    return Attack("exhaustion", name, what, source, expect, ends_worker=False, seconds=2.0)


NEST = """
def nest(depth):
    x = []
    for _ in range(depth): x = [x]
    return x
"""

ATTACKS = [
    large("memory-in-one-step", "take 8 GB at once", "def f(o): return len(b'a' * (1 << 33))\n"),
    large(
        "memory-in-steps",
        "take memory bit by bit",
        """
def f(o):
    x = []
    while True: x.append('a' * 100_000)
""",
    ),
    large(
        "memory-and-swallow",
        "take memory, swallow MemoryError, go on",
        """
def f(o):
    x = []
    while True:
        try: x.append(bytearray(1 << 20))
        except MemoryError: pass
""",
        (TimedOut, OutOfMemory, Died),
        0.5,
    ),
    large(
        "doubling",
        "double a string sixty times",
        """
def f(o):
    x = 'x'
    for _ in range(60): x += x
    return len(x)
""",
        (OutOfMemory, Raised, Died),
    ),
    large(
        "objects",
        "fill the memory with small objects",
        """
def f(o):
    x = []
    while True: x = [x, {}]
""",
        (OutOfMemory, TimedOut, Died),
        2.0,
    ),
    large("format-width", "format a number ten thousand million wide", "def f(o): return len(f'{1:>10000000000}')\n"),
    large(
        "inflate",
        "inflate a bomb",
        """
import zlib
def f(o):
    bomb = zlib.compress(bytes(1 << 24), 9)
    return len(b''.join(zlib.decompress(bomb) for _ in range(64)))
""",
    ),
    large(
        "decimal",
        "divide to a hundred million digits",
        """
import decimal
def f(o):
    decimal.getcontext().prec = 10**9
    return str(decimal.Decimal(1) / 7)[:3]
""",
        (OutOfMemory, Raised, TimedOut, Died),
        0.5,
    ),
    large(
        "shared-map",
        "map memory that no allocator counts",
        "def f(o): return loot(lambda: len([module('mmap').mmap(-1, 1 << 26) for _ in range(64)]))\n",
        (Returned, OutOfMemory, Raised),
    ),
    large("large-result", "return 2 MB", "def f(o): return 'x' * (2 << 20)\n", (OutputTooLarge,)),
    deep("recursion", "recurse for ever", "def f(o): return f(o)\n", (Raised,)),
    deep(
        "recursion-unlimited",
        "lift the limit on recursion, then recurse",
        """
def f(o):
    sys.setrecursionlimit(10**9)
    def g(): return g()
    return g()
""",
    ),
    deep(
        "recursion-through-c",
        "recurse through C functions",
        """
def f(o, *a):
    sys.setrecursionlimit(10**9)
    return sorted([1], key=lambda x: f(o))
""",
    ),
    deep(
        "repr",
        "show a list nested 100,000 deep",
        f"""
{NEST}def f(o):
    sys.setrecursionlimit(10**9)
    return len(repr(nest(100_000)))
""",
    ),
    deep(
        "compare",
        "compare two lists nested 100,000 deep",
        f"""
{NEST}def f(o):
    sys.setrecursionlimit(10**9)
    return [nest(100_000) == nest(100_000)] * 0
""",
        (Returned, *STOPPED),
    ),
    deep(
        "copy",
        "copy a list nested 100,000 deep",
        f"""
{NEST}import copy
def f(o):
    sys.setrecursionlimit(10**9)
    return [len(copy.deepcopy(nest(100_000)))] * 0
""",
        (Returned, *STOPPED),
    ),
    deep(
        "json",
        "read JSON nested 1,000,000 deep",
        """
import json
def f(o):
    sys.setrecursionlimit(10**9)
    return json.loads('[' * 1_000_000)
""",
    ),
    deep(
        "compile",
        "compile an expression nested 100,000 deep",
        """
def f(o):
    sys.setrecursionlimit(10**9)
    return eval('-' * 100_000 + '1')
""",
    ),
    deep(
        "compile-brackets",
        "compile brackets and calls nested 100,000 deep",
        """
import ast
def f(o):
    sys.setrecursionlimit(10**9)
    return len(ast.dump(ast.parse('+'.join('1' * 50_000)))) and eval('f(' * 100_000)
""",
    ),
    deep(
        "hostile-attributes",
        "look up attributes that look themselves up",
        """
class X:
    def __getattr__(self, name): return getattr(self, name + 'x')
def f(o):
    sys.setrecursionlimit(10**9)
    return X().a
""",
    ),
    deep(
        "destroy",
        "destroy a chain of a million objects",
        """
class X: pass
def f(o):
    x = None
    for _ in range(200_000):
        y = X(); y.x = x; x = y
    del x, y
    return []
""",
        (Returned, *STOPPED),
    ),
]
