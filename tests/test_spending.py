"""The day's cap: over all processes of a library, with what is under way, told in a sentence; and no reply is lost from the ledger."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from scripted import SORT_EXAMPLES, ScriptedMaker, fenced, sort_words

from latm_mcp.errors import CapReached, MakerFailed, StoreBusy
from latm_mcp.job import Workshop, make
from latm_mcp.latm_bill import billed
from latm_mcp.latm_spending import Paid, Spending
from latm_mcp.models import Example, Message, Progress, Reply, Stage, Task, Usage
from latm_mcp.outcomes import Json, Limits
from latm_mcp.sandbox import Sandbox
from latm_mcp.settings import ModelSettings
from latm_mcp.store import Job, Store, open_store

pytestmark = pytest.mark.anyio

DAY = 24 * 3600.0
NOON = 20_000 * DAY + DAY / 2  # 2024-10-04 12:00 UTC
REMOTE, HERE = "https://api.openai.com/v1", "http://127.0.0.1:9/v1"
TEN_CENTS = Usage(tokens_out=10_000, replies=1)  # of gpt-4o
QUESTION = [Message(role="user", content="How many legs has a spider?")]


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


class Model:
    """A language model that always takes the same. before: what happens between the question and the reply."""

    def __init__(self, usage: Usage = TEN_CENTS, model: str = "gpt-4o", held: anyio.Event | None = None):
        self.model, self.usage, self.held, self.asked = model, usage, held, 0

    async def complete(self, conversation: Sequence[Message], *, schema: Json | None = None) -> Reply:
        self.asked += 1
        if self.held is not None:
            await self.held.wait()
        return Reply(text="eight", usage=self.usage, model=self.model)


def spending(store: Store, clock: Clock, daily: float = 1.0, model: str = "gpt-4o", url: str = REMOTE) -> Spending:
    return Spending(store, daily, clock, {"fallback": ModelSettings(model, url), "maker": ModelSettings(model, url)})


async def ask_until_refused(paid: Paid, most: int = 1000) -> CapReached:
    for _ in range(most):
        try:
            await paid.ask(QUESTION)
        except CapReached as refusal:
            return refusal
    raise AssertionError("never refused")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(tmp_path / "home", clock) as store:
        yield store


@pytest.fixture
def neighbour(store: Store, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """The same library, opened by another process."""
    with open_store(tmp_path / "home", clock) as store:
        yield store


async def test_a_paid_reply_is_in_the_ledger_with_its_role_tool_and_price(store: Store, clock: Clock):
    reply = await Paid("fallback", Model(), spending(store, clock)).ask(QUESTION, tool="count_legs")
    (row,) = store.usage()
    assert reply.text == "eight"
    assert (row.role, row.tool, row.model, row.tokens_out, row.replies) == (
        "fallback",
        "count_legs",
        "gpt-4o",
        10_000,
        1,
    )
    assert row.usd == pytest.approx(0.1)
    assert store.spent(NOON - 1) == pytest.approx(0.1)
    assert store.spent(NOON + 1) == 0


async def test_the_cap_holds_over_all_processes_of_a_library(store: Store, neighbour: Store, clock: Clock):
    models = Model(), Model()
    first, second = (
        Paid("fallback", model, spending(where, clock, 0.5))
        for model, where in zip(models, (store, neighbour), strict=True)
    )
    for _ in range(2):
        await first.ask(QUESTION)
        await second.ask(QUESTION)
    await first.ask(QUESTION)  # the last below the cap
    for paid in (first, second):
        with pytest.raises(CapReached):
            await paid.ask(QUESTION)
    assert models[0].asked + models[1].asked == 5
    assert store.spent(0) == pytest.approx(0.5)


async def test_the_refusal_names_the_setting_what_was_spent_and_when_it_goes_on(store: Store, clock: Clock):
    refusal = await ask_until_refused(Paid("fallback", Model(), spending(store, clock, 0.2)))
    assert "0.20 USD of 0.20 USD" in str(refusal)
    assert "LATM_DAILY_USD" in str(refusal)
    assert "It goes on at 2024-10-05 00:00 UTC" in str(refusal)


async def test_it_goes_on_at_midnight(store: Store, clock: Clock):
    paid = Paid("fallback", Model(), spending(store, clock, 0.2))
    await ask_until_refused(paid)
    clock.now = 20_001 * DAY - 1
    with pytest.raises(CapReached):
        await paid.ask(QUESTION)
    clock.now = 20_001 * DAY
    assert (await paid.ask(QUESTION)).text == "eight"


async def test_calls_at_the_same_time_pass_the_cap_by_no_more_than_their_estimates_fall_short(
    store: Store, clock: Clock
):
    """Twenty at once, each estimated at 0.4 cents and taking that: no more are let through than the cap has room for."""
    held, refused = anyio.Event(), []
    model = Model(Usage(tokens_in=7, tokens_out=400, replies=1), held=held)
    paid = Paid("fallback", model, spending(store, clock, 0.0205))

    async def ask() -> None:
        try:
            await paid.ask(QUESTION)
        except CapReached as refusal:
            refused.append(str(refusal))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
            while model.asked + len(refused) < 20:
                await anyio.sleep(0.01)
            held.set()
    assert (model.asked, len(refused)) == (5, 15)
    assert all("under way" in sentence for sentence in refused)
    assert store.spent(0) <= 0.0205
    assert spending(store, clock, 1.0).today() == store.spent(0)


async def test_a_call_that_fails_is_under_way_no_longer(store: Store, clock: Clock):
    class Broken(Model):
        async def complete(self, conversation: Sequence[Message], *, schema: Json | None = None) -> Reply:
            raise MakerFailed("The endpoint cannot be reached.")

    paying = spending(store, clock, 0.005)  # room for one
    for _ in range(3):
        with pytest.raises(MakerFailed, match="cannot be reached"):
            await Paid("fallback", Broken(), paying).ask(QUESTION)
    await Paid("fallback", Model(), paying).ask(QUESTION)
    assert [row.replies for row in store.usage()] == [1]


async def test_a_call_that_is_cancelled_is_counted_at_its_estimate(store: Store, clock: Clock):
    """Else whoever asks and goes away, again and again, would spend without end."""
    paid = Paid("fallback", Model(held=anyio.Event()), spending(store, clock, 0.01))
    for _ in range(2):
        with anyio.move_on_after(0.05) as scope:
            await paid.ask(QUESTION)
        assert scope.cancelled_caught
    with pytest.raises(CapReached):
        await paid.ask(QUESTION)
    (row,) = store.usage()
    assert (row.tokens_out, row.replies, row.estimated) == (800, 0, True)


async def test_a_question_has_its_own_bill_whatever_is_asked_beside_it(store: Store, clock: Clock):
    paying, bills = spending(store, clock, 10.0), {}

    async def ask(times: int) -> None:
        with billed() as bill:
            async with anyio.create_task_group() as group:
                for _ in range(times):
                    group.start_soon(Paid("fallback", Model(), paying).ask, QUESTION)
            paying.count("maker", "gpt-4o", TEN_CENTS, job="job_1")  # a making that the question began
        bills[times] = (bill.tokens, round(bill.usd, 9))

    async with anyio.create_task_group() as group:
        for times in (1, 2, 0):
            group.start_soon(ask, times)
    assert bills == {0: (0, 0.0), 1: (10_000, 0.1), 2: (20_000, 0.2)}


async def test_what_a_useless_reply_took_is_counted(store: Store, clock: Clock):
    class CutOff(Model):
        async def complete(self, conversation: Sequence[Message], *, schema: Json | None = None) -> Reply:
            error = MakerFailed("The reply was cut off.")
            error.tokens_in, error.tokens_out = 0, 10_000
            raise error

    with pytest.raises(MakerFailed, match="cut off"):
        await Paid("fallback", CutOff(), spending(store, clock)).ask(QUESTION)
    assert store.spent(0) == pytest.approx(0.1)


async def test_a_model_of_unknown_price_is_capped_at_the_assumed_one_which_is_said(store: Store, clock: Clock):
    model = Model(Usage(tokens_out=10_000, replies=1), model="our-own-70b")
    refusal = await ask_until_refused(Paid("fallback", model, spending(store, clock, 1.0, "our-own-70b")))
    assert "at an assumed price" in str(refusal)
    assert model.asked == 4  # 0.30 USD each
    assert store.spent(0) == pytest.approx(1.2)


async def test_a_model_on_this_machine_is_counted_and_never_capped(store: Store, clock: Clock):
    model = Model()
    paid = Paid("fallback", model, spending(store, clock, 0.0, url=HERE))
    for _ in range(5):
        await paid.ask(QUESTION)
    (row,) = store.usage()
    assert (row.replies, row.tokens_out, row.usd) == (5, 50_000, 0.0)


async def test_a_cap_of_nothing_lets_nothing_through_and_says_to_raise_it(store: Store, clock: Clock):
    model = Model()
    with pytest.raises(CapReached, match="more than a whole day's: raise LATM_DAILY_USD"):
        await Paid("fallback", model, spending(store, clock, 0.0)).ask(QUESTION)
    assert model.asked == 0


async def test_a_row_that_cannot_be_written_yet_counts_and_is_written_with_the_next(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    def busy(**_: Any) -> None:
        raise StoreBusy("Another process is writing.")

    paying = spending(store, clock, 0.25)
    with monkeypatch.context() as patch:
        patch.setattr(store, "add_usage", busy)
        assert (await Paid("fallback", Model(), paying).ask(QUESTION)).text == "eight"
    assert store.usage() == []
    assert paying.today() == pytest.approx(0.1)
    await Paid("fallback", Model(), paying).ask(QUESTION)
    assert store.usage()[0].replies == 2
    assert paying.today() == pytest.approx(0.2) == store.spent(0)


async def test_what_the_strong_model_would_have_cost_is_known_by_its_own_answers(store: Store, clock: Clock):
    question = "x" * 400  # four of them and 60 tokens: 460 tokens in, 0.00115 USD
    assert spending(store, clock).instead(question) == pytest.approx(0.00115 + 400 * 1e-5)
    store.add_usage(role="fallback", model="gpt-4o", usage=Usage(tokens_out=300, replies=3), tool=None, job=None)
    assert spending(store, clock).instead(question) == pytest.approx(0.00115 + 100 * 1e-5)
    assert spending(store, clock, url=HERE).instead(question) == 0
    assert Spending(store, 1.0, clock).instead(question) == 0


# Makings


class CostlyMaker(ScriptedMaker):
    """Takes ten cents for each reply."""

    model = "gpt-4o"

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        return (await super().reply(conversation, stage, attempt)).model_copy(update={"usage": TEN_CENTS})


BAD = fenced(sort_words().replace('" ".join', '", ".join'))
GOOD = fenced(sort_words())


def quiet(progress: Progress) -> None:
    pass


def begun(store: Store) -> Job:
    examples = tuple(Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES)
    return store.open_job("key", Task(name="sort_words", description="", examples=examples, comparison="text"))


def at(store: Store, sandbox: Sandbox, folder: Path, paying: Spending | None) -> Workshop:
    return Workshop(store, sandbox, Limits(), folder, paying)


async def test_a_making_that_reaches_the_cap_keeps_its_tries_and_goes_on_the_next_day(
    store: Store, clock: Clock, sandbox: Sandbox, tmp_path: Path
):
    shop, job, maker = at(store, sandbox, tmp_path, spending(store, clock, 0.12)), begun(store), CostlyMaker(BAD, GOOD)
    with pytest.raises(CapReached):
        await make(shop, job.id, maker, quiet)
    stopped = store.job(job.id)
    assert stopped is not None
    assert (stopped.status, len(stopped.tries), len(maker.asked)) == ("running", 1, 1)

    clock.now += DAY
    await make(shop, job.id, maker, quiet)

    ended = store.job(job.id)
    assert ended is not None
    assert (ended.status, len(ended.tries), len(maker.asked)) == ("published", 2, 2)
    (row,) = store.usage()
    assert (row.role, row.tool, row.replies) == ("maker", "sort_words", 2)
    assert row.usd == pytest.approx(0.2)


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A store whose process is killed after its first write about a reply."""

    def __init__(self, store: Store):
        self._store = store

    def __getattr__(self, name: str) -> Any:
        def last(*given: Any, **named: Any) -> None:
            getattr(self._store, name)(*given, **named)
            raise Killed

        return last if name in ("keep_reply", "add_usage") else getattr(self._store, name)


@pytest.mark.parametrize("paid", [True, False])
async def test_a_kill_between_the_writes_about_a_reply_neither_loses_nor_doubles_it_in_the_ledger(
    store: Store, clock: Clock, sandbox: Sandbox, tmp_path: Path, paid: bool
):
    job, dying, maker = begun(store), Dying(store), CostlyMaker(GOOD, GOOD)
    if not paid:
        maker.kind = "recording"
    with pytest.raises(Killed):
        await make(at(dying, sandbox, tmp_path, spending(dying, clock) if paid else None), job.id, maker, quiet)  # type: ignore[arg-type]

    await make(at(store, sandbox, tmp_path, spending(store, clock)), job.id, maker, quiet)

    ended = store.job(job.id)
    assert ended is not None
    assert ended.status == "published"
    assert store.usage()[0].replies == len(maker.asked)


async def test_a_recording_is_counted_at_no_price_and_is_never_capped(
    store: Store, clock: Clock, sandbox: Sandbox, tmp_path: Path
):
    job, maker = begun(store), CostlyMaker(GOOD)
    maker.kind = "recording"
    await make(at(store, sandbox, tmp_path, spending(store, clock, 0.0)), job.id, maker, quiet)
    (row,) = store.usage()
    assert (row.tokens_out, row.usd) == (10_000, 0.0)
