"""A library's confusion matrix says of each tool what becomes of its examples when it has not seen them."""

from latm_mcp.models import Example
from latm_mcp.tasks import questions
from latm_mcp.using.dispatch import Dispatcher
from latm_mcp.using.dispatch_check import Row, check, check_each

BANKS = {name: questions(name, 6, seed=3) for name in ("close_brackets", "remainders")}


def test_tools_that_are_told_apart_have_all_their_examples_to_themselves():
    confusion = check(Dispatcher(BANKS), BANKS)
    assert [(row.name, row.examples, row.right, row.wrong) for row in confusion.rows] == [
        ("close_brackets", 6, 6, 0),
        ("remainders", 6, 6, 0),
    ]
    assert (confusion.examples, confusion.right, confusion.wrong) == (12, 12, 0)


def test_an_example_of_another_tool_shows_as_certain_for_that_one():
    banks = {**BANKS, "remainders": [*BANKS["remainders"], questions("close_brackets", 7, seed=3)[-1]]}
    (row,) = [row for row in check_each(Dispatcher(banks), banks) if row.name == "remainders"]
    assert ("close_brackets", 1) in row.certain
    assert row.wrong == 1


def test_examples_that_are_like_nothing_are_new_and_too_few_are_asked():
    odd = [Example(question=question, answer="a") for question in ("Fig?", "Quartz onyx zebra")]
    few = questions("iso_date", 3, seed=1)[:2]
    rows = {
        row.name: row for row in check_each(Dispatcher({"odd": odd, "few": few}), {"odd": odd, "few": few, "none": []})
    }
    assert rows["odd"] == Row("odd", 2, (), 0, 0, 2)
    assert rows["few"].certain == ()
    assert rows["few"].asked + rows["few"].new == 2
    assert "none" not in rows


def test_the_dispatcher_is_as_it_was_after_its_check():
    dispatcher = Dispatcher(BANKS)
    asked = questions("remainders", 9, seed=5)[-1].question
    before = dispatcher.candidates(asked)
    check(dispatcher, BANKS)
    assert dispatcher.candidates(asked) == before
