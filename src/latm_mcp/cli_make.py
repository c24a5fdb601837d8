"""`latm-mcp make FILE`: one making, with the configured model or a recording of one."""

import argparse
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import anyio

from latm_mcp.cli_examples import Wanted, read_wanted
from latm_mcp.cli_makers import needed_maker, recorded_folder
from latm_mcp.cli_screen import progress, steps, tell, write, write_json
from latm_mcp.cli_words import evidence_words, next_words, summary
from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import open_latm
from latm_mcp.latm_results import MakeResult
from latm_mcp.latm_sentences import first_line
from latm_mcp.models import Failure, Maker
from latm_mcp.outcomes import Json
from latm_mcp.recording import RecordedMaker
from latm_mcp.settings import Settings
from latm_mcp.text import check_examples


def make(options: argparse.Namespace, settings: Settings) -> int:
    """Make a tool from a file; 0 where it was published or one fits, 1 where the making failed."""
    wanted = read_wanted(Path(options.file))
    if not options.force:  # one new example is enough for the next version
        check_examples(wanted.examples)
    recorded = RecordedMaker(recorded_folder(options.recording, "--recording")) if options.recording else None
    result = anyio.run(_make, options, settings, _request(options, wanted, recorded), recorded)
    if options.record and result.status == "fits":
        tell("Nothing was recorded: no maker was asked.")
    return told_result(result, options.json)


def told_result(result: MakeResult, as_json: bool) -> int:
    """Show how a making ended; the exit code."""
    if as_json:
        write_json(_as_json(result))
    elif result.tool is not None:
        _show(result)
    if result.failure is not None:
        for line in _failure_lines(result.failure):
            tell(line)
    if result.tool is None:
        tell(f"latm-mcp: {next_words(result)}")
    return 1 if result.tool is None and not result.waits else 0


def _request(options: argparse.Namespace, wanted: Wanted, recorded: RecordedMaker | None) -> MakeRequest:
    """What the command line says goes before what the file says, and that before what was recorded."""
    name = options.name or wanted.name or (recorded.name if recorded else "")
    description = options.description or wanted.description or (recorded.description if recorded else "")
    return MakeRequest(examples=wanted.examples, description=description, name=name, force=options.force)


async def _make(
    options: argparse.Namespace, settings: Settings, request: MakeRequest, recorded: RecordedMaker | None
) -> MakeResult:
    record = Path(options.record) if options.record else None
    maker_of: AbstractAsyncContextManager[Maker] = nullcontext(recorded) if recorded else needed_maker(settings.maker)
    async with maker_of as maker:
        with progress() as told:
            task = request.name or Path(options.file).stem
            told(task, "opening the library and the sandbox", 0.0)
            async with open_latm(settings, progress=lambda sentence: told(task, sentence, 0.0)) as latm:
                return await latm.make(request, steps(told, task, recorded is not None), maker=maker, record=record)


def _show(result: MakeResult) -> None:
    tool = result.tool
    assert tool is not None
    write(
        f"{result.status}: {tool.name}\n  {tool.signature.text}\n  {evidence_words(tool.evidence)}\n  {next_words(result)}"
    )
    how = "--question TEXT" if tool.adapter else "--json-arguments '{...}'"
    write(f"  Use it: latm-mcp call {tool.name} {how}")


def _failure_lines(failure: Failure) -> list[str]:
    lines = [f"failed at stage {failure.stage}, try {failure.attempt}: {first_line(failure.sentence)}"]
    if failure.question:
        lines.append(f"  question: {failure.question}")
    if failure.got:
        lines.append(f"  got: {failure.got}")
    return lines


def _as_json(result: MakeResult) -> Json:
    return {
        "status": result.status,
        "next": next_words(result),
        "job": result.job,
        "tries_left": result.tries_left.model_dump() if result.tries_left else None,
        "tool": summary(result.tool) if result.tool else None,
        "failure": result.failure.model_dump() if result.failure else None,
    }
