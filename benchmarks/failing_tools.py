"""Tools that compute something small, or fail in the way that they are asked to, and what a server then has to say."""

from made_tools import made_tool

from latm_mcp.models import Example, Tool, UseCase
from latm_mcp.outcomes import Json

HEALTHY = "healthy"

# What is asked for, the share of calls that ask for it, and a part of the sentence that has to come back.
FAILURES: tuple[tuple[str, float, str], ...] = (
    ("raised", 0.02, "raised ValueError"),
    ("refused", 0.02, "do not fit"),
    ("timed out", 0.01, "did not end within"),
    ("out of memory", 0.01, "MiB of memory"),
    ("output too large", 0.01, "returned more than"),
    ("not JSON", 0.01, "not JSON"),
    ("died", 0.005, "ended the interpreter"),
)

SOURCE = '''import random
import re

WORD = re.compile(r"[a-z]+[0-9]*")
KEPT = []


def {name}(text: str, what: str) -> dict[str, int]:
    """Count words, or fail."""
    KEPT.append(text)
    if what == "raised":
        raise ValueError("as it was asked to")
    if what == "timed out":
        while True:
            pass
    if what == "out of memory":
        return {{"size": len(bytearray(1 << 30))}}
    if what == "output too large":
        return {{"a" * (2 << 20): 1}}
    if what == "not JSON":
        return {{"set": {{1}}}}
    if what == "died":
        {dies}
    return {{"words": len(WORD.findall(text)), "calls": len(KEPT), "tool": {number}}}
'''
EXIT = "random._os._exit(3)"  # no source check would let it pass, and the sandbox has to hold without one


def name_of(number: int) -> str:
    """The tool's name."""
    return f"failing_{number}"


def failing_tool(number: int) -> Tool:
    """One of many."""
    name = name_of(number)
    source = SOURCE.format(name=name, number=number, dies=EXIT)
    case = UseCase(question="a", arguments={"text": "a", "what": HEALTHY}, result={"words": 1}, answer="1")
    return made_tool(
        name, source, (Example(question="a", answer="1"),), case, SOURCE.format(name=name, number=number, dies="pass")
    )


def arguments(number: int, what: str) -> dict[str, Json]:
    """What to call with, so that it comes to this."""
    return {"text": 7 if what == "refused" else f"the {number}th call of b2 and c3", "what": what}


def fault(number: int, what: str, result: dict[str, Json]) -> str | None:
    """What is wrong with a result; None: it is what was asked for, and nothing of an earlier call shows in it."""
    structure = result.get("structuredContent")
    if what == HEALTHY:
        due = {"result": {"words": 7, "calls": 1, "tool": number}}
        return None if structure == due else f"{structure!r}"[:300]
    wanted = next(sentence for name, _, sentence in FAILURES if name == what)
    said = str((structure or {}).get("error", structure))
    return None if result.get("isError") and wanted in said else said[:300]
