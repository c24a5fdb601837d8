"""What a tool must not be, though its answers are right (design, 2.7): a table, a constant, a pass-through, hard-coded.

Each gate raises Rejected with feedback that tells the maker what to change, never an answer.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from latm_mcp import prompts
from latm_mcp.compare import result_as_answer, same
from latm_mcp.errors import Rejected
from latm_mcp.judging import Run
from latm_mcp.models import Comparison, Example
from latm_mcp.outcomes import Json, Outcome, Raised, Returned
from latm_mcp.source import literal_tables, string_literals
from latm_mcp.text import plain

WHOLE_QUESTION = (
    0.8  # a literal that is so much of a question was copied from it; shorter ones may be its fixed wording
)
RENDERED = 12  # examples on which `render` is tried with other results: one that ignores the function does so on all
FEWEST_PAIRS = 3  # of a dict that is a table of examples
FEW_LABELS = 0.5  # answers that repeat (valid, invalid) are labels, and code may name labels


def no_table(source: str, examples: Sequence[Example], comparison: Comparison) -> None:
    """Refuse source whose literals hold the examples' answers, or pieces of single examples' questions."""
    literals = [plain(str(literal)) for literal in string_literals(source)]
    answers = {plain(example.answer) for example in examples} if comparison != "choice" else set()
    telling = {answer for answer in answers if not _is_vocabulary(answer)}
    held = {answer for answer in telling if _held(answer, literals)}
    labels = len(answers) <= max(2, FEW_LABELS * len(examples)) and len(examples) > 2
    if len(held) >= 2 and len(held) > len(telling) / 2 and not labels:
        raise Rejected(
            f"The source holds {len(held)} of the examples' answers as literals. Compute the answers instead of storing them."
        )
    if any(_is_of_examples(table, examples) for table in literal_tables(source)):
        raise Rejected(
            "The source maps what single examples ask to their answers. Compute the answers instead of storing them."
        )
    questions = [plain(example.question) for example in examples]
    whole = min(map(len, questions)) * WHOLE_QUESTION
    pieces = [literal for literal in literals if len(literal) >= whole]
    holders = ([index for index, question in enumerate(questions) if _most_of(piece, question)] for piece in pieces)
    copied = {holding[0] for holding in holders if len(holding) == 1}
    if len(copied) >= max(2, len(examples) / 2):
        raise Rejected(
            f"The source holds parts of {len(copied)} single examples' questions as literals. Read the questions by their form instead."
        )


def _held(answer: str, literals: Iterable[str]) -> bool:
    return any(answer in literal for literal in literals)


def _is_of_examples(table: Sequence[tuple[str, str]], examples: Sequence[Example]) -> bool:
    """Whether a dict holds examples and nothing else: a method's own table (weekdays, elements) has more than was shown."""
    told = [(plain(example.question), plain(example.answer)) for example in examples]
    of = [
        {n for n, (asks, says) in enumerate(told) if plain(key) in asks and plain(value) == says}
        for key, value in table
    ]
    return len(table) >= FEWEST_PAIRS and all(of) and len(set().union(*of)) >= max(FEWEST_PAIRS, len(examples) / 2)


def _is_vocabulary(answer: str) -> bool:
    """A single word or a small number: a method may name weekdays, colours or the days of a month."""
    return answer.isalpha() or len(answer) <= 3


def _most_of(piece: str, question: str) -> bool:
    return piece in question and len(piece) >= WHOLE_QUESTION * len(question)


def no_constant(runs: Sequence[Run]) -> None:
    """Refuse a tool whose accepted examples all have one answer: a constant would do as well."""
    passed = [run for run in runs if run.verdict == "passed"]
    if len({plain(run.example.answer) for run in passed}) < 2:
        raise Rejected(
            "On every example that the tool accepts the answer is the same, so a constant would do as well. Accept the others too."
        )


def no_pass_through(runs: Sequence[Run], comparison: Comparison) -> None:
    """Refuse a function that hands an argument back, and arguments that hold an answer which the question does not."""
    passed = [run for run in runs if run.verdict == "passed" and run.arguments is not None]
    names = set.intersection(*(set(run.arguments or {}) for run in passed)) if passed else set()
    several = len(passed) < 3 and len(names) > 1  # two examples may both have the larger of two numbers second
    for name in sorted(names):
        if not several and all((run.arguments or {})[name] == run.result for run in passed):
            raise Rejected(
                f"The function hands its argument {name!r} back on every example. Let it compute the result."
            )
    unknown = [run for run in passed if not _in_question(run.example)]
    places = [(run, _answer_places(run, comparison)) for run in unknown]
    holding = [(run, where) for run, where in places if where]
    if unknown and len(holding) >= max(1, len(unknown) / 2) and not _chosen_among(holding):
        run = holding[0][0]
        raise Rejected(
            "The arguments already hold the answer, which is not in the question: the work is done before the function is "
            "called. `parse` and the calls only say what the question says; let the function compute.\n"
            + prompts.failing([(run.example.question, f"arguments: {json.dumps(run.arguments, ensure_ascii=False)}")]),
            question=run.example.question,
        )


def _answer_places(run: Run, comparison: Comparison) -> list[str]:
    """Where in a run's arguments its answer stands."""
    leaves = _leaves(run.arguments, "")
    return [place for place, leaf in leaves if _is_answer(leaf, run, comparison)]


def _chosen_among(holding: Sequence[tuple[Run, list[str]]]) -> bool:
    """Whether the answer is one of several like it, at changing places: the earlier of two dates, the largest number."""
    among = all(len({str(leaf) for _, leaf in _leaves(run.arguments, "")}) > 1 for run, _ in holding)
    return among and len({tuple(where) for _, where in holding}) > 1


def _in_question(example: Example) -> bool:
    return plain(example.answer).strip("()") in plain(example.question)


def _is_answer(leaf: Json, run: Run, comparison: Comparison) -> bool:
    return not isinstance(leaf, bool) and same(comparison, run.example.answer, result_as_answer(leaf))


def _leaves(value: Json, place: str) -> list[tuple[str, Json]]:
    """Every scalar in a JSON value with its place, and every list of texts as the text that it spells."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{place}.{key}")]
    if isinstance(value, list):
        spelled = [(place, " ".join(value))] if value and all(isinstance(item, str) for item in value) else []
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, f"{place}[{index}]")] + spelled
    return [] if value is None else [(place, value)]


async def not_hard_coded(
    runs: Sequence[Run], comparison: Comparison, render: Callable[[Json, str], Awaitable[Outcome]]
) -> None:
    """Refuse an adapter that ignores the function: given another example's result, it must no longer be right."""
    passed = [run for run in runs if run.verdict == "passed"]
    judged = ignoring = 0
    for run in passed[:RENDERED]:
        answer = run.example.answer
        others = [other.result for other in passed if not same(comparison, answer, other.example.answer)]
        others = [other for other in others if other != run.result][:3]
        if not others:
            continue
        judged += 1
        outcomes = [await render(other, run.example.question) for other in others]
        answers = [outcome.value for outcome in outcomes if isinstance(outcome, Returned)]
        ignoring += len(answers) == len(others) and all(
            same(comparison, run.example.answer, str(answer)) for answer in answers
        )
    if judged == 0:
        raise Rejected(
            "The function returns the same result for every example, so it does not compute the answer. Let it."
        )
    if ignoring > judged / 2:
        raise Rejected(
            "`render` gives the right answer even when it is handed another example's result, so the function is not used. "
            "The function must do the work; `render` only puts its result into words."
        )


def foreign_answered_wrongly(questions: Sequence[Example], outcomes: Sequence[Outcome], comparison: Comparison) -> None:
    """Refuse an adapter that accepts another task's question and answers it wrongly; rightly is generality."""
    for example, outcome in zip(questions, outcomes, strict=True):
        if isinstance(outcome, Raised):
            continue
        if isinstance(outcome, Returned) and same(comparison, example.answer, outcome.value["answer"]):
            continue
        did = f"answered {outcome.value['answer']!r}" if isinstance(outcome, Returned) else outcome.sentence
        got = f"{did} instead of raising NotThisTask"
        raise Rejected(
            "`parse` accepts a question of another task, or does not end on it. Match the whole question strictly.\n"
            + prompts.failing([(example.question, got)]),
            question=example.question,
            got=got,
        )


def shuffled(examples: Sequence[Example], count: int = 6) -> list[Example]:
    """The own questions with their words in a random order, which no tool should understand; repeatable."""
    rng = random.Random(17)  # noqa: S311 - repeatable, no secret
    nonsense = []
    for example in examples[:count]:
        words = example.question.split()
        rng.shuffle(words)
        if len(words) >= 8:
            nonsense.append(example.model_copy(update={"question": " ".join(words)}))
    return nonsense


def accepts_nonsense(nonsense: Sequence[Example], outcomes: Sequence[Outcome], comparison: Comparison) -> None:
    """Refuse an adapter that accepts every question put to it, whatever the order of its words.

    Where most answers stay right, the order of the words means nothing to the task (an address found in a text).
    """
    answers = [outcome.value["answer"] for outcome in outcomes if isinstance(outcome, Returned)]
    if len(nonsense) < 2 or len(answers) < len(nonsense):
        return
    other = sum(not same(comparison, row.answer, answer) for row, answer in zip(nonsense, answers, strict=True))
    if 2 * other >= len(nonsense):
        raise Rejected(
            "`parse` accepts questions whose words are in a random order. Match the whole question strictly, and raise "
            "NotThisTask for everything else.\n" + prompts.failing([(nonsense[0].question, "accepted")]),
            question=nonsense[0].question,
            got="accepted",
        )


def foreign_banks(banks: dict[str, list[Example]], examples: Sequence[Example]) -> list[Example]:
    """Questions of other tasks: a bank that is worded like the own examples is a relative, not foreign, and left out."""
    own = Counter(word for example in examples for word in _words(example.question))
    usual = {word for word, count in own.items() if count >= len(examples) / 2}
    chosen: list[Example] = []
    for bank in banks.values():
        shared = [len(usual & _words(example.question)) / max(1, len(usual)) for example in bank]
        if bank and sum(shared) / len(shared) < 0.5:
            chosen += bank
    return chosen


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", text.lower()))
