"""Whose turn it is in a making, read off its kept tries alone; so a making can stop anywhere and go on elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from latm_mcp import prompts
from latm_mcp.models import Message, Stage, Task, TriesLeft, Try
from latm_mcp.splits import split

PROPOSE_TRIES, VERIFY_TRIES, REWRITES = 3, 3, 1  # the paper's 3 and 3; the one rewrite is ours


@dataclass(frozen=True, slots=True)
class Turn:
    """The next draft that is wanted. conversation: all that was said, the new request last."""

    stage: Stage
    attempt: int
    request: str
    conversation: tuple[Message, ...]
    may_rewrite: bool


def proposed(tries: Sequence[Try]) -> bool:
    """Whether some draft has passed the proposing stage."""
    return any(tried.failure is None or tried.failure.stage != "propose" for tried in tries)


def tries_left(tries: Sequence[Try]) -> TriesLeft:
    """How many drafts the making still takes; the one for a rewrite is counted with the verification tries, whenever it comes."""
    verifications = sum(tried.failure is None or tried.failure.stage != "propose" for tried in tries)
    left = VERIFY_TRIES + REWRITES - verifications
    proposals = 0 if proposed(tries) else PROPOSE_TRIES - len(tries)
    return TriesLeft(propose=proposals, verify=max(left, 0))


def next_turn(task: Task, tries: Sequence[Try]) -> Turn | None:
    """The next draft to ask for; None where the making has ended, well or not."""
    if tries and tries[-1].failure is None:
        return None
    left = tries_left(tries)
    verifying = proposed(tries)
    if (left.verify if verifying else left.propose) <= 0:
        return None
    may_rewrite = verifying and not any(tried.rewrote for tried in tries)
    request = _request(task, tries, left.verify if verifying else left.propose, may_rewrite)
    asked = sum((tried.stage == "verify") == verifying for tried in tries)
    # A draft that passes proposing is verified at once: that was the first verification, so asking starts at 2.
    stage, attempt = ("verify", asked + 2) if verifying else ("propose", asked + 1)
    return Turn(stage, attempt, request, conversation(tries, request), may_rewrite)  # type: ignore[arg-type]


def conversation(tries: Sequence[Try], request: str) -> tuple[Message, ...]:
    """One growing conversation: the system's words, every try's request and reply, the new request."""
    said = [Message(role="system", content=prompts.SYSTEM)]
    for tried in tries:
        said += [Message(role="user", content=tried.request), Message(role="assistant", content=tried.reply)]
    return (*said, Message(role="user", content=request))


def _request(task: Task, tries: Sequence[Try], left: int, may_rewrite: bool) -> str:
    if not tries:
        return prompts.brief(task, split(task))
    failure = tries[-1].failure
    assert failure is not None
    function = task.name if proposed(tries) else None
    return prompts.feedback(failure.sentence, tries_left=left, may_rewrite=may_rewrite, function=function)
