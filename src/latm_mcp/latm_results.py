"""How a making stands, for whoever asked: each state with one sentence that says what to do next."""

from dataclasses import dataclass

from latm_mcp.errors import MakerFailed
from latm_mcp.latm_found import Found
from latm_mcp.latm_queue import Cached
from latm_mcp.models import Failure, Status, Tool, TriesLeft
from latm_mcp.models_using import DispatchOutcome
from latm_mcp.store import Job, Store
from latm_mcp.turns import next_turn, tries_left
from latm_mcp.using import use


@dataclass(frozen=True, slots=True)
class MakeResult:
    """How a making stands. `next` says what an MCP client does next; tool: where it is published or fits.

    kept: it has failed for now only: asked again, it goes on where it stopped. waits: a tool that a person has to approve.
    """

    status: Status
    next: str
    job: str = ""
    tries_left: TriesLeft | None = None
    brief: str = ""
    tool: Tool | None = None
    failure: Failure | None = None
    kept: bool = False
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What the dispatcher makes of a question: an answer, the tools that it is or may be for, or a new task.

    cached: where it waits, if it does. job: the making that the calling client's own model can write the tool for.
    note: why a model that is configured did not answer.
    """

    outcome: DispatchOutcome
    answer: use.Answer | None = None
    candidates: tuple[Found, ...] = ()
    cached: Cached | None = None
    job: str = ""
    note: str = ""


def result_of(job: Job, store: Store) -> MakeResult:
    """A job as its caller should see it; the brief or feedback that is asked next, where a draft is needed."""
    if job.status in ("published", "fits") and job.tool is not None:
        state = store.state(job.tool)
        if state == "waiting":
            following = f"The tool is made, and waits until a person has read it: latm-mcp approve {job.tool}"
            return MakeResult(job.status, following, job.id, waits=job.tool)
        tool = store.tool(job.tool) if state == "live" else None
        following = "The tool is ready." if tool else "The tool was archived since: ask with the examples again."
        return MakeResult(job.status, following, job.id, tool=tool)
    left = tries_left(job.tries)
    if job.status == "failed":
        following = (
            "Nothing was published. The last fault is above. Ask with the same examples to begin again with fresh tries; "
            "more examples (6 or more) help."
        )
        return MakeResult("failed", following, job.id, left, failure=job.failure)
    turn = next_turn(job.task, job.tries)
    if job.status == "draft_needed" and not job.leased and turn is not None:
        following = (
            f"Write the draft that the brief asks for, then call make_tool with `job` {job.id!r} and the `draft`."
        )
        failure = job.tries[-1].failure if job.tries else None
        return MakeResult("draft_needed", following, job.id, left, turn.request, failure=failure)
    if not job.leased:
        return MakeResult("running", "Nobody works on it now: ask with the examples again to go on.", job.id, left)
    following = f"Call make_tool with job {job.id!r} alone in a while to see how it stands."
    return MakeResult("running", following, job.id, left)


def fitting(tool: Tool) -> MakeResult:
    """The answer where a tool is there already."""
    sentence = (
        f"{tool.name} answers all these examples already: use it. Pass `force` to make a new version all the same."
    )
    return MakeResult("fits", sentence, tool=tool)


def not_asked(job: Job, error: MakerFailed) -> MakeResult:
    """A maker that could not be asked: that costs no try, and the making goes on when it is asked again."""
    turn = next_turn(job.task, job.tries)
    failure = Failure(stage=turn.stage if turn else "propose", attempt=turn.attempt if turn else 1, sentence=str(error))
    return MakeResult("failed", "Once that is mended, ask again: nothing is lost.", job.id, failure=failure, kept=True)
