"""One making, from kept tries to a published tool: the loop of the paper's stage 1, resumable at any point.

Every reply is kept before anything else happens to it, so nothing that was paid for is asked twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio

from latm_mcp.drafts import function_changed
from latm_mcp.errors import LatmError, MakerFailed, Rejected
from latm_mcp.making.propose import propose
from latm_mcp.making.verify import Judge, verify
from latm_mcp.making.wrap import wrap
from latm_mcp.models import Failure, Maker, Progress, Provenance, Reply, Stage, Task, Tool, Try, Verified
from latm_mcp.outcomes import Limits
from latm_mcp.sandbox import Sandbox
from latm_mcp.splits import exposures
from latm_mcp.store import Job, Store
from latm_mcp.store_files import write_tool
from latm_mcp.tasks import GENERATED, questions
from latm_mcp.turns import Turn, next_turn, proposed

FOREIGN_PER_TOOL = 4  # questions of each other tool and generator that a new adapter must refuse
LEASE_SECONDS, HEARTBEAT_SECONDS = 30.0, 10.0

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every making needs: where it is kept, where code runs, where tools are written out, and who it is."""

    store: Store
    sandbox: Sandbox
    limits: Limits
    tools_folder: Path
    owner: str


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes the drafts, for provenance. kind: "model", "client", "recording" or "import"."""

    kind: str
    model: str


async def make(shop: Workshop, job: Job, maker: Maker, report: Report) -> None:
    """Ask the maker for drafts until one is published or the tries are used up.

    The caller holds the lease; it is renewed meanwhile. Raises: MakerFailed, with the tries so far kept.
    """
    failed: LatmError | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_heartbeat, shop, job.id)
        try:
            await _make(shop, job, maker, report)
        except LatmError as error:
            failed = error  # raised below: a task group would wrap it in a group of errors
        finally:
            group.cancel_scope.cancel()
    if failed is not None:
        raise failed


async def _heartbeat(shop: Workshop, job_id: str) -> None:
    while True:
        await anyio.sleep(HEARTBEAT_SECONDS)
        shop.store.take_lease(job_id, shop.owner, LEASE_SECONDS)


async def _make(shop: Workshop, job: Job, maker: Maker, report: Report) -> None:
    author, tries = Author(maker.kind, maker.model), list(job.tries)
    if tries and tries[-1].failure is None:  # it stopped between the last draft's verdict and its publishing
        await _publish_again(shop, job, tries, author, report)
        return
    while (turn := next_turn(job.task, tries)) is not None:
        report(_progress(turn.stage, turn.attempt, f"asking {maker.model} for {_what(turn)}", tries))
        reply = await _asked(maker, turn)
        shop.store.add_usage(role="maker", model=reply.model, usage=reply.usage, tool=job.task.name, job=job.id)
        tries.append(await take(shop, job, tries, turn, reply, Author(author.kind, reply.model), report))
    if tries[-1].failure is not None:
        shop.store.finish_job(job.id, "failed", failure=tries[-1].failure)


async def _asked(maker: Maker, turn: Turn) -> Reply:
    return await maker.reply(turn.conversation, turn.stage, turn.attempt)


async def take(
    shop: Workshop, job: Job, tries: Sequence[Try], turn: Turn, reply: Reply, author: Author, report: Report
) -> Try:
    """Judge one reply, keep it as a try with its verdict, and publish the tool if it passed; returns the try."""
    report(_progress(turn.stage, turn.attempt, "checking the draft in the sandbox", tries))
    verified, tried = await judged(shop, job.task, tries, turn, reply)
    shop.store.keep_try(job.id, tried)
    if verified is not None:
        _publish(shop, job, verified, [*tries, tried], author)
        report(Progress(stage="wrap", attempt=1, sentence=f"{job.task.name} is verified and published", done=1.0))
    elif tried.failure is not None:
        first = tried.failure.sentence.splitlines()[0]
        report(_progress(tried.failure.stage, tried.failure.attempt, f"refused: {first}", [*tries, tried]))
    return tried


async def judged(
    shop: Workshop, task: Task, tries: Sequence[Try], turn: Turn, reply: Reply
) -> tuple[Verified | None, Try]:
    """What a reply comes to: verified, or a try that carries its failure; nothing is kept here."""
    rewrote = False
    stage: Stage = turn.stage
    try:
        proposal = await propose(reply.text, task, shop.sandbox, shop.limits)
        rewrote = _rewrote(task, tries, reply)
        if rewrote and not turn.may_rewrite:
            raise Rejected(f"`{task.name}` itself was changed again; it may be rewritten only once. Put it back.")
        stage = "verify"
        verified = await verify(proposal, task, exposures(task, tries), judge_for(shop, task))
    except Rejected as refusal:
        attempt = sum(t.failure is not None and t.failure.stage == stage for t in tries) + 1
        failure = Failure(
            stage=stage, attempt=attempt, sentence=str(refusal), question=refusal.question, got=refusal.got
        )
        return None, _try(turn, reply, failure, refusal.exposed, rewrote)
    return verified, _try(turn, reply, None, (), rewrote)


def judge_for(shop: Workshop, task: Task) -> Judge:
    """What a task's drafts are judged with: the sandbox, and questions of every other task that is known here."""
    foreign = {row.name: questions(row.name, FOREIGN_PER_TOOL, seed=1) for row in GENERATED}
    foreign |= shop.store.banks(task.name, FOREIGN_PER_TOOL)
    return Judge(shop.sandbox, shop.limits, foreign)


def _try(turn: Turn, reply: Reply, failure: Failure | None, exposed: tuple[int, ...], rewrote: bool) -> Try:
    return Try(
        stage=turn.stage,
        attempt=turn.attempt,
        request=turn.request,
        reply=reply.text,
        failure=failure,
        exposed=exposed,
        rewrote=rewrote,
        usage=reply.usage,
    )


def _rewrote(task: Task, tries: Sequence[Try], reply: Reply) -> bool:
    """Whether the reply changes the function that an earlier draft had already proposed."""
    before = [tried for tried in tries if proposed([tried])]
    return bool(before) and function_changed(before[-1].reply, reply.text, task.name)


def _publish(shop: Workshop, job: Job, verified: Verified, tries: Sequence[Try], author: Author) -> Tool:
    """Wrap and publish in one transaction of the library; then write the tool out as files."""
    proposals = sum(tried.stage == "propose" for tried in tries)
    provenance = Provenance(
        maker=author.kind,
        model=author.model,
        propose_tries=proposals,
        verify_tries=1 + sum(tried.failure is not None and tried.failure.stage == "verify" for tried in tries),
        rewritten=any(tried.rewrote for tried in tries),
    )
    tool = wrap(verified, job.task, provenance)
    shop.store.publish(tool, job=job.id, actor=author.kind)
    write_tool(shop.tools_folder, tool)
    return tool


async def _publish_again(shop: Workshop, job: Job, tries: Sequence[Try], author: Author, report: Report) -> None:
    last, earlier = tries[-1], tries[:-1]
    turn = next_turn(job.task, earlier)
    if turn is None:
        raise LatmError(f"Job {job.id!r} has a last try that no turn asked for; start it again with `force`.")
    report(_progress(last.stage, last.attempt, "taking the making up again where it stopped", earlier))
    reply = Reply(text=last.reply, usage=last.usage, model=author.model)
    verified, tried = await judged(shop, job.task, earlier, turn, reply)
    if verified is None:
        shop.store.finish_job(job.id, "failed", failure=tried.failure)
    else:
        _publish(shop, job, verified, tries, author)


def _what(turn: Turn) -> str:
    if turn.stage == "propose":
        return f"a function (proposing, try {turn.attempt} of 3)"
    return f"a correction (verification, try {turn.attempt})"


def _progress(stage: Stage, attempt: int, sentence: str, tries: Sequence[Try]) -> Progress:
    return Progress(stage=stage, attempt=attempt, sentence=sentence, done=min(0.9, 0.1 + 0.12 * len(tries)))


def failed_to_ask(job: Job, error: MakerFailed) -> Failure:
    """A maker that could not be asked, as the failure of the try that it was asked for."""
    turn = next_turn(job.task, job.tries)
    stage, attempt = (turn.stage, turn.attempt) if turn else ("propose", 1)
    return Failure(stage=stage, attempt=attempt, sentence=str(error))
