"""What was spent and saved, from a library's own records: by hand-computed numbers, as tables, as JSON, as a picture."""

import argparse
import json
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import anyio
import pytest
from test_uses import somebody_writes

from latm_mcp import cli_arguments_stats, cli_stats
from latm_mcp.cli_stats import points_of
from latm_mcp.errors import BadInput, StoreBusy
from latm_mcp.latm_uses import MOST_ASKED, Uses, counted
from latm_mcp.models import Usage
from latm_mcp.settings import Settings
from latm_mcp.stats import MOST_POINTS, Account, Point, curve, stats_of
from latm_mcp.store import Asked, Store, open_store
from latm_mcp.store_nouns import Role

START = 1_000_000.0
STRONG = Asked("new", "strong model", None, tokens=500, usd=0.01, instead_usd=0.01)
NEW = Asked("new", None, None)
ADAPTER = Asked("answered", "adapter", "a", instead_usd=0.01)
LIGHT = Asked("answered", "tool and model", "a", tokens=80, usd=0.005, instead_usd=0.01)
TEN = [STRONG, NEW, STRONG, *[ADAPTER] * 5, LIGHT, LIGHT]


class Clock:
    now = START

    def __call__(self) -> float:
        return self.now


def fill(store: Store, clock: Clock) -> None:
    """Ten questions, one a second; the tool `a` is made after the third, and another making came to nothing before."""

    def spend(role: Role, usd: float, tool: str | None = None) -> None:
        usage = Usage(tokens_in=round(usd * 1000), tokens_out=1, replies=1)
        store.add_usage(role=role, model="m", usage=usage, tool=tool, job=None, usd=usd)

    spend("maker", 0.1, "lost")
    for number, row in enumerate(TEN, 1):
        clock.now += 1
        if row.how == "strong model":
            spend("fallback", row.usd)
        if row.how == "tool and model":
            spend("user", row.usd, "a")
        store.keep_asked([row])
        if number == 3:
            clock.now += 0.5
            spend("maker", 0.3, "a")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    clock = Clock()
    with open_store(home, clock) as store:
        fill(store, clock)
        yield store


def said(home: Path, *arguments: str) -> int:
    """Run `latm-mcp stats` with these arguments."""
    parsers = argparse.ArgumentParser().add_subparsers()
    cli_arguments_stats.add(lambda name, does: parsers.add_parser(name, help=does))
    return cli_stats.stats(parsers.choices["stats"].parse_args(arguments), Settings(home=home, cache=home))


# The figures


def test_the_figures_are_those_computed_by_hand(store: Store):
    found = stats_of(store.asked(), store.usage())
    assert (found.questions, found.answered, found.without_model) == (10, 9, 0.5)
    assert found.usd == pytest.approx(0.43)
    assert found.making_usd == pytest.approx(0.40)
    assert found.instead_usd == pytest.approx(0.09)
    assert found.saved == pytest.approx(-0.34)
    ways = {way.way: (way.questions, way.tokens, round(way.usd, 6)) for way in found.ways}
    assert ways == {
        "adapter": (5, 0, 0),
        "tool and model": (2, 160, 0.01),
        "strong model": (2, 1000, 0.02),
        "not answered: new": (1, 0, 0),
    }


def test_a_tool_breaks_even_where_what_its_answers_saved_has_paid_for_its_making(store: Store):
    found = stats_of(store.asked(), store.usage())
    a, lost = found.tools
    # Seven answers have saved 0.07 - 0.01; 0.30 are saved at the 35th. With the making that came to nothing, 0.40 at the 47th.
    assert (a.tool, a.answered, a.break_even, a.reached) == ("a", 7, 35, False)
    assert (lost.tool, lost.making_usd, lost.answered, lost.break_even) == ("lost", 0.1, 0, None)
    assert (found.overall.break_even, found.overall.answered) == (47, 7)


@pytest.mark.parametrize(
    ("making", "answered", "usd", "instead", "break_even", "reached"),
    [
        (0.30, 30, 0.0, 0.30, 30, True),
        (0.30, 29, 0.0, 0.29, 30, False),
        (0.0, 0, 0.0, 0.0, 0, True),
        (0.30, 10, 0.2, 0.1, None, False),  # a light model that costs more than the strong one
        (0.30, 0, 0.0, 0.0, None, False),
    ],
)
def test_break_even(making: float, answered: int, usd: float, instead: float, break_even: int | None, reached: bool):
    account = Account("a", making, answered, usd, instead)
    assert (account.break_even, account.reached) == (break_even, reached)


def test_the_curve_has_the_makings_where_they_happened(store: Store):
    unit, points = points_of(store, store.asked(), 0.0)
    assert unit == "USD"
    assert [point.question for point in points] == list(range(1, 11))
    spent = [0.11, 0.11, 0.12, 0.42, 0.42, 0.42, 0.42, 0.42, 0.425, 0.43]
    assert [point.spent for point in points] == pytest.approx(spent)
    assert [point.instead for point in points] == pytest.approx([0.01, 0.01, *[0.01 * n for n in range(2, 10)]])
    assert [point.labelled for point in points] == [1, 2, *[3] * 8]


def test_where_nothing_has_a_price_the_curve_counts_tokens(tmp_path: Path):
    with open_store(tmp_path, clock := Clock()) as store:
        store.add_usage(role="maker", model="m", usage=Usage(tokens_in=900, tokens_out=100), tool="a", job=None)
        clock.now += 1
        store.keep_asked([Asked("new", "strong model", None, tokens=200), Asked("answered", "adapter", "a")])
        assert points_of(store, store.asked(), 0.0) == ("tokens", [Point(1, 1000, 200, 1), Point(2, 1000, 400, 1)])


def test_a_long_curve_is_thinned_and_keeps_its_end():
    points = curve([ADAPTER] * 9_999, lambda at: 0.0, lambda row: 1.0)
    assert len(points) <= MOST_POINTS + 2
    assert (points[0].question, points[-1].question, points[-1].instead) == (1, 9_999, 9_999)


# The command


def test_the_tables_say_what_was_spent_and_saved(home: Path, store: Store, capsys: pytest.CaptureFixture[str]):
    assert said(home) == 0
    shown = capsys.readouterr().out
    words = " ".join(shown.split())
    for line in (
        "adapter 5 50% 0 0 0.05",
        "tool and model 2 20% 160 0.01 0.02",
        "a 0.3 7 0.0014 0.01 -0.24 35",
        "lost 0.1 0 -0.1 not used",
        "fallback m 2 20 2 0.02",
        "10 questions, 50.0% of them answered without a model. Spent: 0.43 USD, of it 0.4 on making tools.",
        "would have cost 0.09 USD (estimated): 0.34 USD more was spent.",
        "paid for after 47 questions that tools answer, of which 7 are asked.",
    ):
        assert line in words
    assert max(map(len, shown.split("\n"))) <= 80


def test_json_has_all_figures(home: Path, store: Store, capsys: pytest.CaptureFixture[str]):
    assert said(home, "--json") == 0
    body = json.loads(capsys.readouterr().out)
    found = stats_of(store.asked(), store.usage())
    assert body["overall"] == asdict(found.overall) | {
        "saving": found.overall.saving,
        "break_even": 47,
        "reached": False,
    }
    assert body["questions"] == 10
    assert len(body["spent"]) == 4


def test_only_the_last_days_are_counted_where_that_is_asked(
    home: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    with open_store(home) as now:
        now.keep_asked([ADAPTER])
    assert said(home, "--since", "1", "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["questions"], body["usd"], body["without_model"]) == (1, 0, 1.0)


def test_an_empty_library_says_that_nothing_is_recorded(home: Path, capsys: pytest.CaptureFixture[str]):
    assert said(home) == 0
    assert capsys.readouterr().out == "Nothing is recorded yet: no question was dispatched and no model was paid.\n"


@pytest.mark.parametrize("days", ["0", "-1", "nan", "soon"])
def test_since_takes_days_above_0(home: Path, days: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        said(home, f"--since={days}")
    assert "is no number of days above 0" in capsys.readouterr().err


# The picture


def test_the_picture_is_an_image_with_titles_and_units(home: Path, store: Store, tmp_path: Path):
    pytest.importorskip("matplotlib")
    assert said(home, "--picture", str(tmp_path / "curve.png")) == 0
    assert said(home, "--picture", str(tmp_path / "curve.svg")) == 0
    png = (tmp_path / "curve.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n")
    assert len(png) > 20_000
    drawing = ElementTree.parse(tmp_path / "curve.svg").getroot()
    text = " ".join(drawing.itertext())
    for words in ("cumulated cost (USD)", "questions asked (number)", "cumulated answers (number)", "with tools"):
        assert words in text
    assert "#0072b2" in (tmp_path / "curve.svg").read_text()


@pytest.mark.parametrize(
    ("file", "refusal"), [("curve.txt", "end it in .svg or .png"), ("missing/curve.svg", "There is no folder")]
)
def test_a_picture_that_cannot_be_written_is_refused(home: Path, store: Store, tmp_path: Path, file: str, refusal: str):
    pytest.importorskip("matplotlib")
    with pytest.raises(BadInput, match=refusal):
        said(home, "--picture", str(tmp_path / file))


def test_without_matplotlib_it_is_said_what_to_install(
    home: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(BadInput, match=r"pip install 'latm-mcp\[plots\]'"):
        said(home, "--picture", str(tmp_path / "curve.svg"))
    assert said(home) == 0  # the tables need none


def test_there_is_no_picture_of_nothing(home: Path, tmp_path: Path):
    pytest.importorskip("matplotlib")
    with pytest.raises(BadInput, match="nothing to draw"):
        said(home, "--picture", str(tmp_path / "curve.svg"))


# How questions were answered, on its way to the library


def test_how_questions_were_answered_is_written_at_the_end(home: Path):
    with open_store(home) as store, counted(store) as uses:
        uses.note_asked(ADAPTER)
        uses.note_asked(LIGHT)
        assert store.asked() == []
    with open_store(home) as store:
        rows = store.asked()
    assert [(row.how, row.tool, row.tokens) for row in rows] == [("adapter", "a", 0), ("tool and model", "a", 80)]
    assert all(row.at > START for row in rows)


@pytest.mark.anyio
async def test_how_questions_were_answered_is_written_while_a_process_goes_on(home: Path):
    with open_store(home) as store:
        uses = Uses(store)
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(uses.keep_writing)
                uses.note_asked(ADAPTER)
                while not store.asked():
                    await anyio.sleep(0.02)
                group.cancel_scope.cancel()
        uses.write(wait=True)
        assert len(store.asked()) == 1


def test_while_another_process_writes_it_is_kept_and_bounded(home: Path):
    with open_store(home) as store:
        uses = Uses(store)
        for number in range(MOST_ASKED + 5):
            uses.note_asked(Asked("new", None, None, tokens=number))
        with somebody_writes(home), pytest.raises(StoreBusy):
            uses.write(wait=False)
        assert store.asked() == []
        uses.write(wait=False)
        assert len(store.asked()) == MOST_ASKED
        assert store.asked()[-1].tokens == MOST_ASKED + 4
