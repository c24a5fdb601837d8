"""What `python tests/peers` last wrote, which is kept: it is of the pinned versions, and nothing in it is wrong or unexplained."""

import re
from pathlib import Path

import pytest
from peers.conformance import REQUIRED, explained
from peers.places import NODE, VENVS

KEPT = Path(__file__).parent / "peers" / "output"
PARTS = ("summary", "inspector", "conformance", "python_clients")


def kept(part: str) -> str:
    return (KEPT / f"{part}.txt").read_text(encoding="utf-8")


def test_it_is_of_the_pinned_versions():
    for name, version in NODE.items():
        assert f"{name} {version}" in kept("summary")
    clients = [pin for pins in VENVS.values() for pin in pins if not pin.startswith("mcp==")]
    assert len(clients) == 4
    for pin in clients:
        name, version = re.sub(r"\[.*\]", "", pin).split("==")
        assert f"{name} {version}" in kept("summary")


@pytest.mark.parametrize("part", PARTS)
def test_nothing_in_it_went_wrong(part: str):
    assert re.search(r"\b(FAIL|NOT TRUE)\b", kept(part)) is None
    for right, of in re.findall(r"(\d+) of (\d+) (?:runs|sessions|applicable)", kept(part)):
        assert right == of


def test_what_is_not_applicable_is_explained():
    left_out = set(re.findall(r"^  n/a +(\S+)", kept("conformance"), re.MULTILINE))
    assert left_out == set(explained())
    assert [f"{revision}: " in kept("summary") for revision in REQUIRED] == [True, True]


@pytest.mark.parametrize("part", PARTS)
def test_it_names_no_place_on_a_machine(part: str):
    assert re.search(r"(^|[\s\"'])/(home|tmp|root|work|usr|Users)/", kept(part)) is None
