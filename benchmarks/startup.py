"""Start-up to the first answered `tools/list`, and memory then, against a bare low-level server that lists as many tools.

    python benchmarks/startup.py [--runs 15]

Raw JSON lines over pipes, so that no client's own work is counted; both servers in turn, A B A B, in one run; the ratio is the
median of the pairs' ratios. Compiled byte code and the sandbox's compiled code are warm. Linux (memory from /proc).
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.models import Evidence, Example, Provenance, Tally, Tool, UseCase
from latm_mcp.source import check_source
from latm_mcp.store import open_store
from latm_mcp.store_files import version_of

SOURCE = '''def {name}(words: list[str]) -> list[str]:
    """Sort words alphabetically."""
    return sorted(words)


def parse(question: str) -> dict:
    if not question.startswith("Sort: "):
        raise NotThisTask("no list")
    return {{"words": question[6:].split()}}


def render(result, question: str) -> str:
    return " ".join(result)
'''
HELLO = [
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "benchmark", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
]


@dataclass(frozen=True)
class Start:
    """One start. wall: seconds to the answer; cpu: of the process until it was ended; rss: MiB at the answer."""

    wall: float
    cpu: float
    rss: float
    tools: int


def fill(home: Path, count: int) -> None:
    """A library with so many tools, each with ten examples."""
    examples = tuple(Example(question=f"Sort: {'b ' * n}a", answer=f"a{' b' * n}") for n in range(1, 11))
    with open_store(home) as store:
        for number in range(count):
            name = f"tool_{number}"
            source = SOURCE.format(name=name)
            case = UseCase(question="Sort: b a", arguments={"words": ["b", "a"]}, result=["a", "b"], answer="a b")
            tool = Tool(
                name=name,
                version=version_of(source),
                description="Sort words alphabetically, as they stand in a list.",
                source=source,
                signature=check_source(source, name),
                adapter=True,
                comparison="text",
                examples=examples,
                use_cases=(case,),
                evidence=Evidence(shown=Tally(passed=3), blind=Tally(passed=3), held_out=Tally(passed=4), bound=0.65),
                provenance=Provenance(maker="model", made_at="2026-01-01T00:00:00+00:00"),
            )
            store.publish(tool, actor="benchmark")


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
        fill(home, count)
        environment = {**os.environ, "LATM_HOME": folder, "LATM_EXPOSURE_LIMIT": str(limit)}
        environment.pop("LATM_MAKER_MODEL", None)
        ours_command = [sys.executable, "-m", "latm_mcp", "serve"]
        listed = start(ours_command, environment).tools
        bare_command = [sys.executable, str(Path(__file__).with_name("bare_server.py")), str(listed)]
        start(bare_command, environment)
        pairs = [(start(ours_command, environment), start(bare_command, environment)) for _ in range(runs)]
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
