"""`latm-mcp doctor`: what is here, what holds, and what to do about the rest. Findings, never a traceback."""

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

import anyio

import latm_mcp
from latm_mcp.cli_doctor_clients import clients_section, found_clients
from latm_mcp.cli_doctor_library import library_section
from latm_mcp.cli_doctor_log import log_section
from latm_mcp.cli_doctor_models import AskedModels
from latm_mcp.cli_doctor_sandbox import sandbox_section
from latm_mcp.cli_doctor_show import BAD_INPUT, Section, as_json, exit_code, show
from latm_mcp.cli_doctor_start import start_section
from latm_mcp.cli_screen import write_json
from latm_mcp.settings import Settings
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_names import is_secret, role_of, setting_of
from latm_mcp.settings_told import ToldSettings, told_settings

PACKAGES = ("mcp", "wasmtime", "openai")


def doctor(options: argparse.Namespace, settings: Settings) -> int:
    """Print every section; 3 where sandbox or library cannot be used or a probe did not hold, 2 for a bad setting alone."""
    told = told_settings(options.layers)
    sections = anyio.run(_sections, settings, told, options.layers)
    write_json(as_json(sections)) if options.json else show(sections)
    return exit_code(sections)


async def _sections(settings: Settings, told: ToldSettings, layers: Layers) -> Sequence[Section]:
    [chosen_by] = [row.source for row in told.variables if row.name == "LATM_SANDBOX"]
    models = AskedModels(settings, told)  # beside all the rest, for an endpoint may take its time
    clients = found_clients()
    return (
        _python(),
        _packages(),
        await sandbox_section(settings, chosen_by),
        library_section(settings),
        await start_section(settings),
        models.section(),
        clients_section(clients),
        _limits(settings),
        log_section(settings, clients),
        _configuration(told, layers),
    )


def _python() -> Section:
    return Section(
        "python",
        {
            "version": f"{platform.python_version()} ({platform.python_implementation()})",
            "executable": sys.executable or "unknown",
            "platform": f"{platform.platform()}, {platform.machine()}",
        },
    )


def _packages() -> Section:
    section = Section("versions", {"latm-mcp": latm_mcp.__version__})
    for name in PACKAGES:
        try:
            section.facts[name] = version(name)
        except ImportError:  # PackageNotFoundError is one
            section.facts[name] = "not installed"
            section.problems.append(f"{name} is not installed: `pip install --force-reinstall latm-mcp` brings it.")
    return section


def _limits(settings: Settings) -> Section:
    limits = asdict(settings.limits)
    renamed = {"seconds": "wall_seconds", "cpu_seconds": "processor_seconds", "memory_mib": "memory_MiB"}
    facts = {renamed.get(name, name): value for name, value in limits.items()}
    nothing = dict.fromkeys(("files", "network", "processes"), "none") | {"environment": "empty"}
    return Section("limits_of_each_call", facts | nothing)


def _configuration(told: ToldSettings, layers: Layers) -> Section:
    variables = [asdict(row) for row in told.variables]
    section = Section("configuration", {"variables": variables}, notes=[*told.unknown, *told.notes], code=BAD_INPUT)
    for fault in told.faults:
        section.problem(fault, "latm-mcp config path")
    for row in told.variables:
        if row.fault:
            section.problem(row.fault, _mend(row.name, layers))
    return section


def _mend(name: str, layers: Layers) -> str:
    """The command that takes a setting away from where it is wrong."""
    if is_secret(name):
        return f"latm-mcp config key {role_of(name)}"
    if layers.source_of(name) == "environment":
        return f"set {name}=" if sys.platform == "win32" else f"unset {name}"
    return f"latm-mcp config unset {setting_of(name)}" if layers.source_of(name) == "file" else "latm-mcp config"
