"""The settings as a person sees them: each variable's value and where it is from, what is wrong, no key."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings, read_settings
from latm_mcp.settings_layers import Layers, Source
from latm_mcp.settings_models import ROLES, variables_of
from latm_mcp.settings_names import CONFIG, PREFIX, VARIABLES, is_secret, nearest, role_of, setting_of

_CREDENTIALS = re.compile(r"[^/\s'\"]+@")  # of an address: user:password@host
_QUERY = re.compile(r"\?[^\s'\"]+")
# What the command line calls them, where it has a word of its own.
_OPTIONS = {
    "LATM_HOME": "--home",
    "LATM_EXPOSURE": "--exposure",
    "LATM_HTTP_HOST": "--host",
    "LATM_HTTP_PORT": "--port",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting. value: what holds; "set" for a key. fault: why what was given was not taken, or empty."""

    name: str
    value: Json
    source: Source
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ToldSettings:
    """settings: read without what has a fault, nor models whose address is not certain.

    unknown: a sentence for each LATM_* that nothing reads. faults: what is wrong with the settings file as a
    whole, or with names in it. notes: what does no harm yet.
    """

    settings: Settings
    variables: tuple[Variable, ...]
    unknown: tuple[str, ...]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def settings_of(layers: Layers) -> Settings:
    """The settings. Raises: BadInput for the first fault, which names the setting as it was written, and where."""
    if layers.file.faults:
        raise BadInput(layers.file.faults[0])
    try:
        return read_settings(layers.merged())
    except BadInput:
        for fault in _faults(layers, layers.merged()).values():
            raise BadInput(fault) from None
        raise


def told_settings(layers: Layers, stored: Collection[str] = ()) -> ToldSettings:
    """Read the settings as `settings_of` does, but tell of every fault instead of raising the first.

    stored: the roles (and "http") whose key or token is taken from the key store.
    """
    merged = layers.merged()
    faults = _faults(layers, merged)
    settings = read_settings(_certain(merged, faults, layers.file.faults))
    told = {**layers.withheld(), **faults}
    variables = tuple(_variable(name, settings, layers, told, stored) for name in VARIABLES)
    unknown = sorted(name for name in layers.environment if name.startswith(PREFIX) and name not in VARIABLES)
    return ToldSettings(settings, variables, tuple(map(_unread, unknown)), layers.file.faults, layers.file.notes)


def _certain(merged: Mapping[str, str], faults: Mapping[str, str], in_file: tuple[str, ...]) -> dict[str, str]:
    """What can be taken: nothing with a fault, and no model whose address may be another one than was meant.

    Left without its own address, a role would have the address that all share: asked there, it would show its key.
    """
    certain = {name: text for name, text in merged.items() if name not in faults}
    for role in ROLES:
        model, url, key = variables_of(role)
        keyed = key in merged or "OPENAI_API_KEY" in merged
        if url in faults or (url not in merged and ("OPENAI_BASE_URL" in faults or (in_file and keyed))):
            certain.pop(model, None)
    return certain


def _variable(
    name: str, settings: Settings, layers: Layers, faults: Mapping[str, str], stored: Collection[str]
) -> Variable:
    source: Source = "default" if name in faults else layers.source_of(name)
    fault = faults.get(name, "")
    if name == CONFIG:
        return Variable(name, str(layers.file.path) if layers.file.path else None, source)
    read = VARIABLES[name]
    if read is not None:
        return Variable(name, read(settings), source, fault)
    if source != "default":
        return Variable(name, _shown(name, layers.merged()[name]), source, fault)
    if is_secret(name) and role_of(name) in stored:
        return Variable(name, "set", "key store")
    return Variable(name, None, "not set", fault)


def _faults(layers: Layers, merged: Mapping[str, str]) -> dict[str, str]:
    """Why variables are not taken, in words of where each was written."""
    found = ((name, fault_of(name, text)) for name, text in merged.items())
    return {name: _placed(layers, name, fault) for name, fault in found if fault}


def _placed(layers: Layers, name: str, fault: str) -> str:
    source = layers.source_of(name)
    if source == "file":
        return fault.replace(name, f"{setting_of(name)} in the settings file {str(layers.file.path)!r}", 1)
    if source == "command line":
        return fault.replace(name, _OPTIONS.get(name, f"--set {setting_of(name)}"), 1)
    return fault


def fault_of(name: str, text: str) -> str:
    """Why this variable alone would be refused; empty where it is taken."""
    try:
        models = {variables_of(role)[0]: "any" for role in ROLES}  # an endpoint is read only where its model is named
        read_settings({"LATM_HOME": os.curdir, "LATM_CACHE": os.curdir, **models, name: text})
    except BadInput as error:
        return _bared(str(error)) if name.endswith("_URL") else str(error)
    return ""


def _shown(name: str, text: str) -> str:
    if is_secret(name):
        return "set"
    return _bared(text.strip()) if name.endswith("_URL") else text.strip()


def _bared(text: str) -> str:
    """An address without what may be secret in it."""
    return _QUERY.sub("?***", _CREDENTIALS.sub("***@", text))


def _unread(name: str) -> str:
    near = nearest(name)
    return f"{name} is read by nothing" + (f": is {near} meant?" if near else ".")
