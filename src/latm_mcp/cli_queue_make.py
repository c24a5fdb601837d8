"""`latm-mcp queue make GROUP`: a person begins a group's making, before there is enough, or where tools do not grow by themselves."""

import argparse

import anyio

from latm_mcp.cli_make import told_result
from latm_mcp.cli_makers import needed_maker
from latm_mcp.cli_screen import progress, steps
from latm_mcp.cli_trust_person import actor
from latm_mcp.errors import BadInput, NotFound
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import open_latm
from latm_mcp.latm_agreed import weighed
from latm_mcp.latm_results import MakeResult
from latm_mcp.settings import Settings
from latm_mcp.store import Group, Store, open_store


def make_group(options: argparse.Namespace, settings: Settings) -> int:
    """Make a tool of a group, or the next version of the one that it waits for; as `latm-mcp make` for the rest."""
    with open_store(settings.home) as store:
        request = _request(_group(store, options.group))
    result = anyio.run(_made, options.group, request, settings)
    return told_result(result, options.json)


def _group(store: Store, group_id: int) -> Group:
    group = store.group(group_id)
    if group is None:
        raise NotFound(f"There is no group {group_id} in the queue: `latm-mcp queue` lists them.")
    if group.state == "making":
        raise BadInput(f"Group {group_id} is in making already: `latm-mcp queue show {group_id}` tells how far it is.")
    return group


def _request(group: Group) -> MakeRequest:
    """What is answered and agreed upon. Raises: BadInput, where that is too little for any making."""
    examples, _ = weighed(group)
    if not examples or (group.tool is None and len(examples) < 2):
        raise BadInput(
            f"Group {group.id} has {len(examples)} answered questions that count: answer more with `latm-mcp queue answer`."
        )
    if group.tool is not None:
        return MakeRequest(examples, name=group.tool, force=True)
    return MakeRequest(examples, name=group.name)


async def _made(group_id: int, request: MakeRequest, settings: Settings) -> MakeResult:
    async with needed_maker(settings.maker) as maker:
        with progress() as told:
            task = request.name or f"group {group_id}"
            async with open_latm(settings, maker, progress=lambda sentence: told(task, sentence, 0.0)) as latm:
                result = await latm.make(request, steps(told, task, False))
                if result.tool is not None or result.waits:
                    latm.store.drop_group(group_id, actor())  # its examples are the tool's now
                return result
