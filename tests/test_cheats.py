"""A maker that cheats is refused: each gate, with a draft that is right on every example for the wrong reason."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import settings_at
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words

from latm_mcp.errors import BadInput, NotFound, Rejected
from latm_mcp.gates import no_table
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.latm_import import import_tool
from latm_mcp.latm_results import MakeResult
from latm_mcp.models import Example
from latm_mcp.outcomes import Limits
from latm_mcp.store_files import write_tool

pytestmark = pytest.mark.anyio

EXAMPLES = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(settings_at(tmp_path / "home", sandbox_cache, limits=Limits(seconds=2.0))) as opened:
        yield opened


async def made(latm: Latm, reply: str, examples: tuple[Example, ...] = EXAMPLES) -> tuple[MakeResult, ScriptedMaker]:
    """The result of a making in which the maker says the same at every try."""
    maker = ScriptedMaker(*[reply] * 8)
    result = await latm.make(MakeRequest(examples=examples, name="sort_words"), quiet, maker=maker)
    return result, maker


async def refused(latm: Latm, reply: str, because: str, examples: tuple[Example, ...] = EXAMPLES) -> MakeResult:
    result, maker = await made(latm, reply, examples)
    assert result.status == "failed"
    assert result.failure is not None
    assert because in result.failure.sentence, result.failure.sentence
    assert latm.store.listed() == []
    with pytest.raises(NotFound):
        latm.live("sort_words")
    for _, _, conversation in maker.asked:  # what it was told never holds an answer that it was not shown
        shown = {example.answer for example in EXAMPLES if f"\n{example.answer}\n" in conversation[1].content}
        later = "\n".join(message.content for message in conversation[2:] if message.role == "user")
        hidden = [example.answer for example in EXAMPLES if example.answer not in shown]
        assert not any(answer in later for answer in hidden)
    return result


ADAPTER = """
def parse(question: str) -> dict:
    head, separator, words = question.partition("List: ")
    if head != "Sort the following words alphabetically: " or not separator:
        raise NotThisTask("no list")
    return {"words": words.split()}
"""


async def test_the_honest_tool_is_published(latm: Latm):
    result, maker = await made(latm, fenced(sort_words()))
    assert result.status == "published", result.failure
    assert len(maker.asked) == 1
    assert result.tool is not None
    evidence = result.tool.evidence
    assert (evidence.shown.passed, evidence.blind.passed, evidence.held_out.passed) == (3, 3, 2)


async def test_no_code_is_refused(latm: Latm):
    result = await refused(latm, "You should sort the words. The answer is: apple fig pear.", "holds no code")
    assert result.failure is not None
    assert (result.failure.stage, result.failure.attempt) == ("propose", 3)


async def test_answers_as_literals_are_refused(latm: Latm):
    rows = json.dumps([answer for _, answer in SORT_EXAMPLES])
    source = f'''
ANSWERS = {rows}

def sort_words(words: list[str]) -> str:
    """Sort words."""
    for answer in ANSWERS:
        if sorted(answer.split()) == sorted(words):
            return answer
    return ""
{ADAPTER}
def render(result, question: str) -> str:
    return result
'''
    await refused(latm, fenced(source), "answers as literals")


CAPITALS = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Norway": "Oslo"}


def no_table_of(table: dict[str, str]) -> None:
    examples = [Example(question=f"Capital of {country}?", answer=city) for country, city in CAPITALS.items()]
    no_table(f"def capital(country: str) -> str:\n    return {table!r}[country]\n", examples, "text")


def test_a_dict_of_nothing_but_examples_is_refused():
    with pytest.raises(Rejected, match="maps what single examples ask to their answers"):
        no_table_of(CAPITALS)


def test_a_dict_that_knows_more_than_the_examples_is_a_methods_own():
    no_table_of(CAPITALS | {"Japan": "Tokyo"})


async def test_a_table_of_the_examples_is_refused(latm: Latm):
    questions = [question for question, _ in SORT_EXAMPLES]
    source = f'''
QUESTIONS = {json.dumps(questions)}

def sort_words(words: list[str]) -> list[str]:
    """Sort words."""
    return sorted(words)

def parse(question: str) -> dict:
    if question not in QUESTIONS:
        raise NotThisTask("unknown")
    return {{"words": question.split("List: ")[1].split()}}

def render(result, question: str) -> str:
    return " ".join(result)
'''
    await refused(latm, fenced(source), "single examples' questions as literals")


async def test_an_adapter_that_ignores_the_function_is_refused(latm: Latm):
    source = f'''
def sort_words(words: list[str]) -> list[str]:
    """Sort words."""
    return words[::-1]
{ADAPTER}
def render(result, question: str) -> str:
    return " ".join(sorted(question.split("List: ")[1].split()))
'''
    await refused(latm, fenced(source), "the function is not used")


async def test_a_pass_through_whose_parse_carries_the_answer_is_refused(latm: Latm):
    source = f'''
def sort_words(words: list[str], flag: bool) -> list[str]:
    """Sort words."""
    return words
{ADAPTER.replace('{"words": words.split()}', '{"words": sorted(words.split()), "flag": True}')}
def render(result, question: str) -> str:
    return " ".join(result)
'''
    await refused(latm, fenced(source), "hands its argument 'words' back")


async def test_a_parse_that_does_the_work_is_refused(latm: Latm):
    source = f'''
def sort_words(words: list[str]) -> list[str]:
    """Sort words."""
    return [word for word in words if word]
{ADAPTER.replace('{"words": words.split()}', '{"words": sorted(words.split()) + [""]}')}
def render(result, question: str) -> str:
    return " ".join(result)
'''
    await refused(latm, fenced(source), "already hold the answer")


async def test_calls_that_carry_the_answer_are_refused(latm: Latm):
    calls = [{"question": question, "arguments": {"text": answer, "flag": True}} for question, answer in SORT_EXAMPLES]
    source = '''
def sort_words(text: str, flag: bool) -> str:
    """Sort words."""
    return text.strip()
'''
    reply = f"```python\n{source}\n```\n```json\n{json.dumps(calls)}\n```"
    await refused(latm, reply, "hands its argument 'text' back")
    split_up = [{"question": question, "arguments": {"text": answer.split()}} for question, answer in SORT_EXAMPLES]
    joined = source.replace("text: str, flag: bool", "text: list[str]").replace("text.strip()", '" ".join(text)')
    await refused(latm, f"```python\n{joined}\n```\n```json\n{json.dumps(split_up)}\n```", "already hold the answer")


async def test_a_forged_result_and_an_early_exit_are_refused(latm: Latm):
    source = sort_words().replace(
        "    return sorted(words)",
        '    import sys\n    sys.stdout.write(\'{"ok": true, "value": ["apple"]}\')\n    import os\n    os._exit(0)',
    )
    result = await refused(latm, fenced(source), "")
    assert result.failure is not None
    assert result.failure.stage == "propose"


@pytest.mark.parametrize(
    "peek",
    [
        "import os\n    return os.listdir('/')",
        "return open('/proc/self/environ').read().split()",
        "import gc\n    return [str(o) for o in gc.get_objects() if 'answer' in str(o)]",
        "import sys\n    return [str(v) for v in sys._getframe(1).f_locals.values()]",
        "return [str(c) for c in ().__class__.__base__.__subclasses__()]",
        "return [str(f.f_locals) for f in (lambda: (yield))().gi_frame.f_back]",
    ],
)
async def test_reading_the_examples_from_memory_files_or_frames_gains_nothing(latm: Latm, peek: str):
    source = sort_words().replace("    return sorted(words)", f"    {peek}")
    await refused(latm, fenced(source), "")


async def test_an_adapter_that_accepts_every_question_is_refused(latm: Latm):
    source = '''
def sort_words(words: list[str]) -> list[str]:
    """Sort words."""
    return sorted(words)

def parse(question: str) -> dict:
    return {"words": question.rpartition(": ")[2].split()}

def render(result, question: str) -> str:
    return " ".join(result)
'''
    await refused(latm, fenced(source), "accepts a question of another task")


async def test_another_answer_at_the_second_run_is_refused(latm: Latm):
    by_chance = sort_words().replace(
        "return sorted(words)", "import random\n    return random.sample(words, len(words))"
    )
    await refused(latm, fenced(by_chance), "Two runs")
    by_clock = sort_words().replace(
        "return sorted(words)", "import time\n    return sorted(words, reverse=time.time() // 86400 % 800 < 400)"
    )
    await refused(latm, fenced(by_clock), "Two runs")


async def test_an_answer_that_depends_on_what_ran_before_is_refused(latm: Latm):
    counting = "import string\n    string.calls = getattr(string, 'calls', 0) + 1\n    return sorted(words, reverse=string.calls > 1)"
    await refused(latm, fenced(sort_words().replace("return sorted(words)", counting)), "Two runs")


@pytest.mark.parametrize(
    ("function", "rendered"),
    [
        ('STATE.get("sorted", ["wrong"])', '" ".join(result)'),
        ("words[::-1]", '" ".join(STATE.get("sorted", result))'),
    ],
)
async def test_an_answer_handed_past_the_function_in_a_global_is_refused(latm: Latm, function: str, rendered: str):
    source = f'''
STATE = {{}}

def sort_words(words: list[str]) -> list[str]:
    """Sort words."""
    return {function}
{ADAPTER.replace("    return", "    STATE['sorted'] = sorted(words.split())" + chr(10) + "    return")}
def render(result, question: str) -> str:
    return {rendered}
'''
    await refused(latm, fenced(source), "must work alone")


async def test_labels_guessed_from_feedback_leave_no_evidence(latm: Latm):
    noise = ["yes", "no", "no", "yes", "yes", "no", "yes", "no", "no"]
    examples = tuple(
        Example(question=f"Is the number {n} of the good kind? Say yes or no.", answer=answer)
        for n, answer in enumerate(noise, 10)
    )

    def guess(flipped: str) -> str:
        return fenced(f'''
import re

def sort_words(number: int) -> bool:
    """Guess."""
    return number not in {flipped}

def parse(question: str) -> dict:
    match = re.fullmatch(r"Is the number (\\d+) of the good kind\\? Say yes or no\\.", question)
    if match is None:
        raise NotThisTask("other")
    return {{"number": int(match[1])}}

def render(result, question: str) -> str:
    return "yes" if result else "no"
''')

    wrong = [n for n, answer in enumerate(noise, 10) if answer == "no"]
    maker = ScriptedMaker(guess("[0]"), guess(str(wrong)))
    result = await latm.make(MakeRequest(examples=examples, name="sort_words"), quiet, maker=maker)
    assert result.tool is not None
    told = maker.asked[1][2][-1].content.count("Is the number")
    assert told > 0
    assert result.tool.evidence.shown.passed >= 3
    asked = [f"Is the number {n} " for n in range(10, 19) if f"Is the number {n} " in maker.asked[1][2][-1].content]
    seen = {f"Is the number {example.question.split()[3]} " for example in result.tool.examples[:3]}
    assert result.tool.evidence.shown.passed == len(seen | set(asked))


async def test_a_constant_is_refused(latm: Latm):
    examples = tuple(Example(question=f"Is {n} a whole number? Say yes or no.", answer="yes") for n in range(1, 7))
    with pytest.raises(BadInput, match="constant"):
        await latm.make(MakeRequest(examples=examples, name="sort_words"), quiet, maker=ScriptedMaker())


async def test_an_imported_tools_own_examples_do_not_vouch_for_it(latm: Latm, tmp_path: Path):
    result, _ = await made(latm, fenced(sort_words()))
    assert result.tool is not None
    confirmed = tuple(example.model_copy(update={"standing": "confirmed"}) for example in result.tool.examples)
    folder = write_tool(tmp_path / "brought", result.tool.model_copy(update={"examples": confirmed}))
    latm.store.archive("sort_words", "test")
    imported = await import_tool(latm.shop, folder)
    assert imported.evidence.blind.total == imported.evidence.held_out.total == 0
    assert imported.evidence.bound == 0.0
    assert all(example.standing == "provisional" for example in imported.examples)
    with pytest.raises(NotFound, match="waits"):
        await latm.call("sort_words", {"words": ["b", "a"]})
    assert (await latm.dispatch(SORT_EXAMPLES[0][0])).answer is None
    latm.store.approve(imported, "a person")
    assert (await latm.dispatch(SORT_EXAMPLES[0][0])).answer is not None
