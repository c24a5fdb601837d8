"""The settings file, as it is read: TOML, bounded, and each fault told with its line."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json
from latm_mcp.settings_names import SECTIONS, is_secret, setting_of, variable_of

MAX_BYTES = 64 * 1024
LISTS = ("LATM_HTTP_HOSTS", "LATM_HTTP_ORIGINS")
_OTHERS = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What the file says, by variable. path None: there is no home folder to look for it in.

    exists: whether there is one. named: whether somebody said where it is. faults: sentences; what they are about is not in values.
    notes: what does no harm yet.
    """

    path: Path | None = None
    exists: bool = False
    named: bool = False
    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # keys may be among them
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_file(path: Path, *, named: bool) -> SettingsFile:
    """Read the file; whatever is wrong with it is in its faults. One that is missing is a fault only where it was named."""
    try:
        text, open_to_others = file_text(path)
    except (FileNotFoundError, NotADirectoryError):
        missing = (
            f"There is no settings file {str(path)!r}: write it with `latm-mcp config set`, or name another with --config or LATM_CONFIG.",
        )
        return SettingsFile(path, named=named, faults=missing if named else ())
    except OSError as error:
        said = f"The settings file {str(path)!r} cannot be read ({error.strerror or error}): see that it is a file of yours."
        return SettingsFile(path, True, named, faults=(said,))
    except BadInput as error:
        return SettingsFile(path, True, named, faults=(str(error),))
    values, faults = _read(text, path)
    secrets = sorted(setting_of(name) for name in values if is_secret(name))
    notes = (_exposed(path, secrets),) if secrets and open_to_others else ()
    return SettingsFile(path, True, named, MappingProxyType(values), tuple(faults), notes)


def file_text(path: Path) -> tuple[str, bool]:
    """The file's text, and whether others on this machine may read it. Raises: OSError, BadInput."""
    if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: a pipe that nobody writes to would never end
        raise BadInput(f"The settings file {str(path)!r} is no file: name another with --config or LATM_CONFIG.")
    with path.open("rb") as opened:
        raw = opened.read(MAX_BYTES + 1)
        mode = path.stat().st_mode
    if len(raw) > MAX_BYTES:
        raise BadInput(f"The settings file {str(path)!r} is longer than {MAX_BYTES // 1024} KiB: is it another file?")
    try:
        return raw.decode("utf-8-sig"), bool(mode & _OTHERS) and os.name == "posix"
    except UnicodeDecodeError:
        raise BadInput(f"The settings file {str(path)!r} is not UTF-8: save it as UTF-8.") from None


def _read(text: str, path: Path) -> tuple[dict[str, str], list[str]]:
    import tomllib  # here: most people have no such file

    try:
        table = tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        return {}, [f"The settings file {str(path)!r} is no TOML: {error}. Mend it there."]
    values: dict[str, str] = {}
    faults = []
    for name, value in _flat(table):
        try:
            variable = _variable(name)
            values[variable] = _as_text(variable, value)
        except BadInput as error:
            line = line_of(text, name)
            where = f", line {line}" if line else ""
            faults.append(f"The settings file {str(path)!r}{where}: {error}")
    return values, faults


def _flat(table: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for name, value in table.items():
        if name in SECTIONS and isinstance(value, dict):
            yield from ((f"{name}.{inner}", held) for inner, held in value.items())
        else:  # one key that has a dot in it is not the table and the key of that name
            yield (f'"{name}"' if "." in name else name), value


def _variable(name: str) -> str:
    variable = variable_of(name)
    if setting_of(variable) != name:  # one form in the file, so that no setting stands there twice
        raise BadInput(f"{name[:80]!r} is written {setting_of(variable)} here.")
    return variable


def _as_text(variable: str, value: Json) -> str:
    """A value as the variable would have it. Raises: BadInput."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float) and -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, list) and variable in LISTS and all(isinstance(one, str) and "," not in one for one in value):
        value = ", ".join(value)
    if isinstance(value, str) and all(character >= " " and character != "\x7f" for character in value):
        return value
    kinds = "a text or a list of texts" if variable in LISTS else "a text, a number, true or false"
    raise BadInput(f"{setting_of(variable)} is none of what a setting can be: make it {kinds}.")


def line_of(text: str, name: str) -> int:
    """The line that a setting stands in, as well as can be told without a parser that counts; 0 where it cannot."""
    section, last = "", name.rpartition(".")[2]
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]\[]*?)\s*\]", line):
            section = header[1].strip("'\"")
            if section == name:
                return number
        elif written := re.match(r"\s*([^=#]+?)\s*=", line):
            key = re.sub(r"[\s'\"]", "", written[1])
            if key in (name, last) and (f"{section}.{key}" if section else key) in (name, f"{section}.{name}"):
                return number
    return 0


def _exposed(path: Path, secrets: list[str]) -> str:
    commands = " and ".join(f"`latm-mcp config key {name.partition('.')[0]}`" for name in secrets)
    return (
        f"{', '.join(secrets)} in {str(path)!r} can be read by others on this machine: take it out and keep it with {commands}, "
        f"or run `chmod 600` on the file."
    )
