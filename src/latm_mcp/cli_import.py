"""`latm-mcp import FOLDER...`, `approve NAME` and `archive NAME`: a person decides what is in the library."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from latm_mcp.cli_library import found, write_examples, write_facts
from latm_mcp.cli_screen import tell, write, write_quoted
from latm_mcp.demo_starter import starter_root, starter_tools
from latm_mcp.errors import BadInput, StoreUnusable
from latm_mcp.latm import open_latm
from latm_mcp.latm_import import import_tool
from latm_mcp.models import Tool
from latm_mcp.settings import Settings
from latm_mcp.source import string_literals
from latm_mcp.store import open_store
from latm_mcp.store_files import write_tool

ACTOR = "person at the command line"


def import_folders(options: argparse.Namespace, settings: Settings) -> int:
    """Verify and keep each folder; 2 where one of them was refused, the others being in."""
    folders = (
        _starters(options.folders) if options.starter else [Path(folder).expanduser() for folder in options.folders]
    )
    return anyio.run(_import, folders, settings)


def _starters(names: Sequence[str]) -> list[Path]:
    """The folders of these starter tools. Raises: BadInput, NotFound."""
    there = {folder.name: folder for folder in starter_tools(starter_root())}
    if unknown := [name for name in names if name not in there]:
        raise BadInput(f"There is no starter tool {unknown[0]!r}: there are {', '.join(there)}.")
    return [there[name] for name in names]


async def _import(folders: list[Path], settings: Settings) -> int:
    code = 0
    async with open_latm(settings, progress=tell) as latm:
        for folder in folders:
            tell(f"verifying {folder.name!r}")
            try:
                tool = await import_tool(latm.shop, folder)
            except BadInput as refusal:
                tell(f"latm-mcp: {folder.name!r}: {refusal}")
                code = 2
            else:
                write(f"{tool.name} was verified and waits: read it and let it in with `latm-mcp approve {tool.name}`.")
    return code


def approve(options: argparse.Namespace, settings: Settings) -> int:
    """Show each tool whole that waits, ask, and let it go live; 1 where the person says no to one of them."""
    return max([_approve(name, options.yes, settings) for name in options.names])


def _approve(name: str, yes: bool, settings: Settings) -> int:
    with open_store(settings.home) as store:
        tool = found(store, name)
        if store.state(tool.name) == "live":
            tell(f"latm-mcp: {tool.name!r} is live already: nothing waits for approval.")
            return 0
        _show_all(tool)
        if not yes and not _agreed(tool.name):
            tell(f"latm-mcp: {tool.name!r} was not approved; it still waits.")
            return 1
        store.approve(tool, ACTOR)
    write(f"{tool.name} is approved.")
    _write_out(settings.tools_folder, tool)
    return 0


def archive(options: argparse.Namespace, settings: Settings) -> int:
    """Take a tool out of the list, written to its folder first, and say how it comes back."""
    with open_store(settings.home) as store:
        tool = found(store, options.name)
        _write_out(settings.tools_folder, tool)
        store.archive(tool.name, ACTOR)
    folder = settings.tools_folder / tool.name
    write(f"{tool.name} is archived: it is no longer listed, called or dispatched to, and its name is free.")
    write(f"To bring it back: `latm-mcp import {shlex.quote(str(folder))}`, then `latm-mcp approve {tool.name}`.")
    return 0


def _write_out(folder: Path, tool: Tool) -> None:
    """Write its files again, in case somebody changed them; the library holds the tool, so a full disk here is only told."""
    try:
        write_tool(folder, tool)
    except StoreUnusable as error:
        tell(f"latm-mcp: {error}")


def _show_all(tool: Tool) -> None:
    """Everything that a person has to judge: whoever made the tool wrote its examples too."""
    write(f"{tool.name} (waiting)")
    write_facts(tool)
    write("\nsource:")
    write_quoted(tool.source)
    write_examples(tool.name, tool.examples, len(tool.examples))
    write("\nevery string constant of the source:")
    for constant in string_literals(tool.source):
        if isinstance(constant, str):
            write(f"  {constant!a}")


def _agreed(name: str) -> bool:
    if not sys.stdin.isatty():
        raise BadInput(f"Nobody can be asked here: read {name!r} above, then pass --yes.")
    sys.stdout.flush()
    sys.stderr.write(f"Approve {name}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
