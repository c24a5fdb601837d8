"""Chaos at the edge: clients that close, send garbage, flood and cancel. The server answers or ends, and what was kept is whole."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge import ERAS, Edge
from front_door import FrontDoor
from scripted import sort_words
from served import REQUEST, WITHIN

pytestmark = pytest.mark.timeout(300)
QUESTION = "Sort the following words alphabetically: List: "
PLACES = 10  # of a session in which its client goes away


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """One with the word sorter in it; these tests may add to it."""
    home = tmp_path_factory.mktemp("chaos") / "home"
    with Edge(home, sandbox_cache, "handshake") as edge:
        edge.send(edge.opening(), edge.call(1, "make_tool", **REQUEST))
        job = edge.structured(1)["job"]
        edge.send(edge.call(2, "make_tool", job=job, draft={"source": sort_words()}))
        assert edge.structured(2)["status"] == "published"
        edge.ends()
    return home


@pytest.fixture(params=ERAS)
def edge(request: pytest.FixtureRequest, library: Path, sandbox_cache: Path) -> Iterator[Edge]:
    with Edge(library, sandbox_cache, request.param) as opened:
        opened.send(opened.opening())
        yield opened


def answered(edge: Edge, id: object = "still") -> None:
    """It still does its work."""
    edge.send(edge.call(id, "call_tool", name="sort_words", arguments={"words": ["b", "a"]}))
    assert edge.structured(id)["result"] == ["a", "b"]


@pytest.mark.parametrize("place", range(PLACES))
@pytest.mark.parametrize("era", ERAS)
def test_a_client_may_close_its_input_at_any_point(era: str, place: int, tmp_path: Path, sandbox_cache: Path):
    home = tmp_path / "home"
    with Edge(home, sandbox_cache, era) as edge:
        session = edge.opening() + edge.request(1, "tools/list") + edge.call(2, "make_tool", **REQUEST)
        chance = random.Random(f"{era} {place}")
        cut = chance.randrange(len(session)) if place else 0
        edge.send(session[:cut])
        if chance.random() < 0.5:  # else before it has begun
            edge.wait_for(["open"] if b"\n" in session[:cut] else [])
        edge.ends()


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_client_may_close_its_input_in_the_middle_of_a_making(
    era: str, after: int, tmp_path: Path, sandbox_cache: Path
):
    home = tmp_path / "home"
    with Edge(home, sandbox_cache, era) as edge:
        edge.send(edge.opening(), edge.call(1, "make_tool", **REQUEST))
        job = edge.structured(1)["job"]
        edge.send(edge.call(2, "make_tool", job=job, draft={"source": sort_words()}))
        if after > 1:
            edge.send(edge.request(3, "tools/list"))
            edge.wait_for([3])
        if after > 2:
            edge.wait_for([2])
        edge.ends()
    listed = FrontDoor(home, sandbox_cache).json("list")  # whole, or not at all
    assert [row["state"] for row in listed] in ([], ["live"])
    assert after < 3 or len(listed) == 1


def garbage(seed: str) -> list[bytes]:
    """Lines that are no request, or barely."""
    chance = random.Random(seed)
    said = [
        b"", b"\x00", b"null", b"0", b'"text"', b"{}", b"[]", b"[[]]", b"[" * 5000, b"{" * 5000, b"\xff\xfe\xfd", b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"2.0","id":[],"method":"tools/list"}', b'{"jsonrpc":"2.0","id":{"a":1},"method":"tools/list"}',
        b'{"jsonrpc":"1.0","id":"old","method":"tools/list"}', b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":1e999,"method":"tools/list"}', b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":"x","method":7}', b'{"jsonrpc":"2.0","id":"y","method":"tools/call","params":[]}',
        b'{"jsonrpc":"2.0","id":"z","method":"tools/call","params":{"name":null}}',
        b'{"jsonrpc":"2.0","id":"u","method":"no/such"}', b'{"jsonrpc":"2.0","method":"notifications/none"}',
        b'{"jsonrpc":"2.0","id":"r","result":{}}', b'{"jsonrpc":"2.0","id":"e","error":{"code":"none"}}',
        b'[{"jsonrpc":"2.0","id":"b","method":"tools/list"}]', b'{"jsonrpc":"2.0","id":"m","method":"tools/list","params":{"_meta":7}}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":[],"progress":"x"}}',
    ]  # fmt: skip
    said += [chance.randbytes(chance.randrange(1, 400)).replace(b"\n", b" ") for _ in range(40)]
    chance.shuffle(said)
    return [line + b"\n" for line in said]


@pytest.mark.parametrize("seed", ["one", "two"])
def test_garbage_is_answered_or_passed_over(edge: Edge, seed: str):
    lines = garbage(seed)
    edge.send(*lines[: len(lines) // 2])
    answered(edge, "between")
    edge.send(*lines[len(lines) // 2 :])
    answered(edge)
    edge.ends()


def test_a_line_of_50_megabytes_is_answered(edge: Edge):
    edge.send(edge.call(1, "dispatch", question="q" * 50_000_000), edge.request(2, "tools/list"))
    edge.wait_for([1, 2], within=2 * WITHIN)
    assert edge.answers[1]["result"]["isError"] is True
    answered(edge)
    edge.ends()


def test_50_megabytes_that_never_become_a_line_are_an_end_like_another(edge: Edge):
    edge.send(b"[" * 50_000_000)
    edge.ends(within=2 * WITHIN)


def test_a_thousand_calls_at_once_are_all_answered_rightly(edge: Edge):
    calls = range(1000)
    edge.send(*(edge.call(n, "call_tool", name="sort_words", arguments={"words": [f"{n}", "a"]}) for n in calls))
    edge.wait_for(calls, within=2 * WITHIN)
    assert all(edge.structured(n)["result"] == sorted([f"{n}", "a"]) for n in calls)
    edge.ends()


@pytest.mark.parametrize("seed", ["one", "two"])
def test_cancelling_at_random_leaves_every_other_call_its_answer(edge: Edge, seed: str):
    chance, cancelled = random.Random(seed), set()
    for n in range(300):
        edge.send(edge.call(n, "call_tool", name="sort_words", question=QUESTION + f"b{n} a{n}"))
        if chance.random() < 0.4:
            victim = chance.randrange(n + 1 + 5)  # an old one, this one, or one that is not asked yet
            cancelled.add(victim)
            edge.send(edge.cancel(victim))
    edge.wait_for(set(range(300)) - cancelled, within=2 * WITHIN)
    for n in set(range(300)) - cancelled:
        assert edge.structured(n)["answer"] == f"a{n} b{n}"
    answered(edge)
    edge.ends()


def test_a_client_that_goes_away_with_a_thousand_calls_open_ends_the_server(edge: Edge):
    edge.wait_for(["open"])
    edge.send(*(edge.call(n, "call_tool", name="sort_words", arguments={"words": ["b", "a"]}) for n in range(1000)))
    edge.ends()
