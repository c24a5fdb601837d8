"""Real clients from npm, each with a scripted model on loopback, make a tool through this environment's latm-mcp and use it.

    python tests/real_clients --into FOLDER [--client NAME]... [--output FOLDER]

FOLDER gets the clients' packages (1.4 GB for all four, once), the compiled sandbox and, for each client, its home with all that it
printed and that its model was asked. With --output, the table is also written there, as text and as JSON. It ends with code 1 where
something did not work.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # started as a folder, it is not yet a package

from real_clients.clients import CLIENTS
from real_clients.packages import install
from real_clients.table import as_json, as_text
from real_clients.trial import attempt


def main() -> int:
    """Try the clients one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--client", action="append", choices=CLIENTS)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    folder, names = options.into.resolve(), options.client or list(CLIENTS)
    install(folder, names)
    verdicts = [attempt(CLIENTS[name], folder, folder / "homes", folder / "cache") for name in names]
    sys.stdout.write(as_text(verdicts))
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "real_clients.txt").write_text(as_text(verdicts), encoding="utf-8")
        (options.output / "real_clients.json").write_text(as_json(verdicts), encoding="utf-8")
    return 1 if any(verdict.trouble for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
