"""Stands between a client and the server, in a later session, and keeps what the client sends: `COMMAND RECORD ARGUMENT...`."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

MODERN = "io.modelcontextprotocol/protocolVersion"  # in the `_meta` of every request since 2026-07-28


def main() -> int:
    """Run the command with the arguments; its output goes to the client as it is. Its exit code."""
    command, record, *arguments = sys.argv[1:]
    child = subprocess.Popen([command, *arguments], stdin=subprocess.PIPE)
    assert child.stdin is not None
    threading.Thread(target=_hand_on, args=(child.stdin, Path(record)), daemon=True).start()
    return child.wait()


def _hand_on(server: IO[bytes], record: Path) -> None:
    with record.open("ab") as kept, suppress(BrokenPipeError), server:
        while line := sys.stdin.buffer.readline():
            kept.write(line)
            kept.flush()
            server.write(line)
            server.flush()


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
    os._exit(main())  # the thread may be waiting for a client that still waits for the server
