"""Wrapping (paper, 3.1): a verified function, its use cases and its evidence become a tool. No model is needed."""

from datetime import UTC, datetime

from latm_mcp.models import Provenance, Task, Tool, Verified
from latm_mcp.store_files import version_of


def wrap(verified: Verified, task: Task, provenance: Provenance) -> Tool:
    """The tool, assembled from what was verified; made_at is filled in where the provenance leaves it empty."""
    source = verified.proposal.draft.source
    made_at = provenance.made_at or datetime.now(UTC).isoformat(timespec="seconds")
    return Tool(
        name=task.name,
        version=version_of(source),
        description=task.description,
        source=source,
        signature=verified.proposal.signature,
        adapter=verified.proposal.adapter,
        comparison=task.comparison,
        examples=task.examples,
        use_cases=verified.use_cases,
        evidence=verified.evidence,
        provenance=provenance.model_copy(update={"made_at": made_at}),
    )
