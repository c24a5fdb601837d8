"""Which tools share a question's rarest features: an index that takes a tool in or out in milliseconds (design, 6.1)."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from heapq import nlargest
from operator import neg

POSTINGS = 3000  # entries of the index that are read for one question, the rarest features' first


class Postings:
    """Which tools have a feature, by their numbers, which only grow. A feature of one tool has that number alone."""

    def __init__(self) -> None:
        self._tools: list[array[int] | int | None] = []
        self._count = 0

    def rarity(self, number: int) -> float:
        """1.0 for a feature of one tool, the less the more tools have it, 0.0 if none has."""
        tools = self._of(number)
        if not tools:
            return 0.0
        return (math.log((self._count + 1) / (len(tools) + 0.5)) + 0.5) / (math.log((self._count + 1) / 1.5) + 0.5)

    def add(self, tool: int, numbers: Sequence[int]) -> None:
        """Enter a new tool: its number is above all others'."""
        self._count += 1
        self._tools.extend([None] * (max(numbers, default=0) + 1 - len(self._tools)))
        for number in numbers:
            tools = self._tools[number]
            if tools is None:
                self._tools[number] = tool
            elif isinstance(tools, int):
                self._tools[number] = array("I", (tools, tool))
            else:
                tools.append(tool)

    def remove(self, tool: int, numbers: Iterable[int]) -> None:
        """Take a tool out."""
        self._count -= 1
        for number in numbers:
            tools = self._tools[number]
            if isinstance(tools, array):
                del tools[bisect_left(tools, tool)]
            else:
                self._tools[number] = None

    def sharing(self, features: Iterable[int], most: int) -> list[int]:
        """The tools, at most so many, that share most of these features, by their rarity among tools."""
        shared: dict[int, float] = {}
        left = POSTINGS
        for tools in sorted(filter(None, map(self._of, features)), key=len):
            if shared and len(tools) > left:
                break
            rare = math.log(1 + self._count / len(tools))
            for tool in tools:
                shared[tool] = shared.get(tool, 0.0) + rare
            left -= len(tools)
        return [-tool for _, tool in nlargest(most, zip(shared.values(), map(neg, shared), strict=True))]

    def _of(self, number: int) -> Sequence[int]:
        tools = self._tools[number] if number < len(self._tools) else None
        if tools is None:
            return ()
        return (tools,) if isinstance(tools, int) else tools
