"""The scripted model: it makes a tool from six examples, uses it in the same conversation, and says what it answered.

At first it gives a single example, as models do, and has to be told what is wrong. A tool that is there already it uses at once.
"""

import json
import re

from scripted import SORT_EXAMPLES, sort_words

from real_clients.turns import Call, Move, Say, Shown

TOOL = "sort_words"
MOST = 16  # calls in one conversation: far more than it needs
WORDS = ["wolf", "cat", "bear"]
ANSWER = "bear cat wolf"
EXAMPLES = [{"question": question, "answer": answer} for question, answer in SORT_EXAMPLES[:6]]
STATUS = re.compile(r"\b(draft_needed|running|published|fits|failed)\b")
JOB = re.compile(r'"job": ?"([^"]+)"|\(job ([^)]+)\)')
REFUSAL = "give at least 2"  # of the sentence that says what is wrong with one example
RESULT = re.compile(r'\[\s*"\w+"(?:,\s*"\w+")*\s*\]')


def next_move(shown: Shown) -> Move:
    """What the model does next; it remembers nothing, since the conversation holds all that it did."""
    if len(shown.done) >= MOST:
        return Say(f"This leads nowhere: {shown.done[-1]}")
    made = shown.results("make_tool")
    if len(made) < 2:
        if not made and (shown.find(TOOL) or shown.find_deferred(TOOL)):
            return _use(shown)
        request = {"name": TOOL, "description": "Sort words alphabetically"}
        return _call(shown, "make_tool", {**request, "examples": EXAMPLES if made else EXAMPLES[:1]})
    status, job = standing(made[-1])
    if status == "draft_needed" and len(made) == 2:
        return _call(shown, "make_tool", {"job": job, "draft": {"source": sort_words(TOOL)}})
    if status == "running" and len(made) < 10:
        return _call(shown, "make_tool", {"job": job})
    if status != "published":
        return Say(f"The tool was not made: {made[-1]}")
    return _use(shown)


def standing(result: str) -> tuple[str, str]:
    """The status and the job of a result of make_tool, in text or as a structure; empty where they are not said."""
    plain = _plain(result)
    status, job = STATUS.search(plain), JOB.search(plain)
    return status.group(1) if status else "", (job.group(1) or job.group(2)) if job else ""


def _use(shown: Shown) -> Move:
    """By the tool's own name where the client offers it by now, else by call_tool; then its answer, as the client gave it."""
    used = shown.results(TOOL) or shown.results("call_tool")
    if used:
        found = RESULT.search(_plain(used[-1]))
        return Say(" ".join(json.loads(found.group(0))) if found else f"The tool gave no answer: {used[-1]}")
    if shown.find(TOOL) or shown.find_deferred(TOOL):
        return _call(shown, TOOL, {"words": WORDS})
    return _call(shown, "call_tool", {"name": TOOL, "arguments": {"words": WORDS}})


def _plain(result: str) -> str:
    """Some clients hand a structure on as JSON within JSON."""
    return result.replace("\\n", "\n").replace("\\", "")


def _call(shown: Shown, command: str, arguments: dict[str, object]) -> Move:
    if name := shown.find(command):
        return Call(name, arguments)
    if name := shown.find_deferred(command):
        return Call(shown.search, {"query": f"select:{name}"})
    if shown.late and shown.search:
        return Call(shown.search, {"query": command})
    return Say(f"There is no tool {command!r} here.")
