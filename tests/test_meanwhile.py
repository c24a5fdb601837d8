"""A name changes hands: what waits, what was archived, and what others publish while a making is under way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import settings_at
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words

from latm_mcp.errors import BadInput
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.latm_import import import_tool
from latm_mcp.models import Draft, Example, Tool
from latm_mcp.store_files import version_of, write_tool

pytestmark = pytest.mark.anyio

EXAMPLES = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
GROWN = tuple(
    Example(question=f"Sort the following words alphabetically: List: {a} {b}", answer=f"{b} {a}")
    for a, b in (("no", "go"), ("up", "on"), ("we", "it"), ("so", "as"))
)


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(settings_at(tmp_path / "home", sandbox_cache)) as opened:
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


async def drafted(latm: Latm, examples: tuple[Example, ...], *, force: bool = False) -> str:
    """A job that waits for its caller's draft."""
    result = await latm.make(wanted(examples, force=force), quiet)
    assert result.status == "draft_needed", result
    return result.job


async def test_of_two_makings_for_one_free_name_the_second_takes_nothing_away(latm: Latm):
    first, second = await drafted(latm, EXAMPLES), await drafted(latm, EXAMPLES[:2] + GROWN)
    published = await latm.draft(first, Draft(source=sort_words()), quiet)
    with pytest.raises(BadInput, match="'sort_words' was published meanwhile: ask again"):
        await latm.draft(second, Draft(source=sort_words() + "# other"), quiet)
    assert latm.store.tool("sort_words") == published.tool
    ended = await latm.job(second, quiet)
    assert (ended.status, ended.tool) == ("failed", None)
    assert ended.failure is not None
    assert "ask again" in ended.failure.sentence


@pytest.mark.parametrize("ending", ["", "# other"])
async def test_of_two_growths_of_one_version_no_example_is_lost(latm: Latm, ending: str):
    """Also where both makers leave the source as it is: a version is its source, not its examples."""
    await made(latm)
    first, second = await drafted(latm, GROWN[:1], force=True), await drafted(latm, GROWN[1:], force=True)
    await latm.draft(first, Draft(source=sort_words() + ending), quiet)
    with pytest.raises(BadInput, match="ask again"):
        await latm.draft(second, Draft(source=sort_words() + ending), quiet)

    again = await latm.make(wanted(GROWN[1:], force=True), quiet)
    result = await latm.draft(again.job, Draft(source=sort_words() + ending), quiet)
    assert result.tool is not None, result
    assert set(result.tool.examples) == {*EXAMPLES, *GROWN}


async def test_a_waiting_tool_may_be_imported_again(latm: Latm, tmp_path: Path):
    waiting = await imported(latm, tmp_path / "first")
    other = waiting.model_copy(update={"source": waiting.source + "# other\n"})
    other = other.model_copy(update={"version": version_of(other.source)})
    await import_tool(latm.shop, write_tool(tmp_path / "second", other))
    assert latm.store.state("sort_words") == "waiting"
    assert latm.store.listed()[0].version == other.version


async def test_the_name_of_an_archived_tool_is_free(latm: Latm):
    await made(latm)
    latm.store.archive("sort_words", "test")
    assert (await made(latm, GROWN)).examples != EXAMPLES
    assert latm.store.state("sort_words") == "live"
