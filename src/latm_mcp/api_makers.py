"""A caller's function as a tool maker."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable, iscoroutinefunction
from typing import TypeAlias

from anyio import to_thread

from latm_mcp.errors import LatmError, MakerFailed
from latm_mcp.models import Message, Reply, Stage, Usage

# The conversation so far, as Chat Completions have it ({"role", "content"}); what the model says. One that is not async runs in a thread.
MakerFunction: TypeAlias = Callable[[list[dict[str, str]]], str | Awaitable[str]]


class CalledMaker:
    """Asks a function. error: what left it, for whoever called: a making says only that its maker could not be asked."""

    kind, model = "model", "not named"

    def __init__(self, function: MakerFunction):
        self._function = function
        self.error: Exception | None = None

    @property
    def failure(self) -> LatmError:
        """What its error comes to."""
        return MakerFailed(
            f"The maker raised {type(self.error).__name__}: {str(self.error)[:500]}. Nothing is lost: make again."
        )

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """What the function says. Raises: MakerFailed."""
        messages = [{"role": message.role, "content": message.content} for message in conversation]
        self.error = None
        try:
            text = await self._said(messages)
        except Exception as error:  # the caller's own code, which may raise anything: told to the caller
            self.error = error
            raise self.failure from error
        if not isinstance(text, str) or not text.strip():
            raise MakerFailed(f"The maker returned {type(text).__name__} and no text: return what the model says.")
        return Reply(text=text, usage=Usage(replies=1, estimated=True), model=self.model)

    async def _said(self, messages: list[dict[str, str]]) -> object:
        if iscoroutinefunction(self._function):
            return await self._function(messages)
        said = await to_thread.run_sync(self._function, messages, abandon_on_cancel=True)
        return await said if isawaitable(said) else said
