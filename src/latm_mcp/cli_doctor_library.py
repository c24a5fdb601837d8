"""What `latm-mcp doctor` finds out about the library, without making or changing one."""

import os
import shlex
import shutil
import stat
import tempfile
from pathlib import Path

from latm_mcp.cli_doctor_show import Section
from latm_mcp.errors import StoreTooNew, StoreUnusable
from latm_mcp.settings import Settings
from latm_mcp.store_look import NEWEST, look
from latm_mcp.store_sqlite import FILE_NAME

ANOTHER = "latm-mcp config set home FOLDER"
NONE_YET = "none yet; made at first use"


def library_section(settings: Settings) -> Section:
    """The library's folder, whether it can be written, what it holds, and the room on its disk."""
    section = Section("library", {"folder": str(settings.home)})
    try:
        found = look(settings.home)
    except StoreUnusable as error:
        section.problem(str(error), _mend(error, settings.home))
    else:
        section.facts["state"] = NONE_YET if found is None else "opens, whole, and takes writes"
        if found is not None:
            section.facts["format"] = f"{found.format} (this release writes {NEWEST})"
            section.facts["tools"] = found.tools
    _try_folders(settings, section)
    _look_who_may_write(settings.home, section)
    _measure(settings.home, section)
    return section


def _try_folders(settings: Settings, section: Section) -> None:
    """A file without a name is written to each folder, and gone."""
    refused = refusal(settings.home)
    section.facts["writable"] = not refused
    if refused and not section.problems:
        section.problem(
            f"The library's folder {str(settings.home)!r} cannot be written: {refused}. Make it writable, free some space, or"
            " set LATM_HOME to another.",
            writable(settings.home),
        )
    refused = refusal(settings.tools_folder)
    if refused and not section.problems:
        section.notes.append(
            f"The folder {str(settings.tools_folder)!r} cannot be written: {refused}. Tools are safe in the library, but not"
            " written as files until it can be."
        )


def _look_who_may_write(home: Path, section: Section) -> None:
    """Whoever writes there says which code runs."""
    try:
        mode = home.stat().st_mode
    except OSError:
        return  # none yet, or told of already
    if os.name == "posix" and stat.S_ISDIR(mode) and mode & (stat.S_IWGRP | stat.S_IWOTH):
        section.notes.append(
            f"Others can write the library's folder {str(home)!r}, and so put tools of theirs into it:"
            f" `chmod go-w {shlex.quote(str(home))}` makes it yours alone."
        )


def writable(folder: Path) -> str:
    """The command that makes a folder one's own to write."""
    if os.name != "posix" or not os.path.isdir(folder):
        return ANOTHER
    return f"chmod -R u+rwX {shlex.quote(str(folder))}"


def _mend(error: StoreUnusable, home: Path) -> str:
    if isinstance(error, StoreTooNew):
        return "pip install --upgrade latm-mcp"
    if "Move it away" not in str(error):
        return writable(home)
    if os.name != "posix":
        return f'move "{home / FILE_NAME}*" "{home.with_name(home.name + "-damaged")}"'
    aside = shlex.quote(f"{home}-damaged")
    return f"mkdir {aside} && mv {shlex.quote(str(home / FILE_NAME))}* {aside}"


def refusal(folder: Path) -> str:
    """Why this folder, or the nearest above it that is there, cannot be written; empty where it can."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return ""


def _measure(home: Path, section: Section) -> None:
    section.facts["size_bytes"] = _size(home)
    # Path.exists raises where a folder on the way may not be entered.
    there = next((folder for folder in (home, *home.parents) if os.path.exists(folder)), home)
    try:
        section.facts["free_on_its_disk_bytes"] = shutil.disk_usage(there).free
    except OSError as error:
        section.notes.append(f"The free space at {str(there)!r} cannot be told: {error.strerror or error}.")


def _size(folder: Path) -> int:
    """The sum of all plain files; what cannot be looked at counts nothing."""
    total = 0
    for place, _, names in os.walk(folder, onerror=None):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return total
