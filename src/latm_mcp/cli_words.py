"""Tools and their evidence in words and as JSON, the same in every command."""

from latm_mcp.models import Evidence, Tool
from latm_mcp.outcomes import Json
from latm_mcp.store_nouns import Listed


def evidence_words(evidence: Evidence) -> str:
    """Passed of total by kind, and the bound: "blind 3/3, held-out 4/4, 65 % or more"."""
    counts = [(kind.passed, kind.total) for kind in (evidence.shown, evidence.blind, evidence.held_out)]
    return _words(counts, evidence.bound)


def compact_evidence(evidence: Evidence) -> str:
    """The same for narrow tables: blind + held-out, and the bound: "3/3+4/4 ≥65%"."""
    counts = "+".join(f"{kind.passed}/{kind.total}" for kind in (evidence.blind, evidence.held_out))
    return f"{counts} ≥{evidence.bound:.0%}"


def listed_evidence(row: Listed) -> str:
    """The same for a row of the list."""
    counts = [
        (row.shown_passed, row.shown_total),
        (row.blind_passed, row.blind_total),
        (row.held_out_passed, row.held_out_total),
    ]
    return _words(counts, row.bound)


def _words(counts: list[tuple[int, int]], bound: float) -> str:
    """counts: (passed, total) of shown, blind, held-out."""
    shown, *unseen = counts
    parts = [f"{kind} {n}/{of}" for kind, (n, of) in zip(("blind", "held-out"), unseen, strict=True) if of]
    if not parts:
        return f"shown {shown[0]}/{shown[1]} only"
    return f"{', '.join(parts)}, {bound:.0%} or more"


def summary(tool: Tool) -> dict[str, Json]:
    """A tool as JSON without its source and its examples."""
    body = tool.model_dump(mode="json", exclude={"source", "examples", "use_cases"})
    return body | {"examples": len(tool.examples)}
