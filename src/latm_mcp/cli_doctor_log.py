"""What `latm-mcp doctor` tells of the servers' own log: where it is, and the last that went wrong."""

import os
import re
import shlex
from pathlib import Path

from latm_mcp.cli_doctor_library import refusal
from latm_mcp.cli_doctor_show import Section
from latm_mcp.install_look import Found
from latm_mcp.server_log_file import files
from latm_mcp.settings import Settings
from latm_mcp.text import one_line

LAST = 10  # lines
TAIL = 128 << 10  # bytes that are looked through for them, of each file
WRONG = re.compile(r"\S+ \d+ (WARNING|ERROR) \S.*")  # and not the places in a traceback, which are indented
KEPT_BY_CLIENTS = "each client keeps what the server writes to its standard error in a place of its own"


def log_section(settings: Settings, clients: list[Found]) -> Section:
    """Where the log is, its last warnings and errors, newest last, and where the clients that are here keep theirs."""
    log = files(settings.log_folder)[0]
    section = Section("log", {"file": str(log), "kept": settings.log})
    section.facts["last_errors"] = last_errors(settings.log_folder)
    section.facts["kept_by_clients"] = [
        f"{each.client.title}: {each.client.log}" for each in clients
    ] or KEPT_BY_CLIENTS
    refused = refusal(settings.log_folder) if settings.log and os.path.lexists(settings.log_folder) else ""
    if refused and not refusal(settings.home):  # else the library's section says so
        section.notes.append(
            f"The log cannot be written: {refused}. Servers go on without: `chmod -R u+rwX {shlex.quote(str(log.parent))}`, or"
            " move what is in the way."
        )
    return section


def last_errors(folder: Path) -> list[str]:
    """The last lines of warnings and errors in the log."""
    found: list[str] = []
    for path in files(folder):
        found = [line for line in _tail(path).splitlines() if WRONG.fullmatch(line)] + found
        if len(found) >= LAST:
            break
    return [one_line(line, 600) for line in found[-LAST:]]


def _tail(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as opened:
            opened.seek(max(0, path.stat().st_size - TAIL))
            return opened.read(TAIL).decode("utf-8", "replace")
    except OSError:
        return ""
