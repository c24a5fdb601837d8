"""What `ask` says: how an answer came about, what to do where there is none, and the line to go on with."""

import json
import shlex
from dataclasses import dataclass

from latm_mcp.cli_words import listed_evidence
from latm_mcp.latm_found import Found
from latm_mcp.latm_results import Dispatched
from latm_mcp.outcomes import Json
from latm_mcp.text import one_line
from latm_mcp.using.use import Answer

ANSWERED = {
    "adapter": "{tool} read the question itself; it is verified for such questions",
    "tool and model": "{tool} computed it from arguments that a model read out of the question: check them",
    "strong model": "provisional: a strong model's answer, which nobody has confirmed",
    "person": "a person answered this very question before",
}


@dataclass(frozen=True, slots=True)
class LineOn:
    """A tool that a question may be for, and the command that puts it to the tool. words: the command's, as a shell would have them."""

    tool: str
    signature: str
    evidence: str
    lacks: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command as it is typed."""
        return shlex.join(self.words)

    @property
    def lacks_words(self) -> str:
        return f"; words that its examples never had: {', '.join(self.lacks)}" if self.lacks else ""


def answer_words(answer: Answer) -> str:
    """How an answer came about, on one line."""
    return ANSWERED[answer.how].format(tool=answer.tool)


def provisional(answer: Answer) -> bool:
    """Whether only a model says so: no tool computed it, and no person said it."""
    return not answer.tool and answer.how != "person"


def line_on(one: Found, question: str) -> LineOn:
    """How to go on with a candidate. One that is certain was asked and could not read this question: it wants its arguments."""
    row, lacks = one.row, tuple(one_line(word, 40) for word in one.candidate.lacks)
    if row.adapter and not one.candidate.certain:
        given = ["--question", question]
    else:
        given = ["--json", json.dumps(_template(row.parameters), ensure_ascii=False)]
    words = ("latm-mcp", "call", row.name, *given)
    return LineOn(row.name, one_line(row.signature_text, 300), listed_evidence(row), lacks, words)


def next_words(asked: Dispatched) -> str:
    """What a question without an answer is, and what happens next."""
    note = f" ({one_line(asked.note, 300)})" if asked.note else ""
    if asked.outcome == "use":
        keeps = " It is kept, so that the tool learns to." if asked.cached is not None else ""
        return f"no answer: it is a question for this tool, which does not read it by itself.{keeps} Call it:{note}"
    if asked.outcome == "ask":
        return f"no answer: it is like the questions of these tools, but not certainly one. If one fits, call it:{note}"
    if asked.cached is None:
        return (
            "no answer: no tool is for this kind of question. Make one from worked examples: latm-mcp make FILE. With"
            f" LATM_QUEUE=on such questions are kept, and become tools.{note}"
        )
    return f"no answer: no tool is for this kind of question. {_kept(asked)}{note}"


def _kept(asked: Dispatched) -> str:
    cached = asked.cached
    assert cached is not None
    group = f"`latm-mcp queue show {cached.group.id}`"
    if asked.job:
        return f"Enough of its kind are answered: an MCP client writes the tool by make_tool with `job` {asked.job!r}."
    if cached.group.tool is not None:
        return f"It waits for the next version of {cached.group.tool}; {group} shows what else does."
    if cached.answered >= cached.needed:
        return f"Enough of its kind are answered: a server makes the tool, or `latm-mcp queue make {cached.group.id}`."
    return (
        f"It is kept: {cached.answered} of {cached.needed} of its kind are answered, then a tool is made. {group} shows them,"
        " and `latm-mcp queue answer` takes the answer."
    )


def _template(parameters: dict[str, Json]) -> dict[str, Json]:
    """Arguments of the right form, to be written over."""
    return {name: _value(schema) for name, schema in parameters.get("properties", {}).items()}


def _value(schema: Json) -> Json:
    if "anyOf" in schema:
        return _value(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_value(schema.get("items", {}))]
    if schema.get("type") == "object":
        return {}
    return {"integer": 0, "number": 0.5, "boolean": True, "null": None}.get(schema.get("type", ""), "...")
