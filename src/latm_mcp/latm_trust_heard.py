"""What was said of a tool's answer, beside what the tool answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from latm_mcp.compare import same
from latm_mcp.errors import BadInput
from latm_mcp.models import Example
from latm_mcp.models_using import Who
from latm_mcp.outcomes import Limits
from latm_mcp.sandbox import Sandbox
from latm_mcp.store import Listed, Report, Store
from latm_mcp.text import one_line
from latm_mcp.using import use

Ask: TypeAlias = Callable[[str, str], Awaitable[str | None]]  # a tool's name, a question: its adapter's answer
Certain: TypeAlias = Callable[[str], Awaitable[str | None]]  # a question: the tool that it is certainly for


@dataclass(frozen=True, slots=True)
class Heard:
    """A report beside what its tool answers. got: None where its adapter does not; truth: the right answer, where anybody said it."""

    row: Listed
    question: str
    got: str | None
    truth: str | None
    right: bool
    who: Who
    by: str

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def actor(self) -> str:
        return f"{self.who} {one_line(self.by, 80)}".rstrip()

    @property
    def report(self) -> Report:
        """As it is kept for a review."""
        answer = "" if self.truth is None or self.truth == self.got else self.truth
        return Report(
            self.name,
            self.row.version,
            self.question,
            self.got or "",
            answer,
            self.right,
            self.who,
            one_line(self.by, 80),
        )


def is_right(row: Listed, got: str | None, answer: str | None, right: bool | None) -> bool:
    """Whether a tool's answer is right by what is said of it. Raises: BadInput, where that says nothing, or contradicts itself."""
    if got is None:
        if answer is None and right:
            raise BadInput(f"{row.name} does not answer this question by itself: say which answer was right.")
        return bool(right)
    if answer is None:
        return bool(right)
    agrees = same(row.comparison, answer, got)
    if agrees and right is False:
        raise BadInput(f"{row.name} gives this very answer: leave out that it was wrong, or the answer.")
    return agrees


def against(standing: Example, heard: Heard) -> bool:
    """Whether a confirmed answer and what is said now cannot both hold."""
    comparison = heard.row.comparison
    if heard.truth is not None:
        return not same(comparison, standing.answer, heard.truth)
    return heard.got is not None and same(comparison, standing.answer, heard.got)


def through_adapter(store: Store, sandbox: Sandbox, limits_of: Callable[[str], Limits]) -> Ask:
    """Asks the adapter of a tool that is live, quarantined or not; counts no use."""

    async def ask(name: str, question: str) -> str | None:
        """The adapter's answer; None where it refuses or fails, or there is none."""
        tool = store.tool(name)
        if tool is None or not tool.adapter:
            return None
        got = await use.answer(tool, question, sandbox, limits_of(name))
        return got.answer if isinstance(got, use.Answer) else None

    return ask
