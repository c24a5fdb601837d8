"""What one run of made code came to: a closed union, each member with the figures the next reader needs.

`sentence` is one bounded sentence for a model or a person. Nothing here holds an expected answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

# None | bool | int | float | str | list[Json] | dict[str, Json]: a recursive alias is of no use to isinstance
Json: TypeAlias = Any
SandboxKind: TypeAlias = Literal["wasm", "native"]  # the design, section 7
Step: TypeAlias = Literal["load", "parse", "function", "render"]


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Call the tool's function with these keyword arguments; `Returned.value` is its result."""

    arguments: dict[str, Json]


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """parse -> function -> render in one instance; `Returned.value` is {"arguments", "result", "answer"}."""

    question: str


@dataclass(frozen=True, slots=True)
class RenderResult:
    """Only `render(result, question)`; `Returned.value` is the answer."""

    result: Json
    question: str


Request: TypeAlias = CallFunction | AnswerQuestion | RenderResult


@dataclass(frozen=True, slots=True)
class Program:
    """One tool's source and the name of its function in it."""

    source: str
    function: str


@dataclass(frozen=True, slots=True)
class World:
    """What a run may differ in without its result differing (design 2.7): random seed, clock offset in seconds.

    seed None: the one that a sandbox draws for itself and uses for every call, in verification as in use.
    """

    seed: int | None = None
    clock_offset: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call (design 7). seconds: wall time; cpu_seconds: processor time, where the system can tell it.

    output_bytes, argument_bytes: of the JSON. recursion: depth of Python calls, as `sys.setrecursionlimit` counts it.
    """

    seconds: float = 10.0
    cpu_seconds: float = 10.0
    memory_mib: int = 256
    output_bytes: int = 1 << 20
    argument_bytes: int = 1 << 20
    recursion: int = 1000


# From and to what a limit may be set, in the settings and for one tool.
LIMIT_BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "seconds": (0.01, 3600),
        "cpu_seconds": (0.01, 3600),
        "memory_mib": (64, 4096),
        "output_bytes": (1 << 10, 64 << 20),
        "argument_bytes": (1 << 10, 64 << 20),
        "recursion": (100, 5000),
    }
)


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """The limits that a person set for one tool; None: what holds for all."""

    seconds: float | None = None
    cpu_seconds: float | None = None
    memory_mib: int | None = None
    output_bytes: int | None = None
    argument_bytes: int | None = None
    recursion: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "OwnLimits":
        """Those limits that are named."""
        return replace(cls(), **given)

    @property
    def given(self) -> dict[str, float]:
        """Only those that were set."""
        return {row.name: value for row in fields(self) if (value := getattr(self, row.name)) is not None}

    def over(self, limits: Limits) -> Limits:
        """All limits of the tool. Processor time goes with wall time where it does for all, and was not set itself."""
        given: dict[str, Any] = self.given
        if "seconds" in given and limits.cpu_seconds == limits.seconds:
            given = {"cpu_seconds": given["seconds"]} | given
        return replace(limits, **given)


@dataclass(frozen=True, slots=True)
class Returned:
    """The code came to its end with a JSON value."""

    value: Json

    @property
    def sentence(self) -> str:
        return f"returned {self.value!r}"[:500]


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception left the code. lines: the tool's own lines of the traceback, `line 12: code`, at most 8."""

    step: Step
    type: str
    message: str
    lines: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        where = f" (at {'; '.join(self.lines[-2:])})" if self.lines else ""
        return f"{self.step} raised {self.type}: {self.message}{where}"[:800]


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The code was stopped at its limit of time; clock: which one, wall or processor."""

    seconds: float
    clock: Literal["wall", "processor"] = "wall"

    @property
    def sentence(self) -> str:
        if self.clock == "processor":
            return f"used more than {self.seconds:g} s of processor time"
        return f"did not end within {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """The code asked for more memory than it may have."""

    memory_mib: int

    @property
    def sentence(self) -> str:
        return f"needed more than {self.memory_mib} MiB of memory"


@dataclass(frozen=True, slots=True)
class OutputTooLarge:
    """The result's JSON is larger than may leave the sandbox."""

    limit_bytes: int

    @property
    def sentence(self) -> str:
        return f"returned more than {self.limit_bytes} bytes"


@dataclass(frozen=True, slots=True)
class NotJsonable:
    """The result is no JSON value: `what` says which type, or NaN, infinity, a lone surrogate, a cycle."""

    step: Step
    what: str

    @property
    def sentence(self) -> str:
        return f"{self.step} returned something that is not JSON: {self.what}"[:500]


@dataclass(frozen=True, slots=True)
class Died:
    """The interpreter itself ended: an exit, an abort, a stack overflow."""

    reason: str

    @property
    def sentence(self) -> str:
        return f"ended the interpreter instead of returning ({self.reason})"[:300]


Outcome: TypeAlias = Returned | Raised | TimedOut | OutOfMemory | OutputTooLarge | NotJsonable | Died


def refused(outcome: Outcome) -> bool:
    """Whether `parse` said that the question is not of this task: NotThisTask, or any exception of its own."""
    return isinstance(outcome, Raised) and outcome.step == "parse"
