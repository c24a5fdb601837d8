"""The same models asked directly, without tools (paper, table 2): the question alone, and after the file's 6 examples.

Direct: the model may think first, and ends in a line `Answer: ...`. Few-shot: the examples are earlier turns whose replies are
the answers alone; so is its own. Answers are compared as a tool's are, except that nothing is asked again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latm_mcp.bench_files import DataFile
from latm_mcp.bench_models import Metered
from latm_mcp.bench_results import Results
from latm_mcp.bench_scores import Judged, Score, score
from latm_mcp.bench_tools import Told
from latm_mcp.compare import comparison_of, same
from latm_mcp.errors import MakerFailed
from latm_mcp.models import Example, Message

DIRECT, FEW_SHOT = "direct", "few-shot"
WAYS = (DIRECT, FEW_SHOT)

_THINK = "Answer the question. You may think first. End with one line: `Answer: ` and the answer alone."
_AS_BEFORE = "Answer each question in the form that the answers before have: the answer alone."
_ANSWER = re.compile(r"^\W*answer\W*:\W{0,3}?[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """A task, asked of one model in one way. role: "user" or "fallback"."""

    task: str
    role: str
    model: str
    way: str
    score: Score


@dataclass(frozen=True, slots=True)
class BaselinesPart:
    """All tasks, models and ways. questions: asked of each task at most."""

    questions: int
    rows: tuple[BaselineRow, ...]


async def run_baselines(
    files: Sequence[DataFile], models: Mapping[str, Metered], most: int, results: Results, told: Told
) -> BaselinesPart:
    """Every file, model and way in turn; each question is kept. models: by role. Raises: MakerFailed, where one cannot be asked."""
    rows = []
    for file in files:
        questions = file.questions[:most]
        for role, model in models.items():
            for way in WAYS:
                judged = []
                for place, example in enumerate(questions):
                    key = ("baselines", file.stem, role, model.name, way, place)
                    row = results.value(Judged, *key)
                    if row is None:
                        said = f"{way}, {role}: question {place + 1} of {len(questions)}"
                        told(file.stem, said, place / len(questions))
                        row = await _asked(file, example, way, model)
                        results.keep(row.as_json(), *key)
                    judged.append(row)
                rows.append(BaselineRow(file.stem, role, model.name, way, score(judged)))
        told(file.stem, "asked without tools", 1.0)
    return BaselinesPart(most, tuple(rows))


async def _asked(file: DataFile, example: Example, way: str, model: Metered) -> Judged:
    model.begin()
    try:
        reply = await model.ask(conversation(file.examples, example.question, way))
    except MakerFailed as error:
        return model.useless(error)
    answer = answer_in(reply.text) if way == DIRECT else reply.text.strip()
    right = same(comparison_of(file.examples), example.answer, answer)
    return model.judged("passed" if right else "wrong", f"answered {answer!r}")


def conversation(examples: Sequence[Example], question: str, way: str) -> list[Message]:
    """What the model is asked."""
    if way == DIRECT:
        return [Message(role="system", content=_THINK), Message(role="user", content=question)]
    turns = [Message(role="system", content=_AS_BEFORE)]
    for example in examples:
        turns.append(Message(role="user", content=example.question))
        turns.append(Message(role="assistant", content=example.answer))
    return [*turns, Message(role="user", content=question)]


def answer_in(text: str) -> str:
    """What stands after the last `Answer:`; without one, the whole reply. Marks of emphasis around it are left out."""
    found = _ANSWER.findall(text)
    return (found[-1] if found else text).strip().strip("*`").strip()
