"""`python tests/peers --into FOLDER`: installs other people's MCP programs in pinned versions, runs all, and writes what was seen.

FOLDER is kept for the next time, and for the tests: LATM_PEERS=FOLDER. The texts go to `tests/peers/output`.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "src")]

from peers import conformance, inspector, python_clients  # noqa: E402 the path comes first
from peers.library import cache_of, library  # noqa: E402
from peers.places import Places, install  # noqa: E402

from latm_mcp import __version__  # noqa: E402


@dataclass(frozen=True)
class Seen:
    """What one part saw: its text, its figures in lines, and whether all was as it should be."""

    text: str
    figures: list[str]
    right: bool


def inspected(places: Places) -> Seen:
    """The inspector's command line; a library for each way, since each makes the same tool."""
    lines = []
    for era in inspector.ERAS:
        with library(cache_of(places.into)) as door:
            lines += list(inspector.run_all(places, inspector.over_stdio(door), era, door.home.parent))
        with library(cache_of(places.into)) as door, conformance.serving(door) as address:
            lines += list(inspector.run_all(places, inspector.over_http(address), era, door.home.parent))
    return Seen(inspector.table(lines), [inspector.TITLE, inspector.figures(lines)], all(line.passed for line in lines))


def conforming(places: Places) -> Seen:
    """The conformance suite, with the fixtures and without."""
    ran, bare = suites(places, fixtures=True), suites(places, fixtures=False)
    told = [conformance.figures(revision, ran, bare) for revision in conformance.REVISIONS]
    return Seen(
        conformance.table(ran, bare), [conformance.TITLE, *told, conformance.NOTE], not conformance.unexplained(ran)
    )


def suites(places: Places, fixtures: bool) -> list[conformance.Ran]:
    """Every revision on one server."""
    ran = []
    with library(cache_of(places.into)) as door, conformance.serving(door, fixtures) as address:
        for revision in conformance.REVISIONS:
            with tempfile.TemporaryDirectory() as results:
                ran += conformance.run_suite(places, address, revision, Path(results))
    return ran


def connected(places: Places) -> Seen:
    """The clients for Python."""
    rows = [(way, python_clients.run_way(places, way, cache_of(places.into))) for way in python_clients.WAYS]
    told = [python_clients.TITLE, python_clients.figures(rows)]
    return Seen(python_clients.table(rows), told, not any(seen["fault"] for _, seen in rows))


PARTS: dict[str, Callable[[Places], Seen]] = {
    "inspector": inspected,
    "conformance": conforming,
    "python_clients": connected,
}


def main() -> int:
    """Run what was asked for; a summary is written where that is all."""
    parser = argparse.ArgumentParser(prog="tests/peers", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="where the peers are installed")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave the others out")
    parser.add_argument("--output", type=Path, default=HERE / "output", help="where the texts are written")
    options = parser.parse_args()
    places = install(options.into)
    options.output.mkdir(parents=True, exist_ok=True)
    seen = {name: PARTS[name](places) for name in options.only or PARTS}
    for name, part in seen.items():
        _write(options.output / f"{name}.txt", part.text)
    if not options.only:
        head = f"latm-mcp {__version__}, mcp {version('mcp')}, Python {platform.python_version()}, node {places.node_version()}"
        _write(
            options.output / "summary.txt", "\n\n".join([head, *("\n".join(part.figures) for part in seen.values())])
        )
    return int(not all(part.right for part in seen.values()))


def _write(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{text}\n\n")


if __name__ == "__main__":
    sys.exit(main())
