"""What the Python API hands out: frozen values of plain types."""

from dataclasses import dataclass
from typing import Any, Literal

from latm_mcp.errors import LatmError, MakerFailed, NotFound, Rejected
from latm_mcp.latm_results import Dispatched, MakeResult
from latm_mcp.models_using import How
from latm_mcp.store import Listed, Store
from latm_mcp.using import use


@dataclass(frozen=True, slots=True)
class Evidence:
    """On how many examples a tool was right. unseen: those that its maker did not see.

    bound: a 95 % lower bound on the share of right answers to questions like the unseen ones; 0.0 where there are none.
    """

    shown_right: int
    shown: int
    unseen_right: int
    unseen: int
    bound: float


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool. signature: one line of Python; parameters: a JSON schema; reads_questions: whether `ask` needs no model for it.

    trust: "probation", "trusted", "disputed" or "quarantined".
    """

    name: str
    signature: str
    description: str
    version: str
    parameters: dict[str, Any]
    reads_questions: bool
    trust: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Made:
    """A tool that was made. status: "published"; "fits", where one was there that answers all the examples; "waiting", where a
    person has to approve it first, as the settings say.
    """

    status: Literal["published", "fits", "waiting"]
    tool: ToolInfo

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.tool.name

    @property
    def signature(self) -> str:
        """The tool's signature, one line of Python."""
        return self.tool.signature

    @property
    def evidence(self) -> Evidence:
        """What it has been shown to do."""
        return self.tool.evidence


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. how: "adapter" (the tool read the question itself), "tool and model" (a light model read out the arguments),
    "strong model" or "person".

    tool: which one computed it, or None. provisional: only a model says so.
    """

    answer: str
    how: How
    tool: str | None
    provisional: bool
    arguments: dict[str, Any] | None = None
    result: Any = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool that a question may be for. lacks: words of the question that its examples never had."""

    tool: str
    signature: str
    parameters: dict[str, Any]
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without an answer. outcome: "use", it is for the first candidate, which is to be called with arguments; "ask",
    it may be for one of the candidates; "new", it is for no tool.

    waits: where such questions are kept, how many of its kind are answered and how many make a tool. note: why a model did
    not answer, or empty.
    """

    outcome: Literal["use", "ask", "new"]
    candidates: tuple[Candidate, ...] = ()
    waits: tuple[int, int] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of a report, as a sentence. tool: the one that it was about, or empty."""

    sentence: str
    tool: str


def tool_of(row: Listed) -> ToolInfo:
    """A tool of the list."""
    unseen = row.blind_total + row.held_out_total
    right = row.blind_passed + row.held_out_passed
    return ToolInfo(
        row.name,
        row.signature_text,
        row.description,
        row.version,
        row.parameters,
        row.adapter,
        row.trust,
        Evidence(row.shown_passed, row.shown_total, right, unseen, row.bound),
    )


def made_of(result: MakeResult, store: Store) -> Made:
    """How a making ended. Raises: Rejected, MakerFailed, LatmError, where there is no tool."""
    name = result.tool.name if result.tool is not None else result.waits
    if name:
        row = next((row for row in store.listed() if row.name == name), None)
        if row is None:
            raise NotFound(f"{name!r} was made, and archived just now.")
        return Made("waiting" if result.waits else "fits" if result.status == "fits" else "published", tool_of(row))
    if (failure := result.failure) is None:
        raise LatmError(f"No tool was made: {result.next}")
    if result.kept:
        raise MakerFailed(failure.sentence)
    raise Rejected(failure.sentence, question=failure.question, got=failure.got)


def answer_of(answer: use.Answer) -> Answer:
    """An answer of the loop."""
    if not answer.tool:
        return Answer(answer.answer, answer.how, None, answer.how != "person")
    return Answer(answer.answer, answer.how, answer.tool, False, answer.arguments, answer.result)


def unanswered_of(found: Dispatched) -> Unanswered:
    """A question without an answer."""
    assert found.outcome != "answered"
    candidates = tuple(
        Candidate(one.row.name, one.row.signature_text, one.row.parameters, one.candidate.lacks)
        for one in found.candidates
    )
    cached = found.cached
    return Unanswered(
        found.outcome, candidates, None if cached is None else (cached.answered, cached.needed), found.note
    )
