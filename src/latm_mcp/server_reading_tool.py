"""A made tool as a page: its evidence and trust first, then its source and examples, as data."""

import json

from latm_mcp.models import Tool
from latm_mcp.server_catalogue import describe
from latm_mcp.store import Listed
from latm_mcp.text import as_data

EXAMPLES_SHOWN = 50


def tool_page(tool: Tool, row: Listed, reports: int) -> str:
    """The long parts come last, so that what is cut off is the least needed. reports: those that wait for a review."""
    made = tool.provenance
    facts = {
        "version": tool.version,
        "trust": row.trust,
        "confirmed_good_uses": row.good,
        "reports_to_review": reports,
        "maker": made.maker,
        "model": made.model,
        "made_at": made.made_at,
        "answers_questions_itself": tool.adapter,
        "comparison": tool.comparison,
        "evidence": tool.evidence.model_dump(),
        "examples": len(tool.examples),
    }
    rows = [{"question": example.question, "answer": example.answer} for example in tool.examples[:EXAMPLES_SHOWN]]
    examples = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    parts = [
        f"# {tool.name}\n\n{describe(row)}\n",
        as_data("facts", json.dumps(facts, indent=1, ensure_ascii=False), 4000),
        as_data("source", tool.source, 32 * 1024),
        as_data(f"the first {len(rows)} of {len(tool.examples)} examples", examples, 24 * 1024),
    ]
    return "\n\n".join(parts) + "\n"
