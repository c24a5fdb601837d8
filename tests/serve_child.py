"""A server process for tests: `home cache`, and for a maker that is scripted `log seconds` and for its time-out `answer_within`.

The maker writes a line to the log when it is asked and one when its reply was waited for, and says how to sort words.
"""

import sys
from pathlib import Path

import anyio
from sandboxed import settings_at
from scripted import ScriptedMaker, fenced, sort_words

from latm_mcp.models import Message, Reply, Stage
from latm_mcp.server import serve_stdio


class LoggingMaker(ScriptedMaker):
    """A scripted maker that leaves its traces in a file, since it lives in another process than its test."""

    def __init__(self, log: Path, delay: float):
        super().__init__(fenced(sort_words()), delay=delay)
        self._log = log

    async def reply(self, conversation: tuple[Message, ...], stage: Stage, attempt: int) -> Reply:  # type: ignore[override]
        self.note("asked")
        said = await super().reply(conversation, stage, attempt)
        self.note("replied")
        return said

    def note(self, word: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(word + "\n")


async def main() -> None:
    home, cache, *more = sys.argv[1:]
    maker = LoggingMaker(Path(more[0]), float(more[1])) if more else None
    within = float(more[2]) if len(more) > 2 else 40.0
    await serve_stdio(settings_at(Path(home), Path(cache), answer_within=within), maker)


if __name__ == "__main__":
    anyio.run(main)
