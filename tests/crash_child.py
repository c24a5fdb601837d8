"""A process that makes a tool and says what it does, to be killed at any moment.

argv: home, cache, log; and where it should hold still until it is killed: a line's beginning and which of those lines.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
from sandboxed import settings_at
from scripted import SORT_EXAMPLES, fenced, sort_words

from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import open_latm
from latm_mcp.models import Example, Message, Progress, Reply, Stage, Usage

HELD = 120.0  # seconds: longer than any test takes


class Logged:
    """First a draft that fails its verification, then a good one; what it says depends on the try alone."""

    kind = "model"
    model = "scripted"

    def __init__(self, log: Path, hold: str, at: int):
        self.log, self.hold, self.left = log, hold, at

    def say(self, text: str) -> None:
        with self.log.open("a", encoding="utf-8") as out:
            out.write(text + "\n")
        self.left -= bool(self.hold) and text.startswith(self.hold)
        if self.hold and self.left == 0:
            time.sleep(HELD)

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        self.say(f"asked {stage} {attempt}")
        source = sort_words().replace('" ".join', '", ".join') if stage == "propose" else sort_words()
        return Reply(text=fenced(source), usage=Usage(replies=1), model=self.model)


async def main(home: str, cache: str, log: str, hold: str = "", at: str = "0") -> None:
    maker = Logged(Path(log), hold, int(at))

    def report(progress: Progress) -> None:
        maker.say(progress.sentence.split("\n")[0])

    examples = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
    async with open_latm(settings_at(Path(home), Path(cache))) as latm:
        await latm.sandbox.warm()
        maker.say("ready")
        result = await latm.make(MakeRequest(examples=examples, name="sort_words"), report, maker=maker)
        maker.say(f"end {result.status}")


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
