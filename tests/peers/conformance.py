"""The official conformance suite against the real server over streamable HTTP, and why what did not pass did not.

Each revision that the suite knows runs twice: with the fixtures that most scenarios call by name, and without.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from front_door import LINE, FrontDoor
from http_served import HttpServer
from peers.places import NODE, Places

REVISIONS = ("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26")
REQUIRED = ("2026-07-28", "2025-11-25")  # of these the suite has frozen lists of what counts
EXPLAINED = Path(__file__).with_name("explained.txt")
TESTS = Path(__file__).parent.parent
SECONDS = 240
TITLE = f"@modelcontextprotocol/conformance {NODE['@modelcontextprotocol/conformance']}, over streamable HTTP"
NOTE = """\
n/a: not applicable, see below. The fixtures are constants in front of the server: what passes with them alone shows that transport,
sessions and both eras work, not that the server has such tools. Some pass without them only since the suite takes the refusal of an
unknown tool for an answer."""


@dataclass(frozen=True)
class Ran:
    """One scenario. counts: whether the revision requires it; failures, warnings: sentences of the suite."""

    revision: str
    scenario: str
    counts: bool
    checks: int
    failures: tuple[str, ...]
    warnings: tuple[str, ...]


@contextmanager
def serving(door: FrontDoor, fixtures: bool = False) -> Iterator[str]:
    """The address of `latm-mcp serve --http` in a process of its own, with the fixtures in front of it or without."""
    env = {**door.environment, "LATM_HTTP_PORT": "0"}
    line = [*LINE, "serve", "--http"]
    if fixtures:
        env["PYTHONPATH"] += f"{os.pathsep}{TESTS}"
        line = [sys.executable, "-m", "peers.conformance_server"]
    process = subprocess.Popen(
        line, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    server = HttpServer(process, door.home)
    try:
        yield server.url
        server.end()
    finally:
        server.close()
    assert "Traceback" not in "".join(server.said), "".join(server.said)


def run_suite(places: Places, address: str, revision: str, results: Path) -> list[Ran]:
    """All that the suite has for a revision. results: an empty folder for what it writes."""
    what = ["--requirements", revision] if revision in REQUIRED else ["--suite", "all", "--spec-version", revision]
    line = [*places.conformance, "server", "--url", address, *what, "--output-dir", str(results)]
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=SECONDS)
    assert done.returncode in (0, 1), done.stderr  # 1: something failed
    required = _required(places, revision)
    return [
        _read(revision, folder, required) for folder in sorted(results.iterdir(), key=lambda path: path.stat().st_mtime)
    ]


def _required(places: Places, revision: str) -> set[str] | None:
    """The server scenarios of the suite's frozen list; None where there is no such list, and all count."""
    if revision not in REQUIRED:
        return None
    text = places.requirements(revision).read_text(encoding="utf-8")
    section = re.search(r"^server:\n((?:  - .+\n)+)", text, re.MULTILINE)
    assert section is not None
    return set(re.findall(r"- (\S+)", section[1]))


def _read(revision: str, folder: Path, required: set[str] | None) -> Ran:
    named = re.fullmatch(r"server-(.+?)-\d{4}-\d\d-\d\dT.*", folder.name)
    assert named is not None, folder.name
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    said = {
        status: tuple(_sentence(check) for check in checks if check["status"] == status)
        for status in ("FAILURE", "WARNING")
    }
    counts = required is None or named[1] in required
    passed = sum(check["status"] == "SUCCESS" for check in checks)
    return Ran(revision, named[1], counts, passed + len(said["FAILURE"]), said["FAILURE"], said["WARNING"])


def _sentence(check: dict[str, str]) -> str:
    return f"{check['id']}: {check.get('errorMessage') or check['description']}"


@dataclass(frozen=True)
class Explained:
    """Why a scenario does not pass. applicable: whether it is about something that this server has."""

    scenario: str
    applicable: bool
    why: str


def explained() -> dict[str, Explained]:
    """What `explained.txt` says: paragraphs of a line `SCENARIO (applicable)` or `(not applicable)`, and sentences."""
    found = {}
    for paragraph in EXPLAINED.read_text(encoding="utf-8").split("\n\n"):
        head, _, why = paragraph.strip().partition("\n")
        if named := re.fullmatch(r"(\S+) \((not )?applicable\)", head):
            found[named[1]] = Explained(named[1], not named[2], " ".join(why.split()))
    return found


def unexplained(ran: list[Ran]) -> list[str]:
    """What fails and is not explained, and what is explained and does not fail: the file has to be true."""
    failing = {each.scenario for each in ran if each.failures}
    seen = {each.scenario for each in ran}
    known = explained()
    missing = [f"{name} fails, and nothing explains it" for name in sorted(failing - known.keys())]
    return missing + [f"{name} is explained, and does not fail" for name in sorted((known.keys() & seen) - failing)]


def table(ran: list[Ran], bare: list[Ran]) -> str:
    """For each revision: passed of applicable, then each scenario; at the end why some are not applicable or fail."""
    lines = [TITLE, NOTE, ""]
    for revision in REVISIONS:
        here = [each for each in ran if each.revision == revision]
        alone = {each.scenario for each in bare if each.revision == revision and not each.failures}
        lines += [figures(revision, ran, bare), "", *(_row(each, each.scenario in alone) for each in here), ""]
    lines += ["Why", ""]
    failing = {each.scenario for each in ran if each.failures}
    for name, each in explained().items():
        if name in failing:
            lines.append(f"{name} ({'' if each.applicable else 'not '}applicable): {each.why}")
    return "\n".join([*lines, *(f"NOT TRUE: {line}" for line in unexplained(ran))])


def figures(revision: str, ran: list[Ran], bare: list[Ran]) -> str:
    """Passed of applicable, in words."""
    counted = [each for each in ran if each.revision == revision and each.counts]
    foreign = [each for each in counted if each.failures and not _applicable(each.scenario)]
    passed = [each for each in counted if not each.failures]
    alone = {each.scenario for each in bare if each.revision == revision and not each.failures}
    by_itself = sum(each.scenario in alone for each in counted)
    return (
        f"{revision}: {len(passed)} of {len(counted) - len(foreign)} applicable scenarios passed"
        f" ({sum(each.checks for each in passed)} checks; {by_itself} pass without the fixtures, too);"
        f" {len(foreign)} of {len(counted)} required are not applicable"
    )


def _applicable(scenario: str) -> bool:
    known = explained().get(scenario)
    return known is None or known.applicable


def _row(ran: Ran, alone: bool) -> str:
    how = ("ok" if ran.checks else "skip") if not ran.failures else "FAIL" if _applicable(ran.scenario) else "n/a"
    marks = ["" if ran.counts else "not counted by the suite", "without fixtures, too" if alone and ran.checks else ""]
    marks += [f"warning: {each}" for each in ran.warnings]
    return f"  {how:4} {ran.scenario:48} {'; '.join(filter(None, marks))}".rstrip()
