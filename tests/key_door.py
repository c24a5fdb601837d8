"""What tests of keys share: a front door with a key store, and an endpoint that keeps what it was shown and says it back."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from front_door import SRC, FrontDoor, endpoint, sorting_rows, write_json

KEY = "sk-distinctive-0123456789-abcdef"


def with_ring(door: FrontDoor, folder: Path) -> FrontDoor:
    """The front door, with a key store of its own."""
    path = os.pathsep.join((str(SRC), str(Path(__file__).parent)))
    door.more |= {"PYTHON_KEYRING_BACKEND": "file_ring.Ring", "RING": str(folder / "ring.json"), "PYTHONPATH": path}
    return door


def looks(door: FrontDoor) -> list[str]:
    """Whose keys were looked for in the key store until now."""
    looked = Path(f"{door.more['RING']}.looks")
    return looked.read_text(encoding="utf-8").split() if looked.exists() else []


def examples(folder: Path) -> Path:
    """A file that `make` takes."""
    return write_json(folder / "examples.json", sorting_rows(6, 1))


class Echo:
    """An endpoint. shown: the Authorization header of each request. reply: what its model says; None: it refuses the key."""

    def __init__(self, url: str):
        self.url = url
        self.shown: list[str | None] = []
        self.reply: str | None = None


@contextmanager
def echoing() -> Iterator[Echo]:
    """The endpoint, on the loopback, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            shown = self.headers["authorization"]
            echo.shown.append(shown)
            if echo.reply is None:
                self.give(401, {"error": {"message": f"Wrong key {shown!r}, {shown}", "code": shown, "param": shown}})
            else:
                message = {"role": "assistant", "content": f"{echo.reply}\n# {shown}"}
                choice = {"index": 0, "finish_reason": "stop", "message": message}
                body = {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": f"m {shown}",
                    "choices": [choice],
                }
                self.give(200, body)

        def do_GET(self) -> None:  # its list of models
            shown = self.headers["authorization"]
            echo.shown.append(shown)
            self.give(401, {"error": {"message": f"Wrong key {shown!r}, {shown}", "code": shown}})

        def give(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with endpoint(Handler) as url:
        echo = Echo(url)
        yield echo
