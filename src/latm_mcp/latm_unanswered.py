"""Questions that no tool answers: kept until there is a tool, answered meanwhile by who was asked before, or by the strong model.

The strong model is asked for a question once, however many wait for it, and it goes on when they wait no longer: a reply is paid for
either way, and is there when the question is asked again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from latm_mcp.errors import MakerFailed
from latm_mcp.latm_agreed import agreed
from latm_mcp.latm_growth import Growth
from latm_mcp.latm_queue import Cached, Waiting
from latm_mcp.latm_spending import Paid
from latm_mcp.models import Example
from latm_mcp.store import best_effort
from latm_mcp.using import strong
from latm_mcp.using.use import Answer

SHOTS = 6  # answered questions that the strong model is shown
WAIT_SECONDS = 40.0  # for its answer: some clients give a request up after 60, and lose what comes then
MOST_AT_ONCE = 16  # questions that it is asked


@dataclass(eq=False)
class _Asking:
    """One question that the strong model is asked. text: its answer, once it is there."""

    done: anyio.Event = field(default_factory=anyio.Event)
    text: str = ""
    error: Exception | None = None


class Unanswered:
    """Where such questions go. waiting: None where the queue is off, and nothing is kept; model: None where none is configured.

    group: in which the strong model is asked.
    """

    def __init__(self, waiting: Waiting | None, growth: Growth, model: Paid | None, group: TaskGroup):
        self._waiting, self._growth, self._model, self._group = waiting, growth, model, group
        self._under_way: dict[str, _Asking] = {}

    def keep(self, question: str, tool: str | None) -> Cached | None:
        """Put a question where it waits: for this tool's next version, or among others of its kind. Raises: StoreBusy."""
        if self._waiting is None:
            return None
        cached = self._waiting.cache(question, tool)
        self._growth.notice()
        return cached

    async def offered(self, cached: Cached | None) -> str:
        """The job that the calling client's own model can write the tool for, where its group is complete and nobody else writes."""
        return await self._growth.offered(cached.group.id) if cached is not None and cached.ready else ""

    async def strongly(self, question: str, shots: Sequence[Example]) -> Answer | None:
        """The strong model's answer, which is kept where the question waits. shots: like questions with answers, the latest last.

        None: no such model is configured. Raises: MakerFailed, also where it takes longer than can be waited for; CapReached.
        """
        if self._model is None:
            return None
        asking = self._under_way.get(question) or self._begin(question, shots, self._model)
        with anyio.move_on_after(WAIT_SECONDS):
            await asking.done.wait()
        if asking.error is not None:
            raise asking.error
        if not asking.done.is_set():
            raise MakerFailed(
                f"The strong model has not answered within {WAIT_SECONDS:g} s, and goes on. Ask again in a minute."
            )
        return Answer("", asking.text, {}, None, how="strong model")

    def _begin(self, question: str, shots: Sequence[Example], model: Paid) -> _Asking:
        if len(self._under_way) >= MOST_AT_ONCE:
            raise MakerFailed(f"The strong model is at {MOST_AT_ONCE} other questions. Ask again in a minute.")
        asking = self._under_way[question] = _Asking()
        self._group.start_soon(self._ask, asking, question, shots[-SHOTS:], model)
        return asking

    async def _ask(self, asking: _Asking, question: str, shots: Sequence[Example], model: Paid) -> None:
        try:
            asking.text = await strong.answer_strongly(question, shots, model)
            with best_effort("the strong model's answer is not kept"):
                if self._waiting is not None:
                    self._waiting.tell(question, asking.text, "model", model.model)
                    self._growth.notice()
        except Exception as error:  # noqa: BLE001 raised to whoever waits: one question must not end the process
            asking.error = error
        finally:
            del self._under_way[question]
            asking.done.set()


def said_before(cached: Cached | None) -> Answer | None:
    """What a person said to this very question, or else the strong model; what a client said is no answer to others."""
    told = () if cached is None else cached.instance.told
    persons = [one.answer for one in told if one.who == "person"]
    if persons:  # where persons differ, nobody's word is the answer
        return Answer("", persons[-1], {}, None, how="person") if len(set(persons)) == 1 else None
    models = [one.answer for one in told if one.who == "model"]
    return Answer("", models[-1], {}, None, how="strong model") if len(set(models)) == 1 else None


def shots_of(cached: Cached | None) -> list[Example]:
    """Others of a question's group whose answers count; a client's word alone is in no model's prompt."""
    if cached is None:
        return []
    found = (agreed(one, clients=False) for one in cached.group.instances if one.id != cached.instance.id)
    return [one for one in found if isinstance(one, Example)]
