"""report_result with forms turned on, through the front door in both eras: what a person settles, and what stays provisional."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from elicited import Person, saying
from mcp import Client, types
from sandboxed import settings_at
from served import ERAS, QUESTION, WITHIN, call, installed, make_by_client, served

from latm_mcp.latm_queue import Waiting
from latm_mcp.settings import Settings
from latm_mcp.store import Store, open_store

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("era", ERAS)]
ASKED = "How many legs has a spider?"
INFO = types.Implementation(name="latm-test", version="7")
BY = "client latm-test 7: elicitation"


@pytest.fixture
def settings(tmp_path: Path, sandbox_cache: Path) -> Settings:
    return settings_at(tmp_path / "home", sandbox_cache, queue=True, elicit=True)


@asynccontextmanager
async def client_of(settings: Settings, era: str, person: Person | None) -> AsyncIterator[Client]:
    with anyio.fail_after(WITHIN):
        async with served(settings, era, client_info=INFO, elicitation_callback=person) as client:
            yield client


def answered_by_a_model(settings: Settings) -> None:
    with open_store(settings.home) as store:
        waiting = Waiting(store, 6, 3)
        waiting.cache(ASKED)
        waiting.tell(ASKED, "six", "model", "m")


def told(store: Store) -> list[tuple[str, str]]:
    found = store.queued(ASKED)
    assert found is not None
    return [(one.who, one.answer) for one in found[1].told]


async def test_a_person_settles_a_waiting_question_whose_answers_differ(settings: Settings, era: str):
    answered_by_a_model(settings)
    person = Person(saying("accept", answer="eight"))
    async with client_of(settings, era, person) as client:
        said = await call(client, "report_result", question=ASKED, answer="8")
        assert (said["cached"]["answered"], said["cached"]["disputed"]) == (1, 0)
    assert ASKED in person.asked[0].message
    with open_store(settings.home) as store:
        assert told(store) == [("model", "six"), ("client", "8"), ("person", "eight")]
        assert store.queued(ASKED)[1].told[-1].by == BY  # type: ignore[index]


async def test_what_a_person_declines_stays_disputed(settings: Settings, era: str):
    answered_by_a_model(settings)
    async with client_of(settings, era, Person(saying("decline"))) as client:
        said = await call(client, "report_result", question=ASKED, answer="8")
        assert (said["cached"]["answered"], said["cached"]["disputed"]) == (0, 1)
    with open_store(settings.home) as store:
        assert told(store) == [("model", "six"), ("client", "8")]


async def test_answers_that_agree_are_no_doubt(settings: Settings, era: str):
    answered_by_a_model(settings)
    person = Person(saying("accept", answer="eight"))
    async with client_of(settings, era, person) as client:
        await call(client, "report_result", question=ASKED, answer="six")
    assert person.asked == []


async def test_a_person_says_what_a_tool_should_have_answered(settings: Settings, era: str):
    person = Person(saying("accept", answer="wolf cat bear"))
    async with client_of(settings, era, person) as client:
        await make_by_client(client)
        await call(client, "report_result", question=QUESTION, right=False, tool="sort_words")
        listed = {row.name for row in (await client.list_tools()).tools}
    assert "bear cat wolf" in person.asked[0].message
    with open_store(settings.home) as store:
        (row,) = store.listed()
        assert row.trust in ("disputed", "quarantined")
        assert "report_result" in listed
        example = next(row for row in store.examples("sort_words") if row.question == QUESTION)
        assert (example.answer, example.standing) == ("wolf cat bear", "confirmed")


async def test_an_answer_that_is_said_to_be_right_is_no_doubt(settings: Settings, era: str):
    person = Person(saying("accept", answer="wolf cat bear"))
    async with client_of(settings, era, person) as client:
        await make_by_client(client)
        await call(client, "report_result", question=QUESTION, right=True)
        await call(client, "report_result", question=QUESTION, answer="bear cat wolf", tool="sort_words", right=True)
    assert person.asked == []


async def test_with_forms_off_a_clients_word_never_becomes_a_persons(settings: Settings, era: str):
    person = Person(saying("accept", answer="wolf cat bear"))
    off = settings_at(settings.home, settings.cache, queue=True)
    async with client_of(off, era, person) as client:
        await make_by_client(client)
        await call(client, "report_result", question=QUESTION, right=False, tool="sort_words")
    assert person.asked == []
    with open_store(settings.home) as store:
        (row,) = store.listed()
        assert row.trust == "probation"
        assert [(report.who, report.right) for report in store.reports()] == [("client", False)]


async def test_a_person_is_asked_over_a_real_pipe_too(settings: Settings, era: str):
    answered_by_a_model(settings)
    person = Person(saying("accept", answer="eight"))
    server = installed(settings.home, settings.cache, LATM_QUEUE="on", LATM_ELICIT="on")
    with anyio.fail_after(WITHIN):
        async with Client(server, mode=era, client_info=INFO, elicitation_callback=person) as client:
            await call(client, "report_result", question=ASKED, answer="8")
    with open_store(settings.home) as store:
        assert told(store)[-1] == ("person", "eight")
