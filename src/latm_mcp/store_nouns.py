"""What the library hands out: frozen values, cheap enough to list a thousand tools at once."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from latm_mcp.models import Comparison, Failure, Reply, Status, Task, Try
from latm_mcp.models_using import DispatchOutcome, How, Role, Who
from latm_mcp.outcomes import Json

ToolState: TypeAlias = Literal["live", "waiting", "archived"]
# probation: newly made. trusted: enough confirmed good uses. disputed: a confirmed failure, and nobody to make a better version: still
# callable, and said so. quarantined: a confirmed failure, out of use until its next version passes all examples.
Trust: TypeAlias = Literal["probation", "trusted", "disputed", "quarantined"]
GroupState: TypeAlias = Literal["open", "making", "failed"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One tool as lists and dispatchers need it; its dicts are shared, so read them only.

    state: `waiting` ones were imported and not approved: never show them to clients.
    uses: as of the last change of the list (see `Store.uses` for now).
    bound: the evidence's one-sided 95 % lower bound; *_passed of *_total: the evidence by exposure.
    approved: a person approved this version's text. good: confirmed good uses of this version.
    """

    name: str
    version: str
    description: str
    parameters: dict[str, Json]
    returns: dict[str, Json]
    signature_text: str
    adapter: bool
    comparison: Comparison
    state: ToolState
    pinned: bool
    uses: int
    bound: float
    shown_passed: int
    shown_total: int
    blind_passed: int
    blind_total: int
    held_out_passed: int
    held_out_total: int
    approved: bool
    trust: Trust = "probation"
    good: int = 0

    @property
    def usable(self) -> bool:
        """Whether it may be listed to clients, called and dispatched to."""
        return self.state == "live" and self.trust != "quarantined"


@dataclass(frozen=True, slots=True)
class Job:
    """One making, with everything that was tried so far.

    tool, version: what it published or what fits. failure: why it failed.
    leased_by: who works on it now; None where nobody does or that lease has run out.
    progress: the last sentence about it, for people; may be empty.
    pending: a maker's reply that was kept and not judged yet.
    """

    id: str
    key: str
    task: Task
    status: Status
    tries: tuple[Try, ...]
    tool: str | None
    version: str | None
    failure: Failure | None
    leased_by: str | None
    progress: str
    pending: Reply | None = None

    @property
    def leased(self) -> bool:
        return self.leased_by is not None


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Tokens, replies and US dollars of one role with one model for one tool (None: for no tool yet)."""

    role: Role
    model: str
    tool: str | None
    tokens_in: int
    tokens_out: int
    replies: int
    estimated: bool
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to which tool, and when (UTC, ISO 8601)."""

    at: str
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Told:
    """One answer to a queued question. by: who exactly, as far as it is known. at: seconds since 1970."""

    answer: str
    who: Who
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Instance:
    """A queued question, with all that was answered to it, oldest first. at: when it was asked, in seconds since 1970."""

    id: int
    question: str
    at: float
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Queued questions of one kind. tool: the one whose adapter refused them, which they will make grow; None: a new task.

    job: its making, from when it was begun. note: why the last one came to nothing.
    """

    id: int
    name: str
    tool: str | None
    state: GroupState
    job: str | None
    note: str
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody said about a tool's answer. got: that answer; answer: what it should have been, or empty where nobody said.

    id 0: not kept yet.
    """

    tool: str
    version: str
    question: str
    got: str
    answer: str
    right: bool
    who: Who
    by: str = ""
    at: float = 0.0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """Which tool a question was said to belong to, where the dispatcher asked; tool None: to none of them."""

    question: str
    tool: str | None
    who: Who
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """How one question was dispatched, without its text. how: None where nobody answered it here.

    usd: spent on it; instead_usd: what the strong model would have cost, estimated; tokens: of all models that were asked.
    """

    outcome: DispatchOutcome
    how: How | None
    tool: str | None
    tokens: int = 0
    usd: float = 0.0
    instead_usd: float = 0.0
    at: float = 0.0
