"""What a version answers to examples that are known, once more: before it is rolled back to, or after one was withdrawn."""

from collections.abc import Sequence

from latm_mcp.job import Workshop
from latm_mcp.judging import Run, judge
from latm_mcp.models import Example, Tool
from latm_mcp.outcomes import AnswerQuestion, CallFunction, Program, Request


async def failed(shop: Workshop, tool: Tool, examples: Sequence[Example]) -> list[Run]:
    """The examples that a version answers wrongly; refusing one is no failure.

    A version without adapter is judged on the calls that it was verified with; other questions cannot be put to it.
    """
    calls = {case.question: case.arguments for case in tool.use_cases}
    known = [example for example in examples if tool.adapter or example.question in calls]
    requests: list[Request] = [
        AnswerQuestion(example.question) if tool.adapter else CallFunction(calls[example.question]) for example in known
    ]
    program = Program(tool.source, tool.signature.function)
    outcomes = await shop.sandbox.run_batch(program, requests, limits=shop.limits_of(tool.name))
    runs = [
        judge(index, *row, tool.comparison) for index, row in enumerate(zip(known, requests, outcomes, strict=True))
    ]
    return [run for run in runs if run.verdict == "wrong"]


async def cleared(shop: Workshop, name: str) -> bool:
    """Whether nothing that a person said stands against a tool any more: no report that waits, no confirmed example that it fails."""
    tool = shop.store.tool(name)
    if tool is None or any(report.who == "person" and not report.right for report in shop.store.reports(name)):
        return False
    return not await failed(shop, tool, [row for row in shop.store.examples(name) if row.standing == "confirmed"])
