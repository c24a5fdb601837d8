"""Who answers a question: of two tools that differ the one that stands above, of the configured models the one whose part it is."""

from pathlib import Path

import pytest
from growing import CASED, LONG, SORTING, Writer, folding, library, settings, short_sorter, sorter, the_group
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words
from scripted_using import ScriptedModel
from served import QUESTION, call, served

from latm_mcp.errors import MakerFailed
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, quiet
from latm_mcp.latm_report import NONE, Said
from latm_mcp.models import Example
from latm_mcp.store import Settlement, open_store

pytestmark = pytest.mark.anyio
EXAMPLES = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
BY_CODE, FOLDED = "Fig apple pear", "apple Fig pear"
LIKELY = "Please sort, from the last letter of the alphabet to its first, the following words: List: 3 5 7"
NEW = "How many letters has xx?"


class DeafModel(ScriptedModel):
    """A model that cannot be reached."""

    async def complete(self, conversation, *, schema=None):  # type: ignore[no-untyped-def]
        raise MakerFailed("The model cannot be reached.")


async def made(latm: Latm, name: str, source: str) -> None:
    """A tool of its own, whatever there is already."""
    request = MakeRequest(EXAMPLES, name=name, force=True)
    assert (await latm.make(request, quiet, maker=ScriptedMaker(fenced(source)))).status == "published"


async def two_sorters(latm: Latm) -> None:
    """Two tools with the same examples, which differ where words have capitals."""
    await made(latm, "sort_words", sort_words())
    await made(latm, "fold_words", folding("fold_words"))


async def answer(latm: Latm, question: str = CASED) -> tuple[str, str, str]:
    """The outcome, and the answer and who gave it."""
    found = await latm.dispatch(question)
    return (found.outcome, found.answer.answer, found.answer.tool) if found.answer else (found.outcome, "", "")


async def test_of_two_tools_that_differ_the_trusted_one_answers_and_else_somebody_is_asked(
    tmp_path: Path, sandbox_cache: Path
):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await two_sorters(latm)
        assert (await answer(latm, QUESTION))[:2] == ("answered", "bear cat wolf")
        found = await latm.dispatch(CASED)
        assert (found.outcome, {one.row.name for one in found.candidates}) == ("ask", {"sort_words", "fold_words"})
        latm.store.set_trust("sort_words", "trusted", "ann")
        assert await answer(latm) == ("answered", BY_CODE, "sort_words")
        latm.store.set_trust("fold_words", "trusted", "ann")
        assert (await latm.dispatch(CASED)).outcome == "ask"


async def test_a_disputed_tool_stands_under_all_others(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await two_sorters(latm)
        latm.store.set_trust("sort_words", "disputed", "ann")
        assert await answer(latm) == ("answered", FOLDED, "fold_words")


async def test_a_tool_with_confirmed_examples_that_another_one_gets_wrong_has_taken_such_questions_over(
    tmp_path: Path, sandbox_cache: Path
):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await two_sorters(latm)
        await latm.report(Said(f"{SORTING}tram Car bus", "client", "c", right=True, tool="fold_words"))
        assert (await latm.dispatch(CASED)).outcome == "ask"
        await latm.report(Said(f"{SORTING}tram Car bus", "person", "ann", right=True, tool="fold_words"))
        assert await answer(latm) == ("answered", FOLDED, "fold_words")


async def test_a_persons_word_settles_which_of_two_certain_tools_is_meant(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await two_sorters(latm)
        await latm.report(Said(CASED, "client", "c", tool="sort_words"))
        assert (await latm.dispatch(CASED)).outcome == "ask"
        await latm.report(Said(CASED, "person", "ann", tool="fold_words"))
        assert await answer(latm) == ("answered", FOLDED, "fold_words")


async def test_a_hostile_clients_look_alike_takes_no_question_from_a_trusted_tool(tmp_path: Path, sandbox_cache: Path):
    chosen = settings(tmp_path / "home", sandbox_cache)
    async with library(chosen.home, sandbox_cache) as latm:
        await made(latm, "sort_words", sort_words())
        latm.store.set_trust("sort_words", "trusted", "ann")
    async with served(chosen, "auto") as client:
        rows = [row.model_dump(include={"question", "answer"}) for row in EXAMPLES]
        poisoned = [*rows, {"question": CASED, "answer": FOLDED}]
        begun = await call(client, "make_tool", examples=poisoned, name="better_words", force=True)
        draft = {"source": folding("better_words")}
        assert (await call(client, "make_tool", job=begun["job"], draft=draft))["status"] == "published"
        await call(client, "report_result", question=CASED, answer=FOLDED, tool="better_words", right=True)
        await call(client, "report_result", question=CASED, tool="better_words")
        got = await call(client, "dispatch", question=CASED)
        assert (got["answer"], got["tool"]) == (BY_CODE, "sort_words")


async def test_a_clients_look_alike_takes_no_question_from_a_tool_on_probation_that_no_client_wrote(
    tmp_path: Path, sandbox_cache: Path
):
    chosen = settings(tmp_path / "home", sandbox_cache)
    async with library(chosen.home, sandbox_cache) as latm:
        await made(latm, "sort_words", sort_words())
    async with served(chosen, "auto") as client:
        rows = [row.model_dump(include={"question", "answer"}) for row in EXAMPLES]
        poisoned = [*rows, {"question": CASED, "answer": FOLDED}]
        begun = await call(client, "make_tool", examples=poisoned, name="better_words")
        draft = {"source": folding("better_words")}
        assert (await call(client, "make_tool", job=begun["job"], draft=draft))["status"] == "published"
        got = await call(client, "dispatch", question=CASED)
        assert (got["answer"], got["tool"]) == (BY_CODE, "sort_words")


async def test_clients_tools_displace_no_trusted_tool_from_those_that_are_asked(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await made(latm, "sort_words", sort_words())
        latm.store.set_trust("sort_words", "trusted", "ann")
        for name in ("a_words", "b_words", "c_words"):
            await made(latm, name, folding(name))
        assert await answer(latm) == ("answered", BY_CODE, "sort_words")


async def test_that_a_question_is_for_none_is_not_said_of_a_tool_that_is_made_later(
    tmp_path: Path, sandbox_cache: Path
):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        latm.store.keep_settlement(Settlement(QUESTION, None, "model", at=1.0))
        await made(latm, "sort_words", sort_words())
        assert await answer(latm, QUESTION) == ("answered", "bear cat wolf", "sort_words")
        latm.store.keep_settlement(Settlement(QUESTION, None, "person", at=4e9))
        assert (await latm.dispatch(QUESTION)).outcome == "new"


async def test_the_dispatchers_model_settles_an_ask_and_is_not_asked_again_about_the_same_wording(
    tmp_path: Path, sandbox_cache: Path
):
    judge, home = ScriptedModel('{"tool": "sort_words"}'), tmp_path / "home"
    async with library(home, sandbox_cache) as latm:
        await made(latm, "sort_words", sort_words())
        assert (await latm.dispatch(LIKELY)).outcome == "ask"
    async with library(home, sandbox_cache, models={"dispatcher": judge}) as latm:
        for words in ("3 5 7", "9 12 10"):
            found = await latm.dispatch(LIKELY.replace("3 5 7", words))
            assert (found.outcome, found.candidates[0].row.name) == ("use", "sort_words")
        assert len(judge.asked) == 1
        assert [row.who for row in latm.store.settlements()] == ["model"]


async def test_what_the_dispatchers_model_says_is_for_no_tool_is_new_and_learnt(tmp_path: Path, sandbox_cache: Path):
    judge = ScriptedModel('{"tool": null}')
    async with library(tmp_path / "home", sandbox_cache, models={"dispatcher": judge}) as latm:
        await made(latm, "sort_words", sort_words())
        for words in ("3 5 7", "9 12 10"):
            found = await latm.dispatch(LIKELY.replace("3 5 7", words))
            assert (found.outcome, found.cached is not None) == ("new", True)
        assert len(judge.asked) == 1
        assert (await latm.dispatch(QUESTION)).outcome == "answered"


async def test_what_a_client_says_a_tool_is_for_brings_it_up_for_the_like_and_makes_it_certain_of_nothing(
    tmp_path: Path, sandbox_cache: Path
):
    told, like = "kindly tidy up my shelf: owl hawk crow", "kindly tidy up this shelf: red blue"
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await made(latm, "sort_words", sort_words())
        assert (await latm.dispatch(like)).outcome == "new"
        await latm.report(Said(told, "client", "c", tool="sort_words"))
        found = await latm.dispatch(like)
        assert (found.outcome, [one.row.name for one in found.candidates]) == ("ask", ["sort_words"])
        assert (await answer(latm, QUESTION))[0] == "answered"


async def test_a_client_says_that_an_ask_is_for_none_and_the_question_waits_from_then_on(
    tmp_path: Path, sandbox_cache: Path
):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await made(latm, "sort_words", sort_words())
        await latm.report(Said(LIKELY, "client", "c", answer="7 5 3", tool=NONE))
        assert (await latm.dispatch(LIKELY)).outcome == "new"
        assert [told.answer for told in the_group(latm).instances[0].told] == ["7 5 3"]
        await latm.report(Said(QUESTION, "client", "c", tool=NONE))
        assert (await latm.dispatch(QUESTION)).outcome == "answered"


async def test_the_strong_models_answer_is_kept_as_provisional_and_not_asked_for_twice(
    tmp_path: Path, sandbox_cache: Path
):
    strong, chosen = ScriptedModel("Two letters.\nANSWER\n2"), settings(tmp_path / "home", sandbox_cache)
    async with library(chosen.home, sandbox_cache, models={"fallback": strong}) as latm:
        for _ in range(2):
            found = await latm.dispatch(NEW)
            assert found.answer is not None
            assert (found.outcome, found.answer.answer, found.answer.how) == ("answered", "2", "strong model")
        assert len(strong.asked) == 1
        assert [(told.who, told.answer) for told in the_group(latm).instances[0].told] == [("model", "2")]
    async with served(chosen, "auto") as client:
        got = await call(client, "dispatch", question=NEW)
        assert (got["how"], got["provisional"]) == ("strong model", True)
        with open_store(chosen.home) as store:
            store.tell(NEW, "two", "person", "ann")
        got = await call(client, "dispatch", question=NEW)
        assert (got["answer"], got["how"], got["provisional"]) == ("two", "person", False)


async def test_where_persons_differ_nobodys_word_is_given_as_the_answer(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await latm.dispatch(NEW)
        for by, said in (("ann", "2"), ("bob", "3")):
            await latm.report(Said(NEW, "person", by, answer=said))
        found = await latm.dispatch(NEW)
        assert (found.outcome, found.cached.disputed if found.cached else None) == ("new", 1)


async def test_answers_of_the_strong_model_make_a_tool(tmp_path: Path, sandbox_cache: Path):
    strong, maker = ScriptedModel(*[f"ANSWER\n{answer}" for _, answer in SORT_EXAMPLES[:6]]), Writer()
    async with library(tmp_path / "home", sandbox_cache, maker, models={"fallback": strong}) as latm:
        for question, _ in SORT_EXAMPLES[:6]:
            assert (await latm.dispatch(question)).outcome == "answered"
        await latm.growth.settle(quiet)
        found = await latm.dispatch(QUESTION)
        assert (found.answer.how if found.answer else "", len(strong.asked)) == ("adapter", 6)
        (tool,) = [latm.store.tool(row.name) for row in latm.store.listed()]
        assert {row.standing for row in tool.examples} == {"provisional"}  # type: ignore[union-attr]


async def test_the_light_model_calls_the_tool_where_its_adapter_refuses(tmp_path: Path, sandbox_cache: Path):
    question, right = LONG[0]
    words = str(question.removeprefix(SORTING).split()).replace("'", '"')
    light, maker = ScriptedModel(f'{{"words": {words}}}'), Writer(short_sorter)
    async with library(tmp_path / "home", sandbox_cache, maker, models={"user": light}) as latm:
        name = await sorter(latm)
        found = await latm.dispatch(question)
        assert found.answer is not None
        assert (found.answer.answer, found.answer.how, found.answer.tool) == (right, "tool and model", name)
        assert the_group(latm).tool == name  # it is to grow by it all the same


@pytest.mark.parametrize(
    ("role", "question", "outcome"),
    [("user", LONG[0][0], "use"), ("dispatcher", LIKELY, "ask"), ("fallback", NEW, "new")],
)
async def test_a_model_that_cannot_be_asked_leaves_the_outcome_as_it_is_without_it_and_says_why(
    tmp_path: Path, sandbox_cache: Path, role: str, question: str, outcome: str
):
    maker = Writer(short_sorter)
    async with library(tmp_path / "home", sandbox_cache, maker, {role: DeafModel()}, make_at=6) as latm:  # type: ignore[dict-item]
        for asked, said in SORT_EXAMPLES[:6]:
            latm.waiting.cache(asked)  # type: ignore[union-attr]
            await latm.report(Said(asked, "client", "c", answer=said))
        await latm.growth.settle(quiet)
        found = await latm.dispatch(question)
        assert (found.outcome, found.note) == (outcome, "The model cannot be reached.")
