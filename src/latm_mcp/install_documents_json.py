"""JSON, and JSON with comments, edited in place: only the characters of one entry are written, all others stay.

Comments and trailing commas are blanked out to the same length, so that the standard library reads the rest, and says where
each value begins and ends.
"""

import json
import re
from dataclasses import dataclass
from itertools import pairwise

from latm_mcp.install_documents import Entry, Under
from latm_mcp.outcomes import Json

_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    start: int  # of the name
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Object:
    start: int
    end: int  # behind its brace
    members: tuple[_Member, ...]

    def member(self, name: str) -> _Member | None:
        """The last of that name, which is the one that holds."""
        return next((member for member in reversed(self.members) if member.name == name), None)


@dataclass(frozen=True, slots=True)
class JsonEditor:
    """comments: whether comments and trailing commas are read; a client that has none could not read the file itself."""

    comments: bool

    def parse(self, text: str) -> Json:
        """All of it as plain values."""
        plain = self._plain(text)
        return json.loads(plain) if plain.strip() else {}

    def put(self, text: str, under: Under, name: str, entry: Entry) -> str:
        """The text with this entry; of one that is there, only the fields that differ are written."""
        if not self._plain(text).strip():
            nested: Json = {name: entry}
            for part in reversed(under):
                nested = {part: nested}
            begun = f"{text}\n" if text.strip() and not text.endswith("\n") else text  # a comment without a line's end
            return begun + json.dumps(nested, ensure_ascii=False, indent=2) + "\n"
        path: tuple[str, ...] = (*under, name)
        depth, value = self._deepest(text, path)
        if depth < len(path):
            for part in reversed(path[depth + 1 :]):
                entry = {part: entry}
            return self._inserted(text, value, path[depth], entry)
        for field, wanted in entry.items():
            text = self._field(text, path, field, wanted)
        return text

    def take(self, text: str, under: Under, name: str) -> str:
        """The text without this entry, the lines of it, and the comma that it needed."""
        _, found = self._deepest(text, under)
        masked = self._uncommented(text)
        while member := found.member(name):
            text = _taken(text, masked, found, member)
            masked = self._uncommented(text)
            _, found = self._deepest(text, under)
        return text

    def _field(self, text: str, path: Under, field: str, wanted: Json) -> str:
        _, found = self._deepest(text, path)
        member = found.member(field)
        if member is None:
            return self._inserted(text, found, field, wanted)
        if json.loads(self._plain(text)[member.value : member.end]) == wanted:
            return text
        new = _written(text, wanted, _indent_at(text, member.start), "\n" in text[found.start : found.end])
        return text[: member.value] + new + text[member.end :]

    def _deepest(self, text: str, path: Under) -> tuple[int, _Object]:
        """How far this path leads, and the object there. Raises: ValueError where something else than an object is."""
        plain = self._plain(text)
        found, depth = _object(plain, _skip(plain, 0)), 0
        for part in path:
            member = found.member(part)
            if member is None:
                break
            if plain[member.value] != "{":
                raise ValueError(f"{part!r} in it is no object: correct it first")
            found, depth = _object(plain, member.value), depth + 1
        return depth, found

    def _inserted(self, text: str, found: _Object, name: str, value: Json) -> str:
        masked = self._uncommented(text)
        lines = "\n" in text[found.start : found.end] or not found.members
        outer = _indent_at(text, found.start)
        indent = _indent_at(text, found.members[-1].start) if found.members and lines else outer + _unit(text)
        new = f"{json.dumps(name, ensure_ascii=False)}: {_written(text, value, indent, lines)}"
        if not found.members:
            rest = text[found.start + 1 : found.end - 1].rstrip()  # comments alone
            return f"{text[: found.start + 1]}{rest}\n{indent}{new}\n{outer}{text[found.end - 1 :]}"
        end = found.members[-1].end
        comma = _skip(masked, end)
        trailing = masked[comma] == ","
        if not lines:
            return f"{text[:end]}, {new}{text[end:]}"
        place = comma + 1 if trailing else end
        said = re.compile(r"[ \t]*(?=\n)").match(masked, place)  # a comment on the same line belongs to the last member
        line = said.end() if said else place
        return f"{text[:end]}{'' if trailing else ','}{text[end:line]}\n{indent}{new}{',' if trailing else ''}{text[line:]}"

    def _uncommented(self, text: str) -> str:
        return _COMMENT.sub(_blank, text) if self.comments else text

    def _plain(self, text: str) -> str:
        """Strict JSON of the same length, each value in its place."""
        return _COMMA.sub(_blank, self._uncommented(text)) if self.comments else text


def _blank(match: re.Match[str]) -> str:
    return match[1] or re.sub(r"[^\n]", " ", match[0])


def _object(plain: str, start: int) -> _Object:
    """The object that begins here, in JSON that has been read once and is right."""
    decode = json.JSONDecoder().raw_decode
    members = []
    at = _skip(plain, start + 1)
    while plain[at] != "}":
        begin = at
        name, at = decode(plain, at)
        value = _skip(plain, plain.index(":", at) + 1)
        _, end = decode(plain, value)
        members.append(_Member(name, begin, value, end))
        at = _skip(plain, end)
        if plain[at] == ",":
            at = _skip(plain, at + 1)
    return _Object(start, at + 1, tuple(members))


def _skip(text: str, at: int) -> int:
    """Where the blanks that begin here end."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _indent_at(text: str, at: int) -> str:
    """The blanks that the line of this place begins with."""
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """What the file indents by: the least that any line does."""
    indents = sorted(set(re.findall(r'^([ \t]+)"', text, re.MULTILINE)), key=len)
    steps = [b.removeprefix(a) for a, b in pairwise(("", *indents)) if b.startswith(a)]
    return min(steps, key=len, default="  ")


def _written(text: str, value: Json, indent: str, lines: bool) -> str:
    if not lines:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=_unit(text)).replace("\n", f"\n{indent}")


def _taken(text: str, masked: str, found: _Object, member: _Member) -> str:
    number = found.members.index(member)
    following = _skip(masked, member.end)
    end = following + 1 if masked[following] == "," else member.end
    start = text.rfind("\n", 0, member.start) + 1
    alone = re.compile(r"[ \t]*\n").match(masked, end)
    if text[start : member.start].strip() or not alone:  # something else is on its line
        if member is not found.members[-1]:
            return text[: member.start] + text[found.members[number + 1].start :]
        return (
            text[: found.members[number - 1].end] + text[member.end :] if number else text[: member.start] + text[end:]
        )
    end = alone.end()
    if number and masked[following] != ",":  # the last: the one before it needs no comma more
        before = found.members[number - 1].end
        comma = masked.index(",", before)
        text, start, end = text[:comma] + text[comma + 1 :], start - 1, end - 1
    return _closed(text[:start] + text[end:], found.start if len(found.members) == 1 else None)


def _closed(text: str, start: int | None) -> str:
    """An object with nothing left in it, as `{}`."""
    return text if start is None else text[:start] + re.sub(r"\{\s*\}", "{}", text[start:], count=1)
