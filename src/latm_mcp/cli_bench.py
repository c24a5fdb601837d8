"""`latm-mcp bench DIR`: the bench in a temporary library, and its table beside the paper's figures."""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import anyio

from latm_mcp.bench import BenchRow, MakerOf, run_bench, take_in_starter
from latm_mcp.bench_files import DataFile, read_folder
from latm_mcp.cli_makers import needed_maker, recorded_folder
from latm_mcp.cli_screen import Told, progress, tell, write_json, write_table, write_wrapped
from latm_mcp.demo_starter import starter_root, starter_tools
from latm_mcp.errors import BadInput
from latm_mcp.latm import open_latm
from latm_mcp.models import Maker
from latm_mcp.outcomes import Json
from latm_mcp.recording import RecordedMaker
from latm_mcp.settings import Settings

NUMBERS = ("tries", "right", "wrong", "abst.", "%", "paper", "calls")
COLUMNS = ("task (tool)", "status", *NUMBERS)
LEGEND = "right, wrong, abst. (abstained): of rows 11 to 250; tries: drafts; calls: of a model, in making + in use."
NOTE = "paper: Cai et al. 2023, tools by GPT-4 used by GPT-3.5, in per cent. A strong model may know these data sets."


def bench(options: argparse.Namespace, settings: Settings) -> int:
    """Run the bench; 1 where a file's task has no tool."""
    if options.starter and (options.recording or options.record):
        raise BadInput("--starter makes nothing: leave --recording and --record out.")
    if hasattr(options, "home"):
        raise BadInput("The bench uses a temporary library: leave --home out, or name a folder with --keep-home.")
    if options.parts or options.out:
        from latm_mcp.cli_bench_parts import bench_parts  # here: much is imported for it

        return bench_parts(options, settings)
    files = read_folder(Path(options.folder).expanduser())
    with _home(options.keep_home) as home, progress() as told:
        rows = anyio.run(_run, options, replace(settings, home=home), files, told)
    if options.json:
        write_json([_as_json(row) for row in rows])
    else:
        write_table("", COLUMNS, [_cells(row) for row in rows], NUMBERS)
        write_wrapped(LEGEND)
        if any(row.paper is not None for row in rows):
            write_wrapped(NOTE)
    for row in rows:
        if row.fault:
            tell(f"{row.task}: {row.fault}")
        elif not row.total:
            tell(
                f"{row.task}: nothing was asked, since its file has no row 11: rows 1 to 6 make the tool, 11 to 250 are asked"
            )
    return 1 if any(row.fault for row in rows) else 0


@contextmanager
def _home(keep: str | None) -> Iterator[Path]:
    if keep:
        yield Path(keep).expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="latm-bench-") as home:
        yield Path(home)


async def _run(
    options: argparse.Namespace, settings: Settings, files: Sequence[DataFile], told: Told
) -> list[BenchRow]:
    record = Path(options.record).expanduser() if options.record else None
    opening = open_latm(settings, progress=lambda sentence: told("sandbox", sentence, 0.0))
    async with _makers(options, settings) as maker, opening as latm:
        if not options.starter:
            return await run_bench(latm, files, _maker_of(options, maker), record, told)
        await take_in_starter(latm, starter_tools(starter_root()), told)
        return await run_bench(latm, files, None, None, told)


def _makers(options: argparse.Namespace, settings: Settings) -> AbstractAsyncContextManager[Maker | None]:
    if options.recording or options.starter:
        return nullcontext(None)
    return needed_maker(settings.maker)


def _maker_of(options: argparse.Namespace, live: Maker | None) -> MakerOf:
    """The maker for a file's stem: the live one, or the recording of that name."""
    root = recorded_folder(options.recording, "--recording") if options.recording else None

    def maker_of(stem: str) -> Maker:
        if root is None:
            assert live is not None
            return live
        return RecordedMaker(root / stem)

    return maker_of


def _cells(row: BenchRow) -> tuple[object, ...]:
    ours = f"{100 * row.right / row.total:.1f}" if row.total and row.tool else "-"
    paper = "-" if row.paper is None else f"{row.paper:.1f}"
    task = f"{row.task} ({row.tool})" if row.tool not in ("", row.task) else row.task
    right = f"{row.right}/{row.total}" if row.total else "none"
    status = "made" if row.status == "published" else row.status  # short: tasks have long names
    return (task, status, row.tries, right, row.wrong, row.abstained, ours, paper, f"{row.making}+{row.using}")


def _as_json(row: BenchRow) -> dict[str, Json]:
    return {
        "task": row.task,
        "status": row.status,
        "tool": row.tool or None,
        "tries": row.tries,
        "right": row.right,
        "wrong": row.wrong,
        "abstained": row.abstained,
        "questions": row.total,
        "paper_percent": row.paper,
        "seconds": round(row.seconds, 2),
        "model_calls": {"making": row.making, "using": row.using},
        "fault": row.fault,
    }
