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
from latm_mcp.source import string_literals
from latm_mcp.text import plain

MIN_QUESTION_PIECE = 24  # a literal this long that stands in one example's question alone was copied from it
RENDERED = 12  # examples on which `render` is tried with other results: one that ignores the function does so on all
FEW_LABELS = 0.5  # answers that repeat (valid, invalid) are labels, and code may name labels


def no_table(source: str, examples: Sequence[Example], comparison: Comparison) -> None:
    """Refuse source whose literals hold the examples' answers, or pieces of single examples' questions."""
    literals = [plain(str(literal)) for literal in string_literals(source)]
    if comparison != "choice":
        answers = {plain(example.answer) for example in examples}
        held = {answer for answer in answers if _held(answer, literals)}
        labels = len(answers) <= max(2, FEW_LABELS * len(examples)) and len(examples) > 2
        if len(held) >= 2 and len(held) > len(answers) / 2 and not labels:
            raise Rejected(
                f"The source holds {len(held)} of the examples' answers as literals. Compute the answers instead of storing them."
            )
    pieces = [literal for literal in literals if len(literal) >= MIN_QUESTION_PIECE]
    questions = [plain(example.question) for example in examples]
    holders = ([index for index, question in enumerate(questions) if piece in question] for piece in pieces)
    copied = {holding[0] for holding in holders if len(holding) == 1}
    if len(copied) >= max(2, len(examples) / 2):
        raise Rejected(
            f"The source holds parts of {len(copied)} single examples' questions as literals. Read the questions by their form instead."
        )


def _held(answer: str, literals: Iterable[str]) -> bool:
    return any(answer == literal or (len(answer) >= 4 and answer in literal) for literal in literals)


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
    for name in sorted(names):
        if all((run.arguments or {})[name] == run.result for run in passed):
            raise Rejected(
                f"The function hands its argument {name!r} back on every example. Let it compute the result."
            )
    unknown = [run for run in passed if not _in_question(run.example)]
    holding = [run for run in unknown if any(_is_answer(leaf, run, comparison) for leaf in _leaves(run.arguments))]
    if unknown and len(holding) >= max(1, len(unknown) / 2):
        raise Rejected(
            "The arguments already hold the answer, which is not in the question: the work is done before the function is "
            "called. `parse` and the calls only say what the question says; let the function compute.\n"
            + prompts.failing(
                [(holding[0].example.question, f"arguments: {json.dumps(holding[0].arguments, ensure_ascii=False)}")]
            )
        )


def _in_question(example: Example) -> bool:
    return plain(example.answer).strip("()") in plain(example.question)


def _is_answer(leaf: Json, run: Run, comparison: Comparison) -> bool:
    return not isinstance(leaf, bool) and same(comparison, run.example.answer, result_as_answer(leaf))


def _leaves(value: Json) -> list[Json]:
    """Every scalar in a JSON value, and every list of scalars as the text that it spells."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        spelled = [" ".join(map(str, value))] if all(isinstance(item, str) for item in value) else []
        return [leaf for item in value for leaf in _leaves(item)] + spelled
    return [] if value is None else [value]


async def not_hard_coded(
    runs: Sequence[Run], comparison: Comparison, render: Callable[[Json, str], Awaitable[Outcome]]
) -> None:
    """Refuse an adapter that ignores the function: given another example's result, it must no longer be right."""
    passed = [run for run in runs if run.verdict == "passed"]
    judged = ignoring = 0
    for run in passed[:RENDERED]:
        others = [other.result for other in passed if other.result != run.result][:3]
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


def shuffled(examples: Sequence[Example], count: int = 6) -> list[str]:
    """The own questions with their words in a random order, which no tool should understand; repeatable."""
    rng = random.Random(17)  # noqa: S311 - repeatable, no secret
    texts = []
    for example in examples[:count]:
        words = example.question.split()
        rng.shuffle(words)
        if len(words) >= 8:
            texts.append(" ".join(words))
    return texts


def accepts_nonsense(questions: Sequence[str], outcomes: Sequence[Outcome]) -> None:
    """Refuse an adapter that accepts every question put to it, whatever the order of its words."""
    if len(questions) >= 2 and all(isinstance(outcome, Returned) for outcome in outcomes):
        raise Rejected(
            "`parse` accepts questions whose words are in a random order. Match the whole question strictly, and raise "
            "NotThisTask for everything else.\n" + prompts.failing([(questions[0], "accepted")]),
            question=questions[0],
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
