"""A tool maker that says what it was told to say, and remembers what it was asked; and good tools for it to say."""

from collections.abc import Sequence

import anyio

from latm_mcp.models import Message, Reply, Stage, Usage


class ScriptedMaker:
    """Replies in turn with the given texts; asked more often than that, it fails the test."""

    kind = "model"
    model = "scripted"

    def __init__(self, *replies: str, delay: float = 0.0):
        self._replies = list(replies)
        self._delay = delay
        self.asked: list[tuple[Stage, int, tuple[Message, ...]]] = []

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        self.asked.append((stage, attempt, tuple(conversation)))
        assert self._replies, f"asked a reply too many: {stage} {attempt}"
        await anyio.sleep(self._delay)
        return Reply(text=self._replies.pop(0), usage=Usage(tokens_in=10, tokens_out=5, replies=1), model=self.model)


def fenced(source: str) -> str:
    """A reply that holds this file."""
    return f"Here is the tool.\n\n```python\n{source}\n```\n"


def sort_words(name: str = "sort_words") -> str:
    """The source of a good word sorter, for the main wording of the generated questions."""
    return f'''
import re

def {name}(words: list[str]) -> list[str]:
    """Sort words alphabetically by code point."""
    return sorted(words)

def parse(question: str) -> dict:
    match = re.fullmatch(r"Sort the following words alphabetically: List: (.+)", question.strip())
    if match is None:
        raise NotThisTask("not a list to sort")
    return {{"words": match.group(1).split()}}

def render(result, question: str) -> str:
    return " ".join(result)
'''


SORT_EXAMPLES = [
    ("Sort the following words alphabetically: List: pear fig apple", "apple fig pear"),
    ("Sort the following words alphabetically: List: tram bus car bike", "bike bus car tram"),
    ("Sort the following words alphabetically: List: owl hawk crow", "crow hawk owl"),
    ("Sort the following words alphabetically: List: red blue", "blue red"),
    ("Sort the following words alphabetically: List: zinc gold iron lead tin", "gold iron lead tin zinc"),
    ("Sort the following words alphabetically: List: oak elm ash", "ash elm oak"),
    ("Sort the following words alphabetically: List: cup mug jar", "cup jar mug"),
    ("Sort the following words alphabetically: List: hat coat scarf boot", "boot coat hat scarf"),
]
