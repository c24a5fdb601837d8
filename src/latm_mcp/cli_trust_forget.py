"""`latm-mcp forget`: the questions that were kept are erased, down to the bytes of the library's file."""

import argparse
import sys
import time

from latm_mcp.cli_screen import tell, write
from latm_mcp.cli_trust_person import asked
from latm_mcp.cli_words import counted
from latm_mcp.errors import BadInput
from latm_mcp.settings import Settings
from latm_mcp.store import open_store
from latm_mcp.store_forget import erase

DAY = 24 * 3600


def forget(options: argparse.Namespace, settings: Settings) -> int:
    """Erase queue, reports, settlements, records and idle makings of questions; tools and their examples stay."""
    days = settings.keep_days if options.older_than is None else options.older_than
    if not 0 <= days < 100_000:
        raise BadInput("--older-than is a number of days: 0 or more.")
    before = float("inf") if options.all else time.time() - days * DAY
    which = (
        "all questions that were kept" if options.all else f"all questions that were kept for more than {days:g} days"
    )
    if not options.yes and not _agreed(which):
        tell("latm-mcp: nothing was erased.")
        return 1
    with open_store(settings.home) as store:
        rows = store.forget_questions(before)
    erased = erase(settings.home, before)
    write(
        f"Erased: {counted(rows, 'row')} of questions, answers, reports and settlements, {counted(erased.asked, 'record')} of"
        f" answering, {counted(erased.jobs, 'making')}. Tools and their examples stay: `latm-mcp withdraw` and `archive` are for them."
    )
    if not erased.whole:
        tell(
            "latm-mcp: another process is reading the library: end the servers and run this again, to clear its journal too."
        )
    return 0


def _agreed(which: str) -> bool:
    if not sys.stdin.isatty():
        raise BadInput(f"Nobody can be asked here whether to erase {which}: pass --yes.")
    return (asked(f"Erase {which}? [y/N] ") or "").lower() in ("y", "yes")
