"""A making that failed on a mixed group: which of its examples belong together (design, 6.5)."""

from collections.abc import Sequence

from latm_mcp.drafts import read_draft
from latm_mcp.errors import Rejected
from latm_mcp.job import Workshop
from latm_mcp.judging import judge
from latm_mcp.models import Task, Try
from latm_mcp.outcomes import AnswerQuestion, Program
from latm_mcp.store import Job

FEWEST = 2  # questions that one function answers rightly are a task


async def answered_by_best_draft(shop: Workshop, job: Job) -> frozenset[str]:
    """The questions that the draft which answers most of them answers rightly; empty where none answers two."""
    best: frozenset[str] = frozenset()
    for source in _sources(job.tries):
        right = await _right(shop, job.task, source)
        best = max(best, right, key=len)
    return best if len(best) >= FEWEST else frozenset()


def _sources(tries: Sequence[Try]) -> list[str]:
    """The drafts that passed proposing: their source was checked, and ran."""
    found = []
    for tried in tries:
        if tried.failure is not None and tried.failure.stage == "propose":
            continue
        try:
            found.append(read_draft(tried.reply).source)
        except Rejected:
            continue
    return found


async def _right(shop: Workshop, task: Task, source: str) -> frozenset[str]:
    requests = [AnswerQuestion(example.question) for example in task.examples]
    program = Program(source, task.name)
    outcomes = await shop.sandbox.run_batch(program, requests, limits=shop.limits_of(task.name))
    rows = zip(task.examples, requests, outcomes, strict=True)
    return frozenset(row[0].question for row in rows if judge(0, *row, task.comparison).verdict == "passed")
