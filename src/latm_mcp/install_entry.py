"""Which command a client is told to start: whole paths, no shell, and one that is still there tomorrow."""

import importlib.metadata
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath
from urllib.parse import urlsplit

import latm_mcp
from latm_mcp.errors import BadInput
from latm_mcp.install_clients import Shape
from latm_mcp.install_documents import Entry
from latm_mcp.outcomes import Json
from latm_mcp.settings_names import setting_of
from latm_mcp.settings_places import Places

PROGRAM = "latm-mcp"
_SPEC = re.compile(r"latm-mcp(?:\[[\w,]*\])?(?:[@=<>~!].*)?")
_RUNNERS = ("uvx", "uv", "pipx")
_SECRET = re.compile(r"[@?]")  # of an address: user:password@host, and queries
_FOLDERS = ("LATM_HOME", "LATM_CACHE")  # settings that are paths


@dataclass(frozen=True, slots=True)
class Running:
    """This process, as far as starting another like it goes. scripts: where commands are installed. source: where the
    package was installed from, as pip keeps it (PEP 610), or empty. installed: whether it was, or runs from a checkout."""

    executable: Path
    prefix: Path
    scripts: tuple[Path, ...]
    package: Path
    version: str
    installed: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A command that serves. launcher: what starts the program; options: its settings; env: variables that it needs."""

    launcher: tuple[str, ...]
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def running() -> Running:
    """This process."""
    executable = Path(sys.executable).absolute()
    installed, source = True, ""
    try:
        source = importlib.metadata.distribution(PROGRAM).read_text("direct_url.json") or ""
    except importlib.metadata.PackageNotFoundError:
        installed = False
    return Running(
        executable=executable,
        prefix=Path(sys.prefix),
        scripts=(executable.parent, Path(sysconfig.get_path("scripts"))),
        package=Path(latm_mcp.__file__).parent,
        version=latm_mcp.__version__,
        installed=installed,
        source=source,
    )


def launching(process: Running, places: Places) -> Line:
    """How a client starts this very program. What runs from a cache is started by what filled the cache."""
    if _is_passing(process.prefix):
        again = _anew(process, places)
        if again is not None:
            return again
        why = (
            f"{str(process.prefix)!r} is a cache that may be emptied; install latm-mcp, and run this again from there."
        )
        return Line((str(process.executable), "-m", "latm_mcp"), note=why)
    if not process.installed:
        why = "This latm-mcp is not installed, it runs from its source: the client is told where that is."
        return Line(
            (str(process.executable), "-m", "latm_mcp"), env={"PYTHONPATH": str(process.package.parent)}, note=why
        )
    name = f"{PROGRAM}.exe" if places.platform == "win32" else PROGRAM
    for folder in process.scripts:
        if (folder / name).is_file():
            return Line((str(folder / name),))
    return Line((str(process.executable), "-m", "latm_mcp"))


def _is_passing(prefix: Path) -> bool:
    """Whether this environment is of `uvx`, `uv tool run` or `pipx run`: in a cache, under a name that is a hash."""
    parts = [part.lower() for part in prefix.parts]
    by_uv = any(re.fullmatch(r"(archive|environments|builds)-v\d+", part) for part in parts)
    by_pipx = "pipx" in parts and "venvs" not in parts and any("cache" in part for part in parts)
    return by_uv or by_pipx


def _anew(process: Running, places: Places) -> Line | None:
    """By uvx or pipx, of the same version, or from the same source."""
    source = _source(process.source)
    if uvx := _uvx(places):
        return Line((uvx, "--from", source, PROGRAM) if source else (uvx, f"{PROGRAM}@{process.version}"))
    if pipx := shutil.which("pipx", path=places.search):
        return Line((pipx, "run", "--spec", source or f"{PROGRAM}=={process.version}", PROGRAM))
    return None


def _uvx(places: Places) -> str:
    """The whole path of uvx, or empty."""
    if places.uv:
        beside = Path(places.uv).with_name("uvx.exe" if places.platform == "win32" else "uvx")
        if beside.is_file():
            return str(beside)
    return shutil.which("uvx", path=places.search) or ""


def _source(told: str) -> str:
    """Where to install from again: an address, or a path; empty for a release."""
    try:
        said = json.loads(told or "{}")
    except ValueError:
        return ""
    url = str(said.get("url", ""))
    if version_control := said.get("vcs_info"):
        return f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    if not url.startswith("file://"):
        return url
    from urllib.request import url2pathname  # here: it is heavy, and hardly ever needed

    return url2pathname(urlsplit(url).path)  # on Windows, /C:/x is C:\\x


def options_of(home: str | None, config: str | None, sets: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments that make the server serve this library with these settings, paths made whole.

    sets: by variable, as `settings_layers.assigned` gives them, which refuses keys.
    Raises: BadInput for an address with a password in it, which does not belong in other programs' files.
    """
    given: list[str] = []
    for option, path in (("--home", home), ("--config", config)):
        if path:
            given += [option, _whole(path)]
    for variable, text in sets.items():
        if variable.endswith("_URL") and _SECRET.search(text):
            raise BadInput(
                f"{setting_of(variable)} has what may be secret in it, and a client's configuration is no place for that: leave it "
                f"out here, and run `latm-mcp config set {setting_of(variable)} ADDRESS`, which every client's server reads."
            )
        whole = _whole(text) if variable in _FOLDERS and text.strip() else text
        given += ["--set", f"{setting_of(variable)}={whole}"]
    return tuple(given)


def _whole(path: str) -> str:
    return str(Path(path.strip()).expanduser().absolute())


def entry_of(shape: Shape, name: str, line: Line, found: Entry | None = None) -> Entry:
    """The client's entry: a new one, or the one that is there with what is ours in it brought up to date."""
    command = [*line.launcher, *line.options]
    told: Entry = {shape.command: command[0], shape.args: command[1:]} if shape.args else {shape.command: command}
    fixed = {key: _named(value, name) for key, value in shape.fixed.items()}
    if found is None:
        env = {shape.env: dict(line.env)} if line.env else {}
        return fixed | told | env | {key: _named(value, name) for key, value in shape.once.items()}
    kept = found.get(shape.env)
    if line.env:
        told[shape.env] = {**(kept if isinstance(kept, dict) else {}), **line.env}
    return found | fixed | told


def _named(value: Json, name: str) -> Json:
    return value.replace("{name}", name) if isinstance(value, str) else value


def line_of(shape: Shape, entry: Entry) -> Line | None:
    """The command of an entry that starts latm-mcp; None: it starts something else."""
    command = command_of(shape, entry)
    program = PureWindowsPath(command[0]).name.lower().removesuffix(".exe") if command else ""
    for number, part in enumerate(command):
        first = number == 0 and program == PROGRAM
        module = number > 1 and part == "latm_mcp" and command[number - 1] == "-m"
        named = program in _RUNNERS and command[number - 1] not in ("--from", "--spec") and _SPEC.fullmatch(part)
        if first or module or named:
            return Line(tuple(command[: number + 1]), tuple(command[number + 1 :]))
    return None


def command_of(shape: Shape, entry: Entry) -> tuple[str, ...]:
    """The whole command of an entry; empty for one that is none, such as of a server that is reached over HTTP."""
    told, more = entry.get(shape.command), entry.get(shape.args, []) if shape.args else []
    parts = [*(told if isinstance(told, list) else [told]), *(more if isinstance(more, list) else [])]
    return tuple(parts) if parts and all(isinstance(part, str) for part in parts) else ()


def kept_options(line: Line, found: Line | None) -> Line:
    """With the options that an entry has already, where none are given now."""
    return line if line.options or found is None else replace(line, options=found.options)


def is_there(command: tuple[str, ...], places: Places) -> bool:
    """Whether the program that a client would start is still there."""
    if not command:
        return False
    if PureWindowsPath(command[0]).name != command[0]:
        return os.path.isfile(os.path.expanduser(command[0]))  # a Path raises where it may not look
    return shutil.which(command[0], path=places.search) is not None
