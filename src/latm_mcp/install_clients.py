"""What a client's configuration is, as data: where it is kept, what an entry of it looks like, what to do afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from latm_mcp.errors import BadInput
from latm_mcp.install_documents import Format, Under
from latm_mcp.outcomes import Json
from latm_mcp.settings_places import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a client's entry tells a command. {name} in a text stands for the server's name.

    args: the field of the arguments; empty where `command` is a list of all. env: the field of variables.
    fixed: what every entry has; once: what a new one gets, and a person may change.
    """

    command: str = "command"
    args: str = "args"
    env: str = "env"
    fixed: Mapping[str, Json] = field(default_factory=dict)
    once: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client. Places are texts with variables of `Places` in braces, and slashes on every platform.

    files: by platform, in order: the first that is there, else the first. One with a star holds wherever it matches.
    moved: the same where these variables are set, before all others. folders, commands: more by which it is known to be here.
    under: the names that lead to its entries, and their shape; newer: the same, where a file is in a newer form.
    beside: a file in whose company a new one of ours would displace it, and what to write instead. seed: what a new file
    begins with. restart, shows, log: for people: what to do, when a made tool shows up, and where it keeps what servers say.
    """

    name: str
    title: str
    format: Format
    under: Under
    files: Mapping[Platform, tuple[str, ...]]
    shape: Shape = field(default_factory=Shape)
    newer: tuple[Under, Shape] | None = None
    moved: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    beside: tuple[str, str] | None = None
    seed: str = ""
    restart: str
    shows: str
    log: str


def everywhere(*files: str) -> Mapping[Platform, tuple[str, ...]]:
    """The same places on every platform."""
    return MappingProxyType({"linux": files, "darwin": files, "win32": files})


def by_platform(linux: str, darwin: str, win32: tuple[str, ...]) -> Mapping[Platform, tuple[str, ...]]:
    """Places that differ."""
    return MappingProxyType({"linux": (linux,), "darwin": (darwin,), "win32": win32})


def client_named(name: str, clients: tuple[Client, ...]) -> Client:
    """The client of this name. Raises: BadInput with the nearest name, and all of them."""
    for client in clients:
        if client.name == name.strip().lower():
            return client
    names = [client.name for client in clients]
    near = get_close_matches(name.strip().lower().replace(" ", "-"), names, 1, 0.5)
    meant = f"Is {near[0]!r} meant? " if near else ""
    raise BadInput(f"{name!r} is no client that is known here. {meant}They are: {', '.join(names)}.")
