"""`python tests/peers --into FOLDER`: installs other people's MCP programs in pinned versions, runs all, and writes what was seen.

FOLDER is kept for the next time, and for the tests: LATM_PEERS=FOLDER. The texts go to `tests/peers/output`.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "src")]

from peers import conformance, inspector, python_clients  # noqa: E402 the path comes first
from peers.library import cache_of, library  # noqa: E402
from peers.places import Places, install  # noqa: E402


def inspected(places: Places) -> tuple[str, bool]:
    """The inspector's command line; a library for each way, since each makes the same tool."""
    lines = []
    for era in inspector.ERAS:
        with library(cache_of(places.into)) as door:
            lines += list(inspector.run_all(places, inspector.over_stdio(door), era, door.home.parent))
        with library(cache_of(places.into)) as door, conformance.serving(door) as address:
            lines += list(inspector.run_all(places, inspector.over_http(address), era, door.home.parent))
    return inspector.table(lines), all(line.passed for line in lines)


def conforming(places: Places) -> tuple[str, bool]:
    ran = suites(places, fixtures=True)
    return conformance.table(ran, suites(places, fixtures=False)), not conformance.unexplained(ran)


def suites(places: Places, fixtures: bool) -> list[conformance.Ran]:
    """Every revision on one server."""
    ran = []
    with library(cache_of(places.into)) as door, conformance.serving(door, fixtures) as address:
        for revision in conformance.REVISIONS:
            with tempfile.TemporaryDirectory() as results:
                ran += conformance.run_suite(places, address, revision, Path(results))
    return ran


def connected(places: Places) -> tuple[str, bool]:
    rows = [(way, python_clients.run_way(places, way, cache_of(places.into))) for way in python_clients.WAYS]
    return python_clients.table(rows), not any(seen["fault"] for _, seen in rows)


PARTS: dict[str, Callable[[Places], tuple[str, bool]]] = {
    "inspector": inspected,
    "conformance": conforming,
    "python_clients": connected,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/peers", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="where the peers are installed")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave the others out")
    parser.add_argument("--output", type=Path, default=HERE / "output", help="where the texts are written")
    options = parser.parse_args()
    places = install(options.into)
    options.output.mkdir(parents=True, exist_ok=True)
    passed = True
    for name in options.only or PARTS:
        text, right = PARTS[name](places)
        (options.output / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
        sys.stdout.write(f"{text}\n\n")
        passed = passed and right
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
