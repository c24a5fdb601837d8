"""What `latm-mcp doctor` finds out about the sandbox, by trying it."""

import re
import shlex
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from latm_mcp.cli_doctor_library import refusal
from latm_mcp.cli_doctor_show import REINSTALL as REINSTALLING
from latm_mcp.cli_doctor_show import Section
from latm_mcp.cli_screen import tell
from latm_mcp.errors import LatmError, SandboxUnavailable
from latm_mcp.outcomes import SandboxKind
from latm_mcp.sandbox import COMPONENT, Sandbox, open_sandbox
from latm_mcp.sandbox_compiled import Unusable, check_folder, check_private, compiled_path
from latm_mcp.sandbox_gaps import as_root, gaps, walls_of
from latm_mcp.sandbox_probes import probe
from latm_mcp.settings import Settings

FAILURES = (LatmError, OSError, ImportError)
Opening: TypeAlias = Callable[..., AbstractAsyncContextManager[Sandbox]]  # `open_sandbox`, or a test's own
ELSE = "On Linux LATM_SANDBOX=native is another sandbox."
REINSTALL = "install latm-mcp again (`pip install --force-reinstall latm-mcp`)"
ADVICE: dict[SandboxKind, str] = {
    "wasm": f"try again, and if it stays so, {REINSTALL}. {ELSE}",
    "native": "it needs a Linux with Landlock and seccomp. Unset LATM_SANDBOX, and the wasm sandbox is used, which needs neither.",
}
NOT_BUILT = f"in a checkout, build it; else {REINSTALL}. {ELSE}"
BAD_CACHE = "give it a folder for its compiled code that it can use. On Linux LATM_SANDBOX=native needs none."
AGAIN = re.compile(r"^(the (wasm |native )?sandbox cannot be used( here)?: )+")  # what the sentence says already
NOT_STARTED = "see to it that {!r} is there and may be run, and that there is a temporary folder and memory left."


async def sandbox_section(settings: Settings, chosen_by: str, opening: Opening = open_sandbox) -> Section:
    """Which sandbox is in use, every probe of it, what it cannot do here, and whether the other kind is there.

    chosen_by: where the setting is from.
    """
    kind = settings.sandbox
    section = Section("sandbox", {"kind": kind, "chosen_by": f"{chosen_by} (LATM_SANDBOX: wasm or native)"})
    cold = not _compiled_bytes(settings.cache)
    try:
        async with opening(settings.cache, kind=kind, workers=1, progress=tell) as sandbox:
            await _warm(sandbox, kind)
            walls = walls_of(sandbox.description)
            section.facts |= {"description": sandbox.description, "python_of_made_code": sandbox.python, "walls": walls}
            await _try(sandbox, kind, section)
            section.facts["what_it_cannot_do_here"] = gaps(kind, walls, root=as_root())
    except FAILURES as error:
        section.problem(*_problem(kind, error, settings.cache))
    section.facts |= {
        "compiled_code_in": str(settings.cache),
        "compiled_code_was_cold": cold,
        "compiled_code_bytes": _compiled_bytes(settings.cache),
    }
    section.facts["the_other_kind"] = await _other("native" if kind == "wasm" else "wasm", settings.cache, opening)
    return section


def _problem(kind: SandboxKind, error: Exception, cache_folder: Path) -> tuple[str, str]:
    """What is wrong, with the advice that fits it, and the command that mends it."""
    why, advice, mend = (
        _why(error),
        ADVICE[kind],
        REINSTALLING if kind == "wasm" else "latm-mcp config set sandbox wasm",
    )
    if isinstance(error, OSError):  # of starting a worker; the worker's own come as words
        advice, mend = NOT_STARTED.format(sys.executable), REINSTALLING
    elif kind == "wasm" and not COMPONENT.exists():
        advice = NOT_BUILT
    elif kind == "wasm" and (fault := _cache_fault(cache_folder)):
        why, advice, mend = fault, BAD_CACHE, "latm-mcp config set cache FOLDER"
        if "can be written by others" in fault:
            mend = f"chmod go-w {shlex.quote(str(cache_folder))}"
    return f"The {kind} sandbox cannot be used: {why} No made code runs until that is mended: {advice}", mend


def _cache_fault(folder: Path) -> str:
    """Why wasm's machine code can be neither kept in this folder nor loaded from it; empty where it can."""
    try:
        check_folder(folder)
        compiled = compiled_path(COMPONENT, folder)
        if compiled.exists():
            check_private(compiled)
            return ""
    except Unusable as error:
        return f"its cache folder does not do: {_why(error)}"
    except OSError as error:
        return _unwritable(folder, error.strerror or str(error))
    refused = refusal(folder)
    return _unwritable(folder, refused) if refused else ""


def _unwritable(folder: Path, refused: str) -> str:
    return f"its cache folder {str(folder)!r} cannot be written: {refused}. Set LATM_CACHE to a folder of your own."


async def _warm(sandbox: Sandbox, kind: SandboxKind) -> None:
    await sandbox.warm()
    if not sandbox.description.startswith(kind):  # never another one in silence
        raise SandboxUnavailable(f"this release has no {kind!r} sandbox: it started {sandbox.description!r} instead.")


async def _try(sandbox: Sandbox, kind: SandboxKind, section: Section) -> None:
    results = await probe(sandbox)
    section.facts["what_it_enforces_tried_just_now"] = [asdict(result) for result in results]
    other = "native" if kind == "wasm" else "wasm"
    for result in results:
        if not result.held:
            section.problem(
                f"The {kind} sandbox did not hold: {result.enforces!r}. Tried: {result.tried}. What came of it: {result.came}."
                " Run no made code here: choose the other sandbox with LATM_SANDBOX, and report this output.",
                f"latm-mcp config set sandbox {other}",
            )


async def _other(kind: SandboxKind, cache_folder: Path, opening: Opening) -> str:
    """Whether the sandbox that is not in use could be, and how. Nothing is compiled for that."""
    if kind == "wasm":
        if not COMPONENT.exists():
            return "wasm is not built into this installation."
        fault = _cache_fault(cache_folder)
        return f"wasm is not available here: {fault}" if fault else "wasm is available: unset LATM_SANDBOX to use it."
    if sys.platform != "linux":
        return "native is for Linux alone."
    try:
        async with opening(cache_folder, kind=kind, workers=1) as sandbox:
            await _warm(sandbox, kind)
    except FAILURES as error:
        return f"native is not available here: {_why(error)}"
    return "native is available, faster for long computations: set LATM_SANDBOX=native to use it."


def _compiled_bytes(folder: Path) -> int:
    """How large wasm's machine code in the cache folder is; 0 where there is none, and it is compiled at first use."""
    try:
        return compiled_path(COMPONENT, folder).stat().st_size
    except FAILURES:
        return 0


def _why(error: Exception) -> str:
    text = AGAIN.sub("", str(error).strip(), count=1) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
