"""What a call costs, in one run: over stdio, in the sandbox, at full load, in memory, and at the first start.

    python benchmarks [--sandbox wasm|native] [--calls 300] [--gap 0.02] [--starts 5]

Prints the tables of calls.py, sandbox_calls.py and sandbox_costs.py, whose docstrings say what each line means. What has
its own run: startup.py (a server's start and memory by its number of tools), endurance.py (20,000 calls).
"""

import argparse

import anyio
import calls
import sandbox_calls
import sandbox_costs
from measured import KINDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sandbox", choices=KINDS)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--gap", type=float, default=0.02)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    kinds = [options.sandbox] if options.sandbox else KINDS
    anyio.run(calls.measure, kinds, options.calls, options.gap)
    anyio.run(sandbox_calls.measure, kinds, options.calls, options.gap)
    anyio.run(sandbox_costs.measure, kinds, options.calls, options.starts)


if __name__ == "__main__":
    main()
