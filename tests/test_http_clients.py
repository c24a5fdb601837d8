"""Serving over HTTP: many clients of both eras at once, what each is told, and what each is taken for."""

import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from elicited import Desk, Person, saying
from front_door import SRC, FrontDoor, good_sorter, scripted_model
from http_served import HELLO, HttpServer, http_server, over_http
from mcp import Client, types
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from sandboxed import settings_at
from scripted import sort_words
from served import ERAS, QUESTION, REQUEST, WITHIN, call, make_by_client, names, relisting
from wire import alive, gone

from latm_mcp.server import open_server
from latm_mcp.server_elicit import Persons

pytestmark = pytest.mark.anyio
FIXED = ["call_tool", "dispatch", "make_tool", "report_result"]
SPIN = sort_words().replace(
    "return sorted(words)", "while 'spin' in words and len(words) == 1: pass\n    return sorted(words)"
)
INFO = types.Implementation(name="one of many", version="1")


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


@pytest.fixture
async def server(door: FrontDoor) -> AsyncIterator[HttpServer]:
    with http_server(door) as one:
        yield one


async def test_every_open_client_of_both_eras_hears_of_what_a_fifth_made_and_of_what_another_process_approved(
    server: HttpServer, door: FrontDoor
):
    async with AsyncExitStack() as stack:
        four = [await stack.enter_async_context(relisting(server.url, era)) for era in ERAS * 2]
        with anyio.fail_after(WITHIN):
            async with Client(server.url) as fifth:
                await make_by_client(fifth)
        for one in four:
            await one.until("sort_words")
            assert await call(one.client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
        await anyio.to_thread.run_sync(door.run, "import", "--starter", "iso_date")
        await anyio.to_thread.run_sync(door.run, "approve", "iso_date", "--yes")
        for one in four:
            await one.until("iso_date")


@pytest.mark.parametrize("era", ERAS)
async def test_the_listing_of_one_client_counts_for_no_other_of_the_same_name(server: HttpServer, era: str):
    async with (
        relisting(server.url, era, client_info=INFO) as following,
        Client(server.url, mode=era, client_info=INFO) as deaf,
    ):
        await deaf.list_tools()
        made = await make_by_client(following.client)
        # The newest revision has no sessions: a listing cannot be told to be this client's.
        directly = "call it directly as sort_words" if era == "legacy" else "use call_tool with name 'sort_words'"
        assert made["tool"]["how_to_call"].startswith(directly)
        await following.until("sort_words")
        other = await call(deaf, "make_tool", **REQUEST)
        assert other["tool"]["how_to_call"].startswith("use call_tool with name 'sort_words'")
        await deaf.list_tools()
        same = await call(deaf, "make_tool", **REQUEST)
        assert same["tool"]["how_to_call"].startswith(directly)


async def test_a_modern_client_is_not_waited_for(server: HttpServer):
    async with Client(server.url) as client:
        begun = await call(client, "make_tool", **REQUEST)
        made = await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert made["tool"]["how_to_call"].startswith("use call_tool")
        assert await call(client, "call_tool", name="sort_words", question=QUESTION)


async def test_fifty_clients_are_served_at_once_and_none_waits_for_the_long_call_of_another(server: HttpServer):
    answers: list[Any] = []
    with anyio.fail_after(2 * WITHIN):
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Client(server.url, mode=ERAS[n % 2])) for n in range(50)]
            await make_by_client(clients[0], SPIN)

            async def use(number: int) -> None:
                listed = await names(clients[number])
                result = await call(clients[number], "sort_words", words=[f"b{number}", f"a{number}"])
                answers.append((listed, result["result"], [f"a{number}", f"b{number}"]))
                if len(answers) == 49:
                    group.cancel_scope.cancel()

            async with anyio.create_task_group() as group:
                group.start_soon(clients[0].call_tool, "sort_words", {"words": ["spin"]})
                for number in range(1, 50):
                    group.start_soon(use, number)
    assert all(listed == [*FIXED, "sort_words"] for listed, _, _ in answers)
    assert all(got == wanted for _, got, wanted in answers)
    assert len({wanted[0] for _, _, wanted in answers}) == 49


@pytest.mark.parametrize("era", ERAS)
async def test_a_making_that_waits_for_its_model_holds_up_no_call_of_another_client(door: FrontDoor, era: str):
    asked, may_answer = threading.Event(), threading.Event()

    def slow(conversation: list[dict[str, str]]) -> str:
        asked.set()
        assert may_answer.wait(WITHIN)
        return good_sorter(conversation)

    with scripted_model(slow) as environment, http_server(door, **environment) as server, anyio.fail_after(2 * WITHIN):
        async with Client(server.url, mode=era) as making, relisting(server.url, era) as other:
            may_answer.set()
            assert (await call(making, "make_tool", **REQUEST))["status"] == "published"
            may_answer.clear()
            asked.clear()
            async with anyio.create_task_group() as group:
                group.start_soon(partial(call, making, "make_tool", **{**REQUEST, "name": "order_words"}, force=True))
                assert await anyio.to_thread.run_sync(asked.wait, WITHIN)
                assert await call(other.client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
                assert "order_words" not in await names(other.client)
                may_answer.set()
            await other.until("order_words")


@pytest.mark.parametrize("era", ERAS)
async def test_progress_of_a_making_and_its_cancellation_reach_over_http(door: FrontDoor, era: str):
    with http_server(door, LATM_CALL_SECONDS="600", LATM_WORKERS="1") as server:
        heard: list[str | None] = []

        async def hear(done: float, total: float | None, sentence: str | None) -> None:
            heard.append(sentence)

        async with Client(server.url, mode=era) as client:
            begun = await client.call_tool("make_tool", REQUEST, progress_callback=hear)
            assert begun.structured_content is not None
            await client.call_tool(
                "make_tool", {"job": begun.structured_content["job"], "draft": {"source": SPIN}}, progress_callback=hear
            )
            assert any("looking at what there is" in str(sentence) for sentence in heard)
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "sort_words", {"words": ["spin"]})
                worker = await busy(server)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(gone, {worker}, 10.0)
            assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}


@pytest.mark.parametrize("era", ERAS)
async def test_a_person_is_asked_by_a_form_over_http(era: str):
    desk, person = Desk(Persons(on=True)), Person(saying("accept", answer="4"))
    async with (
        over_http(desk.server()) as url,
        Client(url, mode=era, client_info=INFO, elicitation_callback=person) as client,
    ):
        with anyio.fail_after(WITHIN):
            await client.call_tool("report", {})
    assert desk.confirmed == [("4", "client one of many 1: elicitation")]
    assert len(person.asked) == 1


CLIENT = f"""
import sys
import anyio
sys.path[:0] = [{str(SRC)!r}, {str(Path(__file__).parent)!r}]
from mcp import Client
async def main():
    async with Client(sys.argv[1], mode=sys.argv[2]) as client:
        print("here", flush=True)
        await client.call_tool("sort_words", {{"words": ["spin"]}})
anyio.run(main)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_is_killed_in_the_middle_of_a_call_leaves_nothing_running(door: FrontDoor, era: str):
    with http_server(door, LATM_CALL_SECONDS="600", LATM_WORKERS="1") as server:
        async with Client(server.url) as other:
            await make_by_client(other, SPIN)
            killed = subprocess.Popen([sys.executable, "-c", CLIENT, server.url, era], stdout=subprocess.PIPE)
            try:
                assert killed.stdout is not None
                assert await anyio.to_thread.run_sync(killed.stdout.readline) == b"here\n"
                worker = await busy(server)
            finally:
                killed.kill()
                killed.communicate(timeout=WITHIN)
            assert await anyio.to_thread.run_sync(gone, {worker}, 10.0)
            assert await call(other, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}


async def busy(server: HttpServer) -> int:
    """Wait until a process of the server computes without end, and which one."""

    def ticks() -> dict[int, int]:
        stats = {pid: Path(f"/proc/{pid}/stat").read_text(encoding="utf-8") for pid in server.children() if alive(pid)}
        return {pid: sum(map(int, stat.rsplit(")", 1)[1].split()[11:13])) for pid, stat in stats.items()}

    begun = ticks()
    with anyio.fail_after(WITHIN):
        while True:
            await anyio.sleep(0.01)
            for pid, used in ticks().items():
                if used > begun.setdefault(pid, used) + 100:
                    return pid


async def test_a_client_that_takes_nothing_in_holds_up_nobody_and_is_told_later(door: FrontDoor):
    """Over a pipe that holds nothing, so that what is sent waits for the client to take it."""
    to_server, server_reads = anyio.create_memory_object_stream[SessionMessage | Exception](9)
    server_writes, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    async with open_server(settings_at(door.home, door.cache)) as server, anyio.create_task_group() as group:
        group.start_soon(server.run, server_reads, server_writes, server.create_initialization_options())
        with to_server, from_server:
            await to_server.send(message(HELLO))
            await from_server.receive()
            await to_server.send(message({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            async with Client(server, mode="legacy") as maker:
                for name in ("one", "two"):
                    with anyio.fail_after(WITHIN):
                        await make_by_client(maker, sort_words(f"{name}_words"), name=f"{name}_words", force=True)
            with anyio.fail_after(WITHIN):
                told = await from_server.receive()
            assert told.message.method == "notifications/tools/list_changed"
        group.cancel_scope.cancel()


def message(sent: Any) -> SessionMessage:
    return SessionMessage(jsonrpc_message_adapter.validate_python(sent))
