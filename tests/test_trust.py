"""What a person says of a tool's answers: three good uses make it trusted, a failure takes it out of use until it is made better."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import settings_at
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.job_intake import MakeRequest, task_of
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.latm_trust import PROMOTE_AT, Trusting
from latm_mcp.latm_trust_heard import through_adapter
from latm_mcp.models import Example
from latm_mcp.splits import in_split_order
from latm_mcp.store import Listed, Store
from latm_mcp.using.use import Answer

pytestmark = pytest.mark.anyio

SORTING = "Sort the following words alphabetically: List: "
EXAMPLES = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
MIXED, FOLDED = SORTING + "b A C a", "A a b C"  # code point order answers "A C a b"
FOLDING = sort_words().replace("sorted(words)", "sorted(words, key=str.lower)")
REFUSING = sort_words().replace(
    "if match is None:", "if match is None or any(letter.isupper() for letter in match.group(1)):"
)


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(settings_at(tmp_path / "home", sandbox_cache)) as opened:
        request = MakeRequest(EXAMPLES, "Sort words alphabetically", "sort_words")
        assert (await opened.make(request, quiet, maker=ScriptedMaker(fenced(sort_words())))).status == "published"
        yield opened


class Door:
    """The reports of a library, with a maker (whose makings are only begun) or without."""

    def __init__(self, latm: Latm, maker: bool = False):
        self.latm, self.grown = latm, list[str]()
        self.ask = through_adapter(latm.store, latm.sandbox, latm.limits_of)
        self.trusting = Trusting(latm.store, self.ask, self.certain, self.grown.append if maker else None)
        self.report = self.trusting.report

    async def certain(self, question: str) -> str | None:
        return "sort_words" if self.row.usable and await self.ask("sort_words", question) is not None else None

    @property
    def row(self) -> Listed:
        (row,) = self.latm.store.listed()
        return row


async def test_three_confirmed_good_uses_of_different_questions_make_a_tool_trusted(latm: Latm):
    door = Door(latm)
    changes = [
        (await door.report(f"{SORTING}{words}", right=True, who="person", by="ann")).change
        for words in ("b a", "b a", " b  a", "d c", "pear fig apple", "f e")
    ]
    assert changes == ["good", "known", "known", "good", "known", "trusted"]
    assert (door.row.trust, door.row.good) == ("trusted", PROMOTE_AT)
    assert Example(question=SORTING + "d c", answer="c d", standing="confirmed") in latm.store.examples("sort_words")


async def test_the_tool_is_found_by_its_adapter_or_named_and_what_nobody_answers_is_refused(latm: Latm):
    door = Door(latm)
    assert (await door.report(SORTING + "b a", right=True, who="person")).tool == "sort_words"
    with pytest.raises(BadInput, match="which tool"):
        await door.report("How tall is a house?", right=True, who="person")
    with pytest.raises(BadInput, match="by itself"):
        await door.report("How tall is a house?", right=True, tool="sort_words", who="person")
    with pytest.raises(NotFound, match="Did you mean 'sort_words'"):
        await door.report(SORTING + "b a", right=True, tool="sort_word", who="person")
    with pytest.raises(BadInput, match="whether the answer was right"):
        await door.report(SORTING + "b a", who="person")
    with pytest.raises(BadInput, match="this very answer"):
        await door.report(SORTING + "b a", answer="a b", right=False, who="person")


def next_version(store: Store, name: str) -> MakeRequest:
    """What a person asks for with `latm-mcp make --force`, from all examples that stand."""
    return MakeRequest(examples=tuple(store.examples(name)), name=name, force=True)


async def test_a_confirmed_failure_quarantines_and_the_next_version_passes_all_examples(latm: Latm):
    door = Door(latm, maker=True)
    reported = await door.report(MIXED, answer=FOLDED, who="person", by="ann")
    assert (reported.change, door.row.trust, door.row.usable, door.grown) == (
        "quarantined",
        "quarantined",
        False,
        ["sort_words"],
    )
    assert "out of use until a next version" in reported.sentence

    maker = ScriptedMaker(fenced(REFUSING), fenced(sort_words()), fenced(FOLDING))  # refusing it is no way out
    made = await latm.make(next_version(latm.store, "sort_words"), quiet, maker=maker)

    assert made.status == "published"
    assert (door.row.trust, door.row.good, door.row.usable) == ("probation", 0, True)
    got = await latm.answer("sort_words", MIXED)
    assert isinstance(got, Answer)
    assert got.answer == FOLDED
    assert len(latm.store.examples("sort_words")) == len(EXAMPLES) + 1


async def test_a_next_version_may_not_refuse_what_the_present_one_is_known_to_get_wrong(latm: Latm):
    door = Door(latm, maker=True)
    for words, answer in (("b A C a", "A a b C"), ("D b", "b D"), ("Z x", "x Z"), ("G f", "f G"), ("M l K", "K l M")):
        await door.report(SORTING + words, answer=answer, tool="sort_words", who="person")
    request = next_version(latm.store, "sort_words")
    task = await task_of(latm.shop, request, latm.store.tool("sort_words"))
    hidden = task.examples[4]  # failed by the present version, and not among the three that the maker is shown
    assert hidden.standing == "confirmed"
    refusing = FOLDING.replace("if match is None:", f"if match is None or question == {hidden.question!r}:")
    made = await latm.make(request, quiet, maker=ScriptedMaker(*[fenced(refusing)] * 4))
    assert made.failure is not None
    assert "answers a question that the new one refuses" in made.failure.sentence
    assert door.row.trust == "quarantined"


async def test_without_a_maker_a_failing_tool_is_disputed_and_still_callable(latm: Latm):
    door = Door(latm)
    reported = await door.report(MIXED, answer=FOLDED, who="person")
    assert (reported.change, door.row.trust, door.row.usable) == ("disputed", "disputed", True)
    assert "nothing here makes its next version by itself" in reported.sentence
    assert Example(question=MIXED, answer=FOLDED, standing="confirmed") in latm.store.examples("sort_words")


async def test_where_next_versions_are_not_made_by_themselves_a_failing_tool_is_not_taken_out_of_use_for_ever(
    latm: Latm, tmp_path: Path, sandbox_cache: Path
):
    approving = settings_at(tmp_path / "home", sandbox_cache, publish="after-approval")
    async with open_latm(approving, ScriptedMaker()) as opened:
        reported = await opened.trusting.report(MIXED, answer=FOLDED, tool="sort_words", who="person", by="ann")
        assert (reported.change, Door(opened).row.usable) == ("disputed", True)


async def test_wrong_without_the_right_answer_is_kept_for_review_and_disputes(latm: Latm):
    door = Door(latm, maker=True)
    reported = await door.report(MIXED, right=False, who="person", by="ann")
    assert (reported.change, door.row.trust, door.grown) == ("disputed", "disputed", [])
    (kept,) = latm.store.reports()
    assert (kept.question, kept.got, kept.answer, kept.right, kept.who, kept.by) == (
        MIXED,
        "A C a b",
        "",
        False,
        "person",
        "ann",
    )


async def test_two_people_who_disagree_change_nothing_and_wait_for_review(latm: Latm):
    door = Door(latm, maker=True)
    question = SORTING + "b a"
    await door.report(question, right=True, who="person", by="ann")
    before = (latm.store.examples("sort_words"), door.row.trust, door.row.good)

    reported = await door.report(question, answer="b a", who="person", by="bob")
    assert reported.change == "disagreement"
    assert "'a b'" in reported.sentence
    assert "'b a'" in reported.sentence
    assert (await door.report(question, right=False, who="person", by="eve")).change == "disagreement"
    assert (latm.store.examples("sort_words"), door.row.trust, door.row.good, door.grown) == (*before, [])
    assert [(row.by, row.answer) for row in latm.store.reports()] == [("bob", "b a"), ("eve", "")]


async def test_an_answer_to_a_question_that_the_adapter_refuses_is_an_example_and_no_failure(latm: Latm):
    door = Door(latm, maker=True)
    reported = await door.report("Please sort: b a", answer="a b", tool="sort_words", who="person")
    assert (reported.change, door.row.trust, door.grown) == ("example", "probation", [])
    assert latm.store.examples("sort_words")[-1].question == "Please sort: b a"


async def test_a_next_version_without_adapter_may_not_fail_to_compute_what_the_present_one_computes(latm: Latm):
    def reply(body: str) -> str:
        source = f'def apples(people: int, each: int) -> int:\n    """Apples in all."""\n    return {body}\n'
        calls = [
            f'{{"question": "{row.question}", "arguments": {{"people": {n}, "each": {n + 1}}}}}'
            for n, row in enumerate(rows, 2)
        ]
        return f"{fenced(source)}\n```json\n[{', '.join(calls)}]\n```"

    rows = tuple(
        Example(question=f"If {n} friends bring {n + 1} apples each, how many?", answer=str(n * (n + 1)))
        for n in range(2, 8)
    )
    first = await latm.make(MakeRequest(rows, name="apples"), quiet, maker=ScriptedMaker(reply("people * each")))
    assert first.tool is not None
    shown = {row.question for row in in_split_order(rows)[:3]}
    hidden = next(n for n, row in enumerate(rows, 2) if row.question not in shown)
    raising = reply(f"people * each // (people != {hidden})")
    request = MakeRequest(rows, name="apples", force=True)
    made = await latm.make(request, quiet, maker=ScriptedMaker(*[raising] * 4))
    assert made.failure is not None
    assert "answers a question that the new one refuses" in made.failure.sentence


async def test_a_withdrawn_example_is_in_no_later_version(latm: Latm):
    gone = latm.store.withdraw_example("sort_words", EXAMPLES[0].question, "ann", "a typing error")
    latm.store.add_example("sort_words", Example(question=MIXED, answer=FOLDED, standing="confirmed"), "ann")
    with pytest.raises(BadInput, match="withdrew"):
        await latm.make(MakeRequest((gone,), name="sort_words", force=True), quiet, maker=ScriptedMaker())
    made = await latm.make(next_version(latm.store, "sort_words"), quiet, maker=ScriptedMaker(fenced(FOLDING)))
    assert made.tool is not None
    assert {row.question for row in made.tool.examples} == {MIXED, *(row.question for row in EXAMPLES[1:])}


async def test_a_quarantined_tool_fits_no_new_examples(latm: Latm):
    latm.store.set_trust("sort_words", "quarantined", "ann")
    maker = ScriptedMaker(fenced(sort_words("sorter")))
    made = await latm.make(MakeRequest(EXAMPLES, name="sorter"), quiet, maker=maker)
    assert made.status == "published"


async def test_what_was_settled_is_learnt_and_a_tool_that_is_not_there_is_refused(latm: Latm):
    trusting = Door(latm).trusting
    trusting.settle("Sort b a", "sort_words", "person")
    trusting.settle("Sort b a", None, "client")
    trusting.settle("How tall is a house?", None, "model")
    assert {(row.question, row.tool, row.who) for row in latm.store.settlements()} == {
        ("Sort b a", "sort_words", "person"),
        ("How tall is a house?", None, "model"),
    }
    with pytest.raises(NotFound):
        trusting.settle("q", "nobody", "person")
