"""The fixed commands' arguments: parsed once, here, and refused in words that a model can act on."""

import json
from collections.abc import Collection, Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from latm_mcp.errors import BadInput
from latm_mcp.models import Draft, Example
from latm_mcp.outcomes import Json
from latm_mcp.text import one_line

# What each argument must be, by its last name; all others are text.
_FORMS = {
    "examples": "a list of {question, answer}",
    "draft": "an object: {source}, or {source, calls}",
    "calls": "a list of {question, arguments_json}",
    "arguments": "an object that names each argument",
    "force": "true or false",
    "right": "true or false",
}


def _read_json(value: object) -> object:
    """Some clients send lists and objects as JSON text: take that too."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True)


class _Pair(_Arguments):
    question: str
    answer: str


class MakeArguments(_Arguments):
    """What make_tool takes; which of it goes together is `server_making`'s to say."""

    examples: Annotated[tuple[_Pair, ...] | None, BeforeValidator(_read_json)] = None
    description: str = ""
    name: str = ""
    job: str = ""
    draft: Annotated[Draft | None, BeforeValidator(_read_json)] = None
    force: bool = False

    def pairs(self) -> tuple[Example, ...]:
        """The examples, provisional: a client's model said so."""
        return tuple(Example(question=pair.question, answer=pair.answer) for pair in self.examples or ())


class DispatchArguments(_Arguments):
    """What dispatch takes."""

    question: str


class ReportArguments(_Arguments):
    """What report_result takes."""

    question: str
    answer: str | None = None
    right: bool | None = None
    tool: str | None = None


class CallArguments(_Arguments):
    """What call_tool takes: a name, and either arguments or a question."""

    name: str
    arguments: Annotated[dict[str, Json] | None, BeforeValidator(_read_json)] = None
    question: str | None = None


_Read = TypeVar("_Read", bound=BaseModel)
# Gemini CLI adds it to every tool's parameters, tells its model to set it, and hands it on to the server.
WAITING = "wait_for_previous"


def own(arguments: dict[str, Json], parameters: Collection[str]) -> dict[str, Json]:
    """The arguments without what a client added for itself, unless it is among these parameters."""
    return {name: value for name, value in arguments.items() if name != WAITING or name in parameters}


def read_arguments(kind: type[_Read], command: str, arguments: dict[str, Json] | None) -> _Read:
    """A command's arguments as a value. Raises: BadInput: all that is missing and unknown, or the first of a wrong form."""
    try:
        return kind.model_validate(own(arguments or {}, kind.model_fields))
    except ValidationError as error:
        said = _faults(command, error.errors(include_url=False, include_input=False))
        raise BadInput(f"{said} {command} takes {', '.join(kind.model_fields)}.") from None


def _faults(command: str, found: Sequence[ErrorDetails]) -> str:
    missing = [_quoted(fault) for fault in found if fault["type"] == "missing" and len(fault["loc"]) == 1]
    unknown = [_quoted(fault) for fault in found if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1]
    parts = [f"needs {' and '.join(missing)}"] if missing else []
    if unknown:
        parts.append(f"does not know {one_line(', '.join(unknown), 300)}")
    return f"{command} {' and '.join(parts)}." if parts else _form(found[0])


def _form(fault: ErrorDetails) -> str:
    """One argument that has not the form it must have."""
    where, last = _quoted(fault), fault["loc"][-1] if fault["loc"] else ""
    match fault["type"]:
        case "missing":
            return f"{where} is missing."
        case "extra_forbidden":
            return f"{where} is not known."
        case "string_unicode":
            return f"{where} has half a surrogate pair: remove it."
    if isinstance(last, int):
        of = _FORMS.get(str(fault["loc"][-2]), "").removeprefix("a list of ")
        return f"{where} must be {of}."
    return f"{where} must be {_FORMS.get(last, 'text')}."


def _quoted(fault: ErrorDetails) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
    return repr(one_line("".join(parts).lstrip("."), 100))
