"""Sentences that both faces say: no such tool, no question, arguments that are not a tool's, what a recording does."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from latm_mcp.errors import BadInput
from latm_mcp.models import Progress
from latm_mcp.outcomes import Json
from latm_mcp.store import Store
from latm_mcp.text import check_question, one_line

NAMES_SHOWN = 8
_ASKING = re.compile(r"asking .*\(\w+, (try [^()]+)\)")


def no_such_tool(store: Store, name: str, *, waiting_too: bool = False) -> str:
    """Why a tool cannot be had, and which ones can. waiting_too: whether tools that wait for approval are named as well."""
    if store.state(name) == "waiting":
        return f"{name!r} was imported and waits until a person has read it: latm-mcp approve {name}"
    rows = store.listed()
    if any(row.name == name and row.trust == "quarantined" for row in rows):
        return (
            f"{name!r} is quarantined: it answered a confirmed example wrongly, and may not be used until a version of it"
            f" passes them all. What went wrong, and what a person can do: latm-mcp history {name}"
        )
    known = [row.name for row in rows if waiting_too or row.usable]
    close = get_close_matches(name[:80], known, 1)
    said = [f"There is no tool {one_line(name, 80)!r}."]
    if close:
        said.append(f"Did you mean {close[0]!r}?")
    if not known:
        said.append("The library is empty." if waiting_too else "None can be called yet.")
    else:
        more = f" and {len(known) - NAMES_SHOWN} more" if len(known) > NAMES_SHOWN else ""
        said.append(f"There {'is' if len(known) == 1 else 'are'}: {', '.join(known[:NAMES_SHOWN])}{more}.")
    return " ".join(said)


def asked_question(text: str) -> str:
    """A question that a tool or the dispatcher is asked, unchanged. Raises: BadInput, Oversized."""
    if not text.strip():
        raise BadInput("The question is empty: write it out.")
    return check_question(text, "the question")


def argument_faults(parameters: dict[str, Json], arguments: dict[str, Json], instead: str) -> str:
    """All that is missing and unknown at once; empty where the names fit. instead: what to do with a `question`."""
    known = parameters.get("properties", {})
    missing = [key for key in parameters.get("required", ()) if key not in arguments]
    unknown = [key for key in arguments if key not in known]
    if "question" in unknown:
        return f"'question' is not one of its arguments; {instead}."
    said = []
    if missing:
        said.append(f"Missing: {_names(missing)}.")
    if unknown:
        said.append(f"Not among its arguments: {_names(unknown)}.")
    return " ".join(said)


def _names(names: Iterable[str]) -> str:
    return one_line(", ".join(names), 300)


def replaying(step: Progress) -> Progress:
    """The same step where the maker is a recording: nobody is asked then."""
    found = _ASKING.fullmatch(step.sentence)
    return step.model_copy(update={"sentence": f"replaying the recorded maker ({found[1]})"}) if found else step


def step_words(step: Progress) -> str:
    """A step of a making on one line."""
    return f"{step.stage}: {first_line(step.sentence)}"


def first_line(feedback: str) -> str:
    """The first line of a feedback, without words at its end that lead over to lines which are left out here."""
    line = one_line(feedback.split("\n", 1)[0], 1000)
    if not line.endswith(":"):
        return line
    whole, stop, _ = line.rpartition(". ")
    return whole + stop.rstrip() if stop else line.rstrip(": ")
