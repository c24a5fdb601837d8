"""What a sandbox cannot do on this machine, in plain sentences: no wall is taken for more than it is."""

import os
import sys
from collections.abc import Sequence

from latm_mcp.outcomes import SandboxKind

MISSING = ("no Landlock", "no seccomp")  # how a description names a wall that is not there
SIDE_CHANNELS = (
    "It cannot hide how long the machine takes for something: code that may time itself can guess at what else runs here. "
    "What one call is given does not stay for another to find, but do not put keys into arguments."
)
TRUTH = "It cannot tell whether a tool is right: it holds code, and the evidence says what was checked."
KERNEL = (
    "It cannot hold code that knows a fault of the Linux kernel in one of the few system calls which are left to it, nor one "
    "of the processor. wasm has WebAssembly in front of the same walls."
)
ENGINE = "It cannot by itself hold code that knows a fault of wasmtime: {behind}."
NO_PROCESSOR_TIME = "Processor time cannot be told apart for one call here: the limit of wall time stands in for it."
ROOT = (
    "It runs as root here, whom some of the operating system's limits do not hold, such as that on the number of processes: "
    "run it as an ordinary user."
)


def gaps(kind: SandboxKind, walls: Sequence[str], *, platform: str = sys.platform, root: bool) -> list[str]:
    """What a sandbox of this kind with these walls cannot do. walls: as its description names them; root: see `as_root`."""
    found = [KERNEL if kind == "native" else ENGINE.format(behind=_behind(walls))]
    if platform != "linux":
        found.append(NO_PROCESSOR_TIME)
    return [*found, *([ROOT] if root else []), SIDE_CHANNELS, TRUTH]


def _behind(walls: Sequence[str]) -> str:
    missing = [wall for wall in walls if wall.startswith(MISSING)]
    standing = [wall for wall in walls if wall not in missing]
    if not standing:
        return f"here no wall of the operating system stands behind it ({', '.join(missing) or 'none is named'})"
    lacking = f", but {' and '.join(missing)}" if missing else ""
    return f"behind it {'stands' if len(standing) == 1 else 'stand'} {' and '.join(standing)}{lacking}"


def as_root() -> bool:
    """Whether this process may do what it likes, for the operating system."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def walls_of(description: str) -> list[str]:
    """The operating system's walls that a sandbox's description names after its interpreter."""
    return [part.strip() for part in description.split(",")[1:]]
