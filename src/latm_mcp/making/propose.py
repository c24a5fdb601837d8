"""Proposing (paper, 3.1): from a reply to a function of the right form that runs on every worked example."""

from latm_mcp import prompts
from latm_mcp.drafts import known_calls, request_for
from latm_mcp.errors import Rejected
from latm_mcp.models import Draft, Proposal, Task, Tool
from latm_mcp.outcomes import Limits, Outcome, Program, Returned, refused
from latm_mcp.sandbox import Sandbox
from latm_mcp.source import check_source, has_adapter, same_parameters
from latm_mcp.splits import split


async def propose(draft: Draft, task: Task, sandbox: Sandbox, limits: Limits) -> Proposal:
    """Check a draft and run it on the worked examples; whether its answers are right is not asked here.

    Raises: Rejected, with the error as feedback for the maker (paper: the error goes back).
    """
    signature = check_source(draft.source, task.name)
    proposal = Proposal(draft=draft, signature=signature, adapter=has_adapter(draft.source))
    if task.previous is not None:
        _keeps_its_face(proposal, task.previous)
    program, known = Program(draft.source, task.name), known_calls(task)
    for index in split(task).shown[: prompts.WORKED]:
        question = task.examples[index].question
        outcome = await sandbox.run(program, request_for(proposal, question, known), limits=limits)
        tolerated = task.author_saw_all and refused(
            outcome
        )  # there, all examples are shown: verification counts refusals
        if not isinstance(outcome, Returned) and not tolerated:
            raise Rejected(_does_not_run(question, outcome), question=question, got=outcome.sentence)
    return proposal


def _keeps_its_face(proposal: Proposal, previous: Tool) -> None:
    """A new version is called as the one before it, and reads questions if that did."""
    kept = same_parameters(previous.signature, proposal.signature)
    if not kept or previous.signature.returns != proposal.signature.returns:
        raise Rejected(
            f"A new version keeps the parameters of the present one, `{previous.signature.text}`, and its result's type: "
            f"clients hold its schema. The draft has `{proposal.signature.text}`."
        )
    if previous.adapter and not proposal.adapter:
        raise Rejected("The present version reads questions by itself: keep `parse` and `render`.")


def _does_not_run(question: str, outcome: Outcome) -> str:
    return "The code does not run on one of the worked examples.\n" + prompts.failing([(question, outcome.sentence)])
