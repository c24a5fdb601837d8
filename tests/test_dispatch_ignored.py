"""An adapter that passes over what nobody ever showed its tool is not believed: the caller is asked instead."""

from pathlib import Path

import pytest
from growing import library
from scripted import ScriptedMaker, fenced

from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, quiet
from latm_mcp.latm_report import Said
from latm_mcp.models import Example

pytestmark = pytest.mark.anyio
ROWS = (
    ("city", "city=Rome user=ann"),
    ("user", "user=bob city=Oslo"),
    ("city", "day=Monday city=Paris"),
    ("day", "day=Friday user=cid"),
    ("user", "city=Lima day=Sunday user=dora"),
    ("city", "city=Quito day=Tuesday"),
    ("day", "user=eve day=Monday"),
)
EXAMPLES = tuple(
    Example(question=f"Round 2: give the {field} in this line: {line}", answer=line.split(f"{field}=")[1].split()[0])
    for field, line in ROWS
)
LOOSE = r'''
import re

def pick_field(line: str, field: str) -> str:
    """The value of one field of a line."""
    return dict(part.split("=") for part in line.split())[field]

def parse(question: str) -> dict:
    match = re.fullmatch(r"Round \d+: give the (\w+)\b[^:]*: (\w+=.*)", question)
    if match is None:
        raise NotThisTask("names no field")
    return {"line": match[2], "field": match[1]}

def render(result, question: str) -> str:
    return result
'''


async def made(latm: Latm) -> None:
    """The tool, whose adapter passes over all between the field and the colon."""
    request = MakeRequest(EXAMPLES, name="pick_field")
    assert (await latm.make(request, quiet, maker=ScriptedMaker(fenced(LOOSE)))).status == "published"


async def came(latm: Latm, question: str) -> tuple[str, str]:
    found = await latm.dispatch(question)
    return found.outcome, found.answer.answer if found.answer else ""


@pytest.mark.parametrize(
    "question",
    [
        "Round 2: give the city in this line backwards: city=Rome user=ann",
        "Round 2: give the city in this German line: city=Rome user=ann",
        "Round 2: give the city, or else the user, in this line: city=Rome user=ann",
        "Round 3: give the city in this line: city=Rome user=ann",
    ],
)
async def test_an_answer_that_passes_over_a_word_or_number_is_asked_about(
    tmp_path: Path, sandbox_cache: Path, question: str
):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await made(latm)
        assert (await latm.answer("pick_field", question)).answer == "Rome"  # type: ignore[union-attr]
        assert await came(latm, question) == ("ask", "")


async def test_unseen_words_that_the_adapter_reads_are_answered(tmp_path: Path, sandbox_cache: Path):
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await made(latm)
        for question, answer in (
            ("Round 2: give the user in this line: user=zed city=Turin", "zed"),
            ("Round 2: give the city in this line: shoe=left city=Turin", "Turin"),
        ):
            assert await came(latm, question) == ("answered", answer)


async def test_a_person_who_says_whose_a_question_is_needs_no_such_test(tmp_path: Path, sandbox_cache: Path):
    question = "Round 2: give the city in this German line: city=Rome user=ann"
    async with library(tmp_path / "home", sandbox_cache) as latm:
        await made(latm)
        assert await came(latm, question) == ("ask", "")
        await latm.report(Said(question, "client", "c", tool="pick_field"))
        assert await came(latm, question) == ("ask", "")
        await latm.report(Said(question, "person", "ann", tool="pick_field"))
        assert await came(latm, question) == ("answered", "Rome")
