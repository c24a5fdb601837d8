"""Questions that nobody has a tool for become tools by themselves: once, whoever works on the library, and nothing is lost on the way."""

from pathlib import Path

import anyio
import pytest
from growing import (
    CASED,
    COUNTING,
    LONG,
    SORTING,
    Writer,
    ask_and_tell,
    backwards,
    folding,
    library,
    name_in,
    settings,
    short_sorter,
    sorter,
    tell,
    the_group,
    until,
)
from scripted import SORT_EXAMPLES, ScriptedMaker, sort_words
from served import ERAS, QUESTION, WITHIN, call, names, relisting, served

from latm_mcp.errors import BadInput, CapReached, MakerFailed
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import quiet
from latm_mcp.latm_report import Said
from latm_mcp.models import Example
from latm_mcp.server import open_server
from latm_mcp.store import open_store
from latm_mcp.using.use import Answer

pytestmark = pytest.mark.anyio
SIX, MORE = SORT_EXAMPLES[:6], SORT_EXAMPLES[6:]


@pytest.mark.parametrize("era", ERAS)
async def test_the_sixth_answer_makes_a_tool_that_is_announced_and_answers_the_next_question(
    tmp_path: Path, sandbox_cache: Path, era: str
):
    maker, chosen = Writer(), settings(tmp_path / "home", sandbox_cache)
    with anyio.fail_after(WITHIN), open_store(chosen.home) as store:
        async with open_server(chosen, maker) as server, relisting(server, era) as following:
            for told, (question, answer) in enumerate(SIX):
                asked = await call(following.client, "dispatch", question=question)
                assert (asked["outcome"], asked["cached"]["answered"], asked["cached"]["needed"]) == ("new", told, 6)
                said = await call(following.client, "report_result", question=question, answer=answer)
                assert f"{told + 1} of 6" in said["next"]
                assert len(maker.asked) <= told // 5
            await maker.begun.wait()
            await following.until(maker.asked[0])
            got = await call(following.client, "dispatch", question=QUESTION)
            assert (got["outcome"], got["answer"], got["how"]) == ("answered", "bear cat wolf", "adapter")
            await until(lambda: not store.groups())
        assert len(maker.asked) == 1
        assert [(row.role, row.replies) for row in store.usage()] == [("maker", 1)]


async def test_two_doors_to_one_library_make_once(tmp_path: Path, sandbox_cache: Path):
    maker, home = Writer(), tmp_path / "home"
    async with library(home, sandbox_cache, maker) as one, library(home, sandbox_cache, maker) as two:
        # A tool of the same wording is tried on the group first, so that both doors look at once before either begins.
        wrong = tuple(Example(question=question, answer=" ".join(answer.split()[::-1])) for question, answer in SIX)
        await one.make(MakeRequest(wrong, name="other_order"), quiet, maker=Writer(backwards))
        for question, answer in SIX:
            one.waiting.cache(question)  # type: ignore[union-attr]
            one.waiting.tell(question, answer, "client")  # type: ignore[union-attr]
        async with anyio.create_task_group() as group:
            group.start_soon(one.growth.settle, quiet)
            group.start_soon(two.growth.settle, quiet)
        assert [row.name for row in two.store.listed()] == ["other_order", *maker.asked]
        assert (len(maker.asked), one.store.groups()) == (1, [])


async def test_with_the_queue_turned_off_nothing_that_waits_is_made(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await ask_and_tell(latm, SIX, "person")
    async with library(tmp_path / "home", sandbox_cache, ScriptedMaker(), queue=False) as latm:
        await latm.growth.settle(quiet)
        assert the_group(latm).state == "open"


async def test_answers_that_are_all_alike_make_no_tool(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache, ScriptedMaker()) as latm:
        await ask_and_tell(latm, [(question, "yes") for question, _ in SIX])
        await latm.growth.settle(quiet)
        assert the_group(latm).state == "open"


async def test_a_mixed_group_is_split_by_what_its_best_draft_answers_and_both_parts_become_tools(
    tmp_path: Path, sandbox_cache: Path
):
    maker = Writer()
    async with library(tmp_path / "home", sandbox_cache, maker) as latm:
        await ask_and_tell(latm, SIX[:4] + COUNTING[:4])
        first, second = latm.store.groups()
        latm.store.merge_groups(first.id, second.id, "ann")
        await latm.growth.settle(quiet)
        parts = [{row.question for row in group.instances} for group in latm.store.groups()]
        assert parts == [{question for question, _ in pairs} for pairs in (SIX[:4], COUNTING[:4])]
        assert latm.store.listed() == []
        asked = len(maker.asked)

        await ask_and_tell(latm, SIX[4:] + COUNTING[4:6])
        await latm.growth.settle(quiet)
        assert latm.store.groups() == []
        assert len(maker.asked) == asked + 2
        for question, answer in (MORE[0], COUNTING[7]):
            found = await latm.dispatch(question)
            assert found.answer is not None
            assert (found.answer.answer, found.answer.how) == (answer, "adapter")


async def test_a_making_that_failed_begins_again_with_two_more_examples_only(tmp_path: Path, sandbox_cache: Path):
    maker = Writer(*[backwards] * 4, sort_words)
    async with library(tmp_path / "home", sandbox_cache, maker) as latm:
        await ask_and_tell(latm, SIX)
        await latm.growth.settle(quiet)
        assert (the_group(latm).state, len(maker.asked)) == ("failed", 4)
        assert "not right" in the_group(latm).note
        for pair, drafts in zip(MORE, (4, 5), strict=True):
            await ask_and_tell(latm, [pair])
            await latm.growth.settle(quiet)
            assert len(maker.asked) == drafts
        assert latm.store.groups() == []
        assert len(latm.store.listed()) == 1


async def test_a_maker_that_cannot_be_asked_leaves_everything_waiting_and_is_left_alone(
    tmp_path: Path, sandbox_cache: Path
):
    class Deaf(Writer):
        deaf = True

        async def reply(self, *asked):  # type: ignore[no-untyped-def]
            reply = await super().reply(*asked)
            if self.deaf:
                raise MakerFailed("The model cannot be reached.")
            return reply

    maker = Deaf()
    async with library(tmp_path / "home", sandbox_cache, maker) as latm, anyio.create_task_group() as group:
        await ask_and_tell(latm, SIX)
        with pytest.raises(MakerFailed):
            await latm.growth.settle(quiet)
        group.start_soon(latm.growth.watch)
        for _ in range(20):
            latm.growth.notice()
            await anyio.sleep(0.02)
        assert len(maker.asked) == 1
        assert (the_group(latm).state, the_group(latm).note) == ("making", "The model cannot be reached.")
        group.cancel_scope.cancel()
    maker.deaf = False
    async with library(tmp_path / "home", sandbox_cache, maker) as latm:
        await latm.growth.settle(quiet)
        assert (len(latm.store.listed()), latm.store.groups(), len(maker.asked)) == (1, [], 2)


async def test_a_maker_with_a_fault_of_its_own_is_left_alone_too(tmp_path: Path, sandbox_cache: Path):
    maker = ScriptedMaker()  # asked at all, it raises what is no error of ours
    async with library(tmp_path / "home", sandbox_cache, maker) as latm, anyio.create_task_group() as group:
        await ask_and_tell(latm, SIX)
        group.start_soon(latm.growth.watch)
        await until(lambda: maker.asked)
        for _ in range(20):
            latm.growth.notice()
            await anyio.sleep(0.02)
        assert (len(maker.asked), the_group(latm).state) == (1, "making")
        group.cancel_scope.cancel()


async def test_a_reached_cap_leaves_everything_waiting_and_asks_nobody(tmp_path: Path, sandbox_cache: Path):
    maker, home = Writer(model="gpt-4o"), tmp_path / "home"
    async with library(home, sandbox_cache, maker, daily_usd=0.0) as latm:
        await ask_and_tell(latm, SIX)
        with pytest.raises(CapReached):
            await latm.growth.settle(quiet)
        assert "money is spent" in the_group(latm).note
        assert maker.asked == []
    async with library(home, sandbox_cache, maker, daily_usd=1.0) as latm:
        await latm.growth.settle(quiet)
        assert (len(latm.store.listed()), latm.store.groups()) == (1, [])


async def test_what_an_adapter_refuses_makes_its_tool_grow_once_persons_have_answered_it(
    tmp_path: Path, sandbox_cache: Path
):
    maker = Writer(short_sorter, sort_words)
    async with library(tmp_path / "home", sandbox_cache, maker) as latm:
        name = await sorter(latm)
        before = latm.store.tool(name)
        for question, answer in LONG[:3]:
            found = await latm.dispatch(question)
            assert (found.outcome, found.cached.group.tool) == ("use", name)  # type: ignore[union-attr]
            await tell(latm, [(question, "no"), (question, answer)], "client")
        await latm.growth.settle(quiet)
        assert (latm.store.tool(name), len(maker.asked)) == (before, 1)

        await tell(latm, LONG[:3], "person")
        await latm.growth.settle(quiet)
        grown = latm.store.tool(name)
        assert before is not None
        assert grown is not None
        assert {row.question for row in grown.examples} == {question for question, _ in [*SIX, *LONG[:3]]}
        assert (grown.version != before.version, maker.asked, latm.store.groups()) == (True, [name, name], [])
        got = await latm.dispatch(LONG[3][0])
        assert isinstance(got.answer, Answer)
        assert (got.answer.answer, got.answer.how) == (LONG[3][1], "adapter")


async def test_after_approval_a_tool_waits_for_a_person_and_keeps_its_questions_and_none_grows_by_itself(
    tmp_path: Path, sandbox_cache: Path
):
    maker = Writer(short_sorter)
    async with library(tmp_path / "home", sandbox_cache, maker, publish="after-approval", make_at=3) as latm:
        name = await sorter(latm, 3)
        assert latm.store.state(name) == "waiting"
        assert await ask_and_tell(latm, SIX[3:]) == ["new"] * 3  # enough for another one, were they another group
        await latm.growth.settle(quiet)
        assert (the_group(latm).note, maker.asked) == (f"made: latm-mcp approve {name}", [name])

        tool = latm.store.tool(name)
        assert tool is not None
        latm.store.approve(tool, "ann")
        await latm.growth.settle(quiet)
        assert latm.store.groups() == []
        assert (await latm.dispatch(QUESTION)).outcome == "answered"
        await ask_and_tell(latm, LONG[:3], "person")
        await latm.growth.settle(quiet)
        assert (len(the_group(latm).instances), maker.asked) == (3, [name])


async def test_after_approval_a_clients_draft_waits_too(tmp_path: Path, sandbox_cache: Path):
    chosen = settings(tmp_path / "home", sandbox_cache, publish="after-approval")
    with anyio.fail_after(WITHIN), open_store(chosen.home) as store:
        async with served(chosen, "auto") as client:
            for question, answer in SIX:
                await call(client, "report_result", question=question, answer=answer)
            job = (await call(client, "dispatch", question=MORE[0][0]))["job"]
            name = name_in((await call(client, "make_tool", job=job))["brief"])
            made = await call(client, "make_tool", job=job, draft={"source": sort_words(name)})
            assert f"latm-mcp approve {name}" in made["next"]
            assert (store.state(name), name in await names(client)) == ("waiting", False)
            await until(lambda: store.groups()[0].note)
            assert "job" not in await call(client, "dispatch", question=MORE[0][0])


async def test_a_quarantined_tool_is_mended_in_the_background_and_answers_again_on_probation(
    tmp_path: Path, sandbox_cache: Path
):
    maker = Writer(sort_words, folding)
    async with library(tmp_path / "home", sandbox_cache, maker) as latm, anyio.create_task_group() as group:
        name = await sorter(latm)
        group.start_soon(latm.growth.watch)
        await latm.report(Said(CASED, "person", "ann", answer="apple Fig pear", tool=name, right=False))
        (row,) = latm.store.listed()
        assert (row.trust, (await latm.dispatch(QUESTION)).outcome) == ("quarantined", "new")
        await until(lambda: latm.store.listed()[0].trust == "probation")
        got = await latm.answer(name, CASED)
        assert isinstance(got, Answer)
        assert (got.answer, maker.asked) == ("apple Fig pear", [name, name])
        group.cancel_scope.cancel()


async def test_without_a_maker_dispatch_hands_out_the_job_of_a_complete_group_and_a_draft_publishes(
    tmp_path: Path, sandbox_cache: Path
):
    chosen = settings(tmp_path / "home", sandbox_cache)
    with anyio.fail_after(WITHIN), open_store(chosen.home) as store:
        async with served(chosen, "auto") as client:
            for question, answer in SIX:
                assert "job" not in await call(client, "dispatch", question=question)
                said = await call(client, "report_result", question=question, answer=answer)
            jobs = {said["job"], *[(await call(client, "dispatch", question=question))["job"] for question, _ in MORE]}
            (job,) = jobs
            begun = await call(client, "make_tool", job=job)
            assert begun["status"] == "draft_needed"
            name = name_in(begun["brief"])
            made = await call(client, "make_tool", job=job, draft={"source": sort_words(name)})
            assert (made["status"], name in await names(client)) == ("published", True)
            await until(lambda: not store.groups())
            assert (await call(client, "dispatch", question=MORE[0][0]))["how"] == "adapter"


async def test_a_job_whose_drafts_failed_is_not_handed_out_again_before_two_more_examples(
    tmp_path: Path, sandbox_cache: Path
):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await ask_and_tell(latm, SIX)
        job = (await latm.dispatch(MORE[0][0])).job
        latm.store.finish_job(job, "failed")
        assert (await latm.dispatch(MORE[0][0])).job == ""
        assert the_group(latm).state == "failed"
        await tell(latm, MORE)
        again = (await latm.dispatch(f"{SORTING}d c")).job
        assert again not in ("", job)


async def test_what_comes_in_while_its_group_is_in_making_is_kept_for_the_tool(tmp_path: Path, sandbox_cache: Path):
    maker = Writer(short_sorter, held=True)
    async with library(tmp_path / "home", sandbox_cache, maker) as latm, anyio.create_task_group() as group:
        await ask_and_tell(latm, SIX)
        group.start_soon(latm.growth.settle, quiet)
        await maker.begun.wait()
        await ask_and_tell(latm, [MORE[0], (MORE[1][0], "boot"), LONG[0]])
        assert (await latm.dispatch(LONG[1][0])).cached is not None
        assert [len(one.instances) for one in latm.store.groups()] == [10]
        maker.gate.set()
        await until(lambda: the_group(latm).tool is not None)
        # The tool answers the first as it was said, the second otherwise; the others it refuses.
        assert [(row.question, [told.answer for told in row.told]) for row in the_group(latm).instances] == [
            (LONG[0][0], [LONG[0][1]]),
            (LONG[1][0], []),
        ]
        doubts = [(row.question, row.got, row.answer, row.who) for row in latm.store.reports()]
        assert doubts == [(MORE[1][0], MORE[1][1], "boot", "client")]


async def test_persons_may_do_what_they_like_with_a_group_in_making(tmp_path: Path, sandbox_cache: Path):
    maker = Writer(held=True)
    async with library(tmp_path / "home", sandbox_cache, maker) as latm, anyio.create_task_group() as group:
        await ask_and_tell(latm, SIX + COUNTING[:2])
        group.start_soon(latm.growth.settle, quiet)
        await maker.begun.wait()
        making, other = latm.store.groups()
        with pytest.raises(BadInput, match="in making"):
            latm.store.merge_groups(making.id, other.id, "ann")
        latm.store.name_group(making.id, "sorting", "ann")
        latm.store.split_group(making.id, [making.instances[0].id], "ann")
        latm.store.drop_group(making.id, "ann")
        maker.gate.set()
        await until(lambda: latm.store.listed())
        await latm.growth.settle(quiet)
        assert len(maker.asked) == 1
        assert (await latm.dispatch(QUESTION)).outcome == "answered"
        assert [len(one.instances) for one in latm.store.groups()] == [2, 1]


async def test_a_group_that_cannot_begin_holds_up_no_other(
    tmp_path: Path, sandbox_cache: Path, caplog: pytest.LogCaptureFixture
):
    maker = Writer()
    async with library(tmp_path / "home", sandbox_cache, maker, grow_at=1) as latm:
        name = await sorter(latm)
        latm.waiting.cache(SIX[0][0], name)  # type: ignore[union-attr]
        await tell(latm, [(SIX[0][0], "fig pear apple")], "person")
        latm.store.add_example(name, latm.store.examples(name)[0].model_copy(update={"standing": "confirmed"}), "ann")
        await ask_and_tell(latm, COUNTING[:6])
        for _ in range(2):
            await latm.growth.settle(quiet)
        assert len(latm.store.listed()) == 2
        assert "keeps another answer" in the_group(latm).note
        assert sum("cannot be gone on with" in line for line in caplog.messages) == 1


async def test_a_named_group_gives_its_tool_the_name(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache, Writer()) as latm:
        await ask_and_tell(latm, SIX[:5])
        latm.store.name_group(the_group(latm).id, "Word sorting", "ann")
        await ask_and_tell(latm, SIX[5:])
        await latm.growth.settle(quiet)
        assert [row.name for row in latm.store.listed()] == ["word_sorting"]
