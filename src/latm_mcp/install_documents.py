"""Other programs' configuration files: read, given one entry more, changed or less, all else byte for byte as it was.

A file is text with perhaps a byte order mark, and its own line breaks. What an editor made is read again and compared
with what was meant: an edit that would change anything else is refused, never written.
"""

import codecs
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json

Format: TypeAlias = Literal["json", "jsonc", "toml", "yaml", "yaml-list"]  # the last: entries in a list
Under: TypeAlias = tuple[str, ...]  # the names that lead to the entries
Entry: TypeAlias = dict[str, Json]


class Unusable(BadInput):
    """A file that is left alone, since it cannot be read or edited; the message says why."""


class Editor(Protocol):
    """One format, over text whose lines end in a line feed. Each raises ValueError, with a sentence, where it cannot."""

    def parse(self, text: str) -> Json:
        """All of it as plain values; an empty text is an empty mapping."""
        ...

    def put(self, text: str, under: Under, name: str, entry: Entry) -> str:
        """The text with this entry: a new one, or in the place of the one of this name."""
        ...

    def take(self, text: str, under: Under, name: str) -> str:
        """The text without this entry, which is there."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration file as found. under: what leads to its entries."""

    editor: Editor
    under: Under
    content: bytes

    def entries(self) -> dict[str, Entry]:
        """The servers that it names; what is none of ours to understand is left out. Raises: Unusable."""
        text, _, _ = _decode(self.content)
        return _entries(_parsed(self.editor, text), self.under)

    def put(self, name: str, entry: Entry) -> bytes:
        """The file's new content. Raises: Unusable."""
        return self._edited(name, entry)

    def take(self, name: str) -> bytes:
        """The file's content without the entry, which is there. Raises: Unusable."""
        return self._edited(name, None)

    def _edited(self, name: str, entry: Entry | None) -> bytes:
        text, mark, lines = _decode(self.content)
        before = _parsed(self.editor, text)
        try:
            edited = self._edit(text, name, entry)
        except ValueError as error:
            raise Unusable(str(error)) from error
        if not self._as_meant(before, edited, name, entry):
            raise Unusable("it is written in a way that cannot be edited without changing something else")
        return mark + edited.replace("\n", lines).encode()

    def _as_meant(self, before: Json, edited: str, name: str, entry: Entry | None) -> bool:
        try:
            return _only_changed(before, _parsed(self.editor, edited), self.under, (name, entry))
        except (Unusable, RecursionError):  # YAML may hold itself
            return False

    def _edit(self, text: str, name: str, entry: Entry | None) -> str:
        if entry is None:
            return self.editor.take(text, self.under, name)
        return self.editor.put(text, self.under, name, entry)


def _decode(content: bytes) -> tuple[str, bytes, str]:
    """The text with plain line feeds, the byte order mark, and what its lines end in. Raises: Unusable."""
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        text = content[len(mark) :].decode()
    except UnicodeDecodeError as error:
        raise Unusable(f"it is not UTF-8 text: {error}") from error
    plain = text.replace("\r\n", "\n")
    if "\r\n" in text and plain.replace("\n", "\r\n") != text:
        raise Unusable("its lines end in two ways, CRLF and LF: let an editor make them alike first")
    return plain, mark, "\r\n" if "\r\n" in text else "\n"


def _parsed(editor: Editor, text: str) -> Json:
    try:
        value = editor.parse(text)
    except RecursionError as error:
        raise Unusable("it is nested too deeply") from error
    except ValueError as error:
        raise Unusable(f"it cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise Unusable("it cannot be read: it holds no mapping of names to values")
    return value


def _entries(value: Json, under: Under) -> dict[str, Entry]:
    for part in under:
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):  # of entries that have their names in them
        value = {
            entry["name"]: entry for entry in value if isinstance(entry, dict) and isinstance(entry.get("name"), str)
        }
    if not isinstance(value, dict):
        return {}
    return {name: entry for name, entry in value.items() if isinstance(name, str) and isinstance(entry, dict)}


def _only_changed(before: Json, after: Json, under: Under, change: tuple[str, Entry | None]) -> bool:
    """Whether nothing but this entry has changed, and what leads to it where it was not there."""
    name, entry = change
    left, right = _entries(before, under), _entries(after, under)
    left.pop(name, None)
    same = left == {key: value for key, value in right.items() if key != name}
    return same and right.get(name) == entry and _without(before, under) == _without(after, under)


def _without(value: Json, under: Under) -> Json:
    """All but what stands under these names, nor those names where nothing else is in them."""
    if not isinstance(value, dict):
        return value
    first, *rest = under
    kept = {key: other for key, other in value.items() if key != first}
    inner = _without(value.get(first), tuple(rest)) if rest else None
    return kept | {first: inner} if inner else kept
