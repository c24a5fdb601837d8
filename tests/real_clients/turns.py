"""What a model is shown in one request, whatever the client's protocol, and what it may do next."""

from dataclasses import dataclass
from typing import Any

FIXED = ("call_tool", "dispatch", "make_tool", "report_result")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call that the model made, and what its client says came of it."""

    name: str
    result: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What one request shows the model: names that it may call, names that it may ask for by `search`, and what was done.

    late: our server is still being connected; a search waits for it.
    """

    offered: tuple[str, ...]
    deferred: tuple[str, ...] = ()
    search: str = ""
    done: tuple[Exchange, ...] = ()
    late: bool = False

    def find(self, command: str) -> str:
        """The name under which the client offers a tool of ours; empty where it offers none."""
        return _ours(command, self.offered)

    def find_deferred(self, command: str) -> str:
        """The name under which the client would load a tool of ours."""
        return _ours(command, self.deferred)

    def results(self, command: str) -> list[str]:
        """What came of the calls of one tool of ours, oldest first."""
        return [one.result for one in self.done if _ours(command, (one.name,))]


@dataclass(frozen=True, slots=True)
class Call:
    """The model calls a tool."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """The model's last word."""

    text: str


Move = Call | Say


def _ours(command: str, names: tuple[str, ...]) -> str:
    """Clients put the server's name before a tool's, each in its own way."""
    return next((name for name in names if name.endswith(command) and "latm" in name[: -len(command)]), "")
