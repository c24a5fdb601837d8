"""What `latm-mcp install` does to one client's file: planned first, and written only as planned."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from latm_mcp.install_documents import Entry, Unusable
from latm_mcp.install_entry import Line, entry_of, kept_options, line_of
from latm_mcp.install_files import backups, replace_file
from latm_mcp.install_look import Found, document_of

Outcome: TypeAlias = Literal["added", "changed", "kept", "removed", "not there", "refused"]
LARGE = 64 << 20  # bytes: no configuration is that long


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a client's file. after: its new content; None: there is to be none.

    entry: as it is to be, or was; why: for `refused`, and it ends in what to do.
    """

    found: Found
    outcome: Outcome
    entry: Entry | None = None
    after: bytes | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made. backup: what the file was before; None where nothing was."""

    change: Change
    backup: Path | None = None


def adding(found: Found, line: Line) -> Change:
    """Put the server in, or bring its entry up to date."""
    new = entry_of(found.shape, found.name, line)
    if found.state == "unusable":
        return Change(found, "refused", new, why=_by_hand(found, found.why))
    if found.state == "another":
        why = f"it has another server of the name {found.name!r}, which stays: give this one another name with --name."
        return Change(found, "refused", new, why=why)
    if found.entry is None:
        return _written(found, "added", new)
    own = line_of(found.shape, found.entry)
    entry = entry_of(found.shape, found.name, kept_options(line, own), found.entry)
    if entry == found.entry:
        return Change(found, "kept", entry, found.content)
    return _written(found, "changed", entry)


def _written(found: Found, outcome: Outcome, entry: Entry) -> Change:
    document, _ = document_of(found.client, found.content)
    try:
        return Change(found, outcome, entry, document.put(found.name, entry))
    except Unusable as error:
        return Change(found, "refused", entry, why=_by_hand(found, str(error)))


def removing(found: Found) -> Change:
    """Take the server out."""
    if found.state == "unusable":
        return Change(found, "refused", why=f"{found.why}. Take the entry {found.name!r} out by hand.")
    if found.state == "another":
        return Change(found, "refused", why=f"its server {found.name!r} is another program, and stays.")
    if found.entry is None or found.content is None:
        return Change(found, "not there")
    for content in _befores(found):
        return Change(found, "removed", found.entry, content)
    document, _ = document_of(found.client, found.content)
    try:
        return Change(found, "removed", found.entry, document.take(found.name))
    except Unusable as error:
        return Change(found, "refused", found.entry, why=f"{error}. Take the entry {found.name!r} out by hand.")


def _befores(found: Found) -> Iterator[bytes | None]:
    """What the file was before the entry, to the byte, if nothing else happened to it since; None: it was not there.

    An editor takes an entry out, but not what it made to put it in; the backups tell which that was.
    """
    assert found.entry is not None
    for path in (*backups(found.file), None):
        with suppress(Unusable, OSError):
            if path is not None and path.stat().st_size > LARGE:
                continue
            content = None if path is None else path.read_bytes()
            document, _ = document_of(found.client, content)
            if found.name not in document.entries() and document.put(found.name, found.entry) == found.content:
                yield content


def carry_out(change: Change) -> Done:
    """Write a planned change. Raises: Unusable where the file cannot be written, or changed since it was planned."""
    if change.outcome not in ("added", "changed", "removed"):
        return Done(change)
    found = change.found
    return Done(change, replace_file(found.file, found.content, change.after))


def _by_hand(found: Found, why: str) -> str:
    return f"{why}. It is left as it is; put the entry in by hand."
