"""One user's folders on any platform, made under a test's own folder, and the clients in them."""

from pathlib import Path

from latm_mcp.install_change import adding, carry_out, removing
from latm_mcp.install_clients import Client, client_named
from latm_mcp.install_clients_listed import CLIENTS
from latm_mcp.install_entry import Line
from latm_mcp.install_look import Found, look
from latm_mcp.settings_places import Places, Platform, read_places

PLATFORMS: tuple[Platform, ...] = ("linux", "darwin", "win32")
NAMES = tuple(client.name for client in CLIENTS)
# With what is hard to write: blanks, backslashes, quotes, a letter outside ASCII.
HARD = Line(
    ("C:\\Program Files\\l\u00e4tm\\latm-mcp.exe",), ("--home", 'D:\\my "tools"\\new', "--set", "maker.model=a: b #c")
)


def places(home: Path, platform: Platform = "linux", **more: str) -> Places:
    """What `read_places` makes of an environment in which only the home folder, and `more`, is set."""
    return read_places({"USERPROFILE" if platform == "win32" else "HOME": str(home), **more}, platform)


def client(name: str) -> Client:
    """The client of this name."""
    return client_named(name, CLIENTS)


def program(folder: Path) -> Line:
    """A command that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "latm-mcp"
    file.touch(mode=0o755)
    return Line((str(file),))


def put_in(name: str, at: Places, line: Line = HARD) -> Found:
    """Put the server in, and look again."""
    done = carry_out(adding(look(client(name), at, line), line))
    assert done.change.outcome in ("added", "changed"), done.change.why
    return look(client(name), at, line)


def take_out(name: str, at: Places) -> Found:
    """Take the server out, and look again."""
    carry_out(removing(look(client(name), at, HARD)))
    return look(client(name), at, HARD)


def backups(file: Path) -> list[Path]:
    """All that was put beside a file."""
    return sorted(path for path in file.parent.iterdir() if path != file and path.name.startswith(file.name))
