"""What a sandbox enforces, proven by trying: each probe runs hostile programs of ours through the real `Sandbox.run`.

A program tells what each of its attempts came to; that none of them came to anything is looked at from outside as well.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from latm_mcp import sandbox_probe_programs as programs
from latm_mcp.outcomes import (
    CallFunction,
    Died,
    Limits,
    NotJsonable,
    Outcome,
    OutOfMemory,
    OutputTooLarge,
    Program,
    Raised,
    Returned,
    TimedOut,
)
from latm_mcp.sandbox import Sandbox
from latm_mcp.sandbox_canaries import Canaries, open_canaries

MAX_CAME = 600  # characters of what an attempt came to
USUAL = Limits(seconds=10, cpu_seconds=10)

Judge: TypeAlias = Callable[[list[Outcome]], bool]
Look: TypeAlias = Callable[[Canaries], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe came to. enforces: the promise; tried: how it was attacked; came: what that came to, bounded."""

    enforces: str
    held: bool
    tried: str
    came: str


async def _nothing(_canaries: Canaries) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Probe:
    """Programs, run one call each; judge: whether their outcomes show that it held; look: what was done, from outside."""

    enforces: str
    tried: str
    programs: tuple[str, ...]
    judge: Judge
    limits: Limits = field(default=USUAL)
    look: Look = _nothing

    async def run(self, sandbox: Sandbox, canaries: Canaries) -> ProbeResult:
        """Try it. Raises: SandboxUnavailable."""
        request = CallFunction({"at": canaries.targets()})
        outcomes = [await sandbox.run(Program(source, "f"), request, limits=self.limits) for source in self.programs]
        done = await self.look(canaries)
        told = "; ".join(map(_told, outcomes))
        leaked = canaries.secret in repr(outcomes)
        held = self.judge(outcomes) and not done and not leaked
        return ProbeResult(self.enforces, held, self.tried, f"{done}; {told}"[:MAX_CAME] if done else told[:MAX_CAME])


def _refused(outcome: Outcome) -> bool:
    """Whether every attempt failed, or ended the interpreter; a program that did not get to try proves nothing."""
    if isinstance(outcome, Returned):
        attempts = outcome.value
        return bool(attempts) and isinstance(attempts, list) and not any(did_it for _, did_it, _ in attempts)
    return isinstance(outcome, Died)


def _told(outcome: Outcome) -> str:
    """What came of a program, attempt by attempt."""
    match outcome:
        case Returned([[str(), bool(), str()], *_] as attempts):
            return "; ".join(f"{name}: {'DONE, ' if did_it else ''}{said}" for name, did_it, said in attempts)
    return outcome.sentence


def _each(*kinds: type) -> Judge:
    return lambda outcomes: all(isinstance(outcome, kinds) for outcome in outcomes)


def _each_refused(outcomes: list[Outcome]) -> bool:
    return all(map(_refused, outcomes))


def _works(outcomes: list[Outcome]) -> bool:
    return outcomes == [Returned("innocent")]


def _clean_after(outcomes: list[Outcome]) -> bool:
    """The first program did its worst, and the second found nothing of it."""
    return outcomes[0] == Returned("poisoned") and _refused(outcomes[1])


def _not_forged(outcomes: list[Outcome]) -> bool:
    """Nobody was believed who wrote a result, and the calls after were answered in their own right."""
    printed, *then = outcomes
    return (
        (printed == Returned("real") or isinstance(printed, Died))
        and Returned(programs.FORGED) not in outcomes
        and then[0] == then[2] == Returned("innocent")
        and isinstance(then[1], Died)
    )


def _bounded_depth(outcomes: list[Outcome]) -> bool:
    return all(
        isinstance(outcome, Died) or (isinstance(outcome, Raised) and outcome.type == "RecursionError")
        for outcome in outcomes
    )


def _stopped(clock: str) -> Judge:
    return lambda outcomes: all(isinstance(outcome, TimedOut) and outcome.clock == clock for outcome in outcomes)


# The first shows that the others mean something: a sandbox that runs nothing holds everything.
PROBES: tuple[Probe, ...] = (
    Probe("runs a function and returns its result", "an innocent function", (programs.INNOCENT,), _works),
    Probe(
        "imports nothing outside the list",
        "importing os, sys, subprocess, socket, ctypes, importlib",
        (programs.IMPORTING,),
        _each_refused,
    ),
    Probe(
        "reads no file of yours",
        "reading, listing and finding a file in a temporary folder",
        (programs.READING,),
        _each_refused,
    ),
    Probe(
        "writes no file",
        "making, renaming, linking and deleting files in a temporary folder",
        (programs.WRITING,),
        _each_refused,
        look=Canaries.changed_files,
    ),
    Probe(
        "sees no environment variable",
        "reading its own environment and that of the process that started it",
        (programs.LOOKING,),
        _each_refused,
    ),
    Probe(
        "opens no network connection",
        "connecting by TCP and UDP to this machine",
        (programs.CONNECTING, programs.CONNECTING_BY_DATAGRAM),
        _each_refused,
        look=Canaries.connections,
    ),
    Probe(
        "starts no process",
        "a shell, a new interpreter and a fork",
        (programs.STARTING,),
        _each_refused,
        look=Canaries.started_processes,
    ),
    Probe(
        "sends no signal",
        "ending another process of yours by its id",
        (programs.SIGNALLING,),
        _each_refused,
        look=Canaries.signalled,
    ),
    Probe(
        "has bounded time",
        "a loop that catches every exception, given 0.3 s",
        (programs.ENDLESS,),
        _stopped("wall"),
        Limits(seconds=0.3, cpu_seconds=10),
    ),
    Probe(
        "has bounded memory",
        "256 MiB in one step and in many, given 64 MiB",
        (programs.IN_ONE_STEP, programs.BY_ONE),
        _each(OutOfMemory, Died),
        Limits(memory_mib=64),
    ),
    Probe("has bounded recursion", "30,000 calls deep, given 1,000", (programs.DEEP,), _bounded_depth),
    Probe(
        "has a result of bounded size",
        "100,000 characters, and a small list that is endless as JSON, given 1,000 bytes",
        (programs.LONG, programs.SHARED),
        _each(OutputTooLarge),
        Limits(output_bytes=1000),
    ),
    Probe(
        "returns JSON and nothing else",
        "returning NaN, and a text that is no Unicode",
        (programs.NOT_A_NUMBER, programs.SURROGATE),
        _each(NotJsonable),
    ),
    Probe(
        "forges no result",
        "writing one to every open file, then going on, and then ending the interpreter",
        (
            programs.BY_THE_WAY + programs.FORGING,
            programs.INNOCENT,
            programs.BY_THE_WAY + programs.ENDING,
            programs.INNOCENT,
        ),
        _not_forged,
    ),
    Probe(
        "leaves nothing for the next call",
        "changing modules, builtins and settings, then looking for that in the next call",
        (programs.POISONING, programs.LOOKING_FOR_POISON),
        _clean_after,
    ),
)


PROCESSOR_TIME = Probe(
    "has bounded processor time",
    "the same loop, given 0.3 s of processor time",
    (programs.ENDLESS,),
    _stopped("processor"),
    Limits(seconds=10, cpu_seconds=0.3),
)


def tried_here() -> tuple[Probe, ...]:
    """The probes of this platform: where processor time cannot be told, `sandbox_gaps` says so instead."""
    return (*PROBES, PROCESSOR_TIME) if hasattr(time, "pthread_getcpuclockid") else PROBES


async def probe(sandbox: Sandbox) -> list[ProbeResult]:
    """Try every probe in turn: a few seconds. Raises: SandboxUnavailable; OSError where there is no room for canaries."""
    async with open_canaries() as canaries:
        return [await one.run(sandbox, canaries) for one in tried_here()]
