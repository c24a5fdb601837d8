"""What goes out to clients: bounded, stripped, in text and as a structure; and the one place where errors become results."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mcp import types

from latm_mcp.errors import BadInput, LatmError
from latm_mcp.models import Tool
from latm_mcp.outcomes import Json, Outcome, Returned
from latm_mcp.text import FIXED_COMMANDS, one_line, safe, safe_json

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

MAX_RESULT_BYTES = 64 * 1024
MAX_SENTENCE = 2000
OUR_FAULT = (
    "Something went wrong inside latm-mcp; its log on stderr says what. Nothing that was kept is lost; try again."
)


class UnfitArguments(BadInput):
    """Arguments that do not fit a made tool's parameters, with their schema for the next attempt."""

    def __init__(self, sentence: str, schema: dict[str, Json]):
        super().__init__(sentence)
        self.schema = schema


async def honest(work: Callable[[], Awaitable[_Result]]) -> _Result | types.CallToolResult:
    """Run a command; the one place where our errors, and bugs, become results that say `isError`."""
    try:
        return await work()
    except UnfitArguments as error:
        schema = safe_json(error.schema)
        return failed(
            f"{str(error).rstrip('.')}. Its parameters: {json.dumps(schema, ensure_ascii=False)}",
            MAX_SENTENCE + MAX_RESULT_BYTES,
        )
    except LatmError as error:
        return failed(str(error))
    except BaseExceptionGroup as group:
        known, others = group.split(LatmError)
        if others is not None and not isinstance(others, Exception):
            raise
        return failed(str(first_of(known))) if known is not None and others is None else _bug(group)
    except Exception as error:  # noqa: BLE001 the top-level handler: a client gets a sentence, the log gets the rest
        return _bug(error)


def first_of(error: BaseException) -> BaseException:
    """The first error in a group of errors, however deep; an error that is no group is itself."""
    return first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _bug(error: BaseException) -> types.CallToolResult:
    logger.error("a command failed", exc_info=error)
    return failed(OUR_FAULT)


def failed(sentence: str, most: int = MAX_SENTENCE) -> types.CallToolResult:
    """An error as a result, so that the model reads it and can do better.

    In text alone: clients hold the structure of an error, too, against the output schema (Gemini CLI, OpenCode), and
    then show their model that it does not fit instead of what is wrong.
    """
    said = safe(sentence, most)
    if "_" not in (first := said.split(" ", 1)[0]) and first not in FIXED_COMMANDS:  # a name stays as it is
        said = said[:1].upper() + said[1:]
    return _result(said, None, is_error=True)


def done(text: str, structure: dict[str, Json], most: int = MAX_RESULT_BYTES) -> types.CallToolResult:
    """A result in text and as a structure. Raises: BadInput where it has more than `most` bytes."""
    clean = safe_json(structure)
    size = len(json.dumps(clean, ensure_ascii=False).encode())
    if size > most:
        raise BadInput(
            f"The result has {size} bytes, more than the {most} that may be returned: ask for less at a time."
        )
    return _result(safe(text, 2 * most), clean, is_error=False)


def value_text(value: Json) -> str:
    """A result for a reader: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(safe_json(value), ensure_ascii=False)


def returned(tool: Tool, outcome: Outcome) -> Json:
    """The value that made code came to. Raises: BadInput, with the sentence of any other end."""
    if isinstance(outcome, Returned):
        return outcome.value
    raise BadInput(f"The tool {tool.name!r} {one_line(outcome.sentence, 900)}")


def _result(text: str, structure: dict[str, Json] | None, *, is_error: bool) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(content=content, structured_content=structure, is_error=is_error)
