"""The settings file, as it is changed: one setting at a time, its comments kept, and never half written."""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from latm_mcp.errors import BadInput
from latm_mcp.locking import lock
from latm_mcp.settings_file import LISTS, SettingsFile, file_text, read_file
from latm_mcp.settings_names import SECTIONS, setting_of
from latm_mcp.settings_told import fault_of

Document = MutableMapping[str, Any]
PATIENCE_SECONDS = 5.0  # with another command that is changing the file, which takes milliseconds


def set_in_file(path: Path, variable: str, text: str) -> None:
    """Write one setting, checked by what reads it. Raises: BadInput; the file is as it was then."""
    fault = fault_of(variable, text)
    if fault:
        raise BadInput(fault.replace(variable, setting_of(variable), 1))
    if not text.strip():
        raise BadInput(
            f"{setting_of(variable)} has no value: give one, or run `latm-mcp config unset {setting_of(variable)}`."
        )
    section, _, last = setting_of(variable).rpartition(".")

    with suppress(OSError):  # told of when the file is written
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def change(document: Document) -> None:
        table = document.setdefault(section, {}) if section else document
        if not isinstance(table, MutableMapping):
            raise BadInput(
                f"{section} in the settings file {str(path)!r} is no table: run `latm-mcp config unset {section}` first."
            )
        table[last] = _typed(variable, text.strip())

    _edit(path, variable, change)


def unset_in_file(path: Path, name: str) -> bool:
    """Take one setting out, by the name that it has in the file; False where it is not there. Raises: BadInput."""
    section, _, last = name.rpartition(".")
    there = False

    def change(document: Document) -> None:
        nonlocal there
        inside = [(document.get(section), last)] if section in SECTIONS else []
        for table, key in (*inside, (document, name)):  # the second also for one key that has a dot in it
            if isinstance(table, MutableMapping) and key in table:
                there = True
                del table[key]

    _edit(path, None, change)
    return there


def _typed(variable: str, text: str) -> object:
    """A value as TOML would have it: a truth, a number, a list, or the text itself."""
    if variable in LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if not fault_of(variable, "any text"):
        return text
    if text in ("on", "off"):
        return text == "on"
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _edit(path: Path, variable: str | None, change: Callable[[Document], None]) -> None:
    """Change the file, if what it then says can be read and has no fault that was not there before."""
    target = _own_target(path)
    with _alone(target.parent):
        _edit_alone(path, target, variable, change)


def _edit_alone(path: Path, target: Path, variable: str | None, change: Callable[[Document], None]) -> None:
    import tomlkit
    import tomlkit.exceptions

    before = read_file(path, named=False)
    try:
        text = file_text(path)[0] if before.exists else ""
        document = tomlkit.parse(text)
        change(document)
        written = tomlkit.dumps(document).encode()
    except (OSError, UnicodeError, tomlkit.exceptions.TOMLKitError, RecursionError) as error:
        raise BadInput(
            next(iter(before.faults), f"The settings file {str(path)!r} cannot be changed: {error}.")
        ) from error
    if written != text.encode():
        _replace(target, written, lambda made: _check(made, before, variable))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One change at a time in this folder: the last of two at once would else undo the first, which said that it was made.

    Where folders cannot be locked there is no lock. Raises: BadInput where another command has it for long.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # told of when the file is written
        yield
        return
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        with suppress(OSError):
            while not lock(descriptor):
                if time.monotonic() > deadline:
                    raise BadInput(f"Another command is changing a file in {str(folder)!r}: let it end, and try again.")
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _check(made: Path, before: SettingsFile, variable: str | None) -> None:
    """That the new text says what the old one did, but for the one setting."""
    after = read_file(made, named=False)
    lost = [name for name in before.values if name not in after.values]
    if (
        len(after.faults) > len(before.faults)
        or len(lost) > (variable is None)
        or (variable and variable not in after.values)
    ):
        raise BadInput(f"The settings file {str(before.path)!r} cannot be changed by this command: edit it by hand.")


def _own_target(path: Path) -> Path:
    """The file behind a link, so that a link stays one. Raises: BadInput where that is nobody's, or somebody else's."""
    if not path.is_symlink():
        return path
    try:
        target = path.resolve(strict=True)
        if hasattr(os, "getuid") and target.stat().st_uid != os.getuid():
            raise BadInput(
                f"The settings file {str(path)!r} is a link to {str(target)!r}, which is not yours: nothing was written."
            )
    except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself
        raise BadInput(f"The settings file {str(path)!r} is a link that leads nowhere: nothing was written.") from error
    return target


def _replace(path: Path, content: bytes, check: Callable[[Path], None]) -> None:
    """Put the content in the file's place at once. A new file is its owner's alone; another keeps its mode."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
        with suppress(FileNotFoundError):
            new.unlink()
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        new.chmod(mode)
        check(new)
        new.replace(path)
    except OSError as error:
        raise BadInput(
            f"The settings file {str(path)!r} cannot be written ({error.strerror or error}): name another with --config."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink()
