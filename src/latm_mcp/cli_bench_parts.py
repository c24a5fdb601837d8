"""`latm-mcp bench DIR --parts ... --out DIR`: the paper's evaluation, resumable, and its report."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import anyio

from latm_mcp.bench_files import read_folder
from latm_mcp.bench_report import BenchReport
from latm_mcp.bench_results import Results, open_results
from latm_mcp.bench_run import PARTS, Plan, run_parts
from latm_mcp.bench_write import MARKDOWN, write_report
from latm_mcp.cli_makers import needed_maker, recorded_folder
from latm_mcp.cli_screen import Told, progress, tell, write, write_json
from latm_mcp.demo_starter import starter_root, starter_tools
from latm_mcp.errors import BadInput
from latm_mcp.settings import Settings

DEFAULT_PARTS = ("answers",)


def bench_parts(options: argparse.Namespace, settings: Settings) -> int:
    """Run the parts; 1 where a task has no tool."""
    if options.keep_home:
        raise BadInput("--keep-home is for the bench without --parts: name --out, which keeps the libraries too.")
    out = Path(options.out).expanduser().absolute() if options.out else None
    with _base(out) as base, open_results(out) as results:
        plan = _plan(options, results)
        with progress() as told:
            report = anyio.run(_run, plan, settings, base, results, told)
        text = write_report(base, report)
    if options.json:
        write_json(report.as_json())
    else:
        write(text)
    if out is not None:
        tell(f"the report is {MARKDOWN!r} in {str(out)!r}")
    return 1 if _without_tool(report) else 0


def _plan(options: argparse.Namespace, results: Results) -> Plan:
    """Without --parts, those that were begun in the --out folder are gone on with."""
    begun = tuple(part for part in PARTS if results.get("part", part))
    return Plan(
        read_folder(Path(options.folder).expanduser()),
        options.parts or begun or DEFAULT_PARTS,
        options.trials,
        options.seeds,
        options.stream,
        options.questions,
        options.seed,
        starter_tools(starter_root()) if options.starter else None,
        recorded_folder(options.recording, "--recording") if options.recording else None,
        Path(options.record).expanduser() if options.record else None,
    )


@contextmanager
def _base(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="latm-bench-") as base:
        yield Path(base)


async def _run(plan: Plan, settings: Settings, base: Path, results: Results, told: Told) -> BenchReport:
    live = plan.makes and plan.recording is None
    async with needed_maker(settings.maker) if live else nullcontext(None) as maker:
        return await run_parts(plan, settings, base, maker, results, told)


def _without_tool(report: BenchReport) -> bool:
    answers = report.answers.rows if report.answers else ()
    making = report.making.rows if report.making else ()
    return any(not row.made.tool for row in answers) or any(not row.made for row in making)
