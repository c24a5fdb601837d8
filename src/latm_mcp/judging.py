"""One example, judged: what the code did with its question, and whether that was the answer (design, 2.1).

The comparison happens here, in the server's process: the sandbox never holds an expected answer.
"""

from dataclasses import dataclass
from typing import Literal

from latm_mcp.compare import result_as_answer, same, same_result
from latm_mcp.models import Comparison, Example
from latm_mcp.outcomes import AnswerQuestion, Json, Outcome, Raised, Request, Returned

Verdict = Literal["passed", "wrong", "abstained"]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one example. arguments, result, answer: None unless the code came to its end."""

    index: int
    example: Example
    outcome: Outcome
    verdict: Verdict
    arguments: dict[str, Json] | None = None
    result: Json = None
    answer: str | None = None

    @property
    def got(self) -> str:
        """What the code did, for feedback: the answer it gave, or the outcome's sentence."""
        return f"answered {self.answer!r}" if self.answer is not None else self.outcome.sentence


def judge(index: int, example: Example, request: Request, outcome: Outcome, comparison: Comparison) -> Run:
    """The verdict on one outcome: right, wrong, or abstained: any exception abstains, any other end that is no answer is wrong."""
    if not isinstance(outcome, Returned):
        return Run(index, example, outcome, "abstained" if isinstance(outcome, Raised) else "wrong")
    if isinstance(request, AnswerQuestion):
        value = outcome.value
        right = same(comparison, example.answer, value["answer"])
        return Run(
            index,
            example,
            outcome,
            "passed" if right else "wrong",
            value["arguments"],
            value["result"],
            value["answer"],
        )
    arguments = getattr(request, "arguments", None)
    right = same_result(comparison, example.answer, outcome.value)
    answer = result_as_answer(outcome.value)
    return Run(index, example, outcome, "passed" if right else "wrong", arguments, outcome.value, answer)
