"""The paper's stage 1 through the library's door: propose, verify, wrap, with tries, splits, evidence and growth."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import settings_at
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words

from latm_mcp.errors import BadInput, MakerFailed
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.models import Draft, Example, Progress
from latm_mcp.outcomes import Returned
from latm_mcp.splits import in_split_order, split

pytestmark = pytest.mark.anyio

EXAMPLES = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
REQUEST = MakeRequest(examples=EXAMPLES, name="sort_words", description="Sort words alphabetically")
BACKWARDS = sort_words().replace("sorted(words)", "sorted(words, reverse=True)")
COMMAS = sort_words().replace('" ".join', '", ".join')


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(settings_at(tmp_path / "home", sandbox_cache)) as opened:
        yield opened


def answers_in(text: str) -> set[str]:
    return {answer for _, answer in SORT_EXAMPLES if f"\n{answer}\n" in text}


async def test_a_tool_is_made_published_written_out_and_callable(latm: Latm, tmp_path: Path):
    seen: list[Progress] = []
    maker = ScriptedMaker(fenced(sort_words()))
    result = await latm.make(REQUEST, seen.append, maker=maker)
    assert result.status == "published"
    assert result.tool is not None
    assert result.tool.provenance.propose_tries == result.tool.provenance.verify_tries == 1
    assert [case.answer for case in result.tool.use_cases] == [" ".join(case.result) for case in result.tool.use_cases]
    assert await latm.call("sort_words", {"words": ["b", "a"]}) == Returned(["a", "b"])
    folder = tmp_path / "home" / "tools_store" / "sort_words"
    assert {path.name for path in folder.iterdir()} == {"tool.py", "tool.json", "examples.jsonl"}
    assert {progress.stage for progress in seen} == {"propose", "wrap"}
    assert seen[-1].done == 1.0


async def test_the_maker_is_shown_three_answers_and_three_bare_questions_and_nothing_else(latm: Latm):
    maker = ScriptedMaker(fenced(sort_words()))
    await latm.make(REQUEST, quiet, maker=maker)
    ((stage, attempt, conversation),) = maker.asked
    assert (stage, attempt) == ("propose", 1)
    brief = conversation[-1].content
    assert len(answers_in(brief)) == 3
    assert sum(question in brief for question, _ in SORT_EXAMPLES) == 6


async def test_errors_go_back_and_the_third_proposal_may_still_succeed(latm: Latm):
    maker = ScriptedMaker("no code", fenced("def sort_words(:"), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.status == "published"
    assert [(stage, attempt) for stage, attempt, _ in maker.asked] == [("propose", 1), ("propose", 2), ("propose", 3)]
    third = maker.asked[2][2]
    assert [message.role for message in third] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "holds no code" in third[3].content
    assert "line 1" in third[5].content
    assert "This is the last try" in third[5].content


async def test_a_code_that_raises_is_told_what_it_raised(latm: Latm):
    maker = ScriptedMaker(fenced(sort_words().replace("sorted(words)", "words.srot()")), fenced(sort_words()))
    await latm.make(REQUEST, quiet, maker=maker)
    assert "AttributeError" in maker.asked[1][2][-1].content


async def test_a_wrong_adapter_is_mended_from_feedback_that_tells_no_answer(latm: Latm):
    maker = ScriptedMaker(fenced(COMMAS), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.status == "published"
    assert result.tool is not None
    assert (result.tool.provenance.verify_tries, result.tool.provenance.rewritten) == (2, False)
    stage, attempt, conversation = maker.asked[1]
    assert (stage, attempt) == ("verify", 2)
    assert "8 of 8 answers are not right" in conversation[-1].content
    assert answers_in(conversation[-1].content) == set()


async def test_a_number_in_another_form_than_the_worked_answers_is_refused(latm: Latm):
    examples = tuple(Example(question=f"How many shoes have {n} people?", answer=str(2 * n)) for n in range(2, 8))
    source = '''
import re

def shoes(people: int) -> int:
    """Two each."""
    return people * 2

def parse(question: str) -> dict:
    match = re.fullmatch(r"How many shoes have (\\d+) people\\?", question)
    if match is None:
        raise NotThisTask("other")
    return {"people": int(match[1])}

def render(result, question: str) -> str:
    return f"{result:.2f}"
'''
    maker = ScriptedMaker(fenced(source), fenced(source.replace('f"{result:.2f}"', "str(result)")))
    result = await latm.make(MakeRequest(examples, name="shoes"), quiet, maker=maker)
    assert result.status == "published"
    assert "another form" in maker.asked[1][2][-1].content


async def test_the_function_may_be_rewritten_once(latm: Latm):
    maker = ScriptedMaker(fenced(BACKWARDS), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.status == "published"
    assert result.tool is not None
    assert result.tool.provenance.rewritten


async def test_a_fourth_verification_is_granted_for_the_rewrite_alone(latm: Latm):
    maker = ScriptedMaker(fenced(COMMAS), fenced(COMMAS), fenced(COMMAS), fenced(sort_words()))
    assert (await latm.make(REQUEST, quiet, maker=maker)).status == "published"
    assert [attempt for _, attempt, _ in maker.asked] == [1, 2, 3, 4]


async def test_a_second_rewrite_is_refused_and_costs_a_try(latm: Latm):
    other = BACKWARDS.replace("reverse=True", "key=len")
    maker = ScriptedMaker(fenced(BACKWARDS), fenced(other), fenced(sort_words()), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.status == "failed"
    assert result.failure is not None
    assert "rewritten only once" in result.failure.sentence
    assert result.tries_left is not None
    assert result.tries_left.verify == 0
    assert latm.store.listed() == []


async def test_a_held_out_answer_that_feedback_called_wrong_counts_as_shown_from_then_on(latm: Latm):
    order = in_split_order(EXAMPLES)
    held_out = order[-1].question
    limited = sort_words().replace(
        "    match = ", f"    if question.endswith({held_out[-6:]!r}): return {{'words': ['x']}}\n    match = "
    )
    maker = ScriptedMaker(fenced(limited), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.tool is not None
    assert held_out in maker.asked[1][2][-1].content
    evidence = result.tool.evidence
    assert (evidence.shown.passed, evidence.blind.passed, evidence.held_out.passed) == (4, 3, 1)


async def test_abstaining_is_no_failure_but_half_of_the_questions_must_be_accepted(latm: Latm):
    validation = [in_split_order(EXAMPLES)[index].question for index in range(3, 6)]
    picky = "    if question.split()[-1] in {0!r}: raise NotThisTask('not that one')\n    match = "
    one = sort_words().replace("    match = ", picky.format([validation[0].split()[-1]]))
    result = await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(one)))
    assert result.tool is not None
    assert (result.tool.evidence.blind.passed, result.tool.evidence.blind.abstained) == (2, 1)
    two = sort_words("other").replace("    match = ", picky.format([question.split()[-1] for question in order_tail()]))
    maker = ScriptedMaker(*[fenced(two)] * 4)
    refused = await latm.make(MakeRequest(examples=EXAMPLES[:6] + EXTRA, name="other", force=True), quiet, maker=maker)
    assert refused.status == "failed"
    assert refused.failure is not None
    assert "accepted" in refused.failure.sentence


EXTRA = (Example(question="Sort the following words alphabetically: List: y x", answer="x y"),)


def order_tail() -> list[str]:
    order = in_split_order(EXAMPLES[:6] + EXTRA)
    return [example.question for example in order[3:]]


async def test_a_task_without_form_is_verified_by_its_calls(latm: Latm):
    rows = [(f"If {n} friends each bring {n + 1} apples, how many are there?", str(n * (n + 1))) for n in range(2, 8)]
    examples = tuple(Example(question=question, answer=answer) for question, answer in rows)
    source = 'def apples(people: int, each: int) -> int:\n    """Apples in all."""\n    return people * each\n'
    calls = ", ".join(
        f'{{"question": "{question}", "arguments": {{"people": {n}, "each": {n + 1}}}}}'
        for n, (question, _) in enumerate(rows, 2)
    )
    reply = f"{fenced(source)}\n```json\n[{calls}]\n```"
    result = await latm.make(MakeRequest(examples=examples, name="apples"), quiet, maker=ScriptedMaker(reply))
    assert result.tool is not None
    assert not result.tool.adapter
    assert (result.tool.evidence.shown.passed, result.tool.evidence.blind.passed) == (3, 3)
    assert result.tool.use_cases[0].arguments["each"] == result.tool.use_cases[0].arguments["people"] + 1
    missing = f"{fenced(source)}\n```json\n[]\n```"
    again = MakeRequest(examples=examples, name="pears")
    failed = await latm.make(again, quiet, maker=ScriptedMaker(*[missing.replace("apples(", "pears(")] * 3))
    assert failed.failure is not None
    assert "no call is given" in failed.failure.sentence


async def test_an_existing_tool_that_fits_is_the_answer_unless_forced(latm: Latm):
    await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))
    fits = await latm.make(MakeRequest(examples=EXAMPLES[:4], name="another"), quiet, maker=ScriptedMaker())
    assert fits.status == "fits"
    assert fits.tool is not None
    assert fits.tool.name == "sort_words"
    few = await latm.make(MakeRequest(examples=EXAMPLES[:2], name="another"), quiet)
    assert few.status == "draft_needed"


async def test_asking_twice_for_the_same_making_is_one_making(latm: Latm):
    two = MakeRequest(examples=EXAMPLES[:2], name="two_words")
    first = await latm.make(two, quiet, maker=ScriptedMaker(fenced(sort_words("two_words"))))
    second = await latm.make(two, quiet, maker=ScriptedMaker())
    assert first.status == second.status == "published"
    assert first.job == second.job
    unnamed = MakeRequest(examples=EXAMPLES[:2], description="Put words in order")
    asked = [await latm.make(unnamed, quiet) for _ in range(2)]
    assert asked[0] == asked[1]


async def test_growth_shows_what_the_present_version_refuses_and_keeps_signature_and_examples(latm: Latm):
    await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))
    new = tuple(
        Example(question=f"Put into alphabetical order: {a} {b}", answer=f"{b} {a}", standing="confirmed")
        for a, b in (("no", "go"), ("up", "on"), ("we", "it"), ("so", "as"))
    )
    wider = sort_words().replace(
        'r"Sort the following words alphabetically: List: (.+)"',
        'r"(?:Sort the following words alphabetically: List|Put into alphabetical order): (.+)"',
    )
    other_signature = wider.replace("words: list[str]", "items: list[str]")
    maker = ScriptedMaker(fenced(other_signature), fenced(wider))
    request = MakeRequest(examples=new, name="sort_words", force=True)
    result = await latm.make(request, quiet, maker=maker)
    assert result.status == "published"
    brief = maker.asked[0][2][-1].content
    assert sum(example.question in brief for example in new) == 4
    assert "The present version" in brief
    assert "keeps the parameters" in maker.asked[1][2][-1].content
    assert result.tool is not None
    assert len(result.tool.examples) == len(EXAMPLES) + 4
    assert len(latm.store.versions("sort_words")) == 2


async def test_a_new_version_may_not_refuse_what_the_old_one_answered(latm: Latm):
    await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))
    narrow = sort_words().replace("    if match is None:", "    if match is None or 'crow' in question:")
    new = (Example(question="Sort the following words alphabetically: List: up on", answer="on up"),)
    maker = ScriptedMaker(*[fenced(narrow)] * 4)
    result = await latm.make(MakeRequest(examples=new, name="sort_words", force=True), quiet, maker=maker)
    assert result.status == "failed"
    assert len(latm.store.versions("sort_words")) == 1


async def test_a_held_out_question_that_was_refused_and_told_is_blind_from_then_on(latm: Latm):
    order = [example.question for example in in_split_order(EXAMPLES)]
    last = [question.split()[-1] for question in order[3:7]]
    narrow = sort_words().replace(
        "    match = ", f"    if question.split()[-1] in {last!r}: raise NotThisTask('no')\n    match = "
    )
    maker = ScriptedMaker(fenced(narrow), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.tool is not None
    told = [question for question in order[6:] if question in maker.asked[1][2][-1].content]
    evidence = result.tool.evidence
    assert (evidence.shown.passed, evidence.blind.passed) == (3, 3 + len(told))


async def test_a_question_on_which_two_runs_differ_is_no_longer_held_out(latm: Latm):
    held_out = in_split_order(EXAMPLES)[-1].question
    words = held_out.split(": ")[-1].split()
    by_chance = sort_words().replace(
        "    return sorted(words)",
        f"    import random\n    return sorted(words) if words != {words!r} else [str(random.random())]",
    )
    maker = ScriptedMaker(fenced(by_chance), fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.tool is not None
    assert held_out in maker.asked[1][2][-1].content
    assert (result.tool.evidence.blind.passed, result.tool.evidence.held_out.passed) == (4, 1)


async def test_a_reply_without_code_does_not_hide_a_second_rewrite(latm: Latm):
    other = BACKWARDS.replace("reverse=True", "key=len")
    maker = ScriptedMaker(fenced(BACKWARDS), fenced(other), "no code here", fenced(sort_words()))
    result = await latm.make(REQUEST, quiet, maker=maker)
    assert result.status == "failed"


async def test_a_new_version_keeps_its_result_type_and_its_adapter(latm: Latm):
    await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))
    new = (Example(question="Sort the following words alphabetically: List: up on", answer="on up"),)
    typed = sort_words().replace("-> list[str]:", "-> list[str] | None:", 1)
    bare = sort_words().split("def parse")[0]
    maker = ScriptedMaker(fenced(typed), fenced(bare), fenced(bare))
    result = await latm.make(MakeRequest(examples=new, name="sort_words", force=True), quiet, maker=maker)
    assert result.status == "failed"
    assert "its result's type" in maker.asked[1][2][-1].content
    assert "keep `parse` and `render`" in maker.asked[2][2][-1].content


async def test_a_new_version_without_adapter_is_judged_on_the_calls_of_the_old_one(latm: Latm):
    def rows(numbers: range) -> tuple[Example, ...]:
        return tuple(
            Example(question=f"If {n} friends bring {n + 1} apples each, how many?", answer=str(n * (n + 1)))
            for n in numbers
        )

    def reply(body: str, numbers: range) -> str:
        calls = [
            f'{{"question": "{row.question}", "arguments": {{"people": {n}, "each": {n + 1}}}}}'
            for n, row in zip(numbers, rows(numbers), strict=True)
        ]
        source = f'def apples(people: int, each: int) -> int:\n    """Apples in all."""\n    return {body}\n'
        return f"{fenced(source)}\n```json\n[{', '.join(calls)}]\n```"

    first, more = range(2, 8), range(8, 11)
    made = await latm.make(
        MakeRequest(rows(first), name="apples"), quiet, maker=ScriptedMaker(reply("people * each", first))
    )
    assert made.status == "published"
    worse = reply("people * each - (people == 4)", more)
    request = MakeRequest(rows(more), name="apples", force=True)
    grown = await latm.make(request, quiet, maker=ScriptedMaker(*[worse] * 4))
    assert grown.status == "failed"
    assert grown.failure is not None
    assert "answers are not right" in grown.failure.sentence


async def test_calls_with_values_that_are_no_json_cost_a_try_and_go_back(latm: Latm):
    source = fenced('def apples(people: int) -> int:\n    """Double."""\n    return people * 2\n')
    rows = tuple(Example(question=f"How many shoes have {n} people?", answer=str(2 * n)) for n in range(2, 6))

    def reply(value: str) -> str:
        calls = ", ".join(f'{{"question": "{row.question}", "arguments": {{"people": {value}}}}}' for row in rows)
        return f"{source}\n```json\n[{calls}]\n```"

    maker = ScriptedMaker(reply("Infinity"), reply('"\\ud800"'), reply("NaN"))
    result = await latm.make(MakeRequest(rows, name="apples"), quiet, maker=maker)
    assert result.status == "failed"
    assert len(maker.asked) == 3
    assert "JSON object" in maker.asked[1][2][-1].content


async def test_a_maker_that_cannot_be_asked_costs_no_try(latm: Latm):
    class Unreachable(ScriptedMaker):
        async def reply(self, *asked):  # type: ignore[no-untyped-def, override]
            raise MakerFailed("the endpoint cannot be reached: start it")

    failed = await latm.make(REQUEST, quiet, maker=Unreachable())
    assert failed.status == "failed"
    assert failed.failure is not None
    assert "cannot be reached" in failed.failure.sentence
    assert (await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))).status == "published"


async def test_a_making_goes_on_from_its_kept_tries(latm: Latm):
    class Dies(ScriptedMaker):
        async def reply(self, *asked):  # type: ignore[no-untyped-def, override]
            if self.asked:
                raise MakerFailed("gone")
            return await super().reply(*asked)

    await latm.make(REQUEST, quiet, maker=Dies(fenced(COMMAS)))
    second = ScriptedMaker(fenced(sort_words()))
    assert (await latm.make(REQUEST, quiet, maker=second)).status == "published"
    assert [(stage, attempt) for stage, attempt, _ in second.asked] == [("verify", 2)]


async def test_the_clients_own_model_makes_a_tool_from_the_brief(latm: Latm):
    asked = await latm.make(REQUEST, quiet)
    assert asked.status == "draft_needed"
    assert "make_tool" in asked.brief
    refused = await latm.draft(asked.job, Draft(source=COMMAS), quiet)
    assert refused.status == "draft_needed"
    assert refused.failure is not None
    assert refused.tries_left is not None
    assert refused.tries_left.verify == 3
    again = await latm.draft(asked.job, Draft(source=COMMAS), quiet)
    assert again.tries_left == refused.tries_left  # the same draft twice costs one try
    done = await latm.draft(asked.job, Draft(source=sort_words()), quiet)
    assert done.status == "published"
    assert done.tool is not None
    assert (done.tool.evidence.shown.passed, done.tool.evidence.blind.total, done.tool.evidence.bound) == (8, 0, 0.0)


async def test_names_are_the_callers_or_ours(latm: Latm):
    first = await latm.make(MakeRequest(examples=EXAMPLES[:2], description="Sort the words of a list"), quiet)
    job = latm.store.job(first.job)
    assert job is not None
    assert job.task.name == "sort_words_list"
    await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))
    other = tuple(Example(question=f"Double {n}", answer=str(2 * n)) for n in range(3))
    with pytest.raises(BadInput, match="'sort_words_2'"):
        await latm.make(MakeRequest(examples=other, name="sort_words"), quiet)


async def test_an_answer_that_contradicts_a_kept_one_is_refused(latm: Latm):
    await latm.make(REQUEST, quiet, maker=ScriptedMaker(fenced(sort_words())))
    wrong = (Example(question=SORT_EXAMPLES[0][0], answer="fig apple pear"), EXAMPLES[1])
    with pytest.raises(BadInput, match="another answer"):
        await latm.make(MakeRequest(examples=wrong, name="sort_words", force=True), quiet)


@pytest.mark.parametrize(("n", "sizes"), [(2, (1, 1, 0)), (3, (1, 2, 0)), (6, (3, 3, 0)), (10, (3, 3, 4))])
async def test_the_split_is_the_papers(n: int, sizes: tuple[int, int, int]):
    from latm_mcp.models import Task

    examples = in_split_order([Example(question=f"q{i}", answer=str(i)) for i in range(n)])
    parts = split(Task(name="x", description="", examples=examples, comparison="text"))
    assert (len(parts.shown), len(parts.validation), len(parts.held_out)) == sizes
    assert in_split_order(tuple(reversed(examples))) == examples  # the order depends on the examples alone
