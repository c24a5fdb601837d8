"""`python -m latm_mcp` as people and scripts start it, and an endpoint that plays a scripted model."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandboxed import KIND
from scripted import fenced, sort_words

from latm_mcp.tasks import questions

SRC = Path(__file__).parent.parent / "src"
LINE = [sys.executable, "-W", "error", "-m", "latm_mcp"]
SECONDS = 90
SORTING = "Sort the following words alphabetically: List: "


class FrontDoor:
    """One library, and the command line that opens it."""

    def __init__(self, home: Path, cache: Path):
        self.home, self.cache = home, cache
        self.more: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of this process's own but the search path."""
        places = {"LATM_HOME": str(self.home), "LATM_CACHE": str(self.cache), "PYTHONPATH": str(SRC)}
        places["LATM_SANDBOX"] = KIND
        places["PYTHON_KEYRING_BACKEND"] = (
            "keyring.backends.fail.Keyring"  # never the key store of whoever runs the tests
        )
        return {"PATH": os.environ["PATH"], "HOME": str(self.home.parent), **places, **self.more}

    def run(self, *arguments: str | Path, code: int = 0, piped: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command to its end; it must end with this code, and never with a traceback. piped: its standard input."""
        done = subprocess.run(
            [*LINE, *map(str, arguments)],
            env=self.environment,
            input=piped,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def refusal(self, *arguments: str | Path, code: int = 2, piped: str = "") -> str:
        """The one sentence of a command that is refused: on stderr, with nothing on stdout."""
        done = self.run(*arguments, code=code, piped=piped)
        assert done.stdout == ""
        lines = [line for line in done.stderr.splitlines() if line.startswith("latm-mcp: ")]
        assert len(lines) == 1, done.stderr
        return lines[0]


Reply = Callable[[list[dict[str, str]]], str]


@contextmanager
def endpoint(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A model's endpoint on the loopback, whose requests this handler answers; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def scripted_model(reply: Reply) -> Iterator[dict[str, str]]:
    """A Chat Completions endpoint on the loopback; yields the environment that configures it as the maker.

    reply: the conversation so far -> what the model says.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            message = {"role": "assistant", "content": reply(asked["messages"])}
            body = {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "scripted-1",
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            }
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with endpoint(Handler) as url:
        yield {"LATM_MAKER_MODEL": "scripted", "LATM_MAKER_BASE_URL": url}


def good_sorter(conversation: list[dict[str, str]]) -> str:
    """A model that writes a right word sorter, under whichever name it is asked for."""
    return fenced(sort_words(asked_name(conversation)))


def asked_name(conversation: list[dict[str, str]]) -> str:
    """The name of the tool that the brief asks for."""
    found = re.search(r"# Make the tool `(\w+)`", conversation[1]["content"])
    assert found is not None
    return found[1]


def sorting_rows(count: int, seed: int) -> list[dict[str, str]]:
    """Generated word sorting rows, in the one wording that `good_sorter` reads."""
    found = [example for example in questions("word_sorting", 20 * count, seed) if example.question.startswith(SORTING)]
    assert len(found) >= count
    return [{"input": example.question, "target": example.answer} for example in found[:count]]


def write_json(path: Path, value: Any) -> Path:
    """Write a JSON file, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
