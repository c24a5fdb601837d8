"""A making that failed on a mixed group: which of its examples belong together (design, 6.5)."""

from latm_mcp.drafts import read_draft
from latm_mcp.errors import Rejected
from latm_mcp.job import Workshop
from latm_mcp.judging import judge
from latm_mcp.models import Task
from latm_mcp.outcomes import AnswerQuestion, Program
from latm_mcp.source import check_source, has_adapter
from latm_mcp.store import Job

FEWEST = 2  # questions that one function answers rightly are a task


async def answered_by_best_draft(shop: Workshop, job: Job) -> frozenset[str]:
    """The questions that the draft which answers most of them answers rightly; empty where none answers two."""
    best: frozenset[str] = frozenset()
    for source in _sources(job):
        right = await _right(shop, job.task, source)
        best = max(best, right, key=len)
    return best if len(best) >= FEWEST else frozenset()


def _sources(job: Job) -> list[str]:
    """The drafts that read questions by themselves, each once.

    Those that failed in proposing too: one that rightly refuses the questions of the other kind does not come further.
    """
    found = list[str]()
    for tried in job.tries:
        try:
            source = read_draft(tried.reply).source
            check_source(source, job.task.name)
        except Rejected:
            continue
        if has_adapter(source) and source not in found:
            found.append(source)
    return found


async def _right(shop: Workshop, task: Task, source: str) -> frozenset[str]:
    requests = [AnswerQuestion(example.question) for example in task.examples]
    program = Program(source, task.name)
    outcomes = await shop.sandbox.run_batch(program, requests, limits=shop.limits_of(task.name))
    rows = zip(task.examples, requests, outcomes, strict=True)
    return frozenset(row[0].question for row in rows if judge(0, *row, task.comparison).verdict == "passed")
