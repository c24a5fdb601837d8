"""`latm-mcp config`: every setting, its value and where it is from; and the settings file, changed one setting at a time."""

import argparse
from pathlib import Path

from latm_mcp.cli_config_key import key, tell
from latm_mcp.cli_config_show import show
from latm_mcp.cli_screen import write
from latm_mcp.errors import BadInput
from latm_mcp.settings import Settings
from latm_mcp.settings_file_write import set_in_file, unset_in_file
from latm_mcp.settings_layers import Layers, refuse_key
from latm_mcp.settings_names import CONFIG, setting_of, variable_of

NEXT_START = "A server that is running takes it when it is started again."


def config(options: argparse.Namespace, settings: Settings) -> int:
    """Show the settings, or do what is asked with one; 2 where something is wrong with them."""
    match options.does:
        case "set":
            return _set(options)
        case "unset":
            return _unset(options)
        case "key":
            return key(options)
        case "path":
            return _path(options)
        case _:
            return show(options)


def _set(options: argparse.Namespace) -> int:
    variable = variable_of(options.name)
    refuse_key(variable)
    layers: Layers = options.layers
    path = _where(layers)
    set_in_file(path, variable, options.value)
    said = f"{setting_of(variable)} is set in {path}. {_over(layers, variable) or NEXT_START}"
    return tell(options, said, {"name": setting_of(variable), "path": str(path)})


def _unset(options: argparse.Namespace) -> int:
    path = _where(options.layers)
    try:
        name = setting_of(variable_of(options.name))
    except BadInput:  # one that nothing reads may stand there, and has to come out
        name = options.name
    if not unset_in_file(path, name):
        raise BadInput(f"{name[:80]!r} is not in the settings file {str(path)!r}: `latm-mcp config` shows what is.")
    return tell(options, f"{name} is taken out of {path}. {NEXT_START}", {"name": name, "path": str(path)})


def _path(options: argparse.Namespace) -> int:
    path = _where(options.layers)
    if options.json:
        return tell(options, "", {"path": str(path), "exists": options.layers.file.exists})
    write(str(path))  # unbroken, so that it can be copied
    return 0


def _where(layers: Layers) -> Path:
    if layers.file.path is None:
        raise BadInput(f"You have no home folder to keep a settings file in: name one with --config or {CONFIG}.")
    return layers.file.path


def _over(layers: Layers, variable: str) -> str:
    """What stands over the file here."""
    source = layers.source_of(variable)
    if source == "environment":
        return f"But {variable} is in the environment here, which stands over the file."
    return "But the command line stands over the file here." if source == "command line" else ""
