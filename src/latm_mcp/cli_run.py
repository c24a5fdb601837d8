"""`latm-mcp run NAME --in FILE --out FILE`: every row of a file to one version of a tool, resumable, errors by row."""

import argparse
import sys
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import anyio

from latm_mcp.cli_run_answers import Answers, open_answers
from latm_mcp.cli_run_batches import Engine, Running, counted_errors
from latm_mcp.cli_run_batches import Told as ToldRows
from latm_mcp.cli_run_records import Form, columns_of, tool_mark
from latm_mcp.cli_run_rows import Rows, is_csv, open_rows
from latm_mcp.cli_run_values import ABSTAINED, Asked
from latm_mcp.cli_screen import Told, progress, tell, write, write_json
from latm_mcp.cli_words import counted
from latm_mcp.errors import BadInput
from latm_mcp.latm import Latm, open_latm
from latm_mcp.outcomes import Json, Program
from latm_mcp.settings import Settings

NOT_ALL = 1
LIVE_SECONDS, PLAIN_SECONDS = 0.1, 5.0  # between two words on progress, on a terminal and elsewhere


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Answer every row that has no answer yet; 0 if all rows have one at the end, 1 if some have not."""
    started = time.monotonic()
    source, target = Path(options.rows).expanduser(), Path(options.answers).expanduser().resolve()
    _check(source, target)
    with ExitStack() as stack:
        rows = stack.enter_context(open_rows(source))
        form = Form(_columns(source, rows) if is_csv(target) else None)
        answers = stack.enter_context(open_answers(target, form, retry=options.retry))
        counts, tool = anyio.run(_run, settings, options.name, rows, answers, form)
    _summary(options, counts, tool, time.monotonic() - started)
    return 0 if not list(counted_errors(counts)) else NOT_ALL


async def _run(settings: Settings, name: str, rows: Rows, answers: Answers, form: Form) -> tuple[Counter[str], str]:
    async with open_latm(settings, progress=tell) as latm:
        engine = _engine(latm, name, settings.workers, texts=rows.csv)
        with progress() as told:
            running = Running(engine, rows, answers, form, _progress(told, name, rows.size))
            await running.run()
        return running.counts, engine.tool


def _engine(latm: Latm, name: str, workers: int, *, texts: bool) -> Engine:
    """The version that is live now: a newer one that is published meanwhile is for the next run."""
    tool = latm.live(name)
    limits, program = latm.limits_of(name), Program(tool.source, tool.signature.function)
    asked = Asked(tool, limits, texts=texts)
    used = partial(latm.uses.note, name)
    return Engine(latm.sandbox, program, limits, workers, tool_mark(name, tool.version), asked, used)


def _check(source: Path, target: Path) -> None:
    """Raises: BadInput, for files that cannot be what they are named as."""
    is_csv(source)
    is_csv(target)
    if target.exists() and not target.is_file() and not target.is_dir():  # to open a pipe would wait for its other end
        raise BadInput(f"{str(target)!r} is no plain file: a run that is gone on with reads it again.")
    if target.is_dir() or not target.parent.is_dir():
        raise BadInput(f"{str(target)!r} cannot be written: name a file in a folder that is there with --out.")
    if source.exists() and target.exists() and source.samefile(target):
        raise BadInput("--in and --out are one file: name another file with --out.")


def _columns(source: Path, rows: Rows) -> list[str]:
    """The columns of a CSV of answers: the header's, or all fields that the rows of JSON lines have."""
    if rows.csv:
        return rows.columns
    with open_rows(source) as again:
        return columns_of(source, again)


def _progress(told: Told, name: str, size: int) -> ToldRows:
    every = LIVE_SECONDS if sys.stderr.isatty() else PLAIN_SECONDS
    last = time.monotonic()

    def tell_of(at: int, counts: Counter[str]) -> None:
        nonlocal last
        if time.monotonic() - last >= every:
            last = time.monotonic()
            told(name, _counts(counts), min(1.0, at / max(1, size)))

    return tell_of


def _summary(options: argparse.Namespace, counts: Counter[str], tool: str, seconds: float) -> None:
    if options.json:
        errors: dict[str, Json] = dict(counted_errors(counts))
        body = {"rows": _rows(counts), "answered": counts["answered"], "abstained": errors.pop(ABSTAINED, 0)}
        more = {"errors": errors, "kept": counts["kept"], "seconds": round(seconds, 3)}
        write_json(body | more | {"tool": tool, "out": options.answers})
        return
    write(f"{_counts(counts)}; {seconds:.1f} s. The answers are in {options.answers}")
    if kept := counts["kept"]:
        write(f"{counted(kept, 'row')} of them had been asked before.")
    if list(counted_errors(counts)):
        write("--retry asks again for the rows without an answer.")


def _counts(counts: Counter[str]) -> str:
    kinds = [f"{number} {kind}" for kind, number in counted_errors(counts)]
    without = (
        f", no answer to {sum(number for _, number in counted_errors(counts))} ({', '.join(kinds)})" if kinds else ""
    )
    return f"{counted(_rows(counts), 'row')}: {counts['answered']} answered{without}"


def _rows(counts: Counter[str]) -> int:
    return counts.total() - counts["kept"]
