"""Verification (paper, 3.1): the harness drives a proposal on examples and compares; it judges, never the maker.

Beyond the paper: examples that no prompt ever held are judged too, every run is made in two worlds that differ in random
seed and clock, and the gates of the design (2.7) refuse what is right for the wrong reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio

from latm_mcp import gates, prompts
from latm_mcp.compare import lower_bound
from latm_mcp.drafts import known_calls, request_for
from latm_mcp.errors import Rejected
from latm_mcp.judging import Run, judge
from latm_mcp.models import Evidence, Example, Exposure, Proposal, Tally, Task, UseCase, Verified
from latm_mcp.outcomes import AnswerQuestion, CallFunction, Json, Limits, Outcome, Program, RenderResult, Request, World
from latm_mcp.sandbox import Sandbox

OTHER_WORLD = World(seed=2, clock_offset=400 * 24 * 3600)
AT_ONCE = 4  # runs asked for at once: enough to keep the sandbox's workers busy
USE_CASES = 3
FOREIGN_AT_ONCE, REFUSING_SECONDS = 8, 2.0  # refusing another task's question takes no computation
FAILURES_TOLD = 3  # how many failing questions one feedback shows


@dataclass(frozen=True, slots=True)
class Judge:
    """What verification needs besides the proposal: where code runs, its limits, other tasks' questions."""

    sandbox: Sandbox
    limits: Limits
    foreign: dict[str, list[Example]]


async def verify(proposal: Proposal, task: Task, seen: Sequence[Exposure], judge_: Judge) -> Verified:
    """Judge a proposal on all the task's examples and put it through the gates.

    seen: how far the maker knows each example, index by index (`splits.exposures`).
    Raises: Rejected; its `exposed` names the held-out examples whose questions the feedback shows.
    """
    try:
        runs = await _runs(proposal, task, seen, judge_)
        _refuse_wrong(runs, seen)
        _refuse_form(proposal, task, runs, seen)
        _refuse_few(runs, seen, task.author_saw_all)
        await _refuse_lost(proposal, runs, task, judge_)
        await _refuse_carried(proposal, task, runs, judge_)
        await _gates(proposal, task, runs, judge_)
    except Rejected as refusal:
        refusal.exposed = _exposed(refusal, task, seen)
        raise
    return Verified(
        proposal=proposal, evidence=_evidence(runs, seen, judge_.sandbox), use_cases=_use_cases(proposal, runs, seen)
    )


def _exposed(refusal: Rejected, task: Task, seen: Sequence[Exposure]) -> tuple[int, ...]:
    """The held-out examples whose questions a feedback shows: their beginnings stand in it."""
    held_out = [index for index, kind in enumerate(seen) if kind == "held-out"]
    beginnings = {index: task.examples[index].question.strip()[:1000] for index in held_out}
    return tuple(index for index, beginning in beginnings.items() if beginning in str(refusal))


async def _runs(proposal: Proposal, task: Task, seen: Sequence[Exposure], judge_: Judge) -> list[Run]:
    """One run of every example that can be put to the proposal; without an adapter, those that have a call.

    Each is run twice: alone, as in use, in a fresh interpreter; and in another world, together with the others and after
    those that follow it. So what depends on chance, on the clock or on what ran before comes to light.
    """
    known = known_calls(task)
    # Without an adapter there is no call for a question that was in no prompt, unless the version before had one.
    indices = [
        index
        for index, example in enumerate(task.examples)
        if proposal.adapter or seen[index] != "held-out" or example.question in known
    ]
    requests = [request_for(proposal, task.examples[index].question, known) for index in indices]
    program = Program(proposal.draft.source, task.name)
    alone = await _alone(program, requests, judge_)
    together = await judge_.sandbox.run_batch(program, requests[::-1], limits=judge_.limits, world=OTHER_WORLD)
    pairs = list(zip(indices, alone, together[::-1], strict=True))
    for index, first, second in sorted(pairs, key=lambda pair: seen[pair[0]] == "held-out"):
        _refuse_different(task.examples[index], first, second)
    rows = zip(indices, requests, alone, strict=True)
    return [judge(index, task.examples[index], request, outcome, task.comparison) for index, request, outcome in rows]


async def _alone(program: Program, requests: Sequence[Request], judge_: Judge) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def run(place: int, request: Request) -> None:
        async with limiter:
            outcomes[place] = await judge_.sandbox.run(program, request, limits=judge_.limits)

    async with anyio.create_task_group() as group:
        for place, request in enumerate(requests):
            group.start_soon(run, place, request)
    return [outcomes[place] for place in range(len(requests))]


def _refuse_different(example: Example, first: Outcome, second: Outcome) -> None:
    if type(first) is not type(second) or getattr(first, "value", None) != getattr(second, "value", None):
        raise Rejected(
            "Two runs that differ only in random seed, clock and what ran before disagree. The tool must not depend on them.\n"
            + prompts.failing([(example.question, f"first {first.sentence}; then {second.sentence}")]),
            question=example.question,
            got=f"first {first.sentence}; then {second.sentence}",
        )


def _refuse_wrong(runs: Sequence[Run], seen: Sequence[Exposure]) -> None:
    wrong = [run for run in runs if run.verdict == "wrong"]
    if wrong:
        told = _told(wrong, seen)
        raise _rejected(f"{len(wrong)} of {len(runs)} answers are not right, among them:", told, wrong=True)


def _refuse_form(proposal: Proposal, task: Task, runs: Sequence[Run], seen: Sequence[Exposure]) -> None:
    """An adapter writes numbers as the examples have them: 552 and not 552.0000, though that is the same number."""
    if task.comparison != "number" or not proposal.adapter:
        return
    passed = [run for run in runs if run.verdict == "passed"]
    other = [run for run in passed if (run.answer or "").strip() != run.example.answer.strip()]
    if other:
        sentence = "The values are right, but `render` writes them in another form than the worked answers have:"
        raise _rejected(sentence, _told(other, seen))


def _refuse_few(runs: Sequence[Run], seen: Sequence[Exposure], author_saw_all: bool) -> None:
    """At least half of the validation questions are accepted; of all, where the author saw all."""
    judged = [run for run in runs if seen[run.index] != "shown"] or list(runs)
    refused = [run for run in judged if run.verdict == "abstained"]
    if 2 * len(refused) > len(judged):
        sentence = f"Only {len(judged) - len(refused)} of {len(judged)} questions of this very task are accepted. Refused were:"
        raise _rejected(sentence, _told(refused, seen))
    shown = [run for run in runs if seen[run.index] == "shown" and run.verdict == "abstained"]
    if shown and not author_saw_all:
        raise _rejected("Examples whose answers you were given are refused:", shown[:FAILURES_TOLD])


async def _refuse_lost(proposal: Proposal, runs: Sequence[Run], task: Task, judge_: Judge) -> None:
    """A new version answers every example that the version before it answered, and what that one failed (design, 2.9).

    Refusing is no way out of a confirmed failure. What no version could read so far may go unread a while longer: tools grow.
    """
    if task.previous is None or task.previous.adapter != proposal.adapter:
        return
    refused, known = [run for run in runs if run.verdict == "abstained"], known_calls(task)
    program = Program(task.previous.source, task.previous.signature.function)
    for run in refused:
        request = request_for(proposal, run.example.question, known)
        outcome = await judge_.sandbox.run(program, request, limits=judge_.limits)
        verdict = judge(run.index, run.example, request, outcome, task.comparison).verdict
        if verdict == "passed" or (verdict == "wrong" and run.example.standing == "confirmed"):
            raise Rejected(
                "The present version answers a question that the new one refuses.\n"
                + prompts.failing([(run.example.question, run.got)]),
                question=run.example.question,
                got=run.got,
            )


def _told(failed: Sequence[Run], seen: Sequence[Exposure]) -> list[Run]:
    """Which failures the maker is told of: as few held-out ones as will do, for they are blind from then on."""
    order = {"shown": 0, "blind": 1, "held-out": 2}
    return sorted(failed, key=lambda run: order[seen[run.index]])[:FAILURES_TOLD]


def _rejected(sentence: str, told: Sequence[Run], *, wrong: bool = False) -> Rejected:
    return Rejected(
        f"{sentence}\n{prompts.failing([(run.example.question, run.got) for run in told])}",
        question=told[0].example.question,
        got=told[0].got,
        told_wrong=tuple(run.index for run in told) if wrong else (),
    )


async def _refuse_carried(proposal: Proposal, task: Task, runs: Sequence[Run], judge_: Judge) -> None:
    """Function and `render` come to the same when they are called alone: nothing but arguments and result passes between."""
    if not proposal.adapter:
        return
    passed = [run for run in runs if run.verdict == "passed"]
    program = Program(proposal.draft.source, task.name)
    calls = [CallFunction(run.arguments or {}) for run in passed]
    renders = [RenderResult(run.result, run.example.question) for run in passed]
    called = await judge_.sandbox.run_batch(program, calls, limits=judge_.limits)
    rendered = await judge_.sandbox.run_batch(program, renders, limits=judge_.limits)
    for run, result, answer in zip(passed, called, rendered, strict=True):
        for outcome, wanted in ((result, run.result), (answer, run.answer)):
            if getattr(outcome, "value", None) != wanted:
                raise Rejected(
                    f"`{task.name}` and `render` must work alone: called with the same arguments or result, but without `parse` "
                    "before them, they come to something else. Pass everything in the arguments and the result.\n"
                    + prompts.failing([(run.example.question, outcome.sentence)]),
                    question=run.example.question,
                    got=outcome.sentence,
                )


async def _gates(proposal: Proposal, task: Task, runs: Sequence[Run], judge_: Judge) -> None:
    """Put a proposal that is right through what it must not be."""
    comparison, program = task.comparison, Program(proposal.draft.source, task.name)
    gates.no_table(proposal.draft.source, task.examples, comparison)
    gates.no_constant(runs)
    gates.no_pass_through(runs, comparison)
    if not proposal.adapter:
        return

    async def render(result: Json, question: str) -> Outcome:
        return await judge_.sandbox.run(program, RenderResult(result, question), limits=judge_.limits)

    await gates.not_hard_coded(runs, comparison, render)
    quick = replace(judge_.limits, seconds=min(judge_.limits.seconds, REFUSING_SECONDS))
    foreign = gates.foreign_banks(judge_.foreign, task.examples)
    for start in range(0, len(foreign), FOREIGN_AT_ONCE):  # a parse that hangs is found out by the first questions
        part = foreign[start : start + FOREIGN_AT_ONCE]
        asked = [AnswerQuestion(example.question) for example in part]
        gates.foreign_answered_wrongly(part, await judge_.sandbox.run_batch(program, asked, limits=quick), comparison)
    nonsense = gates.shuffled(task.examples)
    shuffled = [AnswerQuestion(example.question) for example in nonsense]
    gates.accepts_nonsense(nonsense, await judge_.sandbox.run_batch(program, shuffled, limits=quick), comparison)


def _evidence(runs: Sequence[Run], seen: Sequence[Exposure], sandbox: Sandbox) -> Evidence:
    def tally(kind: Exposure) -> Tally:
        verdicts = [run.verdict for run in runs if seen[run.index] == kind]
        return Tally(
            passed=verdicts.count("passed"), wrong=verdicts.count("wrong"), abstained=verdicts.count("abstained")
        )

    shown, blind, held_out = tally("shown"), tally("blind"), tally("held-out")
    passed = blind.passed + held_out.passed
    bound = lower_bound(passed, passed + blind.wrong + held_out.wrong)
    return Evidence(
        shown=shown, blind=blind, held_out=held_out, bound=bound, sandbox=sandbox.description, python=sandbox.python
    )


def _use_cases(proposal: Proposal, runs: Sequence[Run], seen: Sequence[Exposure]) -> tuple[UseCase, ...]:
    """What wrapping shows a tool user: three verified runs; without an adapter all, since later versions are judged by their calls."""
    passed = sorted((run for run in runs if run.verdict == "passed"), key=lambda run: seen[run.index] != "shown")
    return tuple(
        UseCase(
            question=run.example.question, arguments=run.arguments or {}, result=run.result, answer=run.example.answer
        )
        for run in (passed[:USE_CASES] if proposal.adapter else passed)
    )
