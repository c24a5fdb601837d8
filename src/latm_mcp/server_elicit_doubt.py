"""Which reports leave a doubt that a person can settle, and what that person's word then is, as a report of its own."""

from dataclasses import replace

from latm_mcp.latm_agreed import Disputed, agreed
from latm_mcp.latm_queue import Cached
from latm_mcp.latm_report import ReportResult, Said
from latm_mcp.server_elicit import Doubt, Word
from latm_mcp.store import Store, Told
from latm_mcp.text import one_line

MAX_BY = 80  # characters that the library keeps of who said something


def doubt_of(store: Store, said: Said, result: ReportResult) -> Doubt | None:
    """What a client's report leaves open: a waiting question whose answers differ, or a tool's answer that is called wrong."""
    if result.cached is not None:
        return _disputed(result.cached)
    reports = [row for row in store.reports(result.tool) if row.question == said.question] if result.tool else []
    by = one_line(said.by, MAX_BY)
    mine = next((row for row in reversed(reports) if (row.who, row.by) == (said.who, by)), None)
    if mine is None or mine.right:
        return None
    told = (Told(mine.answer, mine.who, mine.by, mine.at),) if mine.answer else ()
    return Doubt(said.question, told, mine.tool, mine.got or None)


def confirmed(said: Said, word: Word) -> Said:
    """The same question, answered by the person: for the tool that is doubted, else for the queue where it waits."""
    tool = word.doubt.tool or None
    return replace(said, answer=word.answer, right=None, tool=tool, who="person", by=word.by)


def _disputed(cached: Cached) -> Doubt | None:
    found = agreed(cached.instance, clients=cached.group.tool is None)
    return Doubt(found.question, found.told) if isinstance(found, Disputed) else None
