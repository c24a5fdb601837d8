"""Attacks that try to send or receive. The listeners outside must hear nothing."""

from attacks.attack import Attack, Proof
from latm_mcp.outcomes import Died, Raised, Returned, TimedOut

NOTHING = (Returned, Raised, Died, TimedOut)


def sends(name: str, what: str, *attempts: str, before: str = "", proof: Proof = "") -> Attack:
    """An attack that tries these expressions in turn."""
    tries = "".join(f"        lambda: {attempt},\n" for attempt in attempts)
    source = f"""
{SOCKET}{before}
def f(o):
    return loot(
{tries}    )
"""
    return Attack("network", name, what, source, NOTHING, seconds=3.0, proof=proof)


SOCKET = """
def socket(*kind):
    return module("_socket").socket(*kind)
def connect(address, *kind):
    made = socket(*kind)
    made.connect(address)
    return made.send(b"from inside") and "connected"
"""
RAW = """
def raw(port):
    syscall(41, 198, 2, 1, 0)
    ctypes = module("ctypes")
    made = ctypes.CDLL(None).socket(2, 1, 0)
    if made >= 0:
        address = b"\\2\\0" + port.to_bytes(2, "big") + b"\\x7f\\0\\0\\1" + bytes(8)
        return ctypes.CDLL(None).connect(made, address, 16) + 1
"""
EXISTING = """
def existing():
    got = []
    for descriptor in range(64):
        try:
            made = module("_socket").socket(fileno=descriptor)
            got.append(made.getpeername())
        except BaseException:
            continue
    return got
"""

ATTACKS = [
    sends("tcp", "connect to a port on the loopback", 'connect(("127.0.0.1", o["tcp"]), 2, 1)', proof="trace"),
    sends(
        "tcp-high-level",
        "connect through socket, http and urllib",
        'module("socket").create_connection(("127.0.0.1", o["tcp"]), 1)',
        'module("http.client").HTTPConnection("127.0.0.1", o["tcp"], timeout=1).connect() or 1',
        'module("urllib.request").urlopen("http://127.0.0.1:%d/" % o["tcp"], timeout=0.2)',
        proof="trace",
    ),
    sends("tcp-6", "connect over IPv6", 'connect(("::1", o["tcp"], 0, 0), 10, 1)', "socket(10, 1)"),
    sends("udp", "send a datagram", 'socket(2, 2).sendto(b"from inside", ("127.0.0.1", o["udp"]))', proof="trace"),
    sends(
        "dns",
        "resolve names, which would carry data out in the name",
        'module("_socket").getaddrinfo("localhost", 80)',
        'module("_socket").gethostbyname("localhost")',
        'module("_socket").gethostbyname("canary.example.invalid")',
        'module("_socket").gethostname()',
        proof="loot",
    ),
    sends(
        "dns-by-hand",
        "send a query to a name server by hand",
        'socket(2, 2).sendto(b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\6canary\\0\\0\\1\\0\\1", ("127.0.0.1", o["udp"]))',
        proof="trace",
    ),
    sends("unix", "connect to a unix socket by its path", 'connect(o["unix"], 1, 1)', proof="trace"),
    sends("unix-abstract", "connect to an abstract unix socket", 'connect(o["abstract"], 1, 1)', proof="trace"),
    sends(
        "listen",
        "listen on the loopback, for others to call in",
        '(made := socket(2, 1)).bind(("127.0.0.1", 0)) or made.listen() or made.getsockname()',
        proof="loot",
    ),
    sends(
        "odd-families",
        "make raw, packet, netlink, vsock and kernel crypto sockets",
        *(f"socket({kind})" for kind in ("2, 3, 1", "17, 3", "16, 3, 0", "40, 1", "38, 5", "31, 3, 1")),
    ),
    sends(
        "socket-pair",
        "make a pair of sockets to pass descriptors through",
        'module("_socket").socketpair()',
        'module("socket").socketpair()',
        proof="loot",
    ),
    sends(
        "raw-calls",
        "make and connect a socket with raw system calls",
        'raw(o["tcp"])',
        "syscall(53, 199, 1, 1, 0, bytes(8))",
        'syscall(44, 206, 1, b"x", 1, 0, None, 0)',
        before=RAW,
    ),
    sends("inherited-sockets", "take sockets out of the descriptors that are there", "existing()", before=EXISTING),
    sends(
        "asyncio",
        "connect through an event loop",
        'module("asyncio").run(module("asyncio").open_connection("127.0.0.1", o["tcp"]))',
        proof="trace",
    ),
    sends(
        "browser",
        "have a browser or a downloader fetch a page",
        'module("webbrowser").open("http://127.0.0.1:%d/" % o["tcp"])',
        'os.system("curl -s http://127.0.0.1:%d/" % o["tcp"]) == 0',
    ),
]
