"""One making, from kept tries to a published tool: the loop of the paper's stage 1, resumable at any point.

Every reply is kept before anything else happens to it, so nothing that was paid for is asked twice.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from latm_mcp.drafts import function_changed, holds_draft, read_draft
from latm_mcp.errors import LatmError, NotFound, Rejected, StoreUnusable
from latm_mcp.job_board import Report
from latm_mcp.making.propose import propose
from latm_mcp.making.verify import Judge, verify
from latm_mcp.making.wrap import wrap
from latm_mcp.models import Failure, Maker, Progress, Provenance, Reply, Stage, Task, Tool, Try, Verified
from latm_mcp.models_using import Purse
from latm_mcp.outcomes import Limits
from latm_mcp.sandbox import Sandbox
from latm_mcp.splits import exposures
from latm_mcp.store import Job, Store, ToolState
from latm_mcp.store_files import write_tool
from latm_mcp.text import safe
from latm_mcp.turns import PROPOSE_TRIES, Turn, next_turn, proposed

logger = logging.getLogger(__name__)

MAX_FEEDBACK = 32 * 1024  # characters of a feedback
FOREIGN_TOOLS = 10  # of a library's own tools, beside the shipped generators: a making must not grow with the library
FOREIGN_PER_TOOL = 4  # questions of each other tool and generator that a new adapter must refuse


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every making needs: where it is kept, where code runs, where tools are written out, who pays.

    spending None: replies are counted, at no price, and nothing is capped. publishes: a new tool's state: `live`, or `waiting` for a
    person.
    """

    store: Store
    sandbox: Sandbox
    limits: Limits
    tools_folder: Path
    spending: Purse | None = None
    publishes: ToolState = "live"

    def limits_of(self, name: str) -> Limits:
        """What holds for a tool's calls: the deployment's limits under those that a person set for it."""
        own = self.store.own_limits().get(name)
        return self.limits if own is None else own.over(self.limits)

    def longest_seconds(self) -> float:
        """The wall time that a call may take of the tool that may take the longest."""
        own = self.store.own_limits()
        return max([self.limits.seconds, *(self.limits_of(name).seconds for name in own)])


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes the drafts, for provenance. kind: "model", "client", "recording" or "import"."""

    kind: str
    model: str


async def make(shop: Workshop, job_id: str, maker: Maker, report: Report) -> None:
    """Ask the maker for drafts until one is published or the tries are used up. The caller holds the job's lease.

    Raises: MakerFailed, with the tries so far kept; NotFound, for a job that has expired.
    """
    job = shop.store.job(job_id)  # read with the lease in hand: another process may have worked on it until just now
    if job is None:
        raise NotFound(f"There is no job {job_id!r} any more. Ask with the examples again.")
    if unpublished(job):
        await publish_again(shop, job, Author(maker.kind, maker.model), report)
        return
    while (turn := next_turn(job.task, job.tries)) is not None:
        reply = job.pending or await _asked(shop, job, maker, turn, report)
        job = await take(shop, job, turn, reply, Author(maker.kind, reply.model), report)


async def _asked(shop: Workshop, job: Job, maker: Maker, turn: Turn, report: Report) -> Reply:
    """The maker's reply, kept before anything else happens to it."""
    report(_progress(turn.stage, turn.attempt, f"asking {maker.model} for {_what(turn)}", job))
    # In the ledger first: killed in between, it asks and pays again: two true rows. A reply kept first might never be counted.
    reply = await _paid(shop, job, maker, turn)
    # Half surrogate pairs can be in no file and no library.
    reply = reply.model_copy(update={"text": reply.text.encode("utf-8", "replace").decode("utf-8")})
    shop.store.keep_reply(job.id, reply)
    return reply


async def _paid(shop: Workshop, job: Job, maker: Maker, turn: Turn) -> Reply:
    """The maker's reply, which is in the ledger."""
    asking, tool = partial(maker.reply, turn.conversation, turn.stage, turn.attempt), job.task.name
    if shop.spending is not None and maker.kind == "model":
        return await shop.spending.pay("maker", maker.model, turn.conversation, asking, tool=tool, job=job.id)
    reply = await asking()  # a recording, which was paid for once
    shop.store.add_usage(role="maker", model=reply.model, usage=reply.usage, tool=tool, job=job.id)
    return reply


async def take(shop: Workshop, job: Job, turn: Turn, reply: Reply, author: Author, report: Report) -> Job:
    """Judge one reply and keep it as a try with its verdict; publish the tool if it passed, end the job if it was the last.

    Returns the job with that try.
    """
    report(_progress(turn.stage, turn.attempt, "checking the draft in the sandbox", job))
    verified, tried = await judged(shop, job.task, job.tries, turn, reply)
    shop.store.keep_try(job.id, tried)
    job = replace(job, tries=(*job.tries, tried), pending=None)
    if verified is not None:
        _publish(shop, job, verified, author)
        report(Progress(stage="wrap", attempt=1, sentence=f"{job.task.name} is verified and published", done=1.0))
    elif (failure := tried.failure) is not None:
        report(_progress(failure.stage, failure.attempt, f"refused: {failure.sentence.splitlines()[0]}", job))
        if next_turn(job.task, job.tries) is None:
            shop.store.finish_job(job.id, "failed", failure=failure)
    return job


async def judged(
    shop: Workshop, task: Task, tries: Sequence[Try], turn: Turn, reply: Reply
) -> tuple[Verified | None, Try]:
    """What a reply comes to: verified, or a try that carries its failure; nothing is kept here."""
    shop = replace(shop, limits=shop.limits_of(task.name))  # a next version is judged as it will be called
    rewrote = False
    stage: Stage = turn.stage
    try:
        proposal = await propose(read_draft(reply.text), task, shop.sandbox, shop.limits)
        rewrote = _rewrote(task, tries, reply)
        if rewrote and not turn.may_rewrite:
            raise Rejected(f"`{task.name}` itself was changed again; it may be rewritten only once. Put it back.")
        stage = "verify"
        verified = await verify(proposal, task, exposures(task, tries), judge_for(shop, task))
    except Rejected as refusal:
        attempt = sum(t.failure is not None and t.failure.stage == stage for t in tries) + 1
        failure = Failure(
            stage=stage,
            attempt=attempt,
            sentence=safe(str(refusal), MAX_FEEDBACK),
            question=safe(refusal.question, MAX_FEEDBACK),
            got=safe(refusal.got, MAX_FEEDBACK),
        )
        return None, _try(turn, reply, failure, rewrote).model_copy(
            update={"exposed": refusal.exposed, "told_wrong": refusal.told_wrong}
        )
    return verified, _try(turn, reply, None, rewrote)


def judge_for(shop: Workshop, task: Task) -> Judge:
    """What a task's drafts are judged with: the sandbox, and questions of every other task that is known here."""
    from latm_mcp.tasks import GENERATED, questions  # here: a dozen modules that most sessions never need

    foreign = {row.name: questions(row.name, FOREIGN_PER_TOOL, seed=1) for row in GENERATED}
    banks = shop.store.banks(task.name, FOREIGN_PER_TOOL)
    chosen = random.Random(task.name).sample(sorted(banks), min(FOREIGN_TOOLS, len(banks)))  # noqa: S311 repeatable
    foreign |= {name: banks[name] for name in chosen}
    return Judge(shop.sandbox, shop.limits, foreign)


def _try(turn: Turn, reply: Reply, failure: Failure | None, rewrote: bool) -> Try:
    return Try(
        stage=turn.stage,
        attempt=turn.attempt,
        request=turn.request,
        reply=reply.text,
        failure=failure,
        rewrote=rewrote,
        usage=reply.usage,
    )


def _rewrote(task: Task, tries: Sequence[Try], reply: Reply) -> bool:
    """Whether the reply changes the function as it was proposed, or as the one rewrite that is allowed left it."""
    drafts = [tried for tried in tries if proposed([tried]) and holds_draft(tried.reply)]
    rewrites = [tried for tried in drafts if tried.rewrote]
    present = rewrites[:1] or drafts[:1]
    return bool(present) and function_changed(present[0].reply, reply.text, task.name)


def _publish(shop: Workshop, job: Job, verified: Verified, author: Author) -> None:
    provenance = Provenance(
        maker=author.kind,
        model=author.model,
        propose_tries=sum(tried.stage == "propose" for tried in job.tries),
        verify_tries=1 + sum(tried.failure is not None and tried.failure.stage == "verify" for tried in job.tries),
        rewritten=any(tried.rewrote for tried in job.tries),
    )
    tool = wrap(verified, job.task, provenance)
    replaces = job.task.previous.version if job.task.previous else None
    state = shop.publishes if replaces is None else "live"
    shop.store.publish(tool, replaces=replaces, state=state, job=job.id, actor=author.kind)
    write_out(shop, tool)


def write_out(shop: Workshop, tool: Tool) -> None:
    """Write a published tool's folder for people to see; the library holds the tool, so a full disk here is only reported."""
    try:
        write_tool(shop.tools_folder, tool)
    except LatmError as error:
        logger.warning("%s is published, but its files could not be written: %s", tool.name, error)


def unpublished(job: Job) -> bool:
    """Whether a making stopped between its last draft's verdict and the publishing."""
    return bool(job.tries) and job.tries[-1].failure is None and job.status in ("running", "draft_needed")


async def publish_again(shop: Workshop, job: Job, author: Author, report: Report) -> None:
    """Judge the last kept try once more, which had passed, and publish it."""
    last, earlier = job.tries[-1], job.tries[:-1]
    turn = next_turn(job.task, earlier)
    if turn is None:
        raise StoreUnusable(f"Job {job.id!r} has a last try that no turn asked for; begin it again with `force`.")
    report(_progress(last.stage, last.attempt, "taking the making up again where it stopped", job))
    verified, tried = await judged(
        shop, job.task, earlier, turn, Reply(text=last.reply, usage=last.usage, model=author.model)
    )
    if verified is None:
        shop.store.finish_job(job.id, "failed", failure=tried.failure)
    else:
        _publish(shop, job, verified, author)


def _what(turn: Turn) -> str:
    if turn.stage == "propose":
        return f"a function (proposing, try {turn.attempt} of {PROPOSE_TRIES})"
    return f"a correction (verification, try {turn.attempt})"


def _progress(stage: Stage, attempt: int, sentence: str, job: Job) -> Progress:
    return Progress(stage=stage, attempt=attempt, sentence=sentence, done=min(0.9, 0.1 + 0.12 * len(job.tries)))
