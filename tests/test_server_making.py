"""A making with a configured model, through a client: progress, patience, cancellation, and that it is paid for once."""

from pathlib import Path

import anyio
import pytest
from sandboxed import settings_at
from scripted import ScriptedMaker, fenced, sort_words
from served import ERAS, EXAMPLES, REQUEST, WITHIN, call, make_by_client, names, refusal, served

from latm_mcp import server_progress
from latm_mcp.errors import MakerFailed
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import open_latm, quiet
from latm_mcp.models import Example
from latm_mcp.outcomes import Limits
from latm_mcp.settings import Settings
from latm_mcp.store import open_store

pytestmark = pytest.mark.anyio
WRONG = sort_words().replace("sorted(words)", "sorted(words, reverse=True)")


class PatientMaker(ScriptedMaker):
    """Replies only when the test lets it, and says when it is asked and when it is given up."""

    def __init__(self, *replies: str):
        super().__init__(*replies)
        self.was_asked, self.may_reply, self.given_up = anyio.Event(), anyio.Event(), anyio.Event()

    async def reply(self, *asked):  # type: ignore[no-untyped-def]
        self.was_asked.set()
        try:
            await self.may_reply.wait()
        except anyio.get_cancelled_exc_class():
            self.given_up.set()
            raise
        return await super().reply(*asked)


@pytest.fixture
def settings(tmp_path: Path, sandbox_cache: Path) -> Settings:
    return settings_at(tmp_path / "home", sandbox_cache)


@pytest.mark.parametrize("era", ERAS)
async def test_a_model_makes_a_tool_in_one_call_and_every_stage_is_reported(settings: Settings, era: str):
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(done: float, total: float | None, sentence: str | None) -> None:
        told.append((done, total, sentence))

    maker = ScriptedMaker(fenced(WRONG), fenced(sort_words()))
    async with served(settings, era, maker) as client:
        result = await client.call_tool("make_tool", REQUEST, progress_callback=hear)
        assert result.structured_content["status"] == "published"
        assert len(maker.asked) == 2
        assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
    steps = [done for done, _, _ in told]
    assert steps == sorted(set(steps)), "progress must grow"
    assert {total for _, total, _ in told} == {1.0}
    said = " / ".join(sentence or "" for _, _, sentence in told)
    for stage in (
        "looking at what there is",
        "proposing, try 1",
        "checking the draft",
        "refused:",
        "verification",
        "published",
    ):
        assert stage in said, stage


@pytest.mark.parametrize("era", ERAS)
async def test_a_quiet_making_still_reports_progress(settings: Settings, era: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_progress, "QUIET_SECONDS", 0.02)
    maker, told = PatientMaker(fenced(sort_words())), []

    async def hear(done: float, total: float | None, sentence: str | None) -> None:
        told.append(done)
        if len(told) > 20:
            maker.may_reply.set()

    async with served(settings, era, maker) as client:
        with anyio.fail_after(WITHIN):
            result = await client.call_tool("make_tool", REQUEST, progress_callback=hear)
        assert result.structured_content["status"] == "published"
        assert told == sorted(set(told))


@pytest.mark.parametrize("era", ERAS)
async def test_a_making_that_outlasts_a_request_goes_on_and_is_found_by_its_job(settings: Settings, era: str):
    hasty = settings_at(settings.home, settings.cache, answer_within=0.2)
    maker = PatientMaker(fenced(sort_words()))
    async with served(hasty, era, maker) as client:
        first = await call(client, "make_tool", **REQUEST)
        assert first["status"] == "running"
        assert first["job"] in first["next"]
        again = await call(client, "make_tool", **REQUEST)
        assert (again["status"], again["job"]) == ("running", first["job"])
        maker.may_reply.set()
        with anyio.fail_after(WITHIN):
            while (state := await call(client, "make_tool", job=first["job"]))["status"] == "running":
                pass
        assert state["status"] == "published"
        assert state["tool"]["name"] == "sort_words"
        assert len(maker.asked) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_asked_twice_at_once_one_making_is_started_and_both_get_its_tool(settings: Settings, era: str):
    maker, got = PatientMaker(fenced(sort_words())), []
    async with served(settings, era, maker) as client:

        async def ask() -> None:
            got.append(await call(client, "make_tool", **REQUEST))

        with anyio.fail_after(WITHIN):
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                group.start_soon(ask)
                await maker.was_asked.wait()
                maker.may_reply.set()
    assert [one["status"] for one in got] == ["published", "published"]
    assert got[0]["job"] == got[1]["job"]
    assert len(maker.asked) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_a_cancelled_request_stops_the_making_and_the_server_goes_on(settings: Settings, era: str):
    maker = PatientMaker(fenced(sort_words()), fenced(sort_words()))
    async with served(settings, era, maker) as client:
        with anyio.fail_after(WITHIN):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "make_tool", REQUEST)
                await maker.was_asked.wait()
                group.cancel_scope.cancel()
            await maker.given_up.wait()
            assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result"]
            maker.may_reply.set()
            assert (await call(client, "make_tool", **REQUEST))["status"] == "published"


async def test_one_of_two_who_wait_may_give_up_without_stopping_the_making(settings: Settings):
    maker, got = PatientMaker(fenced(sort_words())), []
    async with served(settings, "legacy", maker) as client:

        async def ask() -> None:
            got.append(await call(client, "make_tool", **REQUEST))

        with anyio.fail_after(WITHIN):
            async with anyio.create_task_group() as staying:
                staying.start_soon(ask)
                await maker.was_asked.wait()
                async with anyio.create_task_group() as leaving:
                    leaving.start_soon(client.call_tool, "make_tool", REQUEST)
                    await anyio.sleep(0.3)
                    leaving.cancel_scope.cancel()
                await anyio.sleep(0.1)
                maker.may_reply.set()
    assert got[0]["status"] == "published"
    assert not maker.given_up.is_set()


async def test_a_draft_in_endless_work_is_stopped_with_its_request_and_uses_no_try(settings: Settings):
    endless = sort_words().replace("return sorted(words)", "while True: pass")
    async with served(settings, "legacy") as client:
        begun = await call(client, "make_tool", **REQUEST)
        seen = anyio.Event()

        async def hear(done: float, total: float | None, sentence: str | None) -> None:
            if "checking the draft" in (sentence or ""):
                seen.set()

        async def hand_in() -> None:
            await client.call_tool(
                "make_tool", {"job": begun["job"], "draft": {"source": endless}}, progress_callback=hear
            )

        with anyio.fail_after(WITHIN):
            async with anyio.create_task_group() as group:
                group.start_soon(hand_in)
                await seen.wait()
                group.cancel_scope.cancel()
            state = await call(client, "make_tool", job=begun["job"])
        assert state["tries_left"] == {"propose": 3, "verify": 4}
        made = await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert made["status"] == "published"


async def test_a_judging_that_outlasts_its_request_is_found_by_its_job(tmp_path: Path, sandbox_cache: Path):
    settings = settings_at(tmp_path / "home", sandbox_cache, answer_within=0.1, limits=Limits(seconds=2))
    endless = sort_words().replace("return sorted(words)", "while True: pass")
    async with served(settings, "legacy") as client:
        begun = await call(client, "make_tool", **REQUEST)
        first = await call(client, "make_tool", job=begun["job"], draft={"source": endless})
        assert first["status"] == "running"
        other = await refusal(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert "is being judged" in other
        with anyio.fail_after(WITHIN):
            while (state := await call(client, "make_tool", job=begun["job"]))["status"] == "running":
                pass
        assert state["status"] == "draft_needed"
        assert state["tries_left"]["propose"] == 2
        assert "did not end within 2 s" in state["failure"]["got"]


async def test_a_maker_that_cannot_be_asked_is_told_and_nothing_is_lost(settings: Settings):
    class Unreachable(ScriptedMaker):
        async def reply(self, *asked):  # type: ignore[no-untyped-def]
            if not self.asked:
                self.asked.append(asked)
                raise MakerFailed("The endpoint cannot be reached: check LATM_MAKER_BASE_URL.")
            return await super().reply(*asked)

    async with served(settings, "auto", Unreachable(fenced(sort_words()))) as client:
        first = await call(client, "make_tool", **REQUEST)
        assert first["status"] == "failed"
        assert "LATM_MAKER_BASE_URL" in first["failure"]["sentence"]
        assert (await call(client, "make_tool", **REQUEST))["status"] == "published"


async def test_a_bug_in_a_maker_ends_its_making_alone(settings: Settings):
    async with served(settings, "auto", ScriptedMaker()) as client:  # asked at all, it fails an assertion
        assert "Something went wrong" in await refusal(client, "make_tool", **REQUEST)
        assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result"]


@pytest.mark.parametrize("maker", [None, ScriptedMaker()])
@pytest.mark.parametrize("asked", [{"name": "sort_words"}, {}])
async def test_a_client_replaces_no_tool_that_persons_made_trusted(
    settings: Settings, maker: ScriptedMaker | None, asked: dict[str, str]
):
    request = {"examples": EXAMPLES, "force": True, **asked}
    async with served(settings, "auto") as client:
        await make_by_client(client)
        begun = await call(client, "make_tool", **request)
        assert begun["status"] == "draft_needed"  # on probation it may
        with open_store(settings.home) as store:
            store.set_trust("sort_words", "trusted", "ann")
    async with served(settings, "auto", maker) as client:
        said = await refusal(client, "make_tool", **request)
        assert "'sort_words'" in said
        assert "`latm-mcp make FILE --name sort_words --force`" in said
        assert "another `name`" in said
        draft = {"source": sort_words() + "\n# another\n"}  # of the job that was begun in time
        assert await refusal(client, "make_tool", job=begun["job"], draft=draft) == said
    with open_store(settings.home) as store:
        assert len(store.versions("sort_words")) == 1
        assert [row.trust for row in store.listed()] == ["trusted"]


async def test_a_person_replaces_a_trusted_tool(settings: Settings):
    async with open_latm(settings) as latm:
        request = MakeRequest(tuple(Example(**row) for row in EXAMPLES), name="sort_words", force=True)
        for number in range(2):
            maker = ScriptedMaker(fenced(f"{sort_words()}\n# version {number}\n"))
            assert (await latm.make(request, quiet, maker=maker)).status == "published"
            latm.store.set_trust("sort_words", "trusted", "ann")
        assert len(latm.store.versions("sort_words")) == 2
