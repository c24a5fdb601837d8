"""Bad input meets a library that holds a tool: one clear sentence each, and the library is what it was and goes on working."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from front_door import FrontDoor
from holding import COUNTER, COUNTING, HOLDS, copied, holding, kept, still_works, works
from mcp import Client
from served import ERAS, WITHIN, call, installed, names, refusal
from wire import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    """A library that holds one made tool; not to be changed."""
    return holding(tmp_path_factory.mktemp("held"), sandbox_cache)


@pytest.fixture
def door(held: FrontDoor, tmp_path: Path) -> FrontDoor:
    """The same library in a place of its own."""
    return copied(held, tmp_path / "home")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=ERAS)
async def meets(
    held: FrontDoor, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Client, Path]]:
    """A client of the command line's own server, over real pipes, in either era, and the home of its library."""
    door = copied(held, tmp_path_factory.mktemp("meets") / "home")
    async with Client(installed(door.home, door.cache), mode=request.param) as client:
        yield client, door.home


def with_first(**first: str) -> dict[str, Any]:
    return {"examples": [{**COUNTING[0], **first}, *COUNTING[1:]], "name": "count_letters"}


REFUSED = {
    "no examples": ({"examples": []}, "make_tool needs `examples`: at least 2"),
    "1 example": ({"examples": COUNTING[:1]}, "only one example: give at least 2"),
    "contradictory examples": ({"examples": [*COUNTING, {**COUNTING[0], "answer": "9"}]}, "xamples 1 and 8 ask the same"),
    "an oversized question": (with_first(question="q" * 70_000), "has 70000 bytes, more than 65536: shorten it"),
    "an oversized answer": (with_first(answer="a" * 9_000), "has 9000 bytes, more than 8192: shorten it"),
    "an oversized description": ({**with_first(), "description": "so " * 200}, "has 599 characters: shorten it to 400"),
    "too many examples": ({"examples": COUNTING * 200}, "1400 examples, more than 1000: give fewer"),
    "a control character in a question": (with_first(question="How\x1b[2J?"), "control character U+001B at position 4: remove"),
    "a control character in an answer": (with_first(answer="2\x00"), "control character U+0000 at position 2: remove it"),
    "a control character in a description": ({**with_first(), "description": "a\x07b"}, "U+0007 at position 2: remove it"),
    "what was not UTF-8": (with_first(question="caf\ufffd"), "U+FFFD at position 4, which stands for"),
    "a taken name": ({"examples": COUNTING, "name": "sort_words"}, "for example 'sort_words_2'"),
    "a reserved name": ({"examples": COUNTING, "name": "dispatch"}, "'dispatch' is reserved: choose another"),
    "a name that is too long": ({"examples": COUNTING, "name": "a" * 41}, "has 41 characters: shorten it to 40"),
    "a name that is not ASCII": ({"examples": COUNTING, "name": "größe"}, "letters outside ASCII: use a-z"),
    "markup in a description": ({**with_first(), "description": "a <b>bold</b> one"}, "has a tag at position 3"),
    "a link in a description": ({**with_first(), "description": "see [this](http://a.b)"}, "has a link at position"),
    "invisible text in a description": ({**with_first(), "description": "a\u200bb"}, "invisible character U+200B"),
    "turned text in a description": ({**with_first(), "description": "a\u202eb"}, "U+202E at position 2: remove it"),
    "an unknown job": ({"job": "job_000000000000"}, "no job 'job_000000000000', or it expired after 7 days. Call make_tool"),
    "a draft for an unknown job": ({"job": "job_0", "draft": {"source": COUNTER}}, "There is no job 'job_0'"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
async def test_a_refused_making_is_told_and_changes_nothing(meets: tuple[Client, Path], what: str):
    (client, home), (given, sentence) = meets, REFUSED[what]
    before = kept(home)
    with anyio.fail_after(WITHIN):
        assert sentence in await refusal(client, "make_tool", **given)
        assert kept(home) == before
        await still_works(client)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [("def count_letters(word: str) -> int\n    return 0", "line 1"), ("x = " + "(" * 300 + ")" * 300, "nest")],
    ids=["does not parse", "nests too deep"],
)
async def test_a_draft_that_cannot_be_read_costs_a_try_and_nothing_else(door: FrontDoor, source: str, sentence: str):
    before = kept(door.home, but=("jobs", "tries"))
    with anyio.fail_after(WITHIN):
        async with Client(installed(door.home, door.cache), mode="legacy") as client:
            begun = await call(client, "make_tool", examples=COUNTING, name="count_letters")
            back = await call(client, "make_tool", job=begun["job"], draft={"source": source})
            assert (back["status"], back["tries_left"]["propose"]) == ("draft_needed", 2)
            assert sentence in back["failure"]["sentence"]
            assert kept(door.home, but=("jobs", "tries")) == before
            await still_works(client)
            made = await call(client, "make_tool", job=begun["job"], draft={"source": COUNTER})
            assert made["status"] == "published", made
            assert await names(client) == [*HOLDS[:-1], "count_letters", "sort_words"]


async def test_an_expired_job_is_told_and_the_making_can_be_begun_again(door: FrontDoor):
    with anyio.fail_after(WITHIN):
        async with Client(installed(door.home, door.cache), mode="auto") as client:
            begun = await call(client, "make_tool", examples=COUNTING, name="count_letters")
            with closing(sqlite3.connect(door.home / "library.sqlite")) as library, library:
                library.execute("UPDATE jobs SET changed_at = changed_at - 7 * 24 * 3600 - 1")
            for given in ({"job": begun["job"]}, {"job": begun["job"], "draft": {"source": COUNTER}}):
                said = await refusal(client, "make_tool", **given)
                assert "expired after 7 days. Call make_tool with the examples again" in said
            await still_works(client)
            again = await call(client, "make_tool", examples=COUNTING, name="count_letters")
            made = await call(client, "make_tool", job=again["job"], draft={"source": COUNTER})
            assert made["status"] == "published", made


@pytest.mark.parametrize(
    "spoilt", [b"caf\xe9", b"half \\ud83d", b"\\uDE00 half"], ids=["not UTF-8", "first half", "second half"]
)
def test_text_that_is_no_unicode_is_answered_with_a_sentence_on_the_wire(door: FrontDoor, spoilt: bytes):
    before = kept(door.home)
    wire = Wire(door.home, door.cache)
    try:
        wire.shake_hands()
        rows = b',{"question":"b","answer":"c"},{"question":"owl \\ud83e\\udd89 \\\\ud83d","answer":"d"}'
        asked = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"make_tool","arguments":{"examples":['
        wire.send_raw(asked + b'{"question":"' + spoilt + b'","answer":"a"}' + rows + b"]}}}")
        result = wire.answer(1)["result"]
        assert result["isError"] is True
        assert "xample 1's question has U+FFFD at position" in result["content"][0]["text"]
        assert kept(door.home) == before
        wire.send("tools/call", {"name": "sort_words", "arguments": {"words": ["\U0001f989", "a\\ud83d"]}}, id=2)
        assert wire.answer(2)["result"]["structuredContent"] == {"result": ["a\\ud83d", "\U0001f989"]}
    finally:
        wire.process.kill()
        wire.process.communicate(timeout=WITHIN)


FILES = {
    "oversized": (b'[{"question": "%s", "answer": "b"}, {"question": "c", "answer": "d"}]' % (b"a" * 70_000), "70000 bytes"),
    "not UTF-8": ('[{"question": "caf\xe9", "answer": "b"}]'.encode("latin-1"), "not UTF-8 (byte 18): save it as UTF-8"),
    "control": (b'[{"question": "a\\u0007", "answer": "b"}, {"question": "c", "answer": "d"}]', "U+0007 at position 2"),
    "half a pair": (b'[{"question": "a\\ud83d", "answer": "b"}, {"question": "c", "answer": "d"}]', "U+D83D at position 2"),
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
def test_a_refused_file_is_told_and_changes_nothing(door: FrontDoor, tmp_path: Path, what: str):
    content, sentence = FILES[what]
    before = kept(door.home)
    file = tmp_path / "rows.json"
    file.write_bytes(content)
    door.more = {"LATM_MAKER_MODEL": "never-asked", "LATM_MAKER_BASE_URL": "http://127.0.0.1:9/v1"}
    done = door.run("make", file, code=2)
    assert sentence in done.stderr.splitlines()[-1]
    assert done.stdout == ""
    assert kept(door.home) == before
    works(door)
