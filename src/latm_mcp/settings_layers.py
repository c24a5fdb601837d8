"""Where settings come from: the command line, over the environment, over the settings file."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from latm_mcp.errors import BadInput
from latm_mcp.settings_file import SettingsFile, read_file
from latm_mcp.settings_models import ROLES, address_of, read_text, variables_of
from latm_mcp.settings_names import CONFIG, OUTSIDE, VARIABLES, is_secret, role_of, setting_of, variable_of

Source: TypeAlias = Literal["command line", "environment", "file", "key store", "default", "not set"]


@dataclass(frozen=True, slots=True)
class Layers:
    """Three mappings of a variable's name to its text; the first that says anything of a variable holds.

    arguments: an empty text there is an answer, too: the default. environment: the whole of it. No repr: keys are in them.
    """

    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: SettingsFile = field(default_factory=SettingsFile)

    def merged(self) -> dict[str, str]:
        """What holds of every variable, for `read_settings`, without the keys that are withheld."""
        withheld = self.withheld()
        return {name: text for name, _, text in self._held() if name not in withheld}

    def source_of(self, name: str) -> Source:
        """Which of the three a variable's text is from; "default" where none says anything."""
        return next((source for held, source, _ in self._held() if held == name), "default")

    def withheld(self) -> dict[str, str]:
        """The file's keys that are not used, and why: a key goes only to the address that the file has for it.

        Else another address for one run, or in one client's configuration, would be sent the key of this one.
        """
        merged = {name: text for name, _, text in self._held()}
        found = {}
        for role in ROLES:
            key = variables_of(role)[2]
            meant, now = address_of(self.file.values, role), address_of(merged, role)
            if meant != now and self.source_of(key) == "file":
                found[key] = (
                    f"{setting_of(key)} in the settings file is for {meant}, as the file says, and goes nowhere else: the endpoint is "
                    f"now {now}. Keep a key for that with `latm-mcp config key {role}`, or set {key}."
                )
        return found

    def _held(self) -> Iterator[tuple[str, Source, str]]:
        for name in VARIABLES:
            if name in self.arguments:
                if self.arguments[name].strip():
                    yield name, "command line", self.arguments[name]
            elif read_text(self.environment, name):
                yield name, "environment", self.environment[name]
            elif read_text(self.file.values, name):
                yield name, "file", self.file.values[name]


def read_layers(arguments: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> Layers:
    """The layers, with the file that they name. arguments: by variable, see `assigned`. What is wrong with the file is in its faults."""
    named = read_text(arguments, CONFIG) or read_text(environ, CONFIG)
    path = _path(named) if named else default_path()
    none = path is None or named == os.devnull  # by which other programs are told to read no file, too
    file = SettingsFile(path) if path is None or none else read_file(path, named=bool(named))
    return Layers(MappingProxyType(dict(arguments)), MappingProxyType(dict(environ)), file)


def default_path() -> Path | None:
    """Where the file is if nobody says; None where this user has no home folder."""
    import platformdirs

    try:
        return platformdirs.user_config_path("latm-mcp", appauthor=False) / "config.toml"
    except RuntimeError:
        return None


def assigned(texts: list[str]) -> dict[str, str]:
    """Several NAME=VALUE of the command line, by variable; the last of a name counts. Raises: BadInput, which shows no value."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput("--set wants a setting and its value, as in `--set daily_usd=2`.")
        variable = variable_of(name)
        refuse_key(variable)
        found[variable] = value
    return found


def refuse_key(variable: str) -> None:
    """Raise BadInput for a key that was given as an argument."""
    if is_secret(variable) and variable not in OUTSIDE:
        raise BadInput(
            f"{setting_of(variable)} is not taken from an argument: it would stand in the shell's history and in the list of "
            f"processes. Run `latm-mcp config key {role_of(variable)}` and give it there."
        )


def _path(named: str) -> Path:
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:  # a ~ of nobody's
        raise BadInput(f"The settings file {named!r} is in no home folder: give a whole path.") from error
