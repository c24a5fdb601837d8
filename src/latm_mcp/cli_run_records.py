"""The records that `run` writes: a row's own fields, its answer or error, and a mark by which the row is known again.

The mark comes first, so that the torn beginning of a record of ours is told from anybody else's file.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from latm_mcp.cli_run_rows import Row
from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json

MARK = "latm"
OURS = ("answer", "result", "error", "error_kind")
OWN = "given_"  # goes before a row's own field of one of these names
MOST = 256 << 20  # bytes of one record: a row and the largest result
VERSION = 12  # hex digits
_QUOTED = "\r\n"  # a cell with one of these is put in quotes, without which a reader refuses the row
_MARK = re.compile(r"([0-9]{1,15}) ([0-9a-f]{16}) ([a-z][a-z0-9_]{0,39})@([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is there. kind: of its error, or empty; tool: name and version; end: where it ends in the file."""

    place: int
    digest: str
    tool: str
    kind: str
    record: bytes
    end: int


def tool_mark(name: str, version: str) -> str:
    """A tool's version as marks have it."""
    return f"{name}@{version.removeprefix('sha256:')[:VERSION]}"


class Form:
    """JSON lines or CSV. columns: the fields of all rows, for a CSV's header; None: JSON lines."""

    def __init__(self, columns: Iterable[str] | None):
        self._own = None if columns is None else renamed(columns)
        names = [] if self._own is None else [MARK, *self._own.values(), *OURS]
        self._columns = names
        self.head = b"" if self._own is None else _csv_line(names)

    @property
    def start(self) -> bytes:
        """What each file of ours begins with, so far as there is any of it."""
        return self.head or f'{{"{MARK}": "'.encode()

    def record(self, row: Row, tool: str, ours: Mapping[str, Json]) -> bytes:
        """One row with what came of it."""
        mark = f"{row.place} {row.digest} {tool}"
        if self._own is None:
            names = renamed(row.fields)
            return _json_line({MARK: mark, **{names[key]: value for key, value in row.fields.items()}, **ours})
        cells = [row.fields.get(key, "") for key in self._own]
        return _csv_line([mark, *cells, *(ours.get(key, "") for key in OURS)])

    def kept(self, file: IO[bytes], name: str) -> Iterator[Kept]:
        """The records of an open file, without a torn one at its end. name: the file's, for messages. Raises: BadInput."""
        start = file.read(len(self.start))
        if self.head and start != self.head and len(start) == len(self.head):
            raise _foreign(name, "another header")
        if not self.start.startswith(start):
            raise _foreign(name, "another beginning")
        if len(start) < len(self.start):
            return  # torn, or empty
        file.seek(len(self.head))
        end = len(self.head)
        for fields, record in self._csv_records(file) if self.head else _json_records(file):
            end += len(record)
            found = _MARK.fullmatch(str(fields.get(MARK, "")))
            if found is None or not record.endswith(b"\n"):
                if file.read(1):
                    raise _foreign(name, f"a record without a mark, {end} bytes from its beginning")
                return
            kind = str(fields.get("error_kind", ""))
            yield Kept(int(found[1]), found[2], f"{found[3]}@{found[4]}", kind, record, end)

    def _csv_records(self, file: IO[bytes]) -> Iterator[tuple[dict[str, Json], bytes]]:
        taken: list[bytes] = []

        def lines() -> Iterator[str]:
            while line := file.readline(MOST):
                taken.append(line)
                yield line.decode("utf-8", "replace")

        reader = csv.reader(lines(), strict=True)
        while True:
            csv.field_size_limit(MOST)  # each time: it is one for all readers
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:  # a text that has no end
                cells = []
            whole = dict(zip(self._columns, cells, strict=True)) if len(cells) == len(self._columns) else {}
            yield whole, b"".join(taken)
            taken.clear()


def renamed(names: Iterable[str]) -> dict[str, str]:
    """A row's own fields by what they are called in its record: those that have our names get another."""
    there = list(names)
    taken = {MARK, *OURS, *there}
    new = {}
    for name in there:
        called = name
        while called in (MARK, *OURS) or (called != name and called in taken):
            called = OWN + called
        taken.add(called)
        new[name] = called
    return new


def columns_of(path: Path, rows: Iterable[Row], most: int = 1000) -> list[str]:
    """All fields that rows of JSON lines have, for a CSV's header. Raises: BadInput, where there are too many."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row.fields)
        if len(names) > most:
            raise BadInput(
                f"The rows of {path.name!r} have more than {most} fields between them: write to a .jsonl file."
            )
    return list(names)


def _json_records(file: IO[bytes]) -> Iterator[tuple[dict[str, Json], bytes]]:
    while line := file.readline(MOST):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = {}
        yield value if isinstance(value, dict) else {}, line


def _json_line(value: dict[str, Json]) -> bytes:
    try:
        return (json.dumps(value, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell
        return (json.dumps(value) + "\n").encode()


def _csv_line(cells: list[Json]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=_QUOTED).writerow([_cell(cell) for cell in cells])
    return (text.getvalue().removesuffix(_QUOTED) + "\n").encode("utf-8", "backslashreplace")


def _cell(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _foreign(name: str, what: str) -> BadInput:
    return BadInput(
        f"{name!r} is there, and is not what such a run would have written (it has {what}): nothing was changed."
        " Name another file with --out."
    )
