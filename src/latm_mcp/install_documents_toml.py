"""TOML, edited in place: a new entry is a table at the end, and of one that is there only what differs is written."""

import re
import tomllib
from collections.abc import MutableMapping

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from latm_mcp.install_documents import Entry, Under
from latm_mcp.outcomes import Json


class TomlEditor:
    """tomlkit for what is changed inside; text for what comes and goes whole, so that the rest stays byte for byte."""

    def parse(self, text: str) -> Json:
        """All of it as plain values."""
        return tomllib.loads(text)

    def put(self, text: str, under: Under, name: str, entry: Entry) -> str:
        """The text with this entry."""
        if not _table(self.parse(text), (*under, name)):
            added = _apart(text) + tomlkit.dumps(_nested((*under, name), entry))
            return added if _reads(added) else self._set(text, under, name, entry)
        return self._set(text, under, name, entry)

    def take(self, text: str, under: Under, name: str) -> str:
        """The text without this entry."""
        wanted = self.parse(text)
        del _table(wanted, under)[name]
        lines = _without_tables(text, (*under, name))
        if _reads(lines) and _same(self.parse(lines), wanted, under):
            return lines
        document = _read(text)
        del _table(document, under)[name]
        return tomlkit.dumps(document)

    def _set(self, text: str, under: Under, name: str, entry: Entry) -> str:
        document = _read(text)
        place: MutableMapping[str, Json] = document
        for part in (*under, name):
            inside = tomlkit.inline_table() if isinstance(place, InlineTable) else tomlkit.table(part != name)
            place = place.setdefault(part, inside)
            if not isinstance(place, MutableMapping):
                raise ValueError(f"{part!r} in it is no table: correct it first")
        found = _table(self.parse(text), (*under, name))
        _bring_to(place, found, entry)
        return tomlkit.dumps(document)


def _bring_to(place: MutableMapping[str, Json], found: MutableMapping[str, Json], wanted: Entry) -> None:
    """What is wanted, in the place of what is found; of a table only what differs, since comments are in it and behind it."""
    for field, value in wanted.items():
        there = found.get(field)
        if isinstance(value, dict) and isinstance(there, MutableMapping) and there.keys() <= value.keys():
            _bring_to(place[field], there, value)
        elif field not in found or there != value:
            place[field] = value


def _read(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from error


def _reads(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _same(left: Json, right: Json, under: Under) -> bool:
    """The same but for an empty table at the place of the entries."""
    if not _table(left, under) and not _table(right, under):
        return {**left, under[0]: None} == {**right, under[0]: None}
    return bool(left == right)


def _table(value: Json, path: Under) -> MutableMapping[str, Json]:
    for part in path:
        value = value.get(part) if isinstance(value, MutableMapping) else None
    return value if isinstance(value, MutableMapping) else {}


def _nested(path: Under, entry: Entry) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    place: MutableMapping[str, Json] = document
    for part in path[:-1]:
        place[part] = tomlkit.table(True)
        place = place[part]
    place[path[-1]] = entry
    return document


def _apart(text: str) -> str:
    """The text with a blank line at its end, if there is any."""
    if not text.strip():
        return text
    return text + ("" if text.endswith("\n") else "\n") + "\n"


def _without_tables(text: str, path: Under) -> str:
    """The text without the tables of this name and below, and a blank line before them: right where no string has such lines."""
    kept: list[str] = []
    between: list[str] = []  # blank lines and comments in it, which belong to what follows
    inside = False
    for line in text.splitlines(keepends=True):
        if header := re.match(r"\s*\[\[?\s*([^\[\]]+?)\s*\]", line):
            parts = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            was, inside = inside, parts[: len(path)] == path
            if inside and not was and kept and not kept[-1].strip():
                kept.pop()
            kept += between if was and not inside else []
            between = []
        if not inside:
            kept.append(line)
        elif not line.strip() or line.lstrip().startswith("#"):
            between.append(line)
        else:
            between = []
    return "".join((*kept, *(between if any(line.strip() for line in between) else ())))
