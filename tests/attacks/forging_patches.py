"""Attacks that patch, while they are called, what their result goes through on its way out."""

from textwrap import indent

from attacks.attack import ANY_END, HONEST, Attack, answered
from latm_mcp.outcomes import Returned

ENDS = (Returned, *ANY_END)
GUEST = "app = sys.modules['latm_mcp.sandbox_guest.app']\n"
FORGED_JSON = """'{"returned": "%s"}' % FORGED"""


def patches(name: str, what: str, patch: str, *, at_load: bool = False) -> Attack:
    """An attack by a function that honestly returns "honest"."""
    call = (
        "def f(o): return 'honest'\nloot(patch)\n" if at_load else "def f(o):\n    loot(patch)\n    return 'honest'\n"
    )
    source = f"def patch():\n{indent(patch, '    ')}\n{call}"
    return Attack("forging", name, what, source, ENDS, HONEST, 1.0)


def parse_patches(name: str, what: str, patch: str) -> Attack:
    """An attack of `parse` on what is reported of it, of the function and of `render`."""
    source = (
        f"def patch():\n{indent(patch, '    ')}\ndef parse(question):\n    loot(patch)\n    return {{'x': 'honest'}}\n"
        "def f(x): return x\ndef render(result, question): return result\n"
    )
    return Attack("forging", name, what, source, ENDS, answered(HONEST), 1.0, question="?")


ATTACKS = [
    patches(
        "json-encode",
        "patch json.JSONEncoder.encode",
        f"import json\njson.JSONEncoder.encode = lambda self, o: {FORGED_JSON}",
    ),
    patches(
        "json-parts",
        "patch every function and class of json",
        f"""
import json
encoder, decoder = module('json.encoder'), module('json.decoder')
forged = lambda *a, **k: {FORGED_JSON}
json.dumps = json.loads = encoder.JSONEncoder.iterencode = forged
encoder.JSONEncoder.encode = forged
encoder.c_make_encoder = None
encoder._make_iterencode = lambda *a, **k: lambda *b: [forged()]
encoder.encode_basestring = encoder.encode_basestring_ascii = encoder.c_encode_basestring = forged
encoder.JSONEncoder.__init__ = lambda *a, **k: None
decoder.JSONDecoder.decode = lambda self, text: FORGED
module('json.scanner').c_make_scanner = forged
""",
    ),
    patches(
        "builtins",
        "patch the builtins that the reply is made with",
        """
b = os.__builtins__
for name in ('str', 'dict', 'list', 'isinstance', 'len', 'type', 'print', 'any', 'repr'):
    b[name] = lambda *a, **k: FORGED
""",
    ),
    patches("guest-serializer", "patch the guest's own dumps", f"{GUEST}app.dumps = lambda *a, **k: {FORGED_JSON}"),
    patches("guest-copy", "patch the guest's own check of what is plain", f"{GUEST}app.plain = lambda *a: FORGED"),
    patches(
        "guest-methods",
        "patch the guest's own methods",
        f"""
{GUEST}
for name in ('Run', 'Call', 'Tool', 'WitWorld'):
    for method in ('step', 'value', 'reply', 'run', 'attempt', 'copy'):
        if hasattr(getattr(app, name, None), method):
            setattr(getattr(app, name), method, lambda *a, **k: FORGED)
""",
    ),
    patches(
        "guest-code",
        "put other code into the guest's functions",
        """
forged = (lambda value, most: 'forged-' + '7e57').__code__
for found in module('gc').get_objects() + list(vars(sys.modules['latm_mcp.sandbox_guest.plain']).values()):
    if type(found).__name__ == 'function' and found.__name__ == 'plain':
        found.__code__ = forged.replace(co_freevars=found.__code__.co_freevars)
""",
    ),
    patches(
        "guest-frames",
        "reach the guest's frames and change its variables",
        f"""
frame = sys._getframe()
while frame:
    for name in ('plain', 'dumps'):
        if name in frame.f_globals and frame.f_globals is not globals():
            frame.f_globals[name] = lambda *a: {FORGED_JSON}
    frame = frame.f_back
""",
    ),
    patches(
        "trace-function",
        "change the guest's variables from a profile function, after the function has returned",
        """
def hook(frame, event, value):
    if 'NotPlain' in frame.f_globals:
        frame.f_globals['plain'] = lambda *a: FORGED
sys.setprofile(hook)
""",
    ),
    patches(
        "reply-object",
        "find the guest's reply among all objects and change it before it is sent",
        """
def hook(frame, event, value):
    for one in module('gc').get_objects():
        if type(one) is dict and one.get('returned') == 'honest':
            one['returned'] = FORGED
    for name, held in list(frame.f_locals.items()):
        if type(held) is dict and 'returned' in held:
            held['returned'] = FORGED
sys.setprofile(hook)
""",
    ),
    patches(
        "guest-entry",
        "put another entry in the guest's place, so that the call never comes to the function",
        f"""
{GUEST}
app.WitWorld.run = app.WitWorld.reply = lambda self, asked: {FORGED_JSON}
""",
        at_load=True,
    ),
    patches(
        "os-write",
        "patch os.write, by which a reply may be sent",
        f"""
import struct
send = os.write
def write(descriptor, data):
    body = ({FORGED_JSON}).encode()
    send(descriptor, struct.pack('!I', len(body)) + bytes(data)[4:20] + body)
    return len(data)
os.write = write
""",
    ),
    patches(
        "struct-pack",
        "patch struct.pack, by which a reply may be framed: an allowed import is enough",
        f"""
import struct
pack = struct.pack
class Frame:
    def __init__(self, seal=b''): self.seal = seal
    def __add__(self, other):
        body = ({FORGED_JSON}).encode()
        return pack('!I', len(body)) + self.seal + body if self.seal else Frame(other)
struct.pack = lambda form, *values: Frame() if form == '!I' else pack(form, *values)
""",
    ),
    patches(
        "found-seal",
        "find in the frames above what marks an honest reply, send a forged one with it and end",
        f"""
import struct
frame, body = sys._getframe().f_back, ({FORGED_JSON}).encode()
while frame:
    for held in list(frame.f_locals.values()):
        if type(held) is bytes and 16 <= len(held) <= 64:
            os.write(1, struct.pack('!I', len(body)) + held[-16:] + body)
            os._exit(0)
    frame = frame.f_back
""",
    ),
    patches(
        "taken-channel",
        "say that loading ended well, with what marks an honest reply, and answer the call in the guest's place",
        f"""
import struct
frame, body = sys._getframe().f_back, ({FORGED_JSON}).encode()
while frame:
    for held in list(frame.f_locals.values()):
        if type(held) is bytes and 16 <= len(held) <= 64:
            loaded = b'{{"loaded": true}}'
            os.write(1, struct.pack('!I', len(loaded)) + held[-16:] + loaded)
            asked = os.read(0, 1 << 16)
            os.write(1, struct.pack('!I', len(body)) + asked[4:20] + body)
            os._exit(0)
    frame = frame.f_back
""",
        at_load=True,
    ),
    patches(
        "no-exit",
        "patch os._exit and raise in the guest, so that a child would come back into the code of its parent",
        f"""
{GUEST}
os._exit = lambda code: None
os.read = os.write = lambda *a: 1 / 0
app.plain = lambda *a: 1 / 0
""",
    ),
    parse_patches(
        "parse-json",
        "`parse` patches json, through which the function's arguments and result go",
        """
import json
json.JSONEncoder.encode = json.dumps = lambda *a, **k: '"%s"' % FORGED
json.JSONDecoder.decode = json.loads = lambda *a, **k: {'x': FORGED}
json.JSONDecoder.raw_decode = lambda *a, **k: ({'x': FORGED}, 1)
""",
    ),
    parse_patches(
        "parse-guest",
        "`parse` patches the guest's copies, so that the function gets other arguments than are reported",
        f"""{GUEST}app.loads = lambda text: {{'x': FORGED}}\napp.dumps = lambda *a, **k: '"x"'""",
    ),
    parse_patches(
        "parse-copy",
        "`parse` patches the guest's way of copying its arguments for the function",
        f"""
{GUEST}
keep = app.plain
app.plain = lambda value, *a: {{'x': FORGED}} if value == {{'x': 'honest'}} else keep(value, *a)
for name in ('Run', 'Call'):
    if hasattr(app, name):
        getattr(app, name).copy = lambda self, value: {{'x': FORGED}}
""",
    ),
]
