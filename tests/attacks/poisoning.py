"""Attacks on the next call and on the neighbour: what they change must be gone for whoever comes after.

Each of them changes something while it is loaded, and returns the marks that it found there of an earlier call. What it
breaks for itself is its own affair.
"""

from textwrap import indent

from attacks.attack import Attack, Proof
from latm_mcp.outcomes import Died, Program, Raised, Returned

MARK = """
MARKED = []
def mark(name, place, value=FORGED):
    if str(getattr(place, name, None)) == str(value): MARKED.append(name)
    try: setattr(place, name, value)
    except BaseException: pass
def take_turn(poison):
    try: poison()
    except BaseException: pass
"""


def poisons(name: str, what: str, *lines: str, proof: Proof = "poisoned") -> Attack:
    """An attack whose `poison()` changes what the next tool will use."""
    body = "".join(indent(f"{line}\n", "    ") for line in lines)
    source = f"""
{MARK}
b = os.__builtins__
def poison():
{body}
take_turn(poison)
marks = list(MARKED)
def f(o): return marks
"""
    return Attack("poisoning", name, what, source, (Returned, Raised, Died), proof=proof)


ATTACKS = [
    poisons(
        "re",
        "patch re.compile and its kin, and fill its cache with another pattern",
        "import re",
        "old = re.compile",
        'mark("latm", re)',
        're._cache[(str, "a+", 0)] = re._cache2[(str, "a+", 0)] = old("b")',
        "re.compile = re.match = re.search = re.sub = re.findall = lambda *a, **k: FORGED",
    ),
    poisons(
        "json",
        "patch json, its encoder, its decoder",
        "import json",
        'mark("latm", json)',
        "json.dumps = json.loads = lambda *a, **k: FORGED",
        "json.JSONEncoder.encode = json.JSONDecoder.decode = lambda *a, **k: FORGED",
        "json.JSONEncoder.default = lambda *a: FORGED",
    ),
    poisons(
        "builtins",
        "patch the builtins that every program uses",
        'mark("latm", module("builtins"))',
        "keep = b['print']",
        "b['sorted'] = b['sum'] = b['len'] = b['sorted'] = lambda *a, **k: FORGED",
        "b['int'] = b['print'] = lambda *a, **k: 7",
        "b['True_'] = FORGED",
    ),
    poisons(
        "random",
        "seed, replace and freeze the random numbers",
        'mark("latm", random)',
        "random.seed(7)",
        "random.random = lambda: 0.5",
        "random.Random.random = lambda self: 0.5",
        "random.shuffle = random.choice = lambda *a: FORGED",
    ),
    poisons(
        "modules",
        "put other modules in the places of real ones",
        'mark("latm", module("math"))',
        "import types",
        "fake = types.ModuleType('math')",
        "fake.__getattr__ = lambda name: lambda *a: FORGED",
        "sys.modules.update(math=fake, statistics=fake, tool=fake)",
        "sys.modules['latm_mcp.sandbox_guest.fence'] = fake",
    ),
    poisons(
        "decimal",
        "change the context of decimal arithmetic",
        "import decimal",
        'mark("latm", decimal)',
        "decimal.getcontext().prec = 2",
        "decimal.DefaultContext.prec = 2",
        "decimal.setcontext(decimal.Context(prec=1, rounding=decimal.ROUND_UP))",
    ),
    poisons(
        "cache",
        "keep notes in a module, a class, a function and a cache of the standard library",
        "import collections, functools, string",
        'mark("latm", collections)',
        'mark("latm", string.Template)',
        'mark("latm", functools.wraps)',
        'mark("LATM", module("calendar"))',
        "os.environ['LATM'] = FORGED",
        "collections.Counter.most_common = lambda *a: FORGED",
    ),
    poisons(
        "guest",
        "patch the guest for the next one: its list of imports, its namespaces, its compiled sources",
        "app = sys.modules['latm_mcp.sandbox_guest.app']",
        'mark("latm", app)',
        "app.fresh_namespace = lambda *a: {'f': lambda **k: FORGED}",
        "neighbour = compile('def f(): return FORGED', '<tool>', 'exec')",
        "app.compiled = dict.fromkeys(('x',), neighbour)",
        "run, plain = app.WitWorld.run, app.plain",
        "own = lambda request: 'latm-attack-' in request or 'def poison' in request",
        'app.WitWorld.run = lambda self, asked: run(self, asked) if own(asked) else \'{"returned": "%s"}\' % FORGED',
        "app.plain = lambda value, *a: plain(value, *a) if value == [] else FORGED",
        proof="",
    ),
    poisons(
        "limits",
        "lower the limits of the interpreter and stop its collector",
        'mark("latm", sys)',
        "sys.setrecursionlimit(60)",
        "module('gc').disable()",
        "sys.set_int_max_str_digits(640)",
        "sys.setswitchinterval(100)",
        "module('warnings').simplefilter('error')",
    ),
    poisons(
        "hooks",
        "leave hooks for imports, traces, exceptions and exits",
        'mark("latm", module("atexit"))',
        "sys.meta_path.insert(0, FORGED)",
        "sys.path_hooks.clear()",
        "sys.excepthook = sys.displayhook = print",
        "sys.settrace(lambda *a: 1 / 0)",
        "sys.setprofile(lambda *a: 1 / 0)",
    ),
    poisons(
        "registries",
        "register codecs, error handlers, abstract classes, pickle reducers",
        "import codecs, collections.abc, copyreg",
        'mark("latm", codecs)',
        "codecs.register(lambda name: 1 / 0)",
        "codecs.register_error('strict', lambda error: (FORGED, error.end))",
        "collections.abc.Sequence.register(int)",
        "copyreg.pickle(dict, lambda d: (str, (FORGED,)))",
        "collections.abc.Hashable.register(list)",
    ),
    poisons(
        "thread",
        "leave a thread behind that patches later",
        'mark("latm", module("_thread"))',
        """
def later():
    while True:
        import math
        math.pi = 3
        b['len'] = lambda *a: FORGED""",
        "module('_thread').start_new_thread(later, ())",
    ),
    poisons(
        "small-numbers",
        "overwrite the interpreter's shared small numbers",
        'mark("latm", os)',
        "ctypes = module('ctypes')",
        "ctypes.c_int.from_address(id(7) + 24).value = 8",
    ),
]

# A program of another tool: what it returns shows whether anything that it relies on was changed.
NEIGHBOUR = Program(
    """
import calendar, collections, copy, datetime, decimal, fractions, itertools, json, math, random, re, statistics, string, textwrap
from collections.abc import Hashable, Sequence

def f():
    first = random.random()
    return {
        "re": [re.compile("a+").findall("caab"), bool(re.match("a+", "b")), re.sub("a+", "x", "caab")],
        "json": json.loads(json.dumps({"a": [1, 2.5, None, "ü"]})),
        "builtins": [len("abc"), sum([1, 2]), sorted([2, 1]), int("7") + 1, 3 + 4, str(12)],
        "random": [first, random.Random(1).random(), random.choice([1])],
        "math": [math.pi, math.sqrt(9), statistics.mean([1, 2, 3]), str(fractions.Fraction(1, 3))],
        "decimal": str(decimal.Decimal(1) / 7),
        "text": [string.Template("$a").substitute(a=1), textwrap.shorten("a b c", 5), "ü".encode().decode()],
        "collections": [
            [list(pair) for pair in collections.Counter("aab").most_common(1)],
            copy.deepcopy({"a": [1]}), len(list(itertools.permutations("abc"))),
        ],
        "dates": [calendar.monthrange(2024, 2)[1], datetime.date(2024, 2, 29).isoformat()],
        "kinds": [isinstance(1, Sequence), isinstance([], Hashable)],
        "deep": depth(200),
        "marks": [name for name in dir(math) + dir(re) + dir(json) + dir(random) if "latm" in name.lower()],
        "large": len(str(10**1000)),
    }

def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
""",
    "f",
)
HOLDS = {
    "re": [["aa"], False, "cxb"],
    "json": {"a": [1, 2.5, None, "ü"]},
    "builtins": [3, 3, [1, 2], 8, 7, "12"],
    "random": [0.8444218515250481, 0.13436424411240122, 1],
    "math": [3.141592653589793, 3.0, 2, "1/3"],
    "decimal": "0.1428571428571428571428571429",
    "text": ["1", "a b c", "ü"],
    "collections": [[["a", 2]], {"a": [1]}, 6],
    "dates": [29, "2024-02-29"],
    "kinds": [False, False],
    "deep": 200,
    "marks": [],
    "large": 1001,
}
