"""Bringing in a tool's folder: verified again here, then kept waiting until a person approves it (design, section 3).

Its own examples cannot vouch for it, since whoever wrote the tool wrote them too: all of them count as shown.
"""

import json
from pathlib import Path

from latm_mcp.compare import comparison_of
from latm_mcp.errors import BadInput, Rejected
from latm_mcp.job import Workshop, judge_for, write_out
from latm_mcp.making.propose import propose
from latm_mcp.making.verify import verify
from latm_mcp.making.wrap import wrap
from latm_mcp.models import Call, Draft, Example, Provenance, Task, Tool
from latm_mcp.splits import exposures, in_split_order
from latm_mcp.store_files import read_tool
from latm_mcp.text import check_description, check_examples, check_name


async def import_tool(shop: Workshop, folder: Path) -> Tool:
    """Read, verify and keep a tool's folder; it waits, unlisted and undispatched, for approval.

    Raises: BadInput, where the folder cannot be taken, its name is in use, or the tool fails on its own examples.
    """
    brought = read_tool(folder)
    if shop.store.state(check_name(brought.name)) == "live":
        raise BadInput(
            f"A tool named {brought.name!r} is here already: take it out with `latm-mcp archive {brought.name}`, or leave it."
        )
    waiting = shop.store.tool(brought.name)
    task = _task(brought)
    calls = tuple(
        Call(question=case.question, arguments_json=json.dumps(case.arguments))
        for case in brought.use_cases
        if not brought.adapter
    )
    try:
        proposal = await propose(Draft(source=brought.source, calls=calls), task, shop.sandbox, shop.limits)
        verified = await verify(proposal, task, exposures(task, ()), judge_for(shop, task))
    except Rejected as refusal:
        raise BadInput(f"{brought.name!r} was not imported: it fails its verification here. {refusal}") from None
    provenance = Provenance(maker="import", model=brought.provenance.model)
    tool = wrap(verified, task, provenance)
    replaces = waiting.version if waiting else None
    shop.store.publish(tool, replaces=replaces, state="waiting", actor="import")
    write_out(shop, tool)
    return tool


def _task(brought: Tool) -> Task:
    """The task of a brought tool: every example shown, and none confirmed, whatever its file says."""
    examples = tuple(Example(question=row.question, answer=row.answer) for row in brought.examples)
    checked = check_examples(examples)
    if not brought.adapter:
        known = {case.question for case in brought.use_cases}
        checked = tuple(example for example in checked if example.question in known)
    return Task(
        name=brought.name,
        description=check_description(brought.description),
        examples=in_split_order(checked),
        comparison=comparison_of(checked),
        author_saw_all=True,
    )
