"""`latm-mcp stats`: what was spent and saved, as tables, as JSON, as a picture."""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from latm_mcp.cli_screen import write, write_json, write_table, write_wrapped
from latm_mcp.cli_words import counted
from latm_mcp.errors import BadInput
from latm_mcp.settings import Settings
from latm_mcp.stats import Account, Point, Stats, curve, stats_of
from latm_mcp.store import Asked, Store, UsageRow, open_store

WAYS = ("answered by", "questions", "share", "tokens", "USD", "strong model")
SPENT = ("role", "tool", "model", "replies", "tokens in", "out", "USD")
TOOLS = ("tool", "making", "answered", "each", "strong model", "saved", "paid for at")


def stats(options: argparse.Namespace, settings: Settings) -> int:
    """Spent, saved, break-even, from the library's own records."""
    since = time.time() - options.since * 24 * 3600 if options.since else 0.0
    with open_store(settings.home) as store:
        asked, spent = store.asked(since), store.usage(since)
        if options.picture:
            _draw(Path(options.picture).expanduser(), store, asked, since)
    found = stats_of(asked, spent)
    if options.json:
        write_json(_json(found))
    elif not asked and not spent:
        write(
            "Nothing is recorded yet: no question was dispatched and no model was paid" + (" since." if since else ".")
        )
    else:
        _show(found)
    if options.picture and not options.json:
        write(f"\nThe picture is {options.picture}.")
    return 0


def _show(found: Stats) -> None:
    ways = [
        (
            way.way,
            way.questions,
            f"{way.questions / found.questions:.0%}",
            way.tokens,
            usd(way.usd),
            usd(way.instead_usd),
        )
        for way in found.ways
    ]
    if ways:
        write_table("Questions, and what the strong model would have cost for them (estimated)", WAYS, ways, WAYS[1:])
    if found.tools:
        rows = [_account(row, row.tool or "") for row in found.tools] + [_account(found.overall, "all")]
        write_table("\nTools, in USD", TOOLS, rows, TOOLS[1:])
    if found.spent:
        write_table("\nSpent, by role and tool", SPENT, [_spent(row) for row in found.spent], SPENT[3:])
    write("")
    write_wrapped(_summary(found))


def _account(row: Account, name: str) -> tuple[object, ...]:
    each = usd(row.usd / row.answered) if row.answered else ""
    instead = usd(row.instead_usd / row.answered) if row.answered else ""
    at = "never" if row.answered else "not used"
    if row.break_even is not None:
        at = f"{row.break_even}{' (reached)' if row.reached else ''}" if row.break_even else "free"
    return name, usd(row.making_usd), row.answered, each, instead, usd(row.instead_usd - row.usd - row.making_usd), at


def _spent(row: UsageRow) -> tuple[object, ...]:
    about = "about " if row.estimated else ""
    return (
        row.role,
        row.tool or "",
        row.model,
        row.replies,
        f"{about}{row.tokens_in}",
        f"{about}{row.tokens_out}",
        usd(row.usd),
    )


def _summary(found: Stats) -> str:
    said = f"{counted(found.questions, 'question')}, {found.without_model:.1%} of them answered without a model. "
    said += f"Spent: {usd(found.usd)} USD, of it {usd(found.making_usd)} on making tools. "
    if not found.instead_usd:
        return (
            said
            + "There is nothing to compare that with: no strong model that has a price answers here (LATM_FALLBACK_MODEL)."
        )
    said += f"The strong model alone would have cost {usd(found.instead_usd)} USD (estimated): "
    said += f"{usd(abs(found.saved))} USD {'saved' if found.saved >= 0 else 'more was spent'}."
    match found.overall.break_even:
        case None:
            return said
        case 0:
            return said + " The making cost nothing."
        case questions:
            stands = "which is reached" if found.overall.reached else f"of which {found.overall.answered} are asked"
            return (
                f"{said} The makings are paid for after {counted(questions, 'question')} that tools answer, {stands}."
            )


def _json(found: Stats) -> dict[str, object]:
    body = asdict(found)
    for account, row in zip([*body["tools"], body["overall"]], [*found.tools, found.overall], strict=True):
        account |= {"saving": row.saving, "break_even": row.break_even, "reached": row.reached}
    return body


def _draw(path: Path, store: Store, asked: Sequence[Asked], since: float) -> None:
    from latm_mcp.cli_stats_picture import check_picture, draw

    check_picture(path)
    if not asked:
        raise BadInput("There is nothing to draw: no question was dispatched yet. Ask some, then call this again.")
    unit, points = points_of(store, asked, since)
    draw(path, unit, points)


def points_of(store: Store, asked: Sequence[Asked], since: float) -> tuple[str, list[Point]]:
    """The curve and its unit: US dollars, or tokens where nothing has a price."""
    if store.spent(since) or any(row.instead_usd for row in asked):
        all_usd = store.spent(since)
        return "USD", curve(asked, lambda at: all_usd - store.spent(_after(at)), lambda row: row.instead_usd)
    strong = [row.tokens for row in asked if row.how == "strong model"]
    mean = sum(strong) / len(strong) if strong else 0.0
    all_tokens = _tokens(store, since)
    return "tokens", curve(asked, lambda at: all_tokens - _tokens(store, _after(at)), lambda _: mean)


def usd(amount: float) -> str:
    """US dollars with as many digits as they need: 12.30, 0.0042, 0."""
    if not amount:
        return "0"
    return f"{amount:.2f}" if abs(amount) >= 1 else f"{amount:.2g}" if abs(amount) >= 1e-4 else f"{amount:.1e}"


def _after(at: float) -> float:
    """The next moment: what was spent at `at` itself belongs to the question that was answered then."""
    return math.nextafter(at, math.inf)


def _tokens(store: Store, since: float) -> float:
    return float(sum(row.tokens_in + row.tokens_out for row in store.usage(since)))
