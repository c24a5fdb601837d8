"""What the library hands out: frozen values, cheap enough to list a thousand tools at once."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from latm_mcp.models import Comparison, Failure, Reply, Status, Task, Try
from latm_mcp.outcomes import Json

ToolState: TypeAlias = Literal["live", "waiting", "archived"]
Role: TypeAlias = Literal["maker", "user", "dispatcher", "fallback"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One tool as lists and dispatchers need it; its dicts are shared, so read them only.

    state: `waiting` ones were imported and not approved: never show them to clients.
    uses: as of the last change of the list (see `Store.uses` for now).
    bound: the evidence's one-sided 95 % lower bound; *_passed of *_total: the evidence by exposure.
    approved: a person approved this version's text.
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
    """Tokens and replies of one role with one model for one tool (None: for no tool yet)."""

    role: Role
    model: str
    tool: str | None
    tokens_in: int
    tokens_out: int
    replies: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to which tool, and when (UTC, ISO 8601)."""

    at: str
    actor: str
    action: str
    subject: str
    detail: str
