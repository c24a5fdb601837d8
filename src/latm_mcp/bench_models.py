"""A model as the bench asks it: each reply's tokens, US dollars and seconds are the question's that it was asked for."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from latm_mcp.bench_scores import MAX_GOT, Judged
from latm_mcp.errors import CapReached, MakerFailed
from latm_mcp.judging import Verdict
from latm_mcp.latm_models import open_role
from latm_mcp.latm_spending import Paid, Spending
from latm_mcp.models import Message, Reply
from latm_mcp.models_using import Asks
from latm_mcp.outcomes import Json
from latm_mcp.settings_models import ModelSettings
from latm_mcp.store import Role, Store


class Metered:
    """An `Asks` that measures. name: the model's own; spent: US dollars of all replies until now, as the ledger has them."""

    def __init__(self, name: str, model: Asks, spent: Callable[[], float]):
        self.name = name
        self._model, self._spent = model, spent
        self.begin()

    def begin(self) -> None:
        """A new question."""
        self._replies = self._tokens_in = self._tokens_out = 0
        self._usd, self._started = self._spent(), time.monotonic()

    async def ask(self, conversation: Sequence[Message], schema: Json | None = None, tool: str | None = None) -> Reply:
        """The model's reply, counted; one that was paid for and is of no use is counted too. Raises: MakerFailed; CapReached."""
        try:
            reply = await self._model.ask(conversation, schema, tool)
        except MakerFailed as error:
            self._count(error.tokens_in, error.tokens_out)
            raise
        self._count(reply.usage.tokens_in, reply.usage.tokens_out)
        return reply

    def judged(self, verdict: Verdict, got: str, alike: bool | None = None) -> Judged:
        """What the question came to, with what it took since `begin`."""
        usd, seconds = round(self._spent() - self._usd, 9), round(time.monotonic() - self._started, 3)
        return Judged(verdict, got[:MAX_GOT], self._replies, self._tokens_in, self._tokens_out, usd, seconds, alike)

    def useless(self, error: MakerFailed) -> Judged:
        """An abstention where the model replied, and nothing of use. Raises: the error itself, where it did not reply."""
        if isinstance(error, CapReached) or not (error.tokens_in or error.tokens_out):
            raise error  # the bench stops, and goes on from here when that is mended
        return self.judged("abstained", str(error))

    def _count(self, tokens_in: int, tokens_out: int) -> None:
        self._replies += bool(tokens_in or tokens_out)
        self._tokens_in += tokens_in
        self._tokens_out += tokens_out


@asynccontextmanager
async def open_metered(
    role: Role, configured: ModelSettings | None, store: Store, daily_usd: float
) -> AsyncIterator[Metered | None]:
    """The model of a role, counted in this store's ledger and within its cap, until the block ends; None: not configured."""
    if configured is None:
        yield None
        return
    spending = Spending(store, daily_usd, configured={role: configured})
    async with open_role(role, configured) as model:
        assert model is not None
        yield Metered(configured.model, Paid(role, model, spending), lambda: store.spent(0.0))
