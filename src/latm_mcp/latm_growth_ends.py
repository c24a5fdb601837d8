"""What becomes of a group when its making has ended: its tool answers it, or it is split, or it waits for more."""

import logging
from collections.abc import Iterable

from latm_mcp.compare import same
from latm_mcp.errors import NotFound
from latm_mcp.job import Workshop
from latm_mcp.latm_split import answered_by_best_draft
from latm_mcp.models import Tool
from latm_mcp.outcomes import AnswerQuestion, Outcome, Program, Returned
from latm_mcp.store import Group, Instance, Job, Report, Store, best_effort

logger = logging.getLogger(__name__)

ACTOR = "queue"


async def draw_conclusion(shop: Workshop, group: Group, job: Job | None) -> None:
    """Do what follows from a making that has ended, in whichever process. job None: it has expired."""
    if job is None:
        shop.store.set_group(group.id, state="open")
    elif job.status == "failed":
        await _failed(shop, group, job)
    elif job.tool is not None and shop.store.state(job.tool) == "waiting":
        note(shop.store, group, f"made: latm-mcp approve {job.tool}")
    elif job.tool is not None and (tool := shop.store.tool(job.tool)) is not None:
        await hand_on(shop, group, tool, {example.question for example in job.task.examples})
        logger.info("%s made itself, from %d questions of group %d", tool.name, len(job.task.examples), group.id)
    else:
        shop.store.set_group(group.id, state="failed", note="the tool that was made of these is gone")


async def hand_on(shop: Workshop, group: Group, tool: Tool, asked: Iterable[str]) -> None:
    """A tool is there for a group, which ends. asked: the questions that it was verified on.

    Of the others, which came in meanwhile, those that it refuses wait for its next version; where it answers otherwise than somebody
    did, that is kept for a review.
    """
    others = [row for row in group.instances if row.question not in asked]
    outcomes = await _answers(shop, tool, others)
    now = shop.store.group(group.id)
    if now is None or now.job != group.job:  # another process was quicker
        return
    told = {row.id: row for row in now.instances}
    refused = [row.id for row, outcome in zip(others, outcomes, strict=True) if not isinstance(outcome, Returned)]
    for row, outcome in zip(others, outcomes, strict=True):
        if isinstance(outcome, Returned) and row.id in told:
            _keep_doubts(shop.store, tool, told[row.id], str(outcome.value["answer"]))
    late = [row.id for row in now.instances if row.question not in asked and row.id not in {one.id for one in others}]
    shop.store.hand_over(group.id, [*(one for one in refused if one in told), *late], tool.name, ACTOR)


async def _answers(shop: Workshop, tool: Tool, rows: list[Instance]) -> list[Outcome]:
    if not rows:
        return []
    requests = [AnswerQuestion(row.question) for row in rows]
    program = Program(tool.source, tool.signature.function)
    return await shop.sandbox.run_batch(program, requests, limits=shop.limits_of(tool.name))


def _keep_doubts(store: Store, tool: Tool, row: Instance, got: str) -> None:
    for told in row.told:
        if not same(tool.comparison, told.answer, got):
            store.keep_report(Report(tool.name, tool.version, row.question, got, told.answer, False, told.who, told.by))


async def _failed(shop: Workshop, group: Group, job: Job) -> None:
    """A making that failed on a mixed group splits it by which examples its best function answers."""
    store, sentence = shop.store, job.failure.sentence.splitlines()[0] if job.failure else ""
    right = await answered_by_best_draft(shop, job)
    wrong = {example.question for example in job.task.examples} - right
    now = store.group(group.id)
    if now is None or (now.state, now.job) != ("making", job.id):  # another process was quicker
        return
    rest = [row.id for row in now.instances if row.question in wrong]
    if not right or not wrong or len(rest) == len(now.instances):
        store.set_group(group.id, state="failed", note=sentence)
        return
    if rest:  # else it was killed in between, or a person has done it
        other = store.split_group(group.id, rest, ACTOR)
        logger.info("group %d was mixed: %d of its questions went to group %d", group.id, len(rest), other)
    store.set_group(group.id, state="open", note=f"mixed: split by a draft that answers {len(right)} of its questions")


def note(store: Store, group: Group, sentence: str) -> None:
    """Say why a group waits, for whoever lists the queue; a group that is gone, or a busy library, is no reason to stop."""
    if group.note != sentence:
        try:
            with best_effort("why a group waits is not kept"):
                store.set_group(group.id, note=sentence)
        except NotFound:
            logger.info("group %d was dropped meanwhile", group.id)
