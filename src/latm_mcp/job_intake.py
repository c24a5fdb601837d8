"""From what a caller hands in to a task and its job: names, examples, the tool that is there already (design, 2.8 and 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from latm_mcp.compare import comparison_of
from latm_mcp.errors import BadInput
from latm_mcp.job import Workshop
from latm_mcp.judging import judge
from latm_mcp.models import Example, Task, Tool
from latm_mcp.outcomes import AnswerQuestion, Program
from latm_mcp.splits import digest, in_split_order
from latm_mcp.text import check_description, check_examples, check_name, free_name, name_from
from latm_mcp.using.dispatch import Dispatcher

FITS_AT_LEAST = 3  # an existing tool answers for a making only if it is right on that many examples, and on all
FITS_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class MakeRequest:
    """What a caller asks for. client_writes: the caller's own model will write the drafts, and has seen the examples.

    by_client: an MCP client asks, and no person: it may not replace what a person has confirmed.
    """

    examples: tuple[Example, ...]
    description: str = ""
    name: str = ""
    force: bool = False
    client_writes: bool = False
    by_client: bool = False


async def fitting_tool(shop: Workshop, request: MakeRequest, dispatcher: Dispatcher) -> Tool | None:
    """A live tool that accepts all the examples and answers every one of them rightly; None where there is none."""
    if len(request.examples) < FITS_AT_LEAST:
        return None
    examples = check_examples(request.examples)
    live = {row.name: row.version for row in shop.store.listed() if row.usable}
    names = [candidate.name for candidate in dispatcher.candidates(examples[0].question, FITS_CANDIDATES)]
    for name in dict.fromkeys([request.name, *names]):
        tool = shop.store.tool(name, live[name]) if name in live else None
        if tool is not None and tool.adapter and await _fits(shop, tool, examples):
            return tool
    return None


async def _fits(shop: Workshop, tool: Tool, examples: Sequence[Example]) -> bool:
    requests = [AnswerQuestion(example.question) for example in examples]
    program, limits = Program(tool.source, tool.signature.function), shop.limits_of(tool.name)
    first = await shop.sandbox.run(program, requests[0], limits=limits)
    if judge(0, examples[0], requests[0], first, tool.comparison).verdict != "passed":
        return False
    outcomes = await shop.sandbox.run_batch(program, requests, limits=limits)
    rows = zip(examples, requests, outcomes, strict=True)
    return all(judge(0, *row, tool.comparison).verdict == "passed" for row in rows)


async def task_of(shop: Workshop, request: MakeRequest, previous: Tool | None) -> Task:
    """The task of a request, checked, named and put in the order of its split.

    previous: the version that this making replaces; all examples that stand for it are kept.
    Raises: BadInput, for examples, a name or a description that cannot be taken.
    """
    description = check_description(request.description)
    if previous is not None:
        # Those that stand now, not those of its version: withdrawn ones are out, added ones are in.
        standing = shop.store.examples(previous.name)
        _refuse_withdrawn(previous, standing, request.examples)
        examples = merged(standing, request.examples)  # one new example is enough to grow
        description = description or previous.description
        name = previous.name
    else:
        examples = check_examples(request.examples)
        name = _free_name(shop, request, description, examples)
    return Task(
        name=name,
        description=description,
        examples=in_split_order(examples, first=await _unanswered(shop, previous, examples) if previous else ()),
        comparison=previous.comparison if previous else comparison_of(examples),
        author_saw_all=request.client_writes,
        previous=previous,
    )


def replaced(shop: Workshop, request: MakeRequest, fits: Tool | None) -> Tool | None:
    """The live tool whose next version a forced request makes: the one it names, or without a name the one that fits.

    Raises: BadInput, where the name is that of an import which no person has read: its source is for no prompt; and
    where a client asks to replace a tool that a person has confirmed anything of.
    """
    if not request.force:
        return None
    wanted = request.name or (fits.name if fits is not None else "")
    row = next((row for row in shop.store.listed() if row.name == wanted), None)
    if row is None:
        return None
    if row.state == "waiting":
        raise _waits(row.name)
    if request.by_client:
        refuse_confirmed(shop, row.name)
    return shop.store.tool(row.name, row.version)


def refuse_confirmed(shop: Workshop, name: str) -> None:
    """No client's word replaces what a person or a data file has confirmed. Raises: BadInput, for a tool of which that is true by now."""
    row = next((row for row in shop.store.listed() if row.name == name), None)
    if row is None:
        return
    confirmed = any(one.standing == "confirmed" for one in shop.store.examples(name))
    chosen = row.trust != "probation" or row.approved or row.pinned or row.good > 0
    if confirmed or chosen or shop.publishes == "waiting":  # there, no version goes live unread
        raise BadInput(
            f"{name!r} is not only the clients' own: persons, a data file or the settings stand for it, so no client replaces it."
            f" A person makes its next version with `latm-mcp make FILE --name {name} --force`; or give another `name`."
        )


def _waits(name: str) -> BadInput:
    return BadInput(
        f"The tool {name!r} was imported and waits: have a person read it and let it in with `latm-mcp approve {name}`, "
        "or choose another name."
    )


async def _unanswered(shop: Workshop, previous: Tool, examples: Sequence[Example]) -> tuple[Example, ...]:
    """What the present version refuses or answers wrongly: that is what the maker of the next one is shown."""
    if not previous.adapter:
        return ()
    requests = [AnswerQuestion(example.question) for example in examples]
    program = Program(previous.source, previous.signature.function)
    outcomes = await shop.sandbox.run_batch(program, requests, limits=shop.limits_of(previous.name))
    rows = zip(examples, requests, outcomes, strict=True)
    return tuple(row[0] for row in rows if judge(0, *row, previous.comparison).verdict != "passed")


def _free_name(shop: Workshop, request: MakeRequest, description: str, examples: Sequence[Example]) -> str:
    """The caller's name, or one of ours from the caller's description: a maker's model never names a tool (design, 3)."""
    taken = {row.name for row in shop.store.listed()}
    if not request.name:
        return free_name(name_from(description, digest(examples).removeprefix("sha256:")), taken)
    name = check_name(request.name)
    state = shop.store.state(name)
    if state == "waiting":
        raise _waits(name)
    if state == "live":
        raise BadInput(
            f"The name {name!r} is taken by another tool. Choose another one, for example {free_name(name, taken)!r}; "
            "or pass force to make the next version of that tool from these examples too."
        )
    return name


def merged(old: Sequence[Example], new: Sequence[Example]) -> tuple[Example, ...]:
    """All examples of both; a confirmed answer replaces a provisional one to the same question.

    Raises: BadInput, where two answers to one question stand against each other and neither may give way.
    """
    by_question = {example.question: example for example in old}
    for example in new:
        known = by_question.get(example.question)
        if known is not None and known.answer != example.answer:
            if known.standing == "confirmed" or example.standing == "provisional":
                raise BadInput(
                    f"The tool keeps another answer to {example.question[:120]!r}: {known.answer[:120]!r} ({known.standing}). "
                    "Leave that example out, or have a person confirm the new answer."
                )
        elif known is not None and known.standing == "confirmed":
            continue
        by_question[example.question] = example
    return check_examples(tuple(by_question.values()))


def _refuse_withdrawn(previous: Tool, standing: Sequence[Example], new: Sequence[Example]) -> None:
    """Whoever did not withdraw an example cannot bring it back: publishing would refuse the version in the end."""
    known = {example.question for example in standing}
    gone = {(row.question, row.answer) for row in previous.examples if row.question not in known}
    for example in new:
        if (example.question, example.answer) in gone:
            raise BadInput(
                f"A person withdrew the example {example.question[:120]!r} of {previous.name!r}: leave it out. To bring it back:"
                f" latm-mcp report {previous.name} --question ... --answer ..."
            )


def job_key(request: MakeRequest, previous: Tool | None) -> str:
    """What makes two requests the same making: the examples, the name asked for, who writes, and what it replaces."""
    writer = "client" if request.client_writes else "maker"
    return ":".join((digest(request.examples), request.name, writer, previous.version if previous else ""))
