"""From a row to what the tool is asked, and from what came of it to fields of the row's answer."""

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType

import jsonschema

from latm_mcp.cli_run_rows import Row, read_json
from latm_mcp.errors import BadInput
from latm_mcp.latm_sentences import asked_question
from latm_mcp.models import Tool
from latm_mcp.outcomes import (
    AnswerQuestion,
    CallFunction,
    Died,
    Json,
    Limits,
    NotJsonable,
    Outcome,
    OutOfMemory,
    OutputTooLarge,
    Raised,
    Request,
    Returned,
    TimedOut,
    refused,
)

QUESTIONS = ("question", "input")  # fields that hold one
ABSTAINED, BAD_ROW, BAD_INPUT = "abstained", "bad-row", "bad-input"
KINDS: Mapping[type, str] = MappingProxyType(
    {
        Raised: "raised",
        TimedOut: "timed-out",
        OutOfMemory: "out-of-memory",
        OutputTooLarge: "output-too-large",
        NotJsonable: "not-json",
        Died: "died",
    }
)
_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_KINDS = {"integer": "whole number", "number": "number", "boolean": "true or false", "null": "empty cell"}


class Asked:
    """What one tool is asked by rows. texts: whether their values are a CSV's cells, and read by the parameters' types."""

    def __init__(self, tool: Tool, limits: Limits, *, texts: bool):
        self._tool, self._most, self._texts = tool, limits.argument_bytes, texts
        schema = tool.signature.parameters
        self._schemas: dict[str, Json] = schema.get("properties", {})
        self._required: list[str] = schema.get("required", [])
        self._check = jsonschema.Draft202012Validator(schema)

    def request(self, row: Row) -> Request:
        """The question of a row, or else its arguments; fields that are neither are the row's own. Raises: BadInput."""
        fields, tool = row.fields, self._tool
        name = next((name for name in QUESTIONS if name not in self._schemas and fields.get(name)), None)
        if name is not None and tool.adapter:
            if not isinstance(fields[name], str):
                raise BadInput(f"The field {name!r} is no text: write the question in quotes.")
            return AnswerQuestion(asked_question(fields[name]))
        arguments = {key: fields[key] for key in self._schemas if key in fields}
        if not arguments and (name is not None or self._schemas):
            raise BadInput(self._neither(name))
        if self._texts:
            arguments = self._typed(arguments)
        return CallFunction(self._fitting(arguments))

    def _neither(self, question: str | None) -> str:
        text = self._tool.signature.text
        if question is not None:
            return f"{self._tool.name!r} cannot read questions by itself: give its arguments, {text}."
        wanted = "a field 'question', or " if self._tool.adapter else ""
        return f"The row has nothing for {self._tool.name!r}: it wants {wanted}its arguments as fields, {text}."

    def _typed(self, cells: Mapping[str, str]) -> dict[str, Json]:
        """Cells by their parameters' types; an empty one that may be left out is."""
        arguments = {}
        for name, text in cells.items():
            if text == "" and name not in self._required:
                continue
            try:
                arguments[name] = value_of(self._schemas[name], text)
            except ValueError as error:
                raise BadInput(f"The cell {name!r} is {text[:80]!r}, which is no {error}.") from None
        return arguments

    def _fitting(self, arguments: dict[str, Json]) -> dict[str, Json]:
        try:
            size = len(json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode())
        except UnicodeEncodeError:
            raise BadInput(
                "The arguments are no Unicode text: one has half a surrogate pair, such as \\ud800."
            ) from None
        except (ValueError, RecursionError):
            raise BadInput("The arguments are no JSON values that can be written, or nest too deep.") from None
        if size > self._most:
            raise BadInput(f"The arguments are {size} bytes of JSON, more than {self._most}.")
        error = next(self._check.iter_errors(arguments), None)
        if error is not None:
            where = "".join(f"[{part!r}]" for part in error.absolute_path)
            raise BadInput(f"The arguments{where} do not fit {self._tool.signature.text}: {error.message[:300]}")
        return arguments


def value_of(schema: Json, text: str) -> Json:
    """A CSV cell as a value of this type. Raises: ValueError, naming the type."""
    if "anyOf" in schema:
        return _any_of(schema["anyOf"], text)
    if "enum" in schema:
        for member in schema["enum"]:
            if text == (member if isinstance(member, str) else json.dumps(member)):
                return member
        raise ValueError(f"one of {', '.join(map(repr, schema['enum'][:20]))}")
    kind = schema.get("type")
    if kind == "string":
        return text
    if kind in ("array", "object"):
        return _parsed(text, kind)
    return _scalar(str(kind), text.strip())


def _any_of(members: list[Json], text: str) -> Json:
    """The first type that fits; text last, since every cell is one."""
    for member in sorted(members, key=lambda one: one.get("type") == "string" and "enum" not in one):
        try:
            return value_of(member, text)
        except ValueError:
            continue
    raise ValueError("value of any of its types")


def _parsed(text: str, kind: str) -> Json:
    said = "JSON list" if kind == "array" else "JSON object"
    try:
        value = read_json(text)
    except ValueError:
        raise ValueError(said) from None
    if not isinstance(value, list if kind == "array" else dict):
        raise ValueError(said)
    return value


def _scalar(kind: str, text: str) -> Json:
    if kind == "integer" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        number = int(text) if _WHOLE.fullmatch(text) else float(text)
        if isinstance(number, int) or math.isfinite(number):  # a long whole number is no float at all
            return number
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "null" and text in ("", "null"):
        return None
    raise ValueError(_KINDS.get(kind, kind))


def answered(request: Request, outcome: Outcome) -> dict[str, Json]:
    """The fields that a row gets: `answer` or `result`, or `error` with `error_kind`."""
    if not isinstance(outcome, Returned):
        return failed(ABSTAINED if refused(outcome) else KINDS[type(outcome)], outcome.sentence)
    if isinstance(request, AnswerQuestion):
        return {"answer": outcome.value["answer"]}
    return {"result": outcome.value}


def failed(kind: str, sentence: str) -> dict[str, Json]:
    """The fields of a row without an answer."""
    return {"error": sentence, "error_kind": kind}
