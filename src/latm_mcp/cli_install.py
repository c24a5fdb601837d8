"""`latm-mcp install`: the server put into clients' configurations, taken out, or looked for there."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace

import anyio

from latm_mcp.cli_arguments_common import SETS
from latm_mcp.cli_install_words import as_json, show_done, show_list, show_plan
from latm_mcp.cli_screen import tell, write_json
from latm_mcp.errors import BadInput, LatmError
from latm_mcp.install_change import Change, Done, adding, carry_out, removing
from latm_mcp.install_clients import client_named
from latm_mcp.install_clients_listed import CLIENTS
from latm_mcp.install_documents import Unusable
from latm_mcp.install_entry import Line, launching, options_of, running
from latm_mcp.install_look import Found, installed, look
from latm_mcp.sandbox import open_sandbox
from latm_mcp.settings import Settings
from latm_mcp.settings_layers import assigned
from latm_mcp.settings_places import Places, read_places

DONE, FAILED = 0, 1
# Where names of servers become parts of tools' names, this is what all clients take.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,23}")


def install(options: argparse.Namespace, settings: Settings) -> int:
    """1 where a client's file could not be written, or is not to be; what could be done is done all the same."""
    if not _NAME.fullmatch(options.name):
        raise BadInput(f"--name {options.name!r}: up to 24 letters, digits, - and _, please; all clients take these.")
    places = read_places()
    line = replace(launching(running(), places), options=_options(options))
    if not (options.client or options.all):
        return _without_client(options, places, line)
    changes = [_planned(found, line, options.remove) for found in _chosen(options, places, line)]
    if options.print:
        write_json(as_json(changes, line, written=False)) if options.json else show_plan(changes)
        return _code(changes)
    done = [_carried_out(change) for change in changes]
    wrote = any(one.change.outcome in ("added", "changed") for one in done)
    warm = anyio.run(_warm, settings) if wrote else ""
    if options.json:
        write_json(as_json([one.change for one in done], line, written=True, done=done))
    else:
        show_done(done, _notes(line, places, warm) if wrote else [], options.remove)
    return _code([one.change for one in done])


def _without_client(options: argparse.Namespace, places: Places, line: Line) -> int:
    if options.remove:
        raise BadInput("from which client? Give --client NAME, or --all for every client that has it.")
    found = installed(places, line, options.name)
    if options.json:
        write_json(as_json([Change(one, "kept") for one in found], line, written=False))
    else:
        show_list(found, line, options.print)
    return DONE


def _options(options: argparse.Namespace) -> tuple[str, ...]:
    said = vars(options)
    sets = [text for name in SETS for text in said.get(name) or ()]
    return options_of(said.get("home"), said.get("config"), assigned(sets))


def _chosen(options: argparse.Namespace, places: Places, line: Line) -> Sequence[Found]:
    if options.client:
        clients = dict.fromkeys(client_named(name, CLIENTS).name for name in options.client)
        return [look(client_named(name, CLIENTS), places, line, options.name) for name in clients]
    found = [one for one in installed(places, line, options.name) if one.here]
    if options.remove:
        found = [one for one in found if one.state != "absent"]
    if not found:
        what = "no client has it" if options.remove else "no client was found here"
        raise BadInput(f"{what}. `latm-mcp install` lists them; --client NAME takes one that is not found, too.")
    return found


def _planned(found: Found, line: Line, remove: bool) -> Change:
    return removing(found) if remove else adding(found, line)


def _carried_out(change: Change) -> Done:
    try:
        return carry_out(change)
    except Unusable as error:
        return Done(replace(change, outcome="refused", why=f"{error}."))


async def _warm(settings: Settings) -> str:
    """Compile the sandbox now, since clients wait a few seconds for a server's first start. Returns why it was not."""
    try:
        async with open_sandbox(settings.cache, kind=settings.sandbox, workers=1, progress=tell) as sandbox:
            await sandbox.warm()
    except (LatmError, OSError) as error:
        return f"The sandbox could not be tried: {error}"
    return ""


def _notes(line: Line, places: Places, warm: str) -> list[str]:
    notes = [note for note in (warm, line.note) if note]
    if places.told and not line.options:
        notes.append(
            f"{', '.join(places.told)} {'is' if len(places.told) == 1 else 'are'} set here, and some clients pass no such variables on: "
            "`latm-mcp config set` keeps settings for every client, and `latm-mcp config key` keeps keys."
        )
    return notes


def _code(changes: Sequence[Change]) -> int:
    return FAILED if any(change.outcome == "refused" for change in changes) else DONE
