"""What one question's own models took, however many are asked for it, and whatever else is asked at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from latm_mcp.models import Usage


@dataclass(slots=True)
class Bill:
    """Tokens and US dollars of one question so far."""

    tokens: int = 0
    usd: float = 0.0


_bill: ContextVar[Bill | None] = ContextVar("bill", default=None)


@contextmanager
def billed() -> Iterator[Bill]:
    """The bill of the question that is answered in the block, and in the tasks that it starts; makings are on no question's bill."""
    bill = Bill()
    before = _bill.set(bill)
    try:
        yield bill
    finally:
        _bill.reset(before)


def put_on_bill(usage: Usage, usd: float) -> None:
    """Count a reply for the question that is being answered, if one is."""
    bill = _bill.get()
    if bill is not None:
        bill.tokens += usage.tokens_in + usage.tokens_out
        bill.usd += usd
