"""Start-up to the first answered `tools/list`, and memory then, against a bare low-level server that lists as many tools.

    python benchmarks/startup.py [--runs 15]

Raw JSON lines over pipes, so that no client's own work is counted; both servers in turn, A B A B, in one run; the ratio is the
median of the pairs' ratios. Compiled byte code and the sandbox's compiled code are warm. Linux (memory from /proc).
"""

import argparse
import json
import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from made_tools import fill, sorter
from raw_server import HELLO, OURS, environment, yardstick


@dataclass(frozen=True)
class Start:
    """One start. wall: seconds to the answer; cpu: of the process until it was ended; rss: MiB at the answer."""

    wall: float
    cpu: float
    rss: float
    tools: int


def start(command: list[str], environment: dict[str, str]) -> Start:
    """Start a server, ask it for its list, and end it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write("".join(json.dumps(message) + "\n" for message in HELLO).encode())
        server.stdin.flush()
        while True:
            answer = json.loads(server.stdout.readline())
            if answer.get("id") == 2:
                break
        wall = time.perf_counter() - began
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
        server.kill()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Start(wall, cpu, rss, len(answer["result"]["tools"]))


def compare(count: int, limit: int, runs: int) -> None:
    """Print one row: so many tools in the library, at most `limit` of them listed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, map(sorter, range(count)))
        given = environment(home, LATM_EXPOSURE_LIMIT=limit)
        listed = start(OURS, given).tools
        bare_command = yardstick("bare_server.py", listed)
        start(bare_command, given)
        pairs = [(start(OURS, given), start(bare_command, given)) for _ in range(runs)]
    row = [f"{count:6} {listed:7}"]
    for figure in ("wall", "cpu", "rss"):
        ours = statistics.median(getattr(a, figure) for a, _ in pairs)
        bare = statistics.median(getattr(b, figure) for _, b in pairs)
        ratio = statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in pairs)
        row.append(f"{ours:8.2f} {bare:8.2f} {ratio:6.2f}")
    print("  ".join(row), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    print("tools in library / listed; then ours, bare, ratio of: wall s, CPU s, RSS MiB")
    for count in (0, 100, 1000):
        compare(count, 20, runs)
    for count in (100, 1000):
        compare(count, 10_000, runs)


if __name__ == "__main__":
    main()
