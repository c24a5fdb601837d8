"""What people and clients say of a tool, by questions or in a description, brings it up and takes no certain answer from another."""

from scripted import SORT_EXAMPLES

from latm_mcp.models import Example
from latm_mcp.tasks import GENERATED, questions
from latm_mcp.using.dispatch import Candidate, Dispatcher

BANKS = {row.name: questions(row.name, 10, seed=3) for row in GENERATED}
SORTING = [Example(question=question, answer=answer) for question, answer in SORT_EXAMPLES]


def only(dispatcher: Dispatcher, question: str) -> Candidate:
    (candidate,) = dispatcher.candidates(question)
    return candidate


def test_an_alias_makes_its_tool_a_candidate_but_never_a_certain_one():
    alias = "Bring order into this heap, A to Z, would you: kite lamp"
    dispatcher = Dispatcher({"sort_words": SORTING})
    assert dispatcher.candidates(alias) == []
    dispatcher.put("sort_words", SORTING, [alias] * 50)
    candidate = only(dispatcher, "Bring order into this heap, A to Z, would you: moon sun")
    assert not candidate.certain


def test_aliases_of_a_hostile_client_take_no_certain_answer_from_another_tool():
    stolen = [example.question for example in questions("remainders", 24, seed=5)]
    dispatcher = Dispatcher(BANKS)
    for name in ("iso_date", "due_date", "split_bill", "product_code"):
        dispatcher.put(name, BANKS[name], stolen)
    found = dispatcher.candidates(stolen[0])
    assert [candidate.name for candidate in found if candidate.certain] == ["remainders"]
    assert found[0].name == "remainders"


def test_aliases_leave_what_a_tool_says_of_itself_as_it_was():
    dispatcher = Dispatcher({"sort_words": SORTING})
    before = dispatcher.threshold("sort_words")
    dispatcher.put("sort_words", SORTING, ["Sort the following numbers by size: List: 3 1 2"])
    after = dispatcher.threshold("sort_words")
    assert before is not None
    assert after is not None
    assert (after.contract, after.kept, after.departures, after.examples) == (
        before.contract,
        before.kept,
        before.departures,
        len(SORTING),
    )
    assert (before.aliases, after.aliases) == (0, 1)
    assert not only(dispatcher, "Sort the following numbers by size: List: 3 1 2").certain


def test_what_is_said_of_a_tool_brings_it_up_for_a_question_in_other_words():
    asked = "Arrange this shopping heap from the start of the dictionary: kite lamp"
    dispatcher = Dispatcher({**BANKS, "sort_words": SORTING})
    assert dispatcher.candidates(asked) == []
    dispatcher.put(
        "sort_words", SORTING, about="Arrange a heap of anything as a dictionary does, from its start to its end."
    )
    candidate = only(dispatcher, asked)
    assert (candidate.name, candidate.certain, candidate.odd) == ("sort_words", False, None)


def test_what_is_said_of_other_tools_takes_no_place_from_the_right_one():
    asked = [example.question for example in questions("remainders", 12, seed=5)]
    dispatcher, alone = Dispatcher(BANKS), Dispatcher(BANKS)
    for name in ("iso_date", "due_date", "split_bill", "product_code"):
        dispatcher.put(name, BANKS[name], about=" ".join(asked))
    for question in asked:
        found = dispatcher.candidates(question)
        assert found[0].name == "remainders"
        assert found[0].certain == alone.candidates(question)[0].certain
        assert not any(candidate.certain for candidate in found[1:])
