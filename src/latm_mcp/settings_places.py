"""Where other programs keep their configuration: the home folder and the variables that move it, read for `install`."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from latm_mcp.errors import BadInput

Platform: TypeAlias = Literal["linux", "darwin", "win32"]

# The variables by which clients, or the system, move their folders.
MOVES = (
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "OPENCODE_CONFIG",
    "OPENCODE_CONFIG_DIR",
    "GOOSE_PATH_ROOT",
    "CLINE_DIR",
    "CLINE_DATA_DIR",
    "CONTINUE_GLOBAL_DIR",
    "VSCODE_PORTABLE",
    "VSCODE_APPDATA",
    "FLATPAK_XDG_CONFIG_HOME",
)


@dataclass(frozen=True, slots=True)
class Places:
    """One user's folders on one platform.

    variables: HOME, XDG_CONFIG_HOME, APPDATA and LOCALAPPDATA always, those of MOVES where they are set.
    search: the folders of commands, as in PATH. uv: the uv that started this process, or empty.
    told: the LATM_* variables that are set, which a client may not pass on.
    """

    platform: Platform
    variables: Mapping[str, str]
    search: str = ""
    uv: str = ""
    told: tuple[str, ...] = ()


def read_places(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Places:
    """This user's places. Raises: BadInput where no home folder is known."""
    home = _home(environ, platform)
    variables = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": _absolute(environ.get("XDG_CONFIG_HOME", "")) or str(home / ".config"),
        "APPDATA": environ.get("APPDATA", "") or str(home / "AppData" / "Roaming"),
        "LOCALAPPDATA": environ.get("LOCALAPPDATA", "") or str(home / "AppData" / "Local"),
    }
    variables |= {name: os.path.abspath(os.path.expanduser(environ[name])) for name in MOVES if environ.get(name)}
    return Places(
        platform="win32" if platform == "win32" else "darwin" if platform == "darwin" else "linux",
        variables=variables,
        search=environ.get("PATH", ""),
        uv=environ.get("UV", ""),
        told=tuple(sorted(name for name in environ if name.startswith("LATM_") and environ[name].strip())),
    )


def _home(environ: Mapping[str, str], platform: str) -> Path:
    named = environ.get("USERPROFILE" if platform == "win32" else "HOME", "")
    try:
        return Path(named) if named else Path.home()
    except RuntimeError as error:
        raise BadInput(
            "no home folder is known here: set HOME, under which clients keep their configuration."
        ) from error


def _absolute(path: str) -> str:
    """As the XDG rules say: a relative one counts as unset."""
    return path if os.path.isabs(path) else ""
