"""What `latm-mcp doctor` finds in the clients' own configuration files; nothing is written."""

import shlex

from latm_mcp.cli_doctor_show import Section
from latm_mcp.errors import BadInput
from latm_mcp.install_entry import launching, running
from latm_mcp.install_look import Found, installed
from latm_mcp.outcomes import Json
from latm_mcp.settings_places import read_places

NONE = "none that is known is on this machine, or none has been started yet"
FAILED = 1  # the exit code: the server works, and a client cannot start it
WORDS = {
    "absent": "not in its configuration",
    "current": "starts this program",
    "differs": "starts latm-mcp in another way than `latm-mcp install` would write",
    "gone": "STARTS A PROGRAM THAT IS NOT THERE",
    "another": "has another program under this name",
    "unusable": "its configuration cannot be read",
}


def found_clients() -> list[Found]:
    """The clients that are here; none where no home folder is known."""
    try:
        places = read_places()
    except BadInput:
        return []
    return [each for each in installed(places, launching(running(), places)) if each.here or each.entry is not None]


def clients_section(found: list[Found]) -> Section:
    """Whether each has the server, and what is wrong with that."""
    section = Section("clients", code=FAILED)
    for each in found:
        _look(each, section)
    rows: list[Json] = [_row(each) for each in found]
    section.facts["found"] = rows or NONE
    return section


def _row(found: Found) -> dict[str, Json]:
    return {
        "client": found.client.name,
        "state": found.state,
        "means": WORDS[found.state],
        "file": str(found.file),
        "command": list(found.command),
    }


def _look(found: Found, section: Section) -> None:
    name, title = found.client.name, found.client.title
    again = f"latm-mcp install --client {name}"
    if found.state == "gone":
        started = shlex.join(found.command[:1])
        section.problem(f"{title} starts {started}, which is not there: it goes without the server.", again)
    elif found.state == "unusable":
        section.problem(f"{title}: {str(found.file)!r} cannot be used: {found.why}. Mend it by hand, then:", again)
    elif found.state == "another":
        section.notes.append(
            f"{title} has another program under the name {found.name!r}: `{again} --name latm-mcp` adds this one."
        )
    elif found.state == "differs":
        section.notes.append(f"{title} {WORDS[found.state]}: `{again} --print` shows how, `{again}` writes it.")
