"""`latm-mcp demo`: the demo in a temporary library, its table, and what to do next."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio

from latm_mcp.cli_makers import recorded_folder
from latm_mcp.cli_screen import Told, progress, tell, write, write_json, write_table
from latm_mcp.cli_words import compact_evidence
from latm_mcp.demo import DemoRow, Show, run_demo, tasks_of
from latm_mcp.demo_starter import starter_root
from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings

NUMBERS = ("examples", "tries", "correct", "wrong", "ab-\nstained", "model\ncalls", "secs")
COLUMNS = ("task", *NUMBERS, "blind+held-out")


def demo(options: argparse.Namespace, settings: Settings) -> int:
    """Run the demo; 1 where a making failed or an answer was wrong."""
    if options.questions < 1:
        raise BadInput("--questions is less than 1: ask at least one question.")
    starter = recorded_folder(options.starter, "--starter") if options.starter else starter_root()
    show = Show(starter, tasks_of(options.only), options.questions)
    with tempfile.TemporaryDirectory(prefix="latm-demo-") as home, progress() as told:
        rows = anyio.run(_run, show, Path(home), settings.cache, told)
    if options.json:
        write_json([_as_json(row) for row in rows])
    else:
        write_table("Made from recordings, then answered over MCP", COLUMNS, [_cells(row) for row in rows], NUMBERS)
        write(_closing(rows))
    for row in rows:
        if row.fault:
            tell(f"{row.task}: {row.fault}")
    return 0 if all(row.passed for row in rows) else 1


async def _run(show: Show, home: Path, cache: Path, told: Told) -> list[DemoRow]:
    return await run_demo(show, home, cache, told)


def _cells(row: DemoRow) -> tuple[object, ...]:
    answers = row.answers
    asked = answers.right + answers.wrong + answers.abstained
    examples = len(row.tool.examples) if row.tool else 0
    evidence = compact_evidence(row.tool.evidence) if row.tool else "failed, see below"
    counts = (f"{answers.right}/{asked}", answers.wrong, answers.abstained, row.model_calls)
    return (row.task, examples, row.tries, *counts, f"{row.seconds:.1f}", evidence)


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


def _closing(rows: Sequence[DemoRow]) -> str:
    made = sum(row.tool is not None for row in rows)
    right = sum(row.answers.right for row in rows)
    asked = right + sum(row.answers.wrong + row.answers.abstained for row in rows)
    calls = sum(row.model_calls for row in rows)
    block = json.dumps({"mcpServers": {"latm": _server()}}, indent=2)
    return (
        f"Shown: {made} tools made from recorded replies, verified in the sandbox, served over MCP; {right} of {asked} new "
        f"questions answered rightly with {calls} model calls. Next: give your own client this server, then ask its model to "
        f"make a tool:\n{block}"
    )


def _server() -> dict[str, Json]:
    """How a client starts this very installation."""
    script = Path(sys.executable).with_name("latm-mcp.exe" if sys.platform == "win32" else "latm-mcp")
    if script.exists():
        return {"command": str(script), "args": ["serve"]}
    return {"command": sys.executable, "args": ["-m", "latm_mcp", "serve"]}
