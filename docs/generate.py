"""Writes what the pages list but nobody should have to type: the commands, the MCP commands, the starter tools, the clients.

`python docs/generate.py` puts each list between its two marks in README.md; a test compares.
"""

import argparse
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from latm_mcp.cli_arguments import build_parser
from latm_mcp.install_clients import Client
from latm_mcp.install_clients_listed import CLIENTS
from latm_mcp.install_entry import Line, entry_of
from latm_mcp.install_look import document_of
from latm_mcp.server_commands import Commands, fixed_commands
from latm_mcp.settings_places import Platform

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PLATFORMS: tuple[Platform, ...] = ("linux", "darwin", "win32")
PROGRAM = "/absolute/path/to/.venv/bin/latm-mcp"
MARKED = re.compile(r"(?<=<!-- generated: )(\w+)( -->\n).*?(?=<!-- end -->)", re.S)


def written(text: str) -> str:
    """The text with what is between its marks made anew. Raises: KeyError, for a mark of a list that there is not."""
    return MARKED.sub(lambda mark: f"{mark[1]}{mark[2]}\n{LISTS[mark[1]]()}\n", text)


def commands() -> str:
    """A row for each command of the command line, as its help has it."""
    return table("command", "does", {f"`{usage}`": f"{does}{able}" for usage, does, able in _commands()})


def _commands() -> list[tuple[str, str, str]]:
    [group] = _groups(build_parser("0"))
    helps = {choice.dest: choice.help or "" for choice in group._choices_actions}
    return [(_usage(name, parser), helps[name], _actions(parser)) for name, parser in group.choices.items()]


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    """What has to be written to run it; of options that stand for each other, the first."""
    words = ["latm-mcp", name]
    first = [group._group_actions[0] for group in parser._mutually_exclusive_groups if group.required]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        metavar = str(action.metavar or action.dest.upper())
        if not action.option_strings:
            words.append(f"{metavar}..." if action.nargs == "+" else metavar)
        elif action.required or action in first:
            words += [action.option_strings[0], *([] if action.nargs == 0 else [metavar])]
    return " ".join(words)


def _actions(parser: argparse.ArgumentParser) -> str:
    """The commands of a command."""
    names = [f"`{name}`" for group in _groups(parser) for name in group.choices]
    return f" ({', '.join(names)})" if names else ""


def _groups(parser: argparse.ArgumentParser) -> "list[argparse._SubParsersAction[argparse.ArgumentParser]]":
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def mcp() -> str:
    """A row for each command that every client lists."""
    listed = fixed_commands(Commands(makes_by_model=False, asks_models=False, queue=False))
    return table("command", "does", {f"`{tool.name}`": first_sentence(tool.description or "") for tool in listed})


def first_sentence(text: str) -> str:
    """Up to its first full stop."""
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0].rstrip(".")


def starter() -> str:
    """A row for each tool of the starter library."""
    tools = (
        json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tools_store").glob("*/tool.json"))
    )
    return table("tool", "does", {f"`{tool['name']}`": tool["description"].rstrip(".") for tool in tools})


def clients() -> str:
    """A row for each client: how it is plugged in, and when a tool that was made shows up in it."""
    lines = ["| client | plug it in | a new tool shows up |", "| --- | --- | --- |"]
    lines += [f"| {one.title} | `latm-mcp install --client {one.name}` | {one.shows} |" for one in CLIENTS]
    return "\n".join([*lines, ""])


def folds() -> str:
    """What each client is told, for those who write it by hand."""
    return "\n".join(map(_fold, CLIENTS))


def _fold(client: Client) -> str:
    files = dict.fromkeys(_readable(file) for platform in PLATFORMS for file in client.files[platform])
    document, shape = document_of(client, None)
    entry = document.put("latm", entry_of(shape, "latm", Line((PROGRAM,)))).decode("utf-8").strip()
    language = {"jsonc": "json", "yaml-list": "yaml"}.get(client.format, client.format)
    where = ", ".join(f"`{file}`" for file in files)
    return (
        f"<details><summary>{client.title}</summary>\n\n{where}\n\n```{language}\n{entry}\n```\n\n"
        f"{client.restart} Its log: {client.log}.\n\n</details>\n"
    )


def _readable(file: str) -> str:
    for variable, known in (
        ("{HOME}", "~"),
        ("{XDG_CONFIG_HOME}", "~/.config"),
        ("{APPDATA}", "%APPDATA%"),
        ("{LOCALAPPDATA}", "%LOCALAPPDATA%"),
    ):
        file = file.replace(variable, known)
    return file


def table(left: str, right: str, rows: Mapping[str, str]) -> str:
    """A Markdown table of two columns."""
    lines = [
        f"| {one.replace('|', chr(92) + '|')} | {other.replace('|', chr(92) + '|')} |" for one, other in rows.items()
    ]
    return "\n".join([f"| {left} | {right} |", "| --- | --- |", *lines, ""])


LISTS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "mcp": mcp,
    "starter": starter,
    "clients": clients,
    "folds": folds,
}

if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
