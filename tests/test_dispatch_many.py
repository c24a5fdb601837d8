"""With many tools a question is still for its own, and a tool more costs milliseconds; benchmarks/dispatch.py measures with 10,000."""

import statistics
import time

from latm_mcp.models import Example
from latm_mcp.using.dispatch import Dispatcher

TOOLS = 100


def in_letters(*numbers: int) -> str:
    return "x".join(str(number).translate(str.maketrans("0123456789", "abcdefghij")) for number in numbers)


def many(tools: int, first: int, count: int) -> dict[str, list[Example]]:
    """So many tools' examples, in 60 words each: half of a wording is everybody's, the rest a tool's own or a family's."""
    banks = {}
    for tool in range(tools):
        usual = ((n,) if n % 2 else (n, tool if n % 4 else tool // 10) for n in range(50))
        wording = [in_letters(*parts) for parts in usual]
        banks[f"tool_{tool}"] = [
            Example(question=" ".join((*wording, *(in_letters(tool * n % 97, row, n) for n in range(10)))), answer="a")
            for row in range(first, first + count)
        ]
    return banks


def test_hundreds_of_tools_are_built_in_seconds_and_a_question_or_a_tool_more_takes_milliseconds():
    banks = many(TOOLS, 0, 12)
    began = time.process_time()
    dispatcher = Dispatcher(banks)
    built, took, put = time.process_time() - began, [], []
    for name, (example,) in many(TOOLS, 90, 1).items():
        if int(name.removeprefix("tool_")) % 5 == 0:
            began = time.process_time()
            found = dispatcher.candidates(example.question)
            took.append(time.process_time() - began)
            assert [candidate.name for candidate in found[:1] if candidate.certain] == [name]
            began = time.process_time()
            dispatcher.put(name, banks[name])
            put.append(time.process_time() - began)
    assert built < 5, "seconds"
    assert statistics.median(took) < 0.03, "seconds"
    assert statistics.median(put) < 0.03, "seconds"
