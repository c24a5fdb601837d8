"""The ledger as a page: today's money against the cap, what was spent in all and on what, and how questions were answered."""

import json
from collections.abc import Iterable

from latm_mcp.outcomes import Json
from latm_mcp.stats import Stats, Way, stats_of
from latm_mcp.store import Store, UsageRow
from latm_mcp.text import as_data, one_line

MAX_TABLE = 24_000  # characters; more than the rows that are shown ever have
ROWS_SHOWN = 50


def ledger_page(store: Store, today: float, cap: float) -> str:
    """Everything that models cost this library, today in US dollars against the day's cap. Names are in labelled blocks."""
    found = stats_of(store.asked(), store.usage())
    spent = sorted(found.spent, key=lambda row: (-row.usd, -row.tokens_in - row.tokens_out))
    parts = [
        "# The ledger",
        f"Today (UTC): {_usd(today)} of {_usd(cap)} USD, the day's cap (LATM_DAILY_USD).",
        _summary(found),
        _table("spent, by role, tool and model", map(_spent, spent), len(spent)),
        _table("questions, by how they were answered", map(_way, found.ways), len(found.ways)),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(found: Stats) -> str:
    said = f"In all: {_usd(found.usd)} USD, of it {_usd(found.making_usd)} on making tools. "
    said += f"{found.questions} questions were dispatched, {found.without_model:.1%} of them answered without a model."
    if not found.instead_usd:
        return said
    return f"{said} The strong model alone would have cost {_usd(found.instead_usd)} USD for those that were answered (estimated)."


def _spent(row: UsageRow) -> dict[str, Json]:
    return {
        "role": row.role,
        "tool": row.tool,
        "model": one_line(row.model, 100),
        "usd": round(row.usd, 6),
        "replies": row.replies,
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "estimated": row.estimated,
    }


def _way(way: Way) -> dict[str, Json]:
    return {"answered_by": way.way, "questions": way.questions, "tokens": way.tokens, "usd": round(way.usd, 6)}


def _table(label: str, rows: Iterable[dict[str, Json]], total: int) -> str:
    """A line of JSON each, and how many more there are."""
    lines = [json.dumps(row, ensure_ascii=False) for _, row in zip(range(ROWS_SHOWN), rows, strict=False)]
    more = [f"… and {total - len(lines)} more"] if total > len(lines) else []
    return as_data(label, "\n".join([*lines, *more]) or "nothing yet", MAX_TABLE)


def _usd(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 0.1 or not amount else f"{amount:.2g}"
