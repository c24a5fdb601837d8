"""What `latm-mcp doctor` finds out about starting: a server is started as a client would, on a copy of the library."""

import shlex
import sys
import tempfile
import time
from importlib.util import cache_from_source
from pathlib import Path

import latm_mcp
from latm_mcp.cli_doctor_show import Section
from latm_mcp.errors import StoreUnusable
from latm_mcp.peer import PeerGone, client_of
from latm_mcp.settings import Settings
from latm_mcp.store_look import copy, look

PATIENCE = 2.7  # seconds after which some clients go on without the server's tools
SECONDS = 30.0  # of one start
RUNS = 3  # at most: one that is fast enough is enough, and a machine that is busy gets another chance
LARGEST = 256 << 20  # bytes of a library that is copied for this


async def start_section(settings: Settings) -> Section:
    """How long the first answer and the first list take, the best of several starts if the first is slow."""
    section = Section("start_up")
    try:
        times = [await _started(settings, section)]
        while min(times)[1] > PATIENCE and len(times) < RUNS:
            times.append(await _started(settings, section))
    except PeerGone as error:
        section.problem(str(error), "latm-mcp serve")
        return section
    answer, listed = min(times, key=lambda each: each[1])
    section.facts |= {"first_answer_seconds": round(answer, 2), "first_list_of_tools_seconds": round(listed, 2)}
    if listed > PATIENCE:
        section.notes.append(
            f"The server needs {listed:.1f} s for its first list of tools, and some clients wait no longer than {PATIENCE:g} s:"
            f" {_advice()}"
        )
    return section


async def _started(settings: Settings, section: Section) -> tuple[float, float]:
    """Seconds to the first answer and to the first list."""
    with tempfile.TemporaryDirectory(prefix="latm-doctor-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        section.facts["library"] = _copied(settings.home, home)
        began = time.perf_counter()
        async with client_of(home, _environment(settings), SECONDS) as client:
            answer = time.perf_counter() - began
            found = await client.list_tools()
            listed = time.perf_counter() - began
        section.facts["listed_tools"] = len(found.tools)
    return answer, listed


def _copied(home: Path, target: Path) -> str:
    """Put a copy of the library there: a start may bring an old one up to date, which is not for doctor to do."""
    try:
        if look(home) is None:
            return "an empty one, as at the first start"
        if (home / "library.sqlite").stat().st_size > LARGEST:
            return "an empty one, for yours is too large to be copied for this"
        copy(home, target)
    except (StoreUnusable, OSError):
        return "an empty one, for yours cannot be read"
    return "a copy of yours"


def _environment(settings: Settings) -> dict[str, str]:
    """What decides how long a start takes. No model and no queue: nothing is asked and nothing is made."""
    return {
        "LATM_CACHE": str(settings.cache),
        "LATM_SANDBOX": settings.sandbox,
        "LATM_EXPOSURE": settings.exposure,
        "LATM_EXPOSURE_LIMIT": str(settings.exposure_limit),
    }


def _advice() -> str:
    package = Path(latm_mcp.__file__)
    if not Path(cache_from_source(str(package))).exists():
        line = f"{shlex.quote(sys.executable)} -m compileall -q {shlex.quote(str(package.parent))}"
        return f"its compiled code could not be kept, so it is compiled at each start. `{line}` does it once."
    return (
        "start it by an absolute path, not by `uvx`, which looks for packages first: `latm-mcp install` writes that. Where the "
        "client has a time-out for starting servers, raise it."
    )
