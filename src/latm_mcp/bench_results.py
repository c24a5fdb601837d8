"""What the bench has judged, kept as it happens: one JSON line for each unit, so that a rerun goes on where one stopped."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json

RESULTS = "results.jsonl"
FORMAT = 1

Key: TypeAlias = tuple[str | int, ...]
T = TypeVar("T")


class Results:
    """The judged units by key, in memory and, with a file, on disk before the next one begins."""

    def __init__(self, kept: dict[Key, Json], file: BinaryIO | None):
        self._kept, self._file = kept, file

    def get(self, *key: str | int) -> Json | None:
        """What was kept under this key; None where it was not judged yet."""
        return self._kept.get(key)

    def value(self, kind: type[T], *key: str | int) -> T | None:
        """What was kept under this key, as the frozen value that it was. Raises: BadInput, where it is none such."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        try:
            return TypeAdapter(kind).validate_python(kept)
        except ValidationError:
            what = " ".join(map(str, key))
            raise BadInput(f"{RESULTS!r} cannot be used: its {what!r} is broken. Name another --out folder.") from None

    def keep(self, value: Json, *key: str | int) -> None:
        """Keep a value that is not None under a key, once; the line is with the system when this returns."""
        if key in self._kept:
            return
        self._kept[key] = value
        if self._file is not None:
            line = json.dumps({"key": list(key), "value": value}, ensure_ascii=False, allow_nan=False)
            self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")
            self._file.flush()

    def same(self, value: Json, *key: str | int) -> None:
        """Hold a rerun to what the first run had. Raises: BadInput, where it differs."""
        kept = self.get(*key)
        if kept is not None and kept != value:
            what = " ".join(map(str, key))
            raise BadInput(
                f"This --out folder is of another bench ({what}: {kept!r} then, {value!r} now): name another folder, "
                "or run it as it was begun."
            )
        self.keep(value, *key)


@contextmanager
def open_results(folder: Path | None) -> Iterator[Results]:
    """The results in this folder, until the block ends; None: in memory alone.

    A last line that a crash cut off is dropped. Raises: BadInput, where the file cannot be read or is none of ours.
    """
    if folder is None:
        yield Results({}, None)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / RESULTS).open("a+b")
    except OSError as error:
        raise BadInput(f"{str(folder)!r} cannot be written: {error.strerror}. Name another --out folder.") from None
    with file:
        yield Results(_read(file), file)


def _read(file: BinaryIO) -> dict[Key, Json]:
    file.seek(0)
    text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        os.truncate(file.fileno(), len(whole))
    kept: dict[Key, Json] = {}
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            row = json.loads(line)
            kept[tuple(row["key"])] = row["value"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(f"Line {number} of {RESULTS!r} is none of the bench's: name another --out folder.") from None
    return kept
