"""`latm-mcp demo`: the demo in a temporary library, its table, and what to do next."""

import argparse
import json
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio

from latm_mcp.cli_makers import recorded_folder
from latm_mcp.cli_screen import progress, tell, write, write_json, write_table, write_wrapped
from latm_mcp.cli_words import counted, unseen_words
from latm_mcp.demo import DemoRow, Show, run_demo, tasks_of
from latm_mcp.demo_starter import starter_root, starter_tools
from latm_mcp.errors import BadInput
from latm_mcp.install_clients import Shape
from latm_mcp.install_entry import Line, entry_of, launching, running
from latm_mcp.install_look import NAME
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings
from latm_mcp.settings_places import read_places

NUMBERS = ("ex.", "tries", "right", "wrong", "abst.", "calls")
COLUMNS = ("task", *NUMBERS, "unseen")
LEGEND = (
    "ex.: worked examples; tries: drafts of its maker; right, wrong, abst.: new questions answered rightly, wrongly, not at "
    "all; calls: of a model, for these answers; unseen: questions whose answers its maker never saw, right of judged, with "
    "the 95 % lower bound."
)


def demo(options: argparse.Namespace, settings: Settings) -> int:
    """Run the demo; 1 where a making failed or an answer was wrong."""
    if hasattr(options, "home"):
        raise BadInput("The demo always uses a temporary library: leave --home out.")
    if options.questions < 1:
        raise BadInput("--questions is less than 1: ask at least one question.")
    starter = recorded_folder(options.starter, "--starter") if options.starter else starter_root()
    show = Show(starter, tasks_of(options.only), options.questions)
    with tempfile.TemporaryDirectory(prefix="latm-demo-") as home, progress() as told:
        rows = anyio.run(run_demo, show, Path(home), settings, told)
    if options.json:
        write_json([_as_json(row) for row in rows])
    else:
        write_table("Made from recordings, then answered over MCP", COLUMNS, [_cells(row) for row in rows], NUMBERS)
        _close(rows, starter)
    for row in rows:
        if row.fault:
            tell(f"{row.task}: {row.fault}")
    return 0 if all(row.passed for row in rows) else 1


def _cells(row: DemoRow) -> tuple[object, ...]:
    answers = row.answers
    asked = answers.right + answers.wrong + answers.abstained
    examples = len(row.tool.examples) if row.tool else 0
    unseen = unseen_words(row.tool.evidence) if row.tool else "failed"
    counts = (f"{answers.right}/{asked}", answers.wrong, answers.abstained, row.model_calls)
    return (row.task, examples, row.tries, *counts, unseen)


def _as_json(row: DemoRow) -> dict[str, Json]:
    tool = row.tool
    return {
        "task": row.task,
        "tool": tool.name if tool else None,
        "examples": len(tool.examples) if tool else 0,
        "tries": row.tries,
        "evidence": tool.evidence.model_dump() if tool else None,
        "right": row.answers.right,
        "wrong": row.answers.wrong,
        "abstained": row.answers.abstained,
        "model_calls": row.model_calls,
        "seconds": round(row.seconds, 2),
        "fault": row.fault,
    }


def _close(rows: Sequence[DemoRow], starter: Path) -> None:
    """What was shown, how to keep the tools, and what to do next."""
    made = sum(row.tool is not None for row in rows)
    right = sum(row.answers.right for row in rows)
    asked = right + sum(row.answers.wrong + row.answers.abstained for row in rows)
    calls = sum(row.model_calls for row in rows)
    write_wrapped(LEGEND)
    write("")
    write_wrapped(
        f"Shown: {counted(made, 'tool')} made from recorded replies, verified in the sandbox, served over MCP; {right} of "
        f"{counted(asked, 'new question')} answered rightly with {counted(calls, 'model call')}."
    )
    if kept := [folder for folder in starter_tools(starter) if folder.name in {row.task for row in rows}]:
        write("")
        write_wrapped("The demo's library was a temporary one. To keep these tools in yours, read and approve them:")
        write(_keeping(starter, kept))
    write_wrapped("Next: list the clients that are found here, put it into yours, and ask its model to make a tool:")
    write(f"\n  {_command()} install\n")
    write_wrapped("Or write it into your client's configuration yourself:")
    write(json.dumps({"mcpServers": {NAME: entry_of(Shape(), NAME, _launching())}}, indent=2))


def _keeping(starter: Path, kept: Sequence[Path]) -> str:
    """The two commands that bring starter tools into the library of whoever runs them."""
    names = " ".join(folder.name for folder in kept)
    ours = starter == starter_root()
    folders = f"--starter {names}" if ours else " ".join(shlex.quote(str(folder.absolute())) for folder in kept)
    return f"\n  {_command()} import {folders}\n  {_command()} approve {names}\n"


def _command() -> str:
    """This very installation, for a shell."""
    return shlex.join(_launching().launcher)


def _launching() -> Line:
    return launching(running(), read_places())
