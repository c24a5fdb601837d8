"""YAML, edited in place: ruamel.yaml says where the lines of each entry are, and writes the new ones."""

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError, YAMLWarning
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from latm_mcp.install_documents import Entry, Under
from latm_mcp.outcomes import Json

NAME = "name"  # of an entry in a list


class YamlEditor:
    """listed: whether the entries are a list, each with its name in it, instead of a mapping by name."""

    def __init__(self, listed: bool = False):
        self.listed = listed

    def parse(self, text: str) -> Json:
        """All of it as plain values."""
        try:
            with _unwarned():
                value = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from error
        return {} if value is None else value

    def put(self, text: str, under: Under, name: str, entry: Entry) -> str:
        """The text with this entry; one of this name is written anew."""
        [key] = under
        self.parse(text)
        place = _value(_root(text), key)
        if place is not None and self._child(place, name):
            text = self.take(text, under, name)
            place = _value(_root(text), key)
        if place is None:
            return _ended(text) + _block({key: self._one(name, entry)}, 0, self.listed)
        if not _is_empty(place) and not isinstance(place, SequenceNode if self.listed else MappingNode):
            raise ValueError(f"{key!r} in it is no {'list' if self.listed else 'mapping'}: correct it first")
        if _is_empty(place):
            return self._filled(text, key, place, {key: self._one(name, entry)})
        if _in_line(place):
            return self._in_flow(text, place, name, entry)
        lines = _lines(text)
        at = _last_line(place, lines) + 1
        lines[at - 1] = _ended(lines[at - 1])
        return "".join((*lines[:at], _block(self._one(name, entry), place.start_mark.column, self.listed), *lines[at:]))

    def take(self, text: str, under: Under, name: str) -> str:
        """The text without this entry, with an empty collection where it was the only one."""
        [key] = under
        place = _value(_root(text), key)
        child = self._child(place, name) if place is not None else None
        if place is None or child is None or _in_line(place):
            raise ValueError("its entries are written on one line: take it out by hand")
        lines = _lines(text)
        first, last = child[0].start_mark.line, _last_line(child[1], lines)
        if len(place.value) == 1:
            line = _key_line(_root(text), key)
            lines[line] = f"{lines[line].rstrip()} {'[]' if self.listed else '{}'}\n"
        return "".join((*lines[:first], *lines[last + 1 :]))

    def _one(self, name: str, entry: Entry) -> Json:
        return [entry] if self.listed else {name: entry}

    def _child(self, place: Node, name: str) -> tuple[Node, Node] | None:
        """The node that an entry begins with, and the one that it ends with."""
        if self.listed and isinstance(place, SequenceNode):
            for item in place.value:
                said = _value(item, NAME)
                if isinstance(said, ScalarNode) and said.value == name:
                    return item, item
        if not self.listed and isinstance(place, MappingNode):
            return next(((key, value) for key, value in place.value if key.value == name), None)
        return None

    def _filled(self, text: str, key: str, place: Node, value: Json) -> str:
        """In the place of nothing, or of an empty collection."""
        lines = _lines(text)
        at = _key_line(_root(text), key)
        block = _block(value, 0, self.listed).split("\n", 1)[1]
        if place.start_mark.index < place.end_mark.index:  # {} or []
            line = place.start_mark.line
            lines[line] = lines[line][: place.start_mark.column].rstrip() + lines[line][place.end_mark.column :]
        lines[at] = _ended(lines[at])
        return "".join((*lines[: at + 1], block, *lines[at + 1 :]))

    def _in_flow(self, text: str, place: Node, name: str, entry: Entry) -> str:
        end = (place.value[-1] if self.listed else place.value[-1][1]).end_mark.index
        new = json.dumps(self._one(name, entry), ensure_ascii=False)[1:-1]
        return f"{text[:end]}, {new}{text[end:]}"


def _lines(text: str) -> list[str]:
    """As YAML counts them, by line feeds alone."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


@contextmanager
def _unwarned() -> Iterator[None]:
    """An anchor that is used twice is for its owner to know of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", YAMLWarning)
        yield


def _root(text: str) -> Node | None:
    with _unwarned():
        root = YAML(pure=True).compose(text)
    return root if isinstance(root, Node) else None


def _value(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _key_line(root: Node | None, key: str) -> int:
    assert isinstance(root, MappingNode)
    return int(next(name.start_mark.line for name, _ in root.value if name.value == key))


def _is_empty(node: Node) -> bool:
    return not node.value or (isinstance(node, ScalarNode) and node.value in ("~", "null"))


def _in_line(node: Node) -> bool:
    """Whether a collection is written in brackets."""
    return isinstance(node, MappingNode | SequenceNode) and bool(node.flow_style)


def _last_line(node: Node, lines: list[str]) -> int:
    """The last line that has anything of a value on it: what ruamel.yaml says is behind blank lines and comments that follow."""
    if isinstance(node, MappingNode) and not _in_line(node) and node.value:
        return max(_last_line(part, lines) for part in node.value[-1])
    if isinstance(node, SequenceNode) and not _in_line(node) and node.value:
        return _last_line(node.value[-1], lines)
    text = isinstance(node, ScalarNode) and node.style in ("|", ">")  # in which a # begins no comment
    line: int = min(int(node.end_mark.line) - (node.end_mark.column == 0), len(lines) - 1)
    while line and (not lines[line].strip() or (not text and lines[line].lstrip().startswith("#"))):
        line -= 1
    return line


def _block(value: Json, column: int, listed: bool) -> str:
    yaml = YAML(pure=True)
    yaml.default_flow_style = False
    yaml.width = 1 << 20
    if listed:
        yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(value, out)
    text = out.getvalue()
    if listed and isinstance(value, list):
        text = "".join(line.removeprefix("  ") for line in text.splitlines(keepends=True))
    return "".join(f"{' ' * column}{line}" for line in text.splitlines(keepends=True))


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
