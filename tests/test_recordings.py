"""What was recorded still answers what is asked: no recording is stale, and each makes its tool again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import settings_at

from latm_mcp.drafts import read_draft
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.models import Message, Task
from latm_mcp.recording import RecordedMaker, recordings
from latm_mcp.store_files import read_tool, version_of
from latm_mcp.tasks import GENERATED
from latm_mcp.turns import next_turn

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "tools_store"
KEPT = ROOT / "tests" / "recordings"
FIRST_ROUNDS = [folder for root in (STARTER, KEPT) for folder in recordings(root) if folder.name == "1"]


def label(folder: Path) -> str:
    return "/".join(folder.relative_to(ROOT).parts)


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(settings_at(tmp_path / "home", sandbox_cache)) as opened:
        yield opened


def request_of(maker: RecordedMaker, *, force: bool = False) -> MakeRequest:
    return MakeRequest(maker.examples, maker.description, maker.name, force)


def test_every_starter_task_has_a_tool_and_a_recording():
    assert {folder.parent.parent.name for folder in FIRST_ROUNDS if STARTER in folder.parents} == {
        row.name for row in GENERATED
    }
    assert {read_tool(STARTER / row.name).name for row in GENERATED} == {row.name for row in GENERATED}


@pytest.mark.parametrize("folder", FIRST_ROUNDS, ids=label)
async def test_no_recording_is_stale(folder: Path):
    """The first request of each is what is asked today; later ones depend on the sandbox, and the demo replays them all."""
    maker = RecordedMaker(folder)
    turn = next_turn(maker.task, ())
    assert turn is not None
    assert (await maker.reply(turn.conversation, turn.stage, turn.attempt)).text


@pytest.mark.parametrize("folder", FIRST_ROUNDS, ids=label)
def test_a_recording_names_its_model_or_says_that_it_does_not_and_that_its_counts_are_estimates(folder: Path):
    maker = RecordedMaker(folder)
    assert maker.model == "not named"
    assert maker.estimated


async def test_a_making_whose_first_proposal_failed_is_replayed_whole(latm: Latm):
    folder = STARTER / "meeting_slot" / "recordings" / "1"
    result = await latm.make(request_of(RecordedMaker(folder)), quiet, maker=RecordedMaker(folder))
    assert result.status == "published", result.failure
    assert result.tool is not None
    assert result.tool.provenance.maker == "recording"
    assert result.tool.provenance.verify_tries == 2
    assert result.tool.version == read_tool(STARTER / "meeting_slot").version


async def test_a_growth_round_is_replayed_on_the_version_before_it(latm: Latm):
    for folder in recordings(STARTER / "close_brackets"):
        maker = RecordedMaker(folder)
        result = await latm.make(request_of(maker, force=folder.name != "1"), quiet, maker=maker)
        assert result.status == "published", result.failure
    assert len(latm.store.versions("close_brackets")) == 2
    assert result.tool is not None
    assert result.tool.version == read_tool(STARTER / "close_brackets").version


@pytest.mark.parametrize("folder", recordings(KEPT / "endpoint"), ids=label)
async def test_a_making_at_an_endpoint_is_replayed(latm: Latm, folder: Path):
    maker = RecordedMaker(folder)
    result = await latm.make(request_of(maker), quiet, maker=maker)
    assert result.status == "published", result.failure
    assert result.tool is not None
    assert result.tool.evidence.held_out.passed == 18


@pytest.mark.parametrize("folder", recordings(KEPT / "client"), ids=label)
async def test_a_making_with_the_client_as_maker_is_replayed(latm: Latm, folder: Path):
    maker = RecordedMaker(folder)
    asked = await latm.make(request_of(maker), quiet)
    job = latm.store.job(asked.job)
    assert job is not None
    reply = await maker.reply(conversation_of(job.task), "propose", 1)
    made = await latm.draft(asked.job, read_draft(reply.text), quiet)
    assert made.status == "published", made.failure
    assert made.tool is not None
    assert made.tool.evidence.shown.passed == len(maker.examples)


def conversation_of(task: Task) -> tuple[Message, ...]:
    turn = next_turn(task, ())
    assert turn is not None
    return turn.conversation


@pytest.mark.parametrize("name", [row.name for row in GENERATED])
def test_a_starter_tools_files_are_what_its_last_recording_replied(name: str):
    last = recordings(STARTER / name)[-1]
    reply = max(last.glob("*.reply.md")).read_text(encoding="utf-8")
    assert version_of(read_draft(reply).source) == read_tool(STARTER / name).version
