"""What may be spent on models in a day, over all processes of one library (design, section 5).

A day is one of UTC, as on the bills. What is under way in this process counts as spent, at an estimate: so the cap is passed at
most by what replies cost beyond theirs, and by what other processes have under way. Replies that cost nothing are never refused.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import anyio
import anyio.to_thread

from latm_mcp import prices
from latm_mcp.errors import CapReached, MakerFailed, StoreBusy
from latm_mcp.latm_bill import put_on_bill
from latm_mcp.llm_endpoint import OPENAI
from latm_mcp.models import Message, Reply, Usage
from latm_mcp.models_using import LanguageModel
from latm_mcp.outcomes import Json
from latm_mcp.store import Role, Store

logger = logging.getLogger(__name__)

DAY = 24 * 3600.0
CHARACTERS_PER_TOKEN = 4
EXPECTED_OUT = {
    "maker": 2000,
    "user": 200,
    "dispatcher": 50,
    "fallback": 400,
}  # tokens of a reply, for what is under way
FEW_SHOTS = 3  # questions with answers that a strong model would be shown beside the one that it is asked
INSTRUCTIONS = 60  # tokens of a prompt beside its questions
MEAN_KEPT_SECONDS = 60.0
MEAN_OF_SECONDS = 7 * DAY


class Configured(Protocol):
    """A role's model as the settings have it: `settings.ModelSettings`. base_url None: OpenAI itself."""

    @property
    def model(self) -> str: ...

    @property
    def base_url(self) -> str | None: ...


class Spending:
    """The cap of a day, and the ledger of what is spent under it.

    configured: the models by role; their address tells the price, and one on this machine is free. A role that is not in it
    is priced by its model's name alone. clock: seconds since 1970, the store's own.
    """

    def __init__(
        self,
        store: Store,
        daily_usd: float = 1.0,
        clock: Callable[[], float] = time.time,
        configured: Mapping[Role, Configured | None] | None = None,
    ):
        self._store, self._daily, self._clock = store, daily_usd, clock
        self._configured = {role: model for role, model in (configured or {}).items() if model is not None}
        self._under_way: dict[object, float] = {}  # US dollars by call
        self._unwritten: list[tuple[Role, str, Usage, str | None, str | None, float]] = []
        self._mean_out: tuple[float, int] | None = None
        self._strong_prices: tuple[float, float] | None = None

    def check(self, role: Role, model: str = "", expected: Usage | None = None) -> None:
        """Whether this role's model may be asked now. expected: what that will take, at a guess.

        Raises: CapReached, in a sentence that says what was spent, and when it goes on.
        """
        cost = self._cost(role, model, expected or Usage(tokens_out=EXPECTED_OUT[role]))
        if cost.usd <= 0.0:
            return
        spent, under_way = self.today(), sum(self._under_way.values())
        if spent + under_way + cost.usd > self._daily:
            raise CapReached(self._sentence(spent, under_way, cost))

    async def pay(
        self,
        role: Role,
        model: str,
        conversation: Sequence[Message],
        ask: Callable[[], Awaitable[Reply]],
        *,
        tool: str | None = None,
        job: str | None = None,
    ) -> Reply:
        """Check, ask, and count: the reply is in the ledger when this returns, and before it is kept anywhere else.

        Raises: CapReached, with nothing asked; what `ask` raises, with the tokens counted that a useless reply took. One that is
        cancelled is counted at its estimate: whoever serves the model may go on with it, and wants to be paid.
        """
        await self._load_prices(role)
        sent = sum(len(message.content) for message in conversation)
        expected = Usage(tokens_in=-(-sent // CHARACTERS_PER_TOKEN), tokens_out=EXPECTED_OUT[role])
        self.check(role, model, expected)
        call = object()
        self._under_way[call] = self._cost(role, model, expected).usd
        try:
            reply = await ask()
        except MakerFailed as error:
            if error.tokens_in or error.tokens_out:
                took = Usage(tokens_in=error.tokens_in, tokens_out=error.tokens_out, replies=1)
                self.count(role, model, took, tool=tool, job=job)
            raise
        except anyio.get_cancelled_exc_class():
            self.count(role, model, expected.model_copy(update={"estimated": True}), tool=tool, job=job)
            raise
        finally:
            del self._under_way[call]
        self.count(role, reply.model, reply.usage, tool=tool, job=job)
        return reply

    def count(
        self,
        role: Role,
        model: str,
        usage: Usage,
        *,
        tool: str | None = None,
        job: str | None = None,
        free: bool = False,
    ) -> float:
        """Write what a reply took into the ledger; returns its US dollars. free: nobody was paid for it (a recording).

        Where another process is writing, the row is kept and written with the next one, and counts meanwhile.
        """
        usd = 0.0 if free else self._cost(role, model, usage).usd
        if job is None:
            put_on_bill(usage, usd)
        self._unwritten.append((role, model, usage, tool, job, usd))
        try:
            self.write_rest()
        except StoreBusy as error:
            logger.warning("what a reply cost is not written yet: %s", error)
        return usd

    def today(self) -> float:
        """US dollars spent since midnight UTC, by all processes of this library."""
        return self._store.spent(self._clock() // DAY * DAY) + sum(row[-1] for row in self._unwritten)

    def instead(self, question: str) -> float:
        """US dollars that the strong model would have cost for one question: the fallback, else the maker's; without both, 0.

        Estimated: few-shot, so the question's length once and once more for each of `FEW_SHOTS` examples, at four characters
        a token; its reply as long as that model's own replies to questions are in the ledger, else `EXPECTED_OUT`.
        """
        price_in, price_out = self._strong()
        asked = len(question) * (1 + FEW_SHOTS) / CHARACTERS_PER_TOKEN + INSTRUCTIONS
        return price_in * asked + price_out * self._usual_answer() if price_in or price_out else 0.0

    def _strong(self) -> tuple[float, float]:
        """US dollars of the strong model's token in and out: asked once, for this is on the way of every answer."""
        if self._strong_prices is None:
            role: Role = "fallback" if "fallback" in self._configured else "maker"
            known = role in self._configured
            thousands = Usage(tokens_in=1000), Usage(tokens_out=1000)
            usd_in, usd_out = (self._cost(role, "", usage).usd / 1000 if known else 0.0 for usage in thousands)
            self._strong_prices = (usd_in, usd_out)
        return self._strong_prices

    async def _load_prices(self, role: Role) -> None:
        """Import the price list beside the event loop, unless it is not needed."""
        configured = self._configured.get(role)
        if configured is None or not prices.on_loopback(configured.base_url or OPENAI):
            await anyio.to_thread.run_sync(prices.load)

    def _usual_answer(self) -> int:
        """Tokens of the strong model's answer in the mean, read anew once a minute."""
        now = self._clock()
        if self._mean_out is None or not 0 <= now - self._mean_out[0] < MEAN_KEPT_SECONDS:
            rows = [row for row in self._store.usage(now - MEAN_OF_SECONDS) if row.role == "fallback"]
            replies = sum(row.replies for row in rows)
            mean = round(sum(row.tokens_out for row in rows) / replies) if replies else EXPECTED_OUT["fallback"]
            self._mean_out = (now, mean)
        return self._mean_out[1]

    def _cost(self, role: Role, model: str, usage: Usage) -> prices.Cost:
        configured = self._configured.get(role)
        if configured is None:
            return prices.cost_of(usage, model)
        return prices.cost_of(usage, model, configured.base_url or OPENAI, configured.model)

    def write_rest(self) -> None:
        """Write the rows that another process's writing has held up. Raises: StoreBusy, StoreUnusable."""
        while self._unwritten:
            role, model, usage, tool, job, usd = self._unwritten[0]
            self._store.add_usage(role=role, model=model, usage=usage, tool=tool, job=job, usd=usd)
            del self._unwritten[0]

    def _sentence(self, spent: float, under_way: float, cost: prices.Cost) -> str:
        asked = f"about {_usd(cost.usd)}" + (
            " at an assumed price, for the model's own is not known" if cost.assumed else ""
        )
        waits = f" and {_usd(under_way)} under way" if under_way else ""
        said = (
            f"The day's money is spent: {_usd(spent)} of {_usd(self._daily)} (LATM_DAILY_USD){waits}, and the next reply would cost"
            f" {asked}."
        )
        if cost.usd > self._daily:
            return f"{said} It is more than a whole day's: raise LATM_DAILY_USD."
        again = datetime.fromtimestamp((self._clock() // DAY + 1) * DAY, UTC)
        return f"{said} It goes on at {again:%Y-%m-%d %H:%M} UTC; or raise LATM_DAILY_USD."


class Paid:
    """A model that is asked for one role: within the cap, and counted."""

    def __init__(self, role: Role, model: LanguageModel, spending: Spending):
        self.role: Role = role
        self.model = model.model
        self._model, self._spending = model, spending

    async def ask(self, conversation: Sequence[Message], schema: Json | None = None, tool: str | None = None) -> Reply:
        """The model's reply. tool: which tool it is asked for, for the ledger.

        Raises: CapReached, with nothing asked; MakerFailed.
        """
        asking = partial(self._model.complete, conversation, schema=schema)
        return await self._spending.pay(self.role, self.model, conversation, asking, tool=tool)


def _usd(amount: float) -> str:
    return f"{amount:.2f} USD" if amount >= 0.1 or not amount else f"{amount:.2g} USD"
