"""`latm-mcp list`, `show` and `export`: reading the library."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from latm_mcp.cli_screen import write, write_field, write_json, write_quoted, write_table
from latm_mcp.cli_words import counted, evidence_words, limit_words, listed_evidence, made_words
from latm_mcp.errors import NotFound
from latm_mcp.latm_sentences import no_such_tool
from latm_mcp.models import Example, Tool
from latm_mcp.outcomes import OwnLimits
from latm_mcp.settings import Settings
from latm_mcp.store import Listed, Store, open_store
from latm_mcp.store_files import write_tool

EXAMPLES_SHOWN = 12
COLUMNS = ("name", "what it does", "evidence", "trust", "uses")
PROVISIONAL = "provisional: a model gave this answer, and no person has confirmed it."


def list_tools(options: argparse.Namespace, settings: Settings) -> int:
    """One row for each tool that is not archived."""
    with open_store(settings.home) as store:
        rows, uses = store.listed(), store.uses()
    if options.json:
        write_json([_listed_json(row, uses.get(row.name, 0)) for row in rows])
    elif not rows:
        write(
            "The library is empty. `latm-mcp make FILE` makes a tool from worked examples; `latm-mcp demo` shows how."
        )
    else:
        cells = [(row.name, _does(row), listed_evidence(row), _trust(row), uses.get(row.name, 0)) for row in rows]
        write_table("", COLUMNS, cells, right=("uses",))
    return 0


def show(options: argparse.Namespace, settings: Settings) -> int:
    """All that is known of one tool."""
    with open_store(settings.home) as store:
        tool = found(store, options.name)
        row = next(row for row in store.listed() if row.name == tool.name)
        examples = store.examples(tool.name)
        versions, uses = store.versions(options.name), store.uses().get(options.name, 0)
        own = store.own_limits().get(options.name, OwnLimits()).given
    if options.json:
        more = {"state": row.state, "trust": row.trust, "good": row.good, "uses": uses, "versions": versions}
        standing = [example.model_dump(mode="json") for example in examples]
        write_json(tool.model_dump(mode="json") | more | {"own_limits": own, "examples": standing})
        return 0
    write(f"{tool.name} ({row.state}, used {counted(uses, 'time')})")
    write_facts(tool)
    if row.state == "live":
        write(f"trust: {row.trust}, {counted(row.good, 'confirmed good use')}; see `latm-mcp history {tool.name}`")
    write(f"version: {tool.version}" + (f", and {len(versions) - 1} before it" if len(versions) > 1 else ""))
    if own:
        write(f"own limits: {limit_words(own)}; see `latm-mcp limits {tool.name}`")
    write("\nsource:")
    write_quoted(tool.source)
    write_examples(tool.name, examples, EXAMPLES_SHOWN)
    return 0


def export(options: argparse.Namespace, settings: Settings) -> int:
    """Write a tool's folder under another one, and print where it is."""
    with open_store(settings.home) as store:
        tool = found(store, options.name)
    write(str(write_tool(Path(options.folder).expanduser().absolute(), tool)))
    return 0


def found(store: Store, name: str) -> Tool:
    """A tool that is live or waiting. Raises: NotFound, with names that are there."""
    tool = store.tool(name)
    if tool is None:
        raise NotFound(no_such_tool(store, name, waiting_too=True))
    return tool


def write_facts(tool: Tool) -> None:
    """What it is called with, what it is for, its evidence and who made it; each on one line, whatever it holds."""
    for line in (
        tool.signature.text,
        tool.description,
        f"evidence: {evidence_words(tool.evidence)}; comparison: {tool.comparison}",
        f"taken on: {tool.evidence.sandbox}",
        made_words(tool.provenance),
    ):
        if line:
            write_field(line)


def write_examples(name: str, examples: Sequence[Example], most: int) -> None:
    """Examples for a person to read, saying what a provisional one is and how many more there are."""
    shown = examples[:most]
    write("\nexamples:")
    if any(example.standing == "provisional" for example in shown):
        write(PROVISIONAL)
    for number, example in enumerate(shown, 1):
        write(f"{number} ({example.standing})")
        write_quoted(example.question)
        write("  answer:")
        write_quoted(example.answer)
    if len(examples) > most:
        write(f"... and {len(examples) - most} more: `latm-mcp show {name} --json` has all of them.")


def _does(row: Listed) -> str:
    does = row.description or row.signature_text
    return f"Waits for approval. {does}" if row.state == "waiting" else does


def _trust(row: Listed) -> str:
    """Empty for a tool that waits: trust begins where it goes live."""
    return row.trust if row.state == "live" else ""


def _listed_json(row: Listed, uses: int) -> dict[str, object]:
    names = ("name", "version", "description", "state", "trust", "good", "adapter", "comparison", "pinned", "approved")
    counts = ("shown_passed", "shown_total", "blind_passed", "blind_total", "held_out_passed", "held_out_total")
    body = {name: getattr(row, name) for name in (*names, "bound", *counts)}
    return body | {"signature": row.signature_text, "parameters": row.parameters, "uses": uses}
