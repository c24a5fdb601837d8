"""The rows that `run` reads: JSON lines or CSV, one after the other, however many there are.

What is wrong with a row is in its fault and stops nothing; what is wrong with the whole file is raised.
"""

import csv
import hashlib
import json
import math
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json

JSON_LINES, CSV = (".jsonl", ".ndjson"), (".csv",)
MAX_ROW = 16 << 20  # bytes: what is longer is an error row, and not kept in memory
DIGEST = 16  # hex digits
DEPTH = 100  # lists and objects within one another: what a tool may return has no more
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class OutOfBounds(ValueError):
    """A JSON value that cannot go on from here, though it is one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row. place: from 1; digest: of its text; at: bytes of the file up to its end; fault: why it cannot be read, or empty."""

    place: int
    digest: str
    fields: dict[str, Json]
    at: int
    fault: str = ""


def is_csv(path: Path) -> bool:
    """Whether a file is CSV by its ending, or else JSON lines. Raises: BadInput, for another ending."""
    ending = path.suffix.lower()
    if ending not in JSON_LINES + CSV:
        raise BadInput(f"{path.name!r} ends in neither .jsonl nor .csv: name it by what it holds, JSON lines or CSV.")
    return ending in CSV


class Rows:
    """An open file of rows. columns: the header's names, of a CSV; size: bytes."""

    def __init__(self, path: Path, file: IO[bytes], size: int):
        self.path, self.size, self.csv = path, size, is_csv(path)
        self._lines = _Lines(file, path)
        self._reader: Any = None
        self.columns: list[str] = []
        if self.csv:
            self._head()

    def __iter__(self) -> Iterator[Row]:
        """The rows from here on; blank lines are none."""
        lines = self._lines
        for place, (fields, fault) in enumerate(self._csv_rows() if self.csv else self._json_rows(), 1):
            yield Row(place, lines.taken(), fields, lines.at, lines.fault or fault)

    def _json_rows(self) -> Iterator[tuple[dict[str, Json], str]]:
        for line in self._lines:
            if not line.strip() and not self._lines.fault:
                self._lines.taken()
                continue
            yield _object(line) if not self._lines.fault else ({}, "")
            self._lines.fault = ""

    def _head(self) -> None:
        first = next(self._lines, "")
        self._reader = csv.reader(self._again(first), delimiter=_delimiter(first), strict=True)
        csv.field_size_limit(MAX_ROW)
        try:
            header: list[str] = next(self._reader, [])
        except csv.Error as error:
            raise BadInput(f"{self.path.name!r} has a header that is no CSV ({error}): save it as CSV again.") from None
        self.columns = [name.strip() or f"column_{number}" for number, name in enumerate(header, 1)]
        double = next((name for name in self.columns if self.columns.count(name) > 1), None)
        if double is not None:
            raise BadInput(f"{self.path.name!r} has two columns {double[:80]!r}: give each a name of its own.")
        if self._lines.fault:
            raise BadInput(f"The header of {self.path.name!r} {self._lines.fault}.")
        self._lines.begin(self._lines.taken())  # a cell means what its column's name says

    def _again(self, first: str) -> Iterator[str]:
        if first:
            yield first
        yield from self._lines

    def _csv_rows(self) -> Iterator[tuple[dict[str, Json], str]]:
        while True:
            fault = ""
            csv.field_size_limit(MAX_ROW)  # each time: it is one for all readers, and records may be longer
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:  # the next line begins a new row
                cells, fault = [], f"is no CSV ({error}): quote texts that hold commas, quotes or line breaks"
            if not cells and not fault and not self._lines.fault:
                self._lines.taken()
                continue
            if len(cells) > len(self.columns):
                fault = (
                    f"has {len(cells)} cells, and the header names {len(self.columns)}: quote texts that hold commas"
                )
            yield dict(zip(self.columns, cells, strict=False)), fault
            self._lines.fault = ""


@contextmanager
def open_rows(path: Path) -> Iterator[Rows]:
    """A file of rows, open until the block ends. Raises: BadInput."""
    is_csv(path)
    try:
        told = path.stat()
        if not stat.S_ISREG(told.st_mode):  # to open a pipe would wait for its other end
            raise BadInput(f"{str(path)!r} is no plain file: a run that is gone on with reads it again.")
        file = path.open("rb")
    except OSError as error:
        raise BadInput(f"{str(path)!r} cannot be read: {error.strerror or error}.") from None
    with file:
        yield Rows(path, file, told.st_size)


class _Lines:
    """The file's lines as text. fault: what is wrong with those that were read since it was last emptied."""

    def __init__(self, file: IO[bytes], path: Path):
        self._file, self.at, self.fault = file, 0, ""
        self.begin("")
        start = file.read(3)
        if start[:2] in _UTF16:
            raise BadInput(f"{path.name!r} is UTF-16: save it as UTF-8.")
        file.seek(3 if start == _BOM else 0)

    def begin(self, seed: str) -> None:
        """Begin the next lines' digest, and each that follows, with this text."""
        self._seed = seed.encode()
        self._hash = hashlib.sha256(self._seed)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_ROW)
        if not line:
            raise StopIteration
        self._take(line)
        if len(line) >= MAX_ROW and not line.endswith(b"\n"):
            self._skip()
            return ""
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.fault = f"is not UTF-8 (byte {error.start} of a line): save the file as UTF-8"
            return line.decode("utf-8", "backslashreplace")

    def taken(self) -> str:
        """The digest of the lines since it was last asked for, whatever their line breaks."""
        digest = self._hash.hexdigest()[:DIGEST]
        self._hash = hashlib.sha256(self._seed)
        return digest

    def _take(self, line: bytes) -> None:
        self.at += len(line)
        self._hash.update(line.rstrip(b"\r\n"))
        self._hash.update(b"\n")

    def _skip(self) -> None:
        self.fault = f"is longer than {MAX_ROW} bytes"
        while (more := self._file.readline(1 << 20)) and not more.endswith(b"\n"):
            self._take(more)
        self._take(more)


def read_json(text: str) -> Json:
    """A JSON value that can be written again, wherever: Python reads deeper ones than it writes, and 1e999 as infinity.

    Raises: OutOfBounds, for such a value; ValueError, where the text is no JSON.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise OutOfBounds("nests too deep") from None
    if text.count("[") + text.count("{") > DEPTH and _deeper(value):
        raise OutOfBounds(f"nests too deep: {DEPTH} lists and objects may be within one another")
    return value


def _deeper(value: Json) -> bool:
    """Whether a value has more than so many levels."""
    level: list[Json] = [value]
    for _ in range(DEPTH):
        level = [inner for one in level for inner in _within(one)]
    return any(isinstance(one, list | dict) for one in level)


def _within(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(line: str) -> tuple[dict[str, Json], str]:
    try:
        value = read_json(line)
    except OutOfBounds as error:
        return {}, str(error)
    except ValueError as error:
        return {}, f"is no JSON ({error})"
    return (value, "") if isinstance(value, dict) else ({}, 'is no JSON object: write one such as {"question": "..."}')


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise OutOfBounds(f"holds {digits[:40]}, a larger number than there is here")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is none of its values")


def _delimiter(header: str) -> str:
    """A comma; or what spreadsheets write instead of it, where the header has none."""
    return next((mark for mark in (",", ";", "\t") if mark in header), ",")
