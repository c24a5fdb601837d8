"""The words of tool using (paper, 3.2; design, 5 and 6): who answers, how an answer came about, whoever can be asked."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol, TypeAlias

from latm_mcp.models import Message, Reply
from latm_mcp.outcomes import Json

# adapter: a tool read the question itself. tool and model: a light model called the tool. The others computed nothing.
How: TypeAlias = Literal["adapter", "tool and model", "strong model", "person"]
# Who said something: a person here (the command line, a form), a client's model (`report_result`), a model that this deployment configured.
Who: TypeAlias = Literal["person", "client", "model"]
Role: TypeAlias = Literal["maker", "user", "dispatcher", "fallback"]  # of a configured model
DispatchOutcome: TypeAlias = Literal["answered", "use", "ask", "new"]


class LanguageModel(Protocol):
    """A model that can be asked once. model: its own name. Opened with its role's temperature (paper: 0 for using)."""

    model: str

    async def complete(self, conversation: Sequence[Message], *, schema: Json | None = None) -> Reply:
        """Its reply to a conversation; with a JSON schema, one object of that form (`response_format`).

        Raises: MakerFailed, with a sentence that says what to do; CapReached, where the day's money is spent.
        """
        ...


class Asks(Protocol):
    """A model that may be asked for one role, within what may be spent."""

    async def ask(self, conversation: Sequence[Message], schema: Json | None = None, tool: str | None = None) -> Reply:
        """As `LanguageModel.complete`, and counted for that tool. Raises: MakerFailed; CapReached."""
        ...


class Purse(Protocol):
    """Whoever pays for replies: `latm_spending.Spending`."""

    async def pay(
        self,
        role: Role,
        model: str,
        conversation: Sequence[Message],
        ask: Callable[[], Awaitable[Reply]],
        *,
        tool: str | None = None,
        job: str | None = None,
    ) -> Reply:
        """Ask within the day's cap, and count the reply. Raises: CapReached, with nothing asked; what `ask` raises."""
        ...
