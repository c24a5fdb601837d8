"""What `latm-mcp doctor` finds out about the sandbox, by trying it."""

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from latm_mcp.cli_doctor_show import Section
from latm_mcp.cli_screen import tell
from latm_mcp.errors import LatmError, SandboxUnavailable
from latm_mcp.outcomes import SandboxKind
from latm_mcp.sandbox import COMPONENT, Sandbox, open_sandbox
from latm_mcp.sandbox_compiled import compiled_path
from latm_mcp.sandbox_gaps import as_root, gaps, walls_of
from latm_mcp.sandbox_probes import probe
from latm_mcp.settings import Settings

FAILURES = (LatmError, OSError, ImportError)
Opening: TypeAlias = Callable[..., AbstractAsyncContextManager[Sandbox]]  # `open_sandbox`, or a test's own
ADVICE: dict[SandboxKind, str] = {
    "wasm": "install latm-mcp again (`pip install --force-reinstall latm-mcp`), or name a folder of your own with LATM_CACHE; on"
    " Linux LATM_SANDBOX=native is another sandbox.",
    "native": "it needs a Linux with Landlock and seccomp. Unset LATM_SANDBOX, and the wasm sandbox is used, which needs neither.",
}
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
        advice = NOT_STARTED.format(sys.executable) if isinstance(error, OSError) else ADVICE[kind]
        section.problems.append(
            f"The {kind} sandbox cannot be used: {_why(error)} No made code runs until that is mended: {advice}"
        )
    section.facts |= {
        "compiled_code_in": str(settings.cache),
        "compiled_code_was_cold": cold,
        "compiled_code_bytes": _compiled_bytes(settings.cache),
    }
    section.facts["the_other_kind"] = await _other("native" if kind == "wasm" else "wasm", settings.cache, opening)
    return section


async def _warm(sandbox: Sandbox, kind: SandboxKind) -> None:
    await sandbox.warm()
    if not sandbox.description.startswith(kind):  # never another one in silence
        raise SandboxUnavailable(f"this release has no {kind!r} sandbox: it started {sandbox.description!r} instead.")


async def _try(sandbox: Sandbox, kind: SandboxKind, section: Section) -> None:
    results = await probe(sandbox)
    section.facts["what_it_enforces_tried_just_now"] = [asdict(result) for result in results]
    section.problems += [
        f"The {kind} sandbox did not hold: {result.enforces!r}. Tried: {result.tried}. What came of it: {result.came}. Run no"
        " made code here: choose the other sandbox with LATM_SANDBOX, and report this output."
        for result in results
        if not result.held
    ]


async def _other(kind: SandboxKind, cache_folder: Path, opening: Opening) -> str:
    """Whether the sandbox that is not in use could be, and how. Nothing is compiled for that."""
    if kind == "wasm":
        there = COMPONENT.exists()
        return (
            "wasm is available: unset LATM_SANDBOX to use it." if there else "wasm is not built into this installation."
        )
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
    text = str(error).strip() or type(error).__name__
    return text if text.endswith(".") else f"{text}."
