"""dispatch behind the MCP face: an answer and how it came about, tools to use or to choose from, or how far a new task is."""

from mcp import types

from latm_mcp.latm import Latm
from latm_mcp.latm_found import Found
from latm_mcp.latm_queue import Cached
from latm_mcp.latm_results import Dispatched
from latm_mcp.outcomes import Json
from latm_mcp.server_announce import Announcer
from latm_mcp.server_arguments import DispatchArguments, read_arguments
from latm_mcp.server_callers import Caller
from latm_mcp.server_calling import how_to_call
from latm_mcp.server_catalogue import evidence
from latm_mcp.server_results import done
from latm_mcp.text import one_line, safe_json
from latm_mcp.using.use import Answer

COLLECT = (
    "No tool reads this kind of question yet. Answer it yourself; with 2 or more answered ones of its kind (6 are better), "
    "call make_tool."
)
USE = (
    "The question is one of this tool's kind, in a wording that it does not read by itself. Read the arguments out of it and call "
    "the tool."
)
ASK = (
    "It is like the questions of these tools, but not certainly one of them. Look at what each tool takes, and at what the question "
    "has that its examples never had. If one fits, call it; if none does, answer the question yourself. Either way tell "
    "report_result: `tool` the name of the one that fitted, or 'none'."
)
REPORT = "Then call report_result with the question and your `answer`"


async def dispatch(latm: Latm, announcer: Announcer, caller: Caller, given: dict[str, Json]) -> types.CallToolResult:
    """dispatch: the answer, the tools that the question may be for, or word that it is new and how many of its kind there are."""
    asked = await latm.dispatch(read_arguments(DispatchArguments, "dispatch", given).question)
    structure: dict[str, Json] = {"outcome": asked.outcome}
    if asked.answer is not None:
        structure |= _answered(asked.answer)
    if asked.candidates:
        structure["candidates"] = [_candidate(one, announcer, caller) for one in asked.candidates]
    if asked.cached is not None:
        structure["cached"] = _cached(asked.cached)
    if asked.job:
        structure["job"] = asked.job
    structure["next"] = _next(asked)
    return done(_text(structure), structure)


def _answered(answer: Answer) -> dict[str, Json]:
    """The answer and how it came about; provisional where only a model said so."""
    said: dict[str, Json] = {"answer": answer.answer, "how": answer.how}
    if answer.tool:
        return said | {"tool": answer.tool, "arguments": answer.arguments, "result": answer.result}
    return said | {"provisional": answer.how != "person"}


def _cached(cached: Cached) -> dict[str, Json]:
    return {"group": cached.group.id, "answered": cached.answered, "needed": cached.needed, "disputed": cached.disputed}


def _next(asked: Dispatched) -> str:
    """One sentence or two: what to do with this."""
    note = f" ({one_line(asked.note, 300)})" if asked.note else ""
    match asked.outcome:
        case "answered":
            return _of_answer(asked.answer) + note  # type: ignore[arg-type]
        case "use":
            return USE + (f" {REPORT}: so the tool learns this wording." if asked.cached is not None else "") + note
        case "ask":
            return ASK + note
    if asked.cached is None:
        return COLLECT + note
    if asked.job:
        brief = f"call make_tool with `job` {asked.job!r} for the brief, and write the tool"
        return f"Enough of this kind are answered: {brief}. Answer this one yourself.{note}"
    kept = f"It is kept: {asked.cached.answered} of {asked.cached.needed} of its kind are answered"
    if asked.cached.answered >= asked.cached.needed:
        return f"{kept}, and a tool is being made. Answer this one yourself.{note}"
    return f"{kept}, then a tool is made. Answer it yourself. {REPORT}.{note}"


def _of_answer(answer: Answer) -> str:
    match answer.how:
        case "adapter":
            return f"Computed by {answer.tool}, which is verified for such questions: give this answer."
        case "tool and model":
            return f"Computed by {answer.tool} from arguments that a model read out of the question: check them, then give this answer."
        case "person":
            return "A person answered this very question before: give this answer."
    return "Answered by a strong model, and not verified: check it. If it is wrong, call report_result with the right `answer`."


def _text(structure: dict[str, Json]) -> str:
    """The same for a reader."""
    lines = [str(structure["answer"]), ""] if "answer" in structure else []
    lines.append(str(structure["next"]))
    return "\n".join([*lines, *map(_candidate_line, structure.get("candidates", ()))])


def _candidate_line(row: dict[str, Json]) -> str:
    lacks = f" (words that its examples never had: {', '.join(row['lacks'])})" if row["lacks"] else ""
    return f"- {row['signature']}: {row['how_to_call']} (verified: {row['evidence']}){lacks}"


def _candidate(one: Found, announcer: Announcer, caller: Caller) -> dict[str, Json]:
    row, candidate = one.row, one.candidate
    reads_it = row.adapter and not candidate.certain  # a certain one was asked just now, and refused this very question
    direct = announcer.knows(caller, row.name, row.version)
    return {
        "name": row.name,
        "signature": one_line(row.signature_text, 300),
        "parameters": safe_json(row.parameters),
        "ratio": round(candidate.ratio, 2),
        "lacks": [one_line(word, 40) for word in candidate.lacks],
        "evidence": evidence(row),
        "trust": row.trust,
        "how_to_call": how_to_call(row.name, row.parameters, reads_it, direct),
    }
