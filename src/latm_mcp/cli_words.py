"""Tools and their evidence in words and as JSON, the same in every command."""

from collections.abc import Mapping

from latm_mcp.latm_results import MakeResult
from latm_mcp.models import Evidence, Provenance, Tool
from latm_mcp.outcomes import Json
from latm_mcp.store_nouns import Listed


def evidence_words(evidence: Evidence) -> str:
    """Passed of total by kind, and the bound: "blind 3/3, held-out 4/4, 65 % or more"."""
    unseen = (("blind", evidence.blind), ("held-out", evidence.held_out))
    parts = [f"{kind} {tally.passed}/{tally.total}" for kind, tally in unseen if tally.total]
    if not parts:
        return f"{evidence.shown.passed} of {evidence.shown.total} that its maker saw, none unseen"
    return f"{', '.join(parts)}, {evidence.bound:.0%} or more"


def unseen_words(evidence: Evidence) -> str:
    """What its maker did not see, for narrow tables: right of judged, and the bound: "37/37 ≥92%"."""
    right = evidence.blind.passed + evidence.held_out.passed
    judged = right + evidence.blind.wrong + evidence.held_out.wrong
    return f"{right}/{judged} ≥{evidence.bound:.0%}" if judged else "none"


def listed_evidence(row: Listed) -> str:
    """A row of the list, in three words: "154 of 154 unseen", or "6 of 6, all seen"."""
    if unseen := row.blind_total + row.held_out_total:
        return f"{row.blind_passed + row.held_out_passed} of {unseen} unseen"
    return f"{row.shown_passed} of {row.shown_total}, all seen"


def made_words(made: Provenance) -> str:
    """Who made a version, when, and in how many tries."""
    if made.maker == "import":
        named = "does not name its maker" if made.model == "not named" else f"names as its maker: {made.model}"
        return f"imported and verified here, {made.made_at}; its file {named}"
    tries = f"{counted(made.propose_tries, 'try', 'tries')} at proposing, {counted(made.verify_tries, 'try', 'tries')} at verification"
    return (
        f"made by: {made.maker} ({made.model}), {made.made_at}, {tries}{', rewritten once' if made.rewritten else ''}"
    )


def limit_words(limits: Mapping[str, float]) -> str:
    """Limits by their options' names: "seconds 5, memory-mib 512"."""
    return ", ".join(f"{limit.replace('_', '-')} {value:.10g}" for limit, value in limits.items())


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 tool", "2 tools", "2 tries"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def next_words(result: MakeResult) -> str:
    """What a person at the command line does next: `MakeResult.next` is for MCP clients."""
    match result.status:
        case "published" if result.waits:
            return f"The tool is made. Read it, and let it in: latm-mcp approve {result.waits}"
        case "published":
            return "The tool is ready." if result.tool else "The tool was archived since: run it again."
        case "fits":
            return "It answers all these examples already. --force makes a new version all the same."
        case "failed" if result.kept:
            return "Run it again: nothing is lost."
        case "failed":
            return (
                "Nothing was published. The last fault is above. Run it again to begin with fresh tries; more examples "
                "(6 or more) help."
            )
        case _:
            return "Another process works on it: run it again to see how it stands."


def summary(tool: Tool) -> dict[str, Json]:
    """A tool as JSON without its source and its examples."""
    body = tool.model_dump(mode="json", exclude={"source", "examples", "use_cases"})
    return body | {"examples": len(tool.examples)}
