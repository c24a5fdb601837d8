"""Reading a file of worked examples: JSON, JSON lines or CSV, UTF-8 strictly. A data file's examples are confirmed."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latm_mcp.errors import BadInput, Oversized
from latm_mcp.models import MAX_EXAMPLES, Example
from latm_mcp.outcomes import Json

MAX_FILE_BYTES = 96 * 1024 * 1024  # a thousand examples, each of the largest size
PAIRS = (("question", "answer"), ("input", "target"))
FORMS = 'rows of {"question", "answer"} or {"input", "target"}'


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file asks for; name and description may be empty."""

    examples: tuple[Example, ...]
    name: str = ""
    description: str = ""


def read_wanted(path: Path) -> Wanted:
    """Read a file of examples, whichever of the forms it has. Raises: BadInput, naming the file and the row."""
    text = _text(path)
    if path.suffix.lower() == ".csv":
        return Wanted(_examples(path, _csv_rows(path, text)))
    try:
        return _from_json(path, json.loads(text))
    except RecursionError:
        raise BadInput(f"{path.name!r} nests too deep to be a file of examples: give {FORMS}.") from None
    except json.JSONDecodeError as error:
        rows = _json_lines(path, text)
        if rows is None:
            raise BadInput(f"{path.name!r} is neither JSON nor JSON lines ({error}); name a CSV file '.csv'.") from None
        return Wanted(_examples(path, rows))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{str(path)!r} cannot be read: {error.strerror or error}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise Oversized(f"{path.name!r} is larger than {MAX_FILE_BYTES} bytes: give fewer examples at a time.")
    try:
        return content.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name!r} is not UTF-8 (byte {error.start}): save it as UTF-8.") from None


def _from_json(path: Path, value: Json) -> Wanted:
    if isinstance(value, list):
        return Wanted(_examples(path, value))
    if isinstance(value, dict) and isinstance(value.get("examples"), list):
        texts = {key: value.get(key, "") for key in ("name", "description")}
        for key, text in texts.items():
            if not isinstance(text, str):
                raise BadInput(f"{path.name!r} has a {key} that is no text: write it in quotes, or leave it out.")
        return Wanted(_examples(path, value["examples"]), **texts)
    if isinstance(value, dict) and any(set(pair) <= set(value) for pair in PAIRS):
        return Wanted(_examples(path, [value]))  # JSON lines of one line
    raise BadInput(f'{path.name!r} holds no examples: give {{"examples": [...]}} or a list, with {FORMS}.')


def _json_lines(path: Path, text: str) -> list[Json] | None:
    """The lines' values; None where the first line is no JSON value on its own."""
    rows: list[Json] = []
    for number, line in enumerate(text.split("\n"), 1):  # not splitlines: JSON strings may hold U+2028
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except (json.JSONDecodeError, RecursionError):
            if not rows:
                return None
            raise BadInput(f"{path.name!r}, line {number}, is no JSON: give one example a line.") from None
    return rows


def _csv_rows(path: Path, text: str) -> list[Json]:
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise BadInput(f"{path.name!r} is no CSV that can be read ({error}): quote texts that hold commas.") from None
    return [dict(row) for row in rows]


def _examples(path: Path, rows: Sequence[Json]) -> tuple[Example, ...]:
    if len(rows) > MAX_EXAMPLES:
        raise Oversized(f"{path.name!r} holds {len(rows)} examples, more than {MAX_EXAMPLES}: give fewer at a time.")
    return tuple(example_of(row, f"{path.name!r}, example {number},") for number, row in enumerate(rows, 1))


def example_of(row: Json, where: str) -> Example:
    """One row as a confirmed example; whole numbers count as their text. where: names it in the message.

    Raises: BadInput.
    """
    if isinstance(row, dict):
        for question, answer in PAIRS:
            if question in row and answer in row:
                texts = [str(value) if type(value) is int else value for value in (row[question], row[answer])]
                if not all(isinstance(text, str) for text in texts):
                    raise BadInput(f"{where} has a {question} or {answer} that is no text: write it in quotes.")
                return Example(question=texts[0], answer=texts[1], standing="confirmed")
    raise BadInput(f"{where} has no question and answer: give {FORMS}.")
