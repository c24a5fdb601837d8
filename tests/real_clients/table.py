"""What came of the trials, for people and for programs; nothing in it tells of the machine's own places."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

from latm_mcp import __version__
from real_clients.trial import Verdict

COLUMNS = {
    "client": "client",
    "version": "version",
    "revision": "protocol",
    "listed": "commands listed",
    "refused": "refusal told",
    "drafted": "brief",
    "made": "made",
    "used": "used at once",
    "answered": "answer",
    "later": "used later",
    "seconds": "seconds",
}


def as_text(verdicts: Sequence[Verdict]) -> str:
    """A table, and below it what did not work."""
    rows = [list(COLUMNS.values()), *([_cell(asdict(verdict)[name]) for name in COLUMNS] for verdict in verdicts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    troubles = [f"{verdict.client}: {trouble}" for verdict in verdicts for trouble in verdict.trouble]
    return "\n".join([_about(), "", *lines, *([""] if troubles else []), *troubles]) + "\n"


def as_json(verdicts: Sequence[Verdict]) -> str:
    """The same, with the versions of what was tried."""
    about = {"latm-mcp": __version__, "mcp": version("mcp")}
    return json.dumps({**about, "clients": [asdict(verdict) for verdict in verdicts]}, indent=2) + "\n"


def _about() -> str:
    return f"latm-mcp {__version__}, mcp {version('mcp')}"


def _cell(value: object) -> str:
    return {True: "yes", False: "no", "": "no"}.get(value, str(value)) if isinstance(value, bool | str) else str(value)
