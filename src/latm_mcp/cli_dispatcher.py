"""`latm-mcp dispatcher`: how well the user's own tools are told apart, and what was learnt from each one's examples."""

import argparse
from collections.abc import Mapping, Sequence

from latm_mcp.cli_screen import progress, write, write_json, write_table, write_wrapped
from latm_mcp.latm_live import BANK
from latm_mcp.models import Example
from latm_mcp.settings import Settings
from latm_mcp.store import open_store
from latm_mcp.using.dispatch import Dispatcher, Threshold
from latm_mcp.using.dispatch_check import Confusion, Row, check_each

MATRIX = ("tool", "examples", "certain of it", "of another", "asked about", "only others", "new", "taken for")
LEARNT = ("tool", "alike", "contract", "kept", "steps away")


def dispatcher(options: argparse.Namespace, settings: Settings) -> int:
    """Ask every example as if its tool had never seen it, and show what the dispatcher would have made of it."""
    with open_store(settings.home) as store:
        banks = {name: bank[:BANK] for name, bank in store.banks("", BANK).items()}
    index = Dispatcher(banks)
    confusion = _checked(index, banks)
    learnt = {name: index.threshold(name) for name in sorted(banks)}
    if options.json:
        write_json({"rows": [_json(row, learnt[row.name]) for row in confusion.rows]})
    elif not confusion.rows:
        write("There is no tool yet, so nothing to tell apart.")
    else:
        _show(confusion, learnt)
    return 0


def _checked(index: Dispatcher, banks: Mapping[str, Sequence[Example]]) -> Confusion:
    rows = []
    with progress() as told:
        for row in check_each(index, banks):
            rows.append(row)
            told("examples", f"{row.name} ({len(rows)} of {len(banks)} tools)", len(rows) / len(banks))
    return Confusion(tuple(rows))


def _show(confusion: Confusion, learnt: Mapping[str, Threshold | None]) -> None:
    rows = [_cells(row) for row in confusion.rows]
    write_table("Each example, asked as if its tool had never seen it", MATRIX, rows, MATRIX[1:7])
    thresholds = [(name, *_threshold(found)) for name, found in learnt.items() if found is not None]
    write_table("\nLearnt from each tool's examples", LEARNT, thresholds, LEARNT[1:])
    write("")
    write_wrapped(
        f"{confusion.right} of {confusion.examples} examples are answered by their own tool for certain, {confusion.wrong} by another "
        "one's. The rest is asked about or new: more examples make a tool surer of its own questions. A tool that is certain of "
        "another one's may do the same work: see `latm-mcp show` of both."
    )


def _cells(row: Row) -> tuple[object, ...]:
    others = ", ".join(f"{name} ({count})" for name, count in row.certain if name != row.name)
    return row.name, row.examples, row.right, row.wrong, row.asked, row.asked_others, row.new, others


def _threshold(found: Threshold) -> tuple[object, ...]:
    return f"{found.alike:.2f}", found.contract, f"{found.kept:.0%}", found.departures


def _json(row: Row, found: Threshold | None) -> dict[str, object]:
    learnt = None
    if found is not None:
        learnt = {"alike": found.alike, "contract": found.contract, "kept": found.kept, "departures": found.departures}
    counts = {"certain": dict(row.certain), "asked": row.asked, "asked_others": row.asked_others, "new": row.new}
    return {"tool": row.name, "examples": row.examples, **counts, "learnt": learnt}
