"""docs/clients.md says of every client what the program says of it."""

import re
from pathlib import Path

import pytest
from configured import NAMES, client

PAGE = (Path(__file__).parent.parent / "docs/clients.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([^\n]*)\n\n(.*?)(?=^### |\Z)", PAGE, re.M | re.S))
TABLE = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, re.M))


@pytest.mark.parametrize("name", NAMES)
def test_each_client_has_its_section_with_its_file_and_what_moves_it(name: str):
    one = client(name)
    section = SECTIONS[one.title]
    assert section.startswith(f"`--client {name}`.")
    for text in {text.rpartition("/")[2] for places in one.files.values() for text in places}:
        assert text in section
    for variable in re.findall(r"\{(\w+)\}", "".join(one.moved)):
        assert variable.startswith("FLATPAK") or variable in section
    assert one.under[0] in section


@pytest.mark.parametrize("name", NAMES)
def test_the_table_says_when_a_new_tool_shows_up_as_the_program_does(name: str):
    assert TABLE[client(name).title].startswith(client(name).shows)


def test_there_are_no_others():
    assert set(SECTIONS) == {client(name).title for name in NAMES} | {"Any other"}
