"""Each client's configuration as it is found: whether it is here, and whether the server is in it.

`os.path` says whether something is there, not `Path`, which raises where it may not look: one client's folder hides no other.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Literal, TypeAlias

from latm_mcp.install_clients import Client, Shape
from latm_mcp.install_clients_listed import CLIENTS
from latm_mcp.install_documents import Document, Entry, Unusable
from latm_mcp.install_entry import Line, command_of, entry_of, is_there, kept_options, line_of
from latm_mcp.install_formats import open_document
from latm_mcp.settings_places import Places

NAME = "latm"  # what clients call the server, unless a person says otherwise

# another: the name is taken by another program; gone: the entry's program is no longer there; unusable: the file cannot be read
State: TypeAlias = Literal["absent", "current", "differs", "gone", "another", "unusable"]


@dataclass(frozen=True, slots=True)
class Found:
    """A client as found. content: of its file; None where there is none. also: other names under which it has latm-mcp.

    entry: the one of this name, or None; command: what it starts. why: for `unusable`, what is wrong with the file.
    """

    client: Client
    name: str
    here: bool
    file: Path
    state: State
    content: bytes | None = None
    entry: Entry | None = None
    command: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    why: str = ""
    shape: Shape = field(default_factory=Shape)

    @property
    def stale(self) -> bool:
        """Whether the entry is the server's, and `latm-mcp install` would change it."""
        return self.state in ("differs", "gone")


def installed(places: Places, line: Line, name: str = NAME) -> tuple[Found, ...]:
    """Every known client. line: how this program is started, with which an entry is compared. Nothing is written."""
    return tuple(look(client, places, line, name) for client in CLIENTS)


def look(client: Client, places: Places, line: Line, name: str = NAME) -> Found:
    """One client."""
    file = file_of(client, places)
    here = is_here(client, places, file)
    try:
        content = _content(file)
        document, shape = document_of(client, content)
        entries = document.entries()
    except (Unusable, OSError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Found(client, name, here, file, "unusable", why=why)
    also = tuple(key for key, entry in entries.items() if key != name and line_of(shape, entry))
    entry = entries.get(name)
    if entry is None:
        return Found(client, name, here, file, "absent", content, also=also, shape=shape)
    command = command_of(shape, entry)
    state = _state(shape, entry, line, (name, is_there(command, places)))
    return Found(client, name, here, file, state, content, entry, command, also, shape=shape)


def _content(file: Path) -> bytes | None:
    if not file.exists():
        return None
    if not (file.is_file() or file.is_dir()):  # a pipe that nobody writes to would never end
        raise Unusable("it is no plain file")
    return file.read_bytes()


def _state(shape: Shape, entry: Entry, line: Line, told: tuple[str, bool]) -> State:
    name, there = told
    own = line_of(shape, entry)
    if own is None:
        return "another"
    if not there:
        return "gone"
    return "current" if entry_of(shape, name, kept_options(line, own), entry) == entry else "differs"


def document_of(client: Client, content: bytes | None) -> tuple[Document, Shape]:
    """A client's file, opened where its entries are. Raises: Unusable."""
    text = client.seed.encode() if content is None else content
    document = open_document(client.format, client.under, text)
    if client.newer:
        under, shape = client.newer
        newer = open_document(client.format, under, text)
        if newer.entries():
            return newer, shape
    return document, client.shape


def file_of(client: Client, places: Places) -> Path:
    """Where this client keeps its configuration, whether or not it is there already."""
    file = _file(client, places)
    if client.beside and not os.path.exists(file):
        other, instead = client.beside
        if os.path.exists(file.parent / other):
            return file.parent / instead
    return file


def _file(client: Client, places: Places) -> Path:
    for text in client.moved:
        if (path := _path(text, places)) is not None:
            return path
    found: list[Path] = []
    for text in client.files[places.platform]:
        if "*" in text:
            if matches := _matches(text, places):
                return matches[0]
        elif (path := _path(text, places)) is not None:
            found.append(path)
    there = [path for path in found if os.path.exists(path)]
    return (there or found)[0]


def is_here(client: Client, places: Places, file: Path) -> bool:
    """Whether this client is used here: its file or its folder is there, or its command."""
    home = Path(places.variables["HOME"])
    folders = [path for text in client.folders if (path := _path(text, places))]
    for text in client.files[places.platform]:
        folders += [path.parent for path in (_matches(text, places) if "*" in text else [_path(text, places)]) if path]
    if os.path.exists(file) or any(os.path.isdir(folder) for folder in folders if folder != home):
        return True
    return any(which(command, path=places.search or "") for command in client.commands)


def _path(text: str, places: Places) -> Path | None:
    """A place, or None where a variable of it is not set."""
    try:
        return Path(text.format_map(places.variables))
    except KeyError:
        return None


def _matches(text: str, places: Places) -> list[Path]:
    """The places that a star stands for, by the folders that are there."""
    before, _, after = text.partition("*")
    folder, _, begin = before.rpartition("/")
    top = _path(folder, places)
    if top is None or not os.path.isdir(top):
        return []
    folders = sorted(path for path in top.glob(f"{begin}*") if os.path.isdir(path))
    return [path / after.lstrip("/") for path in folders]
