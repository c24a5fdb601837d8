"""`from latm_mcp import Latm`: make, ask, call, report, in a program's own event loop, with the real sandbox."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from front_door import good_sorter, scripted_model
from scripted import SORT_EXAMPLES, fenced, sort_words
from scripts_library import make_library, make_tools, settings_here
from wire import descendants, gone

from latm_mcp import (
    Answer,
    BadInput,
    CallFailed,
    Latm,
    Made,
    MakerFailed,
    NotFound,
    Rejected,
    Unanswered,
)

SORT = "Sort the following words alphabetically: List: wolf cat bear"
LIKE = "Sort the following words by length, alphabetically: List: wolf cat bear"
WITHIN = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """A library with tools, which no test changes."""
    made = tmp_path_factory.mktemp("api") / "home"
    make_library(made, sandbox_cache)
    return made


@pytest.fixture
async def latm(home: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with Latm.open(home=home, settings=settings_here(sandbox_cache)) as opened:
        yield opened


@pytest.fixture
async def empty(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with Latm.open(home=tmp_path / "home", settings=settings_here(sandbox_cache)) as opened:
        yield opened


async def test_a_draft_becomes_a_tool_with_its_signature_and_evidence(empty: Latm):
    made = await empty.make(SORT_EXAMPLES, name="sort_words", description="Sort words", draft=sort_words())
    assert (made.status, made.name, made.signature) == (
        "published",
        "sort_words",
        "sort_words(words: list[str]) -> list[str]",
    )
    assert (made.evidence.shown_right, made.evidence.unseen) == (len(SORT_EXAMPLES), 0)  # its author may have seen all
    assert await empty.ask(SORT) == Answer(
        "bear cat wolf", "adapter", "sort_words", False, {"words": ["wolf", "cat", "bear"]}, ["bear", "cat", "wolf"]
    )
    assert await empty.call("sort_words", words=("b", "a")) == ["a", "b"]
    assert [tool.name for tool in empty.tools()] == ["sort_words"]
    again = await empty.make([{"question": q, "answer": a} for q, a in SORT_EXAMPLES])
    assert (again.status, again.tool) == ("fits", made.tool)


@pytest.mark.parametrize("kind", ["async", "plain"])
async def test_a_callers_own_model_makes_a_tool_and_is_judged_on_what_it_did_not_see(empty: Latm, kind: str):
    asked: list[list[dict[str, str]]] = []

    def reply(conversation: list[dict[str, str]]) -> str:
        asked.append(conversation)
        return good_sorter(conversation)

    async def reply_later(conversation: list[dict[str, str]]) -> str:
        await anyio.sleep(0)
        return reply(conversation)

    made = await empty.make(SORT_EXAMPLES, name="sort_words", maker=reply if kind == "plain" else reply_later)
    assert made.evidence.unseen_right == made.evidence.unseen > 0
    assert [message["role"] for message in asked[0]] == ["system", "user"]


async def test_the_configured_model_makes_a_tool(tmp_path: Path, sandbox_cache: Path, monkeypatch: pytest.MonkeyPatch):
    with scripted_model(good_sorter) as model:
        for name, value in model.items():
            monkeypatch.setenv(name, value)
        async with Latm.open(home=tmp_path / "home", settings=settings_here(sandbox_cache)) as latm:
            made = await latm.make(SORT_EXAMPLES, name="sort_words")
    assert isinstance(made, Made)
    assert made.evidence.unseen > 0


async def test_settings_are_those_of_the_file_and_the_environment(
    tmp_path: Path, sandbox_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "latm.toml"
    file.write_text('publish = "after-approval"\n', encoding="utf-8")
    monkeypatch.setenv("LATM_HOME", str(tmp_path / "home"))
    async with Latm.open(config=file, settings=settings_here(sandbox_cache)) as latm:
        made = await latm.make(SORT_EXAMPLES, name="sort_words", draft=sort_words())
        assert (made.status, made.name) == ("waiting", "sort_words")
        assert latm.tools() == ()
        with pytest.raises(NotFound, match="approve"):
            await latm.call("sort_words", words=[])


async def test_a_setting_may_be_true_as_in_the_file(tmp_path: Path, sandbox_cache: Path):
    async with Latm.open(home=tmp_path / "home", settings={**settings_here(sandbox_cache), "queue": True}) as latm:
        got = await latm.ask("What is the capital of France?")
    assert isinstance(got, Unanswered)
    assert got.waits is not None


async def test_code_that_is_not_right_is_rejected_with_what_it_failed_on(empty: Latm):
    wrong = sort_words().replace("return sorted(words)", "return words")
    with pytest.raises(Rejected, match="answers are not right") as caught:
        await empty.make(SORT_EXAMPLES, name="sort_words", draft=wrong)
    assert caught.value.question in dict(SORT_EXAMPLES)
    assert empty.tools() == ()
    made = await empty.make(SORT_EXAMPLES, name="sort_words", draft=sort_words())  # the next try of the same making
    assert made.status == "published"


async def test_a_maker_that_fails_is_told_with_its_own_error_and_nothing_is_lost(empty: Latm):
    def broken(conversation: list[dict[str, str]]) -> str:
        raise OSError("no route")

    with pytest.raises(MakerFailed, match="OSError: no route") as caught:
        await empty.make(SORT_EXAMPLES, name="sort_words", maker=broken)
    assert isinstance(caught.value.__cause__, OSError)
    made = await empty.make(SORT_EXAMPLES, name="sort_words", maker=lambda _: fenced(sort_words()))
    assert made.status == "published"


@pytest.mark.parametrize(
    ("examples", "more", "sentence"),
    [
        (SORT_EXAMPLES, {}, "LATM_MAKER_MODEL"),
        (SORT_EXAMPLES, {"draft": "x = 1", "maker": str}, "either"),
        (SORT_EXAMPLES[:1], {"draft": sort_words()}, "2"),
        ([], {"draft": sort_words()}, "2"),
        ("text", {"draft": sort_words()}, "pairs"),
        (None, {"draft": sort_words()}, "`examples` is of type NoneType"),
        (7, {}, "`examples` is of type int"),
        ([("q",)], {"draft": sort_words()}, "Example 1 has no question and answer"),
        ([{"question": "q"}], {"draft": sort_words()}, "Example 1 has no question and answer"),
        ([("q", "a"), ("q", 1)], {"draft": sort_words()}, "Example 2 has a question or an answer that is no text"),
        ([{"question": "q", "answer": "a", "standing": "sure"}], {"draft": sort_words()}, "'sure'"),
        (SORT_EXAMPLES, {"draft": sort_words(), "name": "Not A Name"}, "wrong form"),
        (SORT_EXAMPLES, {"draft": 7}, "`draft` is of type int"),
        (SORT_EXAMPLES, {"draft": sort_words(), "description": None}, "`description` is of type NoneType"),
    ],
)
async def test_what_cannot_be_taken_is_refused_in_a_sentence(
    empty: Latm, examples: object, more: dict[str, object], sentence: str
):
    with pytest.raises(BadInput, match=sentence):
        await empty.make(examples, **more)  # type: ignore[arg-type]
    assert empty.tools() == ()


async def test_a_question_that_no_tool_answers_comes_back_with_who_may_know(latm: Latm):
    like = await latm.ask(LIKE)
    assert isinstance(like, Unanswered)
    assert (like.outcome, like.candidates[0].tool) == ("ask", "sort_words")
    assert "length" in " ".join(like.candidates[0].lacks)
    assert await latm.ask("Who wrote this, and when?") == Unanswered("new")
    for wrong in (" ", 7, "x" * 70_000):
        with pytest.raises(BadInput):
            await latm.ask(wrong)  # type: ignore[arg-type]


async def test_a_call_without_a_result_raises_with_the_reason(latm: Latm):
    with pytest.raises(CallFailed, match="raised as asked"):
        await latm.call("echo_text", text="raise", times=1)
    with pytest.raises(NotFound, match="Did you mean 'echo_text'"):
        await latm.call("echo_tex", text="a", times=1)
    for name in (None, 7, b"echo_text"):
        with pytest.raises(BadInput, match="`name` is of type"):
            await latm.call(name)  # type: ignore[arg-type]
    for arguments in ({}, {"text": 1, "times": 1}, {"text": {1}, "times": 1}, {"text": "a", "times": float("nan")}):
        with pytest.raises(BadInput):
            await latm.call("echo_text", **arguments)


async def test_a_programs_word_is_provisional_and_a_persons_is_not(tmp_path: Path, sandbox_cache: Path):
    await make_tools(tmp_path / "home", sandbox_cache)
    async with Latm.open(home=tmp_path / "home", settings=settings_here(sandbox_cache)) as latm:
        said = await latm.report(SORT, right=True, tool="sort_words")
        assert "provisional" in said.sentence
        [before] = [tool for tool in latm.tools() if tool.name == "sort_words"]
        assert before.trust == "probation"
        said = await latm.report(SORT, answer="wolf cat bear", tool="sort_words")
        assert "stays as it is" in said.sentence
        said = await latm.report(SORT, right=True, confirmed=True)
        assert (said.tool, "good use 1" in said.sentence) == ("sort_words", True)
        await latm.report("Sort the following words alphabetically: List: d c", answer="d c", confirmed=True)
        assert [tool.trust for tool in latm.tools() if tool.name == "sort_words"] == ["disputed"]
        with pytest.raises(BadInput, match="Say whether"):
            await latm.report(SORT)


async def test_results_are_frozen(latm: Latm):
    with pytest.raises(dataclasses.FrozenInstanceError):
        latm.tools()[0].name = "other"  # type: ignore[misc]


async def test_many_questions_at_once_are_answered(latm: Latm):
    asked = [f"Repeat a{n} 2 times" for n in range(40)]
    answers = await asyncio.wait_for(asyncio.gather(*map(latm.ask, asked)), WITHIN)
    assert [one.answer for one in answers if isinstance(one, Answer)] == [f"a{n} a{n}" for n in range(40)]


async def test_a_call_that_is_cancelled_ends_and_the_library_goes_on(home: Path, sandbox_cache: Path):
    async with Latm.open(home=home, settings={**settings_here(sandbox_cache), "call_seconds": 600}) as latm:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await latm.call("echo_text", text="loop", times=1)
        async with asyncio.timeout(WITHIN):
            assert await latm.call("echo_text", text="a", times=2) == {"text": "a a"}
        workers = descendants(os.getpid())
        assert workers
    assert gone(workers)
