"""Attacks by what a function returns: objects that lie about themselves, and values that are no JSON."""

from typing import Any

from attacks.attack import Attack
from latm_mcp.outcomes import Died, NotJsonable, OutOfMemory, OutputTooLarge, Raised, Returned, TimedOut

NO_VALUE = (NotJsonable, Raised, Died)


def gives(
    name: str, what: str, source: str, expect: tuple[type, ...] = NO_VALUE, returned: Any = (), seconds: float = 5.0
) -> Attack:
    """An attack by a returned value."""
    return Attack("forging", name, what, source, expect, returned, seconds)


DUNDERS = (
    "str repr iter len getitem eq hash bool reduce reduce_ex json format bytes index int float call contains getattr del next enter exit "
    "await length_hint copy deepcopy sizeof dir fspath"
)
LIES = "".join(f"    def __{name}__(self, *a): flood_descriptors(); return FORGED\n" for name in DUNDERS.split())

ATTACKS = [
    gives(
        "hostile-dunders",
        "an object each of whose special methods writes a reply",
        f"""
class X:
{LIES}
def f(o): return X()
""",
    ),
    gives(
        "str-that-lies",
        "a str whose methods all give another text",
        """
class S(str):
    def lie(self, *a): return FORGED
    __str__ = __repr__ = __format__ = encode = isascii = lie
    def __iter__(self): return iter(FORGED)
    def __len__(self): return 1
    def __eq__(self, other): return True
    __hash__ = str.__hash__
def f(o): return {S('key'): S('honest')}
""",
        (Returned,),
        {"key": "honest"},
    ),
    gives(
        "dict-that-lies",
        "a dict that shows other items",
        """
class D(dict):
    def items(self): return [('k', FORGED)]
    keys = values = __iter__ = lambda self: iter([FORGED])
    __len__ = lambda self: 1
    __getitem__ = get = lambda self, *a: FORGED
    __class__ = property(lambda self: str)
def f(o): return D(k='honest')
""",
        (Returned, *NO_VALUE),
        {"k": "honest"},
    ),
    gives(
        "list-that-lies",
        "a list that shows other items",
        """
class L(list):
    __iter__ = __reversed__ = lambda self: iter([FORGED])
    __getitem__ = lambda self, i: FORGED
    __len__ = lambda self: 10**9
def f(o): return L(['honest'])
""",
        (Returned,),
        ["honest"],
    ),
    gives(
        "numbers-that-lie",
        "ints and floats that show other digits",
        """
class I(int):
    __repr__ = __str__ = lambda self: '"%s"' % FORGED
    __add__ = __radd__ = __int__ = __index__ = __abs__ = lambda self, *a: 666
    __lt__ = __gt__ = __eq__ = lambda self, o: True
    __hash__ = int.__hash__
class F(float):
    __repr__ = __str__ = lambda self: '"%s"' % FORGED
    __mul__ = __rmul__ = __float__ = lambda self, *a: 666.0
def f(o): return [I(1), F(1.5)]
""",
        (Returned,),
        [1, 1.5],
    ),
    gives(
        "class-that-lies",
        "objects that say they are a str, a dict, a list, an int",
        """
class X:
    def __init__(self, kind): self.kind = kind
    __class__ = property(lambda self: self.kind)
    def __iter__(self): return iter(FORGED)
    def items(self): return [('k', FORGED)]
def f(o): return [X(kind) for kind in (dict, list, str, int, float, bool)]
""",
    ),
    gives(
        "class-that-exits",
        "an object whose class is asked for and ends everything",
        """
class X:
    @property
    def __class__(self):
        flood_descriptors()
        raise SystemExit(0)
def f(o): return X()
""",
    ),
    gives(
        "class-that-loops",
        "an object whose class never comes",
        """
class X:
    @property
    def __class__(self):
        while True: pass
def f(o): return X()
""",
        (*NO_VALUE, TimedOut),
        seconds=0.5,
    ),
    gives(
        "hash-that-lies",
        "keys that are all the same, or none",
        """
class K(str):
    __hash__ = lambda self: 1
    __eq__ = lambda self, other: self is other
def f(o): return {K('a'): 1, K('a'): 2}
""",
        (Returned, *NO_VALUE),
        {"a": 2},
    ),
    gives(
        "growing-list",
        "a list that grows while it is copied",
        """
grown = []
class X:
    @property
    def __class__(self):
        grown.extend([1, X()])
        return float
    def __float__(self): return 1.0
def f(o):
    grown.append(X())
    return grown
""",
        (*NO_VALUE, OutputTooLarge, OutOfMemory, TimedOut),
        seconds=1.0,
    ),
    gives(
        "no-numbers",
        "NaN and infinity, plain and in a subclass",
        """
class F(float):
    __mul__ = lambda self, o: 1.0
def f(o): return [F('nan'), float('inf')]
""",
        (NotJsonable,),
    ),
    gives(
        "huge-int", "an integer of 100,000 digits", "def f(o): return 10 ** 100_000\n", (NotJsonable, OutputTooLarge)
    ),
    gives(
        "huge-int-unlimited",
        "the same, with the interpreter's limit on digits lifted",
        """
def f(o):
    sys.set_int_max_str_digits(0)
    return 10 ** 100_000
""",
        (NotJsonable, OutputTooLarge),
    ),
    gives(
        "lone-surrogates",
        "lone surrogates as key and value",
        "def f(o): return {'\\ud800': '\\udfff'}\n",
        (NotJsonable,),
    ),
    gives(
        "deep-nesting",
        "a list nested 100,000 deep",
        """
def f(o):
    x = 1
    for _ in range(100_000): x = [x]
    return x
""",
        (NotJsonable,),
    ),
    gives(
        "cycle",
        "a dict within itself",
        """
def f(o):
    x = {}
    x['x'] = [x]
    return x
""",
        (NotJsonable,),
    ),
    gives(
        "shared-parts",
        "a small object that is an endless text: 2 to the 90th parts",
        """
def f(o):
    x = 1
    for _ in range(90): x = [x, x]
    return x
""",
        (OutputTooLarge, TimedOut),
        seconds=2.0,
    ),
    gives(
        "wrong-types",
        "bytes, a set, a generator, a module, a type, a function and an exception",
        "def f(o): return [b'x', {1}, (i for i in 'ab'), os, int, f, ValueError()]\n",
        (NotJsonable,),
    ),
]
