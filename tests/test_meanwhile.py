"""A name changes hands: what waits, what was archived, and what others publish while a making is under way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words

from latm_mcp.errors import BadInput
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.latm_import import import_tool
from latm_mcp.models import Example, Tool
from latm_mcp.settings import Settings
from latm_mcp.store_files import write_tool

pytestmark = pytest.mark.anyio

EXAMPLES = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
GROWN = tuple(
    Example(question=f"Sort the following words alphabetically: List: {a} {b}", answer=f"{b} {a}")
    for a, b in (("no", "go"), ("up", "on"), ("we", "it"), ("so", "as"))
)


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(Settings(home=tmp_path / "home", cache=sandbox_cache)) as opened:
        yield opened


def wanted(examples: tuple[Example, ...] = EXAMPLES, *, force: bool = False) -> MakeRequest:
    return MakeRequest(examples, name="sort_words", force=force)


async def made(latm: Latm, examples: tuple[Example, ...] = EXAMPLES) -> Tool:
    result = await latm.make(wanted(examples), quiet, maker=ScriptedMaker(fenced(sort_words())))
    assert result.tool is not None, result
    return result.tool


async def imported(latm: Latm, folder: Path) -> Tool:
    """The same tool, brought by a stranger: it waits."""
    brought = write_tool(folder, await made(latm))
    latm.store.archive("sort_words", "test")
    return await import_tool(latm.shop, brought)


@pytest.mark.parametrize("force", [True, False])
async def test_a_making_never_takes_what_no_person_has_approved(latm: Latm, tmp_path: Path, force: bool):
    waiting = await imported(latm, tmp_path)
    maker = ScriptedMaker()
    with pytest.raises(BadInput, match="latm-mcp approve sort_words"):
        await latm.make(wanted(GROWN, force=force), quiet, maker=maker)
    assert maker.asked == []
    assert (latm.store.state("sort_words"), latm.store.tool("sort_words")) == ("waiting", waiting)


async def test_the_name_of_an_archived_tool_is_free(latm: Latm):
    await made(latm)
    latm.store.archive("sort_words", "test")
    assert (await made(latm, GROWN)).examples != EXAMPLES
    assert latm.store.state("sort_words") == "live"
