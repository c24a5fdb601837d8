"""The files of a recording: what stands in them, and reading and writing them exactly.

    recording.json            the task, the model, and which exchanges there were
    examples.jsonl            the task's examples, in the order given
    01-propose-1.system.md    what was newly said to the maker at this turn, a file for each message
    01-propose-1.request.md
    01-propose-1.reply.md     what it replied

One file for each text: nothing that a model writes can be taken for the end of it. UTF-8, byte for byte.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, ValidationError

from latm_mcp.errors import StaleRecording
from latm_mcp.models import Comparison, Example, Stage, Usage, Word

INDEX = "recording.json"
EXAMPLES = "examples.jsonl"
MAX_FILE_BYTES = 96 * 1024 * 1024  # a thousand examples, each of the largest size
RECORD_AGAIN = "record it again, or restore it from where it came"

Role: TypeAlias = Literal["system", "user", "assistant"]
SUFFIXES: dict[Role, str] = {"system": "system", "user": "request", "assistant": "assistant"}


class Exchange(Word):
    """One turn. asked: the roles of the messages in its files; continues: they follow all that was said before."""

    stage: Stage
    attempt: int
    usage: Usage
    asked: tuple[Role, ...]
    continues: bool

    def files(self, number: int) -> Iterator[tuple[Role, str]]:
        """Role and file name of each message asked; a second one of its role gets `-2`."""
        for place, role in enumerate(self.asked):
            again = self.asked[:place].count(role) + 1
            yield role, f"{self._stem(number)}.{SUFFIXES[role]}{'' if again == 1 else f'-{again}'}.md"

    def reply_file(self, number: int) -> str:
        """The file name of the reply; number: 1 for the first exchange."""
        return f"{self._stem(number)}.reply.md"

    def _stem(self, number: int) -> str:
        return f"{number:02}-{self.stage}-{self.attempt}"


class Index(Word):
    """`recording.json`. recorded: the day, UTC; estimated: some usage was not counted by the server."""

    format: Literal[1] = 1
    task: str
    description: str
    comparison: Comparison
    author_saw_all: bool = False
    model: str
    recorded: str
    estimated: bool = False
    exchanges: tuple[Exchange, ...] = Field(default=(), max_length=999)


def read_text(folder: Path, name: str) -> str:
    """One file's text, exactly. Raises: StaleRecording where it is missing, a link, too large or not UTF-8."""
    path = folder / name
    if path.is_symlink():  # a link could make a reply of any file of the reader's
        raise broken(folder, name, "is a link")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise broken(folder, name, f"cannot be read ({error.strerror})") from None
    if len(content) > MAX_FILE_BYTES:
        raise broken(folder, name, f"is larger than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise broken(folder, name, f"is not UTF-8 (byte {error.start})") from None


def write_text(folder: Path, name: str, text: str) -> None:
    """Write one file whole or not at all, as UTF-8 with the line ends that the text has."""
    temporary = folder / f".{name}.tmp"
    try:
        temporary.write_bytes(text.encode("utf-8"))
        os.replace(temporary, folder / name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_index(folder: Path) -> Index:
    """`recording.json` as a value. Raises: StaleRecording."""
    text = read_text(folder, INDEX)
    try:
        return Index.model_validate_json(text)
    except ValidationError as error:
        raise broken(folder, INDEX, f"cannot be used: {_first(error)}") from None


def write_index(folder: Path, index: Index) -> None:
    """Write `recording.json`, for people too: indented, characters as they are."""
    write_text(folder, INDEX, json.dumps(index.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The examples, in the order given. Raises: StaleRecording."""
    # Not `splitlines`: an example may hold U+2028, which JSON leaves as it is.
    rows = read_text(folder, EXAMPLES).removesuffix("\n").split("\n")
    return tuple(_example(folder, number, row) for number, row in enumerate(rows, 1))


def write_examples(folder: Path, examples: tuple[Example, ...]) -> None:
    """Write the examples, one JSON object a line."""
    rows = [json.dumps(example.model_dump(mode="json"), ensure_ascii=False) + "\n" for example in examples]
    write_text(folder, EXAMPLES, "".join(rows))


def broken(folder: Path, name: str, what: str) -> StaleRecording:
    """The error for a file that cannot be used."""
    return StaleRecording(f"The recording {folder.name!r} cannot be replayed: its {name!r} {what}; {RECORD_AGAIN}.")


def _example(folder: Path, number: int, row: str) -> Example:
    try:
        return Example.model_validate_json(row)
    except ValidationError as error:
        raise broken(folder, EXAMPLES, f"cannot be used: line {number}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
