"""What the commands show: tables and text on standard output, progress on standard error.

All text is hostile until `text.safe` has been over it, and none of it is read as rich's markup.
"""

import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from latm_mcp import models
from latm_mcp.latm_sentences import replaying, step_words
from latm_mcp.outcomes import Json
from latm_mcp.text import one_line, safe, safe_json

Told: TypeAlias = Callable[[str, str, float], None]  # task, sentence, share done

PIPE_WIDTH = 80  # columns of a table where no terminal sets them
TEXT_WIDTH = 79
MARK = "  | "
MAX_CELL = 400
MAX_WORD = 20  # longer words are folded on a narrow terminal


def write(text: str) -> None:
    """One text and a line break on standard output, bounded and stripped of what a terminal would obey."""
    sys.stdout.write(safe(text, 1 << 20) + "\n")


def write_wrapped(text: str) -> None:
    """A paragraph of ours on standard output, in lines of at most 79 characters."""
    write(textwrap.fill(text, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False))


def write_field(text: str) -> None:
    """One line on standard output, whatever breaks the text holds: others' text must not look like lines of ours."""
    write(one_line(text, 4000))


def write_quoted(text: str) -> None:
    """Others' text of several lines on standard output, each of them marked as theirs."""
    write("\n".join(f"{MARK}{line}".rstrip() for line in safe(text, 1 << 20).split("\n")))


def write_json(value: Json) -> None:
    """One JSON value on standard output, for scripts."""
    sys.stdout.write(json.dumps(safe_json(value), ensure_ascii=False, indent=2) + "\n")


def tell(sentence: str) -> None:
    """One line on standard error."""
    sys.stderr.write(one_line(sentence, 2000) + "\n")


def write_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()
) -> None:
    """A table on standard output that fits the terminal's width; as lists of lines where that is too narrow for it.

    right: the columns to align right.
    """
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False)
    cells = [[one_line(str(cell), MAX_CELL) for cell in row] for row in rows]
    gap, widths = 2, _widths(columns, cells, console.width - 1 - 2 * len(columns))
    if not widths:
        gap, widths = 1, _widths(columns, cells, console.width - 1 - len(columns))
    with console.capture() as drawn:
        if widths:
            console.print(_table(columns, cells, widths, gap, right))
        else:
            _list(console, columns, cells)
    text = "\n".join(line.rstrip() for line in drawn.get().split("\n")).strip("\n")  # no trailing blanks
    sys.stdout.write(f"{title}\n\n{text}\n" if title else f"{text}\n")


def _list(console: Console, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    for row in cells:
        for column, cell in zip(columns, row, strict=True):
            console.print(Text(f"{column}: {cell}", overflow="fold"))
        console.print()


def _table(
    columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], gap: int, right: Sequence[str]
) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, gap - 1, 0, 0), header_style="")
    for column, width in zip(columns, widths, strict=True):
        align: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(column, justify=align, overflow="fold", width=width)
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]], space: int) -> list[int]:
    """How wide each column may be within `space`; none where even their longest words do not fit.

    rich's own sharing out cuts words in one column while another has room to wrap.
    """
    longest = [max(len(text) for text in (columns[n], *(row[n] for row in cells))) for n in range(len(columns))]
    words = [max(map(len, f"{columns[n]} {' '.join(row[n] for row in cells)}".split())) for n in range(len(columns))]
    widths = [min(MAX_WORD, word) for word in words]
    spare = space - sum(widths)
    if spare < 0:
        return []
    for number in sorted(range(len(columns)), key=lambda n: longest[n] - widths[n]):  # the longest texts wrap
        more = min(spare, longest[number] - widths[number])
        widths[number] += more
        spare -= more
    return widths


@contextmanager
def progress() -> Iterator[Told]:
    """Show how several tasks go on, until the block ends: live lines on a terminal, else one plain line for each step."""
    if not sys.stderr.isatty():
        yield _plain()
        return
    console = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=40)),
        BarColumn(bar_width=20),
        TextColumn(
            "{task.fields[said]}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
        ),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as live:
        yield _live(live)


def steps(told: Told, task: str, recorded: bool) -> Callable[[models.Progress], None]:
    """The report that a making wants, telling of one task. recorded: its maker is a recording."""

    def report(step: models.Progress) -> None:
        told(task, step_words(replaying(step) if recorded else step), step.done)

    return report


def _plain() -> Told:
    last: dict[str, str] = {}

    def told(task: str, sentence: str, done: float) -> None:
        if last.get(task) != sentence:
            last[task] = sentence
            tell(f"{task}: {sentence}")

    return told


def _live(live: Progress) -> Told:
    rows: dict[str, TaskID] = {}

    def told(task: str, sentence: str, done: float) -> None:
        if task not in rows:
            rows[task] = live.add_task(one_line(task, 40), total=1.0, said="")
        live.update(rows[task], completed=done, said=one_line(sentence, 200))

    return told
