"""What `latm-mcp install` says: the list of clients, what would be written, what was, and what to do next."""

from collections.abc import Sequence
from pathlib import Path

from latm_mcp.cli_screen import write, write_field, write_table, write_wrapped
from latm_mcp.cli_words import counted
from latm_mcp.install_change import Change, Done
from latm_mcp.install_clients import Client
from latm_mcp.install_documents import Entry
from latm_mcp.install_entry import Line
from latm_mcp.install_formats import open_document
from latm_mcp.install_look import Found, State
from latm_mcp.outcomes import Json

STATES: dict[State, str] = {
    "absent": "no",
    "current": "yes",
    "differs": "yes, as another copy or with other fields",
    "gone": "yes, but its program is gone",
    "another": "no: another server has the name",
    "unusable": "its file cannot be read",
}
DOCTOR = "See that all is well: latm-mcp doctor"


def show_list(found: Sequence[Found], line: Line, block: bool) -> None:
    """Every client, and what to do. block: show the entry for a client that is not in the list, too."""
    title = f"Clients, and whether {found[0].name!r} is in their configuration"
    rows = [(one.client.name, "yes" if one.here else "no", _state(one), _short(one.file)) for one in found]
    write_table(title, ("client", "found here", "has it", "file"), rows)
    write("")
    for one in found:
        if one.state == "unusable":
            write_field(f"{one.client.title}: {one.file}: {one.why}")
    here = [one for one in found if one.here]
    stale = [one.client.name for one in here if one.stale]
    if stale:
        write_wrapped(f"Bring up to date: latm-mcp install {' '.join(f'--client {name}' for name in stale)}")
    write_wrapped(
        f"Put it in: latm-mcp install --client NAME, or --all for {counted(len(here), 'client')} found here. "
        "--print shows what would be written."
    )
    if block:
        write("\nAny other client takes a form of this:\n")
        write(_json_block(found[0].name, line))


def _state(one: Found) -> str:
    return STATES[one.state] + (f"; also as {', '.join(map(repr, one.also))}" if one.also else "")


def show_plan(changes: Sequence[Change]) -> None:
    """What would be written, and where."""
    for change in changes:
        _show_head(change, done=None)
        if change.outcome in ("added", "changed", "kept") or (change.outcome == "refused" and change.entry):
            write(_block(change.found.client, change.found.name, change.entry))
        write("")


def show_done(done: Sequence[Done], notes: Sequence[str], removed: bool) -> None:
    """What was written, and what to do next."""
    for one in done:
        _show_head(one.change, one)
        if one.change.outcome == "refused" and one.change.found.state != "another" and one.change.entry and not removed:
            write(_block(one.change.found.client, one.change.found.name, one.change.entry))
        client = one.change.found.client
        if one.change.outcome in ("added", "changed"):
            write_field(f"  then: {client.restart}")
            write_field(f"  a new tool shows up {client.shows}")
            write_field(f"  its log: {client.log}")
        elif one.change.outcome == "removed":
            write_field(f"  then: restart {client.title}, if it runs.")
    for note in notes:
        write("")
        write_wrapped(note)
    if not removed:
        write(f"\n{DOCTOR}")


def _show_head(change: Change, done: Done | None) -> None:
    found = change.found
    what = {
        "added": f"{found.name!r} {'is' if done else 'would be'} put in",
        "changed": f"{found.name!r} {'is' if done else 'would be'} brought up to date",
        "kept": f"{found.name!r} is there already; nothing to write",
        "removed": f"{found.name!r} {'is' if done else 'would be'} taken out",
        "not there": f"{found.name!r} is not in it; nothing to do",
        "refused": f"not written: {change.why}",
    }[change.outcome]
    write_field(f"{found.client.title}: {what}")
    write_field(f"  file: {found.file}")
    if not found.here and change.outcome == "added":
        write_field(f"  {found.client.title} was not found here: the entry waits for it")
    if done and done.backup:
        write_field(f"  backup: {done.backup}")


def _block(client: Client, name: str, entry: Entry | None) -> str:
    """An entry as it stands in this client's file, and nothing else of that file."""
    if entry is None:
        return ""
    content = open_document(client.format, client.under, b"").put(name, entry)
    return "\n" + "\n".join(f"    {line}" for line in content.decode().rstrip().split("\n"))


def _json_block(name: str, line: Line) -> str:
    entry: Entry = {"command": line.launcher[0], "args": [*line.launcher[1:], *line.options]}
    if line.env:
        entry["env"] = dict(line.env)
    return open_document("json", ("mcpServers",), b"").put(name, entry).decode().rstrip()


def _short(path: Path) -> str:
    """With ~ for the home folder, as people write it."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def as_json(changes: Sequence[Change], line: Line, written: bool, done: Sequence[Done] = ()) -> Json:
    """For scripts. Entries of other servers are never shown: they may hold keys."""
    backups = {id(one.change): one.backup for one in done}
    return {
        "command": [*line.launcher, *line.options],
        "written": written,
        "clients": [_row(change, backups.get(id(change))) for change in changes],
    }


def _row(change: Change, backup: Path | None) -> Json:
    found = change.found
    return {
        "client": found.client.name,
        "title": found.client.title,
        "found": found.here,
        "file": str(found.file),
        "name": found.name,
        "state": found.state,
        "outcome": change.outcome,
        "entry": change.entry if found.state != "another" else None,
        "also": list(found.also),
        "why": change.why or found.why,
        "backup": str(backup) if backup else None,
        "restart": found.client.restart,
        "new_tools_show_up": found.client.shows,
        "log": found.client.log,
    }
