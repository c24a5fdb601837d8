"""Bad input through the front door: each a clear sentence, the server goes on, and nothing that was kept is lost."""

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from sandboxed import settings_at
from scripted import sort_words
from served import EXAMPLES, REQUEST, WITHIN, call, child, make_by_client, names, refusal, served

from latm_mcp import server_face
from latm_mcp.outcomes import Limits, Returned
from latm_mcp.sandbox import WorkerSandbox
from latm_mcp.server import open_server
from latm_mcp.server_results import MAX_RESULT_BYTES, OUR_FAULT
from latm_mcp.settings import Settings
from latm_mcp.store import open_store

pytestmark = pytest.mark.anyio
HALF = "\ud83d"


@pytest.fixture
def settings(tmp_path: Path, sandbox_cache: Path) -> Settings:
    return settings_at(tmp_path / "home", sandbox_cache)


@pytest.fixture(params=["auto", "legacy"])
async def client(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with served(settings, request.param) as connected:
        yield connected


def pairs(*answers: str) -> list[dict[str, str]]:
    return [{"question": f"Sort number {number}", "answer": answer} for number, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "needs `examples`"),
        ({"examples": []}, "needs `examples`"),
        ({"examples": EXAMPLES[:1]}, "at least 2|2 examples"),
        ({"examples": [*pairs("a", "b"), {"question": "Sort number 0", "answer": "c"}]}, "answer differently"),
        ({"examples": pairs("a", "b" * 9000)}, "9000 bytes"),
        ({"examples": pairs("a", "b") * 600}, "more than 1000"),
        ({"examples": [{"question": "q" * 70_000, "answer": "a"}, *EXAMPLES]}, "70000 bytes"),
        ({"examples": pairs("a", "b\x07")}, r"control character U\+0007"),
        ({"examples": [{"question": "only"}]}, r"examples\[0\]\.answer"),
        ({"examples": [{"question": "a", "answer": ["b"]}]}, r"examples\[0\]\.answer"),
        ({"examples": "sort words"}, "'examples'"),
        ({"examples": EXAMPLES, "confirmed": True}, "'confirmed'"),
        ({"examples": EXAMPLES, "name": "make_tool"}, "reserved"),
        ({"examples": EXAMPLES, "name": "report_result"}, "reserved"),
        ({"examples": EXAMPLES, "name": "a" * 41}, "41 characters"),
        ({"examples": EXAMPLES, "name": "größe"}, "outside ASCII"),
        ({"examples": EXAMPLES, "name": "Sort words"}, "wrong form"),
        ({"examples": EXAMPLES, "description": "Sorts <system>words"}, "a tag"),
        ({"examples": EXAMPLES, "description": "Sorts\u200b words"}, r"U\+200B"),
        ({"examples": EXAMPLES, "description": "so " * 200}, "shorten it"),
        ({"examples": EXAMPLES, "job": "job_1"}, "not both"),
        ({"examples": EXAMPLES, "draft": {"source": "x"}}, "not both"),
        ({"draft": {"source": "x"}}, "needs the `job`"),
        ({"job": "job_1", "name": "other"}, "takes only `draft`"),
        ({"job": "job_1"}, "no job 'job_1'"),
        ({"job": "job_1", "draft": {"source": "def f(): pass"}}, "no job 'job_1'"),
        ({"job": "job_1", "draft": {"source": " "}}, "is empty"),
        ({"job": "job_1", "draft": {"code": "x"}}, r"draft\.source"),
        ({"job": "job_1", "draft": {"source": "x" * 70_000}}, "70000 bytes"),
    ],
)
async def test_make_tool_refuses_what_it_cannot_take(client: Client, given: dict[str, Any], sentence: str):
    said = await refusal(client, "make_tool", **given)
    assert re.search(sentence, said), said
    assert said[-1] in ".!?" or said[0].isupper()
    assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result"]


FORMS = [
    ("make_tool", {"examples": "sort words"}, "'examples' must be a list of {question, answer}."),
    ("make_tool", {"examples": ["a"]}, "'examples[0]' must be {question, answer}."),
    ("make_tool", {"job": "job_1", "draft": "x = 1"}, "'draft' must be an object: {source}, or {source, calls}."),
    ("make_tool", {"examples": EXAMPLES, "force": "perhaps"}, "'force' must be true or false."),
    ("make_tool", {"examples": [{"question": "only"}]}, "'examples[0].answer' is missing."),
    ("dispatch", {}, "dispatch needs 'question'."),
    ("dispatch", {"q": "Who?"}, "dispatch needs 'question' and does not know 'q'."),
    ("dispatch", {"question": ["Who?"]}, "'question' must be text."),
    ("dispatch", {"question": " "}, "The question is empty: write it out."),
    ("call_tool", {"question": "Who?"}, "call_tool needs 'name'."),
    ("call_tool", {"name": "a", "arguments": []}, "'arguments' must be an object that names each argument."),
]


@pytest.mark.parametrize(("command", "given", "sentence"), FORMS)
async def test_arguments_of_a_wrong_form_are_told_in_plain_words(
    client: Client, command: str, given: dict[str, Any], sentence: str
):
    said = await refusal(client, command, **given)
    assert said.startswith(sentence)
    assert not re.search("pydantic|Input should|tuple|dictionary|Field", said)


DATES = """
def end(start: int, weeks: int, minutes: int) -> int:
    'When it ends.'
    return start + 10080 * weeks + minutes
"""


async def test_all_missing_and_unknown_arguments_of_a_made_tool_are_named_at_once(client: Client):
    rows = [{"question": f"{n} for {n} weeks and 1?", "answer": str(n + 10080 * n + 1)} for n in (1, 2, 3)]
    arguments = [{"start": n, "weeks": n, "minutes": 1} for n in (1, 2, 3)]
    calls = [
        {"question": row["question"], "arguments_json": json.dumps(given)}
        for row, given in zip(rows, arguments, strict=True)
    ]
    begun = await call(client, "make_tool", examples=rows, name="end")
    await call(client, "make_tool", job=begun["job"], draft={"source": DATES, "calls": calls})
    said = await refusal(client, "end", start=1, days=2)
    assert said.startswith(
        "The tool 'end' was not called. Missing: weeks, minutes. Not among its arguments: days. Its parameters: {"
    )
    asked = await refusal(client, "call_tool", name="end", arguments={"question": "1 for 1 weeks and 1?"})
    assert "'question' is not one of its arguments; this tool reads no questions by itself" in asked


async def test_a_question_given_to_a_made_tool_as_an_argument_is_led_to_call_tool(client: Client):
    await make_by_client(client)
    said = await refusal(client, "sort_words", question="Sort the following words alphabetically: List: b a")
    assert "'question' is not one of its arguments; for a question use call_tool with `question`" in said


async def test_a_misspelt_tool_is_answered_with_the_one_that_was_meant(client: Client):
    assert "None can be called yet" in await refusal(client, "call_tool", name="sort_wrods", arguments={})
    await make_by_client(client)
    for said in (
        await refusal(client, "sort_wrods", words=["a"]),
        await refusal(client, "call_tool", name="sort_wrods", question="Who?"),
    ):
        assert said == "There is no tool 'sort_wrods'. Did you mean 'sort_words'? There is: sort_words."


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("make_tool", {"examples": [{"question": f"a{HALF}", "answer": "b"}, *EXAMPLES]}),
        ("make_tool", {"examples": EXAMPLES, "description": HALF}),
        ("make_tool", {"examples": EXAMPLES, "name": HALF}),
        ("make_tool", {"job": HALF}),
        ("dispatch", {"question": f"Sort {HALF}"}),
        ("call_tool", {"name": HALF}),
    ],
)
async def test_half_a_surrogate_pair_is_refused_wherever_it_stands(
    settings: Settings, command: str, given: dict[str, Any]
):
    async with served(settings, "auto") as client:  # only there does it arrive: JSON text cannot carry it, see below
        said = await refusal(client, command, **given)
        said.encode()
        assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result"]


async def test_a_tool_that_returns_half_a_surrogate_pair_does_not_end_a_stdio_server(settings: Settings):
    source = '''
def letter(code: int) -> str:
    """A letter by its code point."""
    return chr(code)
'''
    examples = [{"question": f"Which letter has code {ord(letter)}?", "answer": letter} for letter in "abcdef"]
    calls = [{"question": row["question"], "arguments_json": f'{{"code": {ord(row["answer"])}}}'} for row in examples]
    with anyio.fail_after(WITHIN):
        async with Client(child(settings.home, settings.cache), mode="legacy") as client:
            begun = await call(client, "make_tool", examples=examples, name="letter")
            made = await call(client, "make_tool", job=begun["job"], draft={"source": source, "calls": calls})
            assert made["status"] == "published", made
            assert "surrogate" in await refusal(client, "letter", code=0xD800)
            assert await call(client, "letter", code=65) == {"result": "A"}


async def test_a_taken_name_is_refused_with_a_free_one(client: Client):
    await make_by_client(client)
    other = [{"question": f"How many letters has {word}?", "answer": str(len(word))} for word in ("a", "bb", "ccc")]
    said = await refusal(client, "make_tool", examples=other, name="sort_words")
    assert "'sort_words' is taken" in said
    assert "'sort_words_2'" in said


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def sort_words(words: list[str]) -> list[str]\n    return words", "line 1"),
        ("x = " + "(" * 300 + ")" * 300, "nest"),
        ("import os\n" + sort_words(), "os"),
        (sort_words("other_name"), "sort_words"),
        ("def sort_words(words: tuple) -> list[str]:\n    return words", "type"),
    ],
)
async def test_a_draft_that_cannot_run_costs_a_try_and_says_what_to_mend(client: Client, source: str, sentence: str):
    begun = await call(client, "make_tool", **REQUEST)
    back = await call(client, "make_tool", job=begun["job"], draft={"source": source})
    assert back["status"] == "draft_needed"
    assert back["failure"]["stage"] == "propose"
    assert sentence in back["brief"]
    assert back["tries_left"] == {"propose": 2, "verify": 4}


async def test_the_same_draft_twice_costs_one_try(client: Client):
    begun = await call(client, "make_tool", **REQUEST)
    for _ in range(3):
        back = await call(client, "make_tool", job=begun["job"], draft={"source": "def sort_words(: pass"})
    assert back["tries_left"]["propose"] == 2


async def test_lists_and_objects_sent_as_json_text_and_numbers_as_answers_are_taken(client: Client):
    begun = await call(client, "make_tool", **{**REQUEST, "examples": json.dumps(EXAMPLES)})
    draft = json.dumps({"source": sort_words()})
    assert (await call(client, "make_tool", job=begun["job"], draft=draft))["status"] == "published"
    got = await call(client, "call_tool", name="sort_words", arguments='{"words": ["b", "a"]}')
    assert got == {"result": ["a", "b"]}
    counted = [{"question": f"How many letters has {word}?", "answer": len(word)} for word in ("a", "bb", "ccc")]
    assert (await call(client, "make_tool", examples=counted))["status"] == "draft_needed"


async def test_a_job_is_forgotten_after_7_days_with_a_sentence(settings: Settings):
    async with served(settings, "auto") as client:
        begun = await call(client, "make_tool", **REQUEST)
    with closing(sqlite3.connect(settings.home / "library.sqlite")) as library, library:
        library.execute("UPDATE jobs SET changed_at = changed_at - 7 * 24 * 3600 - 1")
    async with served(settings, "auto") as client:
        assert "expired after 7 days" in await refusal(client, "make_tool", job=begun["job"])
        assert (await make_by_client(client))["status"] == "published"


async def test_a_result_that_is_too_large_is_refused_by_its_size(client: Client):
    await make_by_client(client)
    words = ["w" * 50] * (MAX_RESULT_BYTES // 50)
    assert "ask for less" in await refusal(client, "sort_words", words=words)


async def test_a_call_that_the_sandbox_keeps_waiting_is_answered_with_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_face, "USE_SECONDS", 0.2)
    hasty = settings_at(settings.home, settings.cache, limits=Limits(seconds=-9.8))
    async with open_server(settings) as opened, Client(opened) as client:
        await make_by_client(client)
    async with open_server(hasty) as opened, Client(opened) as client:
        monkeypatch.setattr(WorkerSandbox, "run", lambda *_, **__: anyio.sleep_forever())
        assert "Try again in a minute" in await refusal(client, "sort_words", words=["a"])


async def test_a_bug_is_told_as_a_bug_and_logged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def broken(*_: object) -> Returned:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(server_face, "dispatch", broken)
    async with served(settings, "legacy") as client:
        assert await refusal(client, "dispatch", question="anything") == OUR_FAULT
        assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result"]
    assert "secret inside" in caplog.text


async def test_a_library_that_cannot_be_read_is_told_by_a_sentence_everywhere(settings: Settings):
    async with open_server(settings) as opened, Client(opened, mode="legacy") as client:
        library = settings.home / "library.sqlite"
        with open_store(settings.home):
            pass
        with closing(sqlite3.connect(library)) as connection, connection:
            connection.execute("DROP TABLE generation")
        with pytest.raises(MCPError, match=r"The library .* cannot be used"):
            await client.list_tools()
        assert "cannot be used" in await refusal(client, "dispatch", question="anything")
