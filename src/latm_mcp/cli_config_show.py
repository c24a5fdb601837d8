"""What `latm-mcp config` shows: every setting, what is wrong, the settings file, the key store."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from latm_mcp.cli_screen import write, write_json, write_table, write_wrapped
from latm_mcp.outcomes import Json
from latm_mcp.settings_keys import KeyStore, elsewhere, look
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_models import ROLES, address_of
from latm_mcp.settings_names import CONFIG, setting_of
from latm_mcp.settings_told import ToldSettings, told_settings

BAD_INPUT = 2
COLUMNS = ("setting", "value", "from")


@dataclass(frozen=True, slots=True)
class _Shown:
    """All that is shown. faults: what is wrong, each with what to do; notes: what does no harm yet."""

    told: ToldSettings
    store: KeyStore
    faults: Sequence[str]
    notes: Sequence[str]


def show(options: argparse.Namespace) -> int:
    """Print it; 2 where something is wrong."""
    layers: Layers = options.layers
    shown = _looked(layers)
    if options.json:
        write_json(_as_json(shown, layers))
    else:
        _write(shown, layers)
    return BAD_INPUT if shown.faults else 0


def _looked(layers: Layers) -> _Shown:
    store = look()
    used, faults, notes = _of_store(layers, store)
    told = told_settings(layers, used)
    faults = [*told.faults, *(row.fault for row in told.variables if row.fault), *faults]
    return _Shown(told, store, faults, [*told.unknown, *told.notes, *notes])


def _of_store(layers: Layers, store: KeyStore) -> tuple[list[str], list[str], list[str]]:
    """Whose kept keys are taken, what is wrong with the others, and which are not needed."""
    models = told_settings(layers).settings.models()
    used = ["http"] if "http" in store.kept and layers.source_of("LATM_HTTP_TOKEN") == "default" else []
    faults, notes = [], []
    for role in ROLES:
        model, now = models[role], address_of(layers.merged(), role)
        if role not in store.kept:
            continue
        if model is not None and model.api_key is not None:
            notes.append(f"The key that is kept for {role} is not used: another one stands over it.")
        elif model is None or store.kept[role] == now:
            used.append(role)
        else:
            faults.append(elsewhere(role, store.kept[role], now))
    return used, faults, notes


def _as_json(shown: _Shown, layers: Layers) -> Json:
    rows = [
        {
            "name": setting_of(row.name),
            "variable": row.name,
            "value": row.value,
            "from": row.source,
            "fault": row.fault,
        }
        for row in shown.told.variables
    ]
    store = {"name": shown.store.name, "kept": dict(shown.store.kept), "problem": shown.store.problem}
    file = {"path": str(layers.file.path) if layers.file.path else None, "exists": layers.file.exists}
    return {
        "settings": rows,
        "file": file,
        "key_store": store,
        "faults": list(shown.faults),
        "notes": list(shown.notes),
    }


def _write(shown: _Shown, layers: Layers) -> None:
    values = ((row, "" if row.value is None else row.value) for row in shown.told.variables)
    # Where the file is stands under the table.
    rows = [(setting_of(row.name), value, row.source) for row, value in values if row.name != CONFIG]
    write_table("", COLUMNS, rows)
    write("")
    write_wrapped(_file_said(layers))
    write_wrapped(_store_said(shown.store))
    for title, sentences in (("Wrong:", shown.faults), ("To know:", shown.notes)):
        if sentences:
            write(f"\n{title}")
            for sentence in sentences:
                write_wrapped(f"- {sentence}")


def _file_said(layers: Layers) -> str:
    path = layers.file.path
    if path is None:
        return "Settings file: none, since you have no home folder; name one with --config."
    there = "" if layers.file.exists else " (not there; `latm-mcp config set NAME VALUE` writes it)"
    return f"Settings file: {path}{there}"


def _store_said(store: KeyStore) -> str:
    if store.problem:
        return f"Key store: {store.problem}"
    kept = (f"{role} (for {address})" if address else role for role, address in store.kept.items())
    held = ", ".join(kept) or "no key; `latm-mcp config key ROLE` keeps one"
    return f"Key store: {store.name}, with {held}"
