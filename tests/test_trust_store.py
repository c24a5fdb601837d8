"""What the library keeps of trust: columns of tools, the examples that stand, reports and settlements, all of them bounded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_store import Clock, a_task, a_tool

from latm_mcp.errors import BadInput, NotFound
from latm_mcp.models import Example
from latm_mcp.store import Report, Settlement, Store, open_store
from latm_mcp.store_trust import MOST_REPORTS, MOST_SETTLED_CHARACTERS, MOST_SETTLEMENTS

NEW = Example(question="Sort: z y", answer="y z", standing="confirmed")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home", Clock()) as opened:
        opened.publish(a_tool(), actor="me")
        yield opened


def report(number: int, who: str = "client", right: bool = False) -> Report:
    return Report("sort_words", a_tool().version, f"Sort: {number}", "got", "other", right, who)  # type: ignore[arg-type]


def actions(store: Store) -> list[str]:
    return [row.action for row in store.audit_log(1000)]


def test_trust_is_listed_audited_and_the_list_changes(store: Store):
    before = store.generation()
    assert (store.listed()[0].trust, store.listed()[0].good) == ("probation", 0)
    store.set_trust("sort_words", "quarantined", "ann", "wrong about zebras")
    assert [store.note_good("sort_words", "ann") for _ in range(2)] == [1, 2]

    row = store.listed()[0]
    assert (row.trust, row.good, row.usable) == ("quarantined", 2, False)
    assert store.generation() != before
    assert ("trust", "quarantined: wrong about zebras") in [
        (entry.action, entry.detail) for entry in store.audit_log(9)
    ]


def test_a_new_version_is_on_probation_and_the_same_one_again_keeps_its_trust(store: Store):
    store.note_good("sort_words", "ann")
    store.set_trust("sort_words", "trusted", "ann")
    store.publish(a_tool(), replaces=a_tool().version, actor="me")
    assert (store.listed()[0].trust, store.listed()[0].good) == ("trusted", 1)

    store.publish(a_tool(remark="2"), replaces=a_tool().version, actor="me")
    assert (store.listed()[0].trust, store.listed()[0].good) == ("probation", 0)


def test_only_a_live_tool_has_trust_and_takes_examples(store: Store):
    store.publish(a_tool("waiting"), state="waiting", actor="import")
    store.archive("sort_words", "me")
    for name in ("nobody", "waiting", "sort_words"):
        with pytest.raises(NotFound):
            store.set_trust(name, "trusted", "ann")
        with pytest.raises(NotFound):
            store.note_good(name, "ann")
        with pytest.raises(NotFound):
            store.add_example(name, NEW, "ann")
    assert len(store.examples("waiting")) == 6
    assert store.examples("sort_words") == []


def test_a_confirmed_answer_takes_a_provisional_ones_place_and_another_confirmed_one_is_refused(store: Store):
    first = store.examples("sort_words")[0]
    corrected = Example(question=first.question, answer="right", standing="confirmed")
    store.add_example("sort_words", corrected, "ann")
    store.add_example("sort_words", NEW, "ann")
    store.add_example("sort_words", NEW, "ann")

    assert store.examples("sort_words") == [corrected, *a_tool().examples[1:], NEW]
    assert store.banks("", 99)["sort_words"] == store.examples("sort_words")
    with pytest.raises(BadInput, match="withdraw"):
        store.add_example("sort_words", NEW.model_copy(update={"answer": "z y"}), "bob")
    assert actions(store).count("add example") == 2
    assert store.tool("sort_words") == a_tool()  # versions are immutable


def test_an_older_version_published_again_gets_the_examples_that_stand(store: Store):
    store.publish(a_tool(remark="2"), replaces=a_tool().version, actor="me")
    store.add_example("sort_words", NEW, "ann")
    store.withdraw_example("sort_words", "Sort: b a 0", "ann", "a typing error")
    store.publish(a_tool(), replaces=a_tool(remark="2").version, actor="me")

    assert store.examples("sort_words") == [*a_tool().examples[1:], NEW]


def test_a_making_that_holds_an_example_which_was_withdrawn_meanwhile_is_refused(store: Store):
    job = store.open_job("key", a_task())
    gone = store.withdraw_example("sort_words", "Sort: b a 0", "ann", "a typing error")
    assert gone == a_tool().examples[0]
    with pytest.raises(BadInput, match="meanwhile"):
        store.publish(a_tool(remark="2"), replaces=a_tool().version, job=job.id, actor="maker")
    assert store.listed()[0].version == a_tool().version

    again = store.open_job("other", a_task())
    store.add_example("sort_words", gone.model_copy(update={"standing": "confirmed"}), "ann")
    made = a_tool(remark="2").model_copy(update={"examples": tuple(store.examples("sort_words"))})
    store.publish(made, replaces=a_tool().version, job=again.id, actor="maker")
    assert store.listed()[0].version == made.version


def test_a_withdrawal_is_audited_without_the_text_and_an_unknown_example_is_not_found(store: Store):
    store.withdraw_example("sort_words", "Sort: b a 0", "ann", "a typing error")
    entry = store.audit_log(1)[0]
    assert (entry.actor, entry.action, entry.subject) == ("ann", "withdraw example", "sort_words")
    assert entry.detail.endswith(" a typing error")
    assert "Sort: b a" not in entry.detail
    with pytest.raises(NotFound, match="latm-mcp show"):
        store.withdraw_example("sort_words", "Sort: b a 0", "ann")


def test_reports_wait_for_review_until_a_person_has_dealt_with_them(store: Store):
    store.keep_report(report(1))
    store.keep_report(report(2, who="person", right=True))
    store.keep_report(report(1))  # said again

    first, second = store.reports("sort_words")
    assert (first.question, first.who, first.right, first.at) == ("Sort: 2", "person", True, Clock.now)
    assert (second.question, second.got, second.answer) == ("Sort: 1", "got", "other")
    store.settle_report(first.id, "ann")
    assert store.reports() == [second]
    assert store.reports("other") == []
    with pytest.raises(NotFound):
        store.settle_report(999, "ann")


def test_reports_are_bounded_for_each_tool_and_each_kind_of_reporter(store: Store):
    store.keep_report(report(1, who="person"))
    for number in range(MOST_REPORTS + 20):
        store.keep_report(report(number))

    kept = store.reports()
    assert [row.question for row in kept if row.who == "person"] == ["Sort: 1"]
    assert [row.question for row in kept if row.who == "client"] == [
        f"Sort: {number}" for number in range(20, MOST_REPORTS + 20)
    ]


def test_huge_reports_are_bounded_by_their_size(store: Store):
    for number in range(40):
        store.keep_report(Report("sort_words", "", f"{number}" + "x" * 60_000, "y" * 1_000_000, "z", False, "client"))
    kept = store.reports()
    assert kept[-1].question.startswith("39x")
    assert sum(len(row.question) + len(row.got) for row in kept) <= 1 << 20


def test_a_persons_settlement_stands_over_a_clients_and_a_models(store: Store):
    seen = []
    for who, tool in (
        ("client", "a"),
        ("model", "b"),
        ("person", None),
        ("client", "a"),
        ("model", "b"),
        ("person", "c"),
    ):
        store.keep_settlement(Settlement("q", tool, who))  # type: ignore[arg-type]
        seen += [row.tool for row in store.settlements()]
    assert seen == ["a", "b", None, None, None, "c"]


def test_settlements_are_bounded_and_a_persons_goes_last(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("latm_mcp.store_trust.MOST_SETTLEMENTS", 50)
    assert MOST_SETTLEMENTS == 5_000
    store.keep_settlement(Settlement("mine", "sort_words", "person", at=1.0))
    for number in range(60):
        store.keep_settlement(Settlement(f"q{number}", None, "client", at=2.0 + number))

    kept = [row.question for row in store.settlements()]
    assert kept == ["mine", *(f"q{number}" for number in range(11, 60))]


def test_huge_settlements_are_bounded_by_their_size(store: Store):
    store.keep_settlement(Settlement("mine", "sort_words", "person", at=1.0))
    for number in range(20):
        store.keep_settlement(Settlement(f"{number} {'x ' * 30_000}", None, "client", at=2.0 + number))
    kept = store.settlements()
    assert (kept[0].question, kept[-1].question[:2]) == ("mine", "19")
    assert sum(len(row.question) for row in kept) <= MOST_SETTLED_CHARACTERS <= 1 << 20


def test_the_same_settlement_again_changes_nothing(store: Store):
    store.keep_settlement(Settlement("q", "sort_words", "client"))
    before = store.generation()
    store.keep_settlement(Settlement("q", "sort_words", "client"))
    assert store.generation() == before


def test_a_configured_models_settlement_stands_over_a_clients_also_in_a_flood(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("latm_mcp.store_trust.MOST_SETTLEMENTS", 3)
    store.keep_settlement(Settlement("ours", "sort_words", "model", at=1.0))
    store.keep_settlement(Settlement("ours", None, "client", at=2.0))
    for number in range(5):
        store.keep_settlement(Settlement(f"q{number}", None, "client", at=3.0 + number))
    assert Settlement("ours", "sort_words", "model", at=1.0) in store.settlements()
    store.keep_settlement(Settlement("ours", None, "model", at=9.0))
    assert Settlement("ours", None, "model", at=9.0) in store.settlements()
