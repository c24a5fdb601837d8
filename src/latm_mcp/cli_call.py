"""`latm-mcp call NAME`: a tool's function with arguments, or its adapter with a question."""

import argparse
import json

import anyio

from latm_mcp.cli_arguments_scripts import ONLY_JSON
from latm_mcp.cli_screen import tell, write, write_json
from latm_mcp.compare import result_as_answer
from latm_mcp.errors import BadInput
from latm_mcp.latm import open_latm
from latm_mcp.latm_sentences import argument_faults
from latm_mcp.outcomes import Json, Outcome, OutOfMemory, OutputTooLarge, Returned, TimedOut, refused
from latm_mcp.settings import Settings
from latm_mcp.using.use import Answer

FAILED = 1


def call(options: argparse.Namespace, settings: Settings) -> int:
    """Print the result or the answer; 1 where the tool refuses the question or does not come to its end."""
    arguments, as_json = _given(options), options.json is not None
    got = anyio.run(_called, settings, options.name, arguments, options.question)
    if isinstance(got, Answer):
        body = {"tool": got.tool, "answer": got.answer, "arguments": got.arguments, "result": got.result}
        write_json(body) if as_json else write(got.answer)
        return 0
    if isinstance(got, Returned):
        write_json({"tool": options.name, "result": got.value}) if as_json else write(result_as_answer(got.value))
        return 0
    abstained = refused(got)
    if as_json:
        write_json({"tool": options.name, "abstained": abstained, "failure": got.sentence})
    tell(
        f"latm-mcp: {options.name!r} "
        + ("cannot read this question." if abstained else f"gave no answer: {got.sentence}")
    )
    if isinstance(got, TimedOut | OutOfMemory | OutputTooLarge):
        tell(f"`latm-mcp limits {options.name}` shows its limits, and sets others.")
    return FAILED


async def _called(
    settings: Settings, name: str, arguments: dict[str, Json] | None, question: str | None
) -> Answer | Outcome:
    async with open_latm(settings, progress=tell) as latm:
        if arguments is not None:
            tool = latm.live(name)
            if faults := argument_faults(tool.signature.parameters, arguments, "for a question use --question TEXT"):
                raise BadInput(f"{name!r} was not called. {faults} It is {tool.signature.text}.")
            return await latm.call(name, arguments)
        assert question is not None
        return await latm.answer(name, question)


def _given(options: argparse.Namespace) -> dict[str, Json] | None:
    """The arguments; None where a question was given. Raises: BadInput, for neither and for two at once."""
    with_json = options.json not in (None, ONLY_JSON)
    given = [options.json_arguments is not None, options.question is not None, with_json]
    if sum(given) > 1:
        raise BadInput(
            "The arguments stand behind --json already: leave out --json-arguments and --question, or write --json alone."
        )
    if not any(given):
        raise BadInput(
            f"Say what {options.name!r} is called with; usage: latm-mcp call {options.name} --json '{{...}}', or --question TEXT."
            f" `latm-mcp show {options.name}` shows its arguments."
        )
    if with_json:
        return _arguments(options.json, "--json")
    return None if options.json_arguments is None else _arguments(options.json_arguments, "--json-arguments")


def _arguments(text: str, option: str) -> dict[str, Json]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{option} is followed by no JSON ({error}): write an object such as '{{\"words\": []}}'."
        ) from None
    if not isinstance(value, dict):
        raise BadInput(f"{option} is followed by no JSON object: name each argument, as in '{{\"words\": []}}'.")
    return value
