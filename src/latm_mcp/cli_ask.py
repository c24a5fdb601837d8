"""`latm-mcp ask QUESTION`: the answer alone on standard output; how it came about, or how to go on, on standard error."""

import argparse
import sys

import anyio

from latm_mcp.cli_ask_words import LineOn, answer_words, line_on, next_words, provisional
from latm_mcp.cli_screen import tell, write, write_json
from latm_mcp.errors import BadInput, LatmError
from latm_mcp.latm import open_latm
from latm_mcp.latm_models import open_maker, open_models
from latm_mcp.latm_results import Dispatched
from latm_mcp.models import MAX_QUESTION_BYTES
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings
from latm_mcp.text import safe

STDIN = "-"
WITHIN_SECONDS = 300.0  # for models that are slow one after the other; each of their replies has a bound of its own
NOT_ANSWERED = 1


def ask(options: argparse.Namespace, settings: Settings) -> int:
    """Print the answer; 1 where there is none, with the tools that the question may be for."""
    question = _read() if options.question == STDIN else options.question
    asked = anyio.run(_asked, settings, question)
    lines = [line_on(one, question) for one in asked.candidates]
    if options.json:
        write_json(_as_json(asked, lines))
    elif asked.answer is not None:
        write(asked.answer.answer)
        tell(answer_words(asked.answer))
    else:
        tell(f"latm-mcp: {next_words(asked)}")
        for line in lines:
            _tell_line(line)
    return 0 if asked.answer is not None else NOT_ANSWERED


async def _asked(settings: Settings, question: str) -> Dispatched:
    async with (
        open_maker(settings.maker) as maker,
        open_models(settings) as models,
        open_latm(settings, maker, models, progress=tell) as latm,
    ):
        with anyio.move_on_after(WITHIN_SECONDS):
            return await latm.dispatch(question)
    raise LatmError(f"There was no answer within {WITHIN_SECONDS:g} s. Ask again; `latm-mcp doctor` tries the models.")


def _read() -> str:
    """The question on standard input, without the line break at its end. Raises: BadInput."""
    if sys.stdin is None:
        raise BadInput("There is no standard input to read the question from: give the question as an argument.")
    content = sys.stdin.buffer.read(2 * MAX_QUESTION_BYTES)  # what is too long is refused as such
    try:
        return content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        if error.start < MAX_QUESTION_BYTES:
            raise BadInput(f"The question on standard input is not UTF-8 (byte {error.start}).") from None
        return content.decode("utf-8", "replace")


def _tell_line(line: LineOn) -> None:
    tell(f"- {line.signature}{line.lacks_words} (verified: {line.evidence})")
    sys.stderr.write(f"  {safe(line.command, 1 << 18)}\n")  # as it is to be typed, with the question's own line breaks


def _as_json(asked: Dispatched, lines: list[LineOn]) -> Json:
    body: dict[str, Json] = {"outcome": asked.outcome, "answer": None, "how": None, "tool": None, "provisional": None}
    if (answer := asked.answer) is not None:
        body |= {"answer": answer.answer, "how": answer.how, "provisional": provisional(answer)}
        if answer.tool:
            body |= {"tool": answer.tool, "arguments": answer.arguments, "result": answer.result}
        return body | {"note": asked.note}
    if asked.cached is not None:
        cached = asked.cached
        body["waits"] = {"group": cached.group.id, "answered": cached.answered, "needed": cached.needed}
    candidates = [
        {"tool": line.tool, "signature": line.signature, "lacks": list(line.lacks), "call": list(line.words)}
        for line in lines
    ]
    return body | {"candidates": candidates, "next": next_words(asked), "note": asked.note}
