"""`latm-mcp doctor`: what is here, what holds, and what to do about the rest. Findings, never a traceback."""

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

import anyio

import latm_mcp
from latm_mcp.cli_doctor_library import library_section
from latm_mcp.cli_doctor_sandbox import sandbox_section
from latm_mcp.cli_doctor_show import BAD_INPUT, Section, as_json, exit_code, show
from latm_mcp.cli_screen import write_json
from latm_mcp.settings import Settings
from latm_mcp.settings_told import ToldSettings, told_settings

PACKAGES = ("mcp", "wasmtime", "openai")
# From the clients' documentation.
LOGS = (
    "Claude Desktop: ~/Library/Logs/Claude/mcp-server-NAME.log on macOS, %APPDATA%\\Claude\\logs on Windows",
    "Claude Code: `claude --debug`",
    "VS Code: the command 'MCP: List Servers', then 'Show Output'",
    "Cursor: the Output panel, 'MCP Logs'",
)


def doctor(options: argparse.Namespace, settings: Settings) -> int:
    """Print every section; 3 where sandbox or library cannot be used or a probe did not hold, 2 for a bad setting alone."""
    told = told_settings(options.layers)
    sections = anyio.run(_sections, settings, told)
    write_json(as_json(sections)) if options.json else show(sections)
    return exit_code(sections)


async def _sections(settings: Settings, told: ToldSettings) -> Sequence[Section]:
    [chosen_by] = [row.source for row in told.variables if row.name == "LATM_SANDBOX"]
    return (
        _python(),
        _packages(),
        await sandbox_section(settings, chosen_by),
        library_section(settings),
        _limits(settings),
        _log(),
        _configuration(told),
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


def _log() -> Section:
    return Section("log", {"where": "the server's standard error; clients keep it", "kept_by_clients": list(LOGS)})


def _configuration(told: ToldSettings) -> Section:
    problems = [*told.faults, *(row.fault for row in told.variables if row.fault)]
    variables = [asdict(row) for row in told.variables]
    return Section("configuration", {"variables": variables}, problems, [*told.unknown, *told.notes], BAD_INPUT)
