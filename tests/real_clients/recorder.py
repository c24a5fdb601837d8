"""Stands between a client and the server, in a later session, and keeps what the client sends: `COMMAND RECORD ARGUMENT...`."""

import json
import subprocess
import sys
from pathlib import Path

MODERN = "io.modelcontextprotocol/protocolVersion"  # in the `_meta` of every request since 2026-07-28


def main() -> int:
    """Run the command with the arguments; its output goes to the client as it is. Its exit code."""
    command, record, *arguments = sys.argv[1:]
    with Path(record).open("ab") as kept, subprocess.Popen([command, *arguments], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        while line := sys.stdin.buffer.readline():
            kept.write(line)
            kept.flush()
            child.stdin.write(line)
            child.stdin.flush()
        child.stdin.close()
        return child.wait()


def revision(record: Path) -> str:
    """The protocol's revision in which a client asked for the tools; empty where it did not ask."""
    asked = ""
    for line in record.read_text(encoding="utf-8").splitlines() if record.exists() else []:
        message = json.loads(line)
        parameters = message.get("params") or {}
        if message.get("method") == "initialize":
            asked = parameters["protocolVersion"]
        if message.get("method") == "tools/list":
            return str((parameters.get("_meta") or {}).get(MODERN, asked))
    return ""


if __name__ == "__main__":
    sys.exit(main())
