"""The one writer of the bench's report: JSON, Markdown and plots beside each other."""

import json
import os
from pathlib import Path

from latm_mcp.bench_markdown import as_markdown
from latm_mcp.bench_plots import draw_plots
from latm_mcp.bench_report import BenchReport

MARKDOWN, JSON = "report.md", "report.json"


def write_report(folder: Path, report: BenchReport) -> str:
    """Write report.json, report.md and the plots into a folder that is there; returns the Markdown."""
    _write(folder / JSON, json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")
    text = as_markdown(report, draw_plots(folder, report))
    _write(folder / MARKDOWN, text)
    return text


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    os.replace(temporary, path)
