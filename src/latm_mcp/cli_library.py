"""`latm-mcp list`, `show` and `export`: reading the library."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from latm_mcp.cli_screen import write, write_json, write_table
from latm_mcp.cli_words import evidence_words, listed_evidence
from latm_mcp.errors import NotFound
from latm_mcp.models import Example, Tool
from latm_mcp.settings import Settings
from latm_mcp.store import Listed, Store, open_store
from latm_mcp.store_files import write_tool

EXAMPLES_SHOWN = 12
COLUMNS = ("name", "state", "signature", "evidence", "uses")


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
        cells = [(row.name, row.state, row.signature_text, listed_evidence(row), uses.get(row.name, 0)) for row in rows]
        write_table("", COLUMNS, cells, right=("uses",))
    return 0


def show(options: argparse.Namespace, settings: Settings) -> int:
    """All that is known of one tool."""
    with open_store(settings.home) as store:
        tool, state = found(store, options.name), store.state(options.name)
        versions, uses = store.versions(options.name), store.uses().get(options.name, 0)
    if options.json:
        body = tool.model_dump(mode="json") | {"state": state, "uses": uses, "versions": versions}
        write_json(body)
        return 0
    made = tool.provenance
    write(f"{tool.name} ({state}, used {uses} times)\n{tool.signature.text}\n{tool.description}")
    write(f"\nevidence: {evidence_words(tool.evidence)}; comparison: {tool.comparison}")
    write(f"taken on: {tool.evidence.sandbox}")
    tries = f"{made.propose_tries} proposing and {made.verify_tries} verification tries"
    write(
        f"made by: {made.maker} ({made.model}), {made.made_at}, {tries}{', rewritten once' if made.rewritten else ''}"
    )
    write(f"version: {tool.version}" + (f", and {len(versions) - 1} before it" if len(versions) > 1 else ""))
    write(f"\n{tool.source}")
    write_examples(tool.examples[:EXAMPLES_SHOWN], len(tool.examples))
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
        names = ", ".join(row.name for row in store.listed()[:8]) or "none yet"
        raise NotFound(f"There is no tool {name[:80]!r} in this library. `latm-mcp list` shows what there is: {names}.")
    return tool


def write_examples(examples: Iterable[Example], total: int) -> None:
    """Examples for a person to read, saying how many more there are."""
    count = 0
    for count, example in enumerate(examples, 1):
        write(f"example {count} ({example.standing})\n  question: {example.question}\n  answer:   {example.answer}")
    if total > count:
        write(f"... and {total - count} more: `latm-mcp show NAME --json` has all of them.")


def _listed_json(row: Listed, uses: int) -> dict[str, object]:
    names = ("name", "version", "description", "state", "adapter", "comparison", "pinned", "approved", "bound")
    counts = ("shown_passed", "shown_total", "blind_passed", "blind_total", "held_out_passed", "held_out_total")
    body = {name: getattr(row, name) for name in (*names, *counts)}
    return body | {"signature": row.signature_text, "parameters": row.parameters, "uses": uses}
