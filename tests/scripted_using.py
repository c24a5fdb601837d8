"""A model that says what it was told to say when tools are used, and remembers what it was asked; and tools for it to call."""

from collections.abc import Sequence

import anyio
from scripted import sort_words

from latm_mcp.models import Evidence, Example, Message, Provenance, Reply, Tool, Usage, UseCase
from latm_mcp.outcomes import Json
from latm_mcp.source import check_source, has_adapter


class ScriptedModel:
    """A `LanguageModel`, and one that `Asks`: replies in turn with the given texts; asked more often, it fails the test."""

    model = "scripted"

    def __init__(self, *replies: str, delay: float = 0.0):
        self._replies = list(replies)
        self._delay = delay
        self.asked: list[tuple[tuple[Message, ...], Json]] = []
        self.tools: list[str | None] = []

    async def complete(self, conversation: Sequence[Message], *, schema: Json | None = None) -> Reply:
        self.asked.append((tuple(conversation), schema))
        assert self._replies, "asked a reply too many"
        await anyio.sleep(self._delay)
        return Reply(text=self._replies.pop(0), usage=Usage(tokens_in=10, tokens_out=5, replies=1), model=self.model)

    async def ask(self, conversation: Sequence[Message], schema: Json | None = None, tool: str | None = None) -> Reply:
        self.tools.append(tool)
        return await self.complete(conversation, schema=schema)


def tool_of(source: str, name: str, cases: Sequence[UseCase] = (), *, description: str = "") -> Tool:
    """A tool as wrapping would leave it, of a source that is taken as it is."""
    return Tool(
        name=name,
        version="sha256:0",
        description=description,
        source=source,
        signature=check_source(source, name),
        adapter=has_adapter(source),
        comparison="text",
        examples=tuple(Example(question=case.question, answer=case.answer) for case in cases),
        use_cases=tuple(cases),
        evidence=Evidence(),
        provenance=Provenance(maker="import"),
    )


def sorting_case(*words: str) -> UseCase:
    ordered = sorted(words)
    question = f"Sort the following words alphabetically: List: {' '.join(words)}"
    return UseCase(question=question, arguments={"words": list(words)}, result=ordered, answer=" ".join(ordered))


SORTING = tool_of(
    sort_words(),
    "sort_words",
    [sorting_case("pear", "fig", "apple"), sorting_case("tram", "bus", "Car")],
    description="Sort words alphabetically.",
)

LEFT = tool_of(
    '''
def eggs_left(boxes: int, size: int, broken: int) -> int:
    """Eggs that are whole: in boxes of a size, less the broken ones."""
    if broken > boxes * size:
        raise ValueError("more eggs are broken than there were")
    return boxes * size - broken
''',
    "eggs_left",
    [
        UseCase(
            question="I bought two boxes of six and dropped one egg. What do I have?",
            arguments={"boxes": 2, "size": 6, "broken": 1},
            result=11,
            answer="11",
        )
    ],
)
