"""What `latm-mcp doctor` finds, as sections, and how they are shown to a person."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from latm_mcp.cli_screen import TEXT_WIDTH, write
from latm_mcp.outcomes import Json
from latm_mcp.text import one_line

DONE, BAD_INPUT, UNUSABLE = 0, 2, 3
MOST = 1000  # characters of one fact
SHORT = 30  # characters of an item that needs no line of its own
REINSTALL = "pip install --force-reinstall latm-mcp"
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(slots=True)
class Section:
    """Facts of one kind. problems: sentences that end in what to do; notes: what is worth knowing and breaks nothing.

    code: the exit code where there are problems. mends: the command that mends a problem, where it has one of its own; mend: of
    all others.
    """

    name: str
    facts: dict[str, Json] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    code: int = UNUSABLE
    mends: dict[str, str] = field(default_factory=dict)
    mend: str = REINSTALL

    def problem(self, sentence: str, command: str) -> None:
        """Add a problem with the command that mends it."""
        self.problems.append(sentence)
        self.mends[sentence] = command


def exit_code(sections: Sequence[Section]) -> int:
    """The worst of the sections' codes."""
    return max((section.code for section in sections if section.problems), default=DONE)


def as_json(sections: Sequence[Section]) -> dict[str, Json]:
    """All sections in one object, by name; first what a script wants to know."""
    head = {
        "well": exit_code(sections) == DONE,
        "problems": [problem for section in sections for problem in section.problems],
        "mend": [mend for section in sections for mend in _mends(section)],
        "notes": [note for section in sections for note in section.notes],
    }
    return head | {section.name: section.facts for section in sections}


def show(sections: Sequence[Section]) -> None:
    """All sections on standard output, then the problems and the notes, or that all is well."""
    for section in sections:
        write(_label(section.name).capitalize())
        for name, value in section.facts.items():
            _show_fact(name, value)
        write("")
    everything = as_json(sections)
    _show_list("Worth knowing", everything["notes"])
    _show_problems(everything["mend"])
    if everything["well"]:
        write("All is well.")


def size(count: int) -> str:
    """A number of bytes as people read it: "21.3 MiB"."""
    number, unit = float(count), 0
    while number >= 1024 and unit < len(UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return f"{number:.1f} {UNITS[unit]}" if unit else f"{count} {UNITS[0]}"


def _show_fact(name: str, value: Json) -> None:
    if isinstance(value, list) and all(isinstance(item, str) and len(item) <= SHORT for item in value):
        _line(f"{_label(name)}: {', '.join(value) or 'none'}", 2)
    elif isinstance(value, list):
        _line(f"{_label(name)}:", 2)
        for item in value:
            _line(_row(item), 4)
    elif isinstance(value, dict):
        counts = (f"{_value(each, part)} {_label(each)}" for each, part in value.items())
        _line(f"{_label(name)}: {', '.join(counts) or 'none'}", 2)
    else:
        _line(f"{_label(name.removesuffix('_bytes'))}: {_value(name, value)}", 2)


def _show_list(title: str, sentences: Sequence[str]) -> None:
    if sentences:
        write(f"{title}:")
        for sentence in sentences:
            _line(f"- {sentence}", 2)
        write("")


def _show_problems(mends: Sequence[dict[str, str]]) -> None:
    if mends:
        write("Problems:")
        for mend in mends:
            _line(f"- {mend['problem']}", 2)
            write(f"    {one_line(mend['command'], MOST)}")  # unbroken, so that it can be copied
        write("")


def _mends(section: Section) -> list[dict[str, Json]]:
    return [{"problem": problem, "command": section.mends.get(problem, section.mend)} for problem in section.problems]


def _row(item: Any) -> str:
    """One of a list of sentences, probes or variables."""
    match item:
        case {"enforces": enforces, "held": True}:
            return f"held: {enforces}"
        case {"enforces": enforces, "tried": tried, "came": came}:
            return f"NOT HELD: {enforces} (tried: {tried}; what came of it: {came})"
        case {"role": role, "model": model, "endpoint": endpoint, "reached": reached, "key": key, "price": price}:
            there = {True: ", has the model", False: ", does not list the model", None: ""}[item["model_is_there"]]
            return f"{role}: {model} at {endpoint}: {'reached' if reached else 'NOT REACHED'}{there}; key: {key}; price: {price}"
        case {"client": client, "means": means, "file": file}:
            return f"{client}: {means} ({file})"
        case {"name": name, "value": value, "source": source}:
            return f"{name}: {_value('', value)}" + ("" if value is None else f" ({source})")
    return f"- {item}"


def _value(name: str, value: Json) -> str:
    if name.endswith("_bytes") and isinstance(value, int):
        return size(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _label(name: str) -> str:
    return name.replace("_", " ")


def _line(text: str, indent: int) -> None:
    blanks = " " * indent
    write(
        textwrap.fill(
            one_line(text, MOST),
            TEXT_WIDTH,
            initial_indent=blanks,
            subsequent_indent=blanks + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
