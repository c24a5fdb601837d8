"""A key store for tests: what keyring is told to load instead of the system's, kept in the file that RING names.

RING_DOES: "hangs" (nobody unlocks it), "locked", "fails" (with all it knows in its error) or "forgets".
"""

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Ring(KeyringBackend):
    """Every look into it leaves a line in a file beside its own."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        with Path(f"{os.environ['RING']}.looks").open("a", encoding="utf-8") as looks:
            looks.write(f"{username}\n")
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if os.environ.get("RING_DOES") != "forgets":
            self._write({**self._all(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        held = self._all()
        del held[f"{service}/{username}"]
        self._write(held)

    def _all(self) -> dict[str, str]:
        ring = Path(os.environ["RING"])
        held: dict[str, str] = json.loads(ring.read_text(encoding="utf-8")) if ring.exists() else {}
        match os.environ.get("RING_DOES"):
            case "hangs":
                threading.Event().wait()
            case "locked":
                raise KeyringLocked(str(held))
            case "fails":
                raise RuntimeError(str(held))
        return held

    def _write(self, held: dict[str, str]) -> None:
        Path(os.environ["RING"]).write_text(json.dumps(held), encoding="utf-8")
