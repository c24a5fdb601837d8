"""What a published version comes to in the library's rows, inside the transaction that publishes it."""

import hashlib
import json
import sqlite3

from latm_mcp.errors import NotFound
from latm_mcp.models import Example, Tool
from latm_mcp.store_nouns import ToolState

_KEPT = {"name", "pinned", "uses"}  # what a new version leaves as it is


def in_the_way(connection: sqlite3.Connection, tool: Tool, replaces: str | None, state: ToolState) -> str | None:
    """Why a version may not be published over what bears its name by now; None where it may."""
    row = connection.execute(
        "SELECT version, state FROM tools WHERE name = ? AND state <> 'archived'", (tool.name,)
    ).fetchone()
    version, standing = row or (None, None)
    if standing == "live" and state == "waiting":
        return (
            f"There is a live tool {tool.name!r}: take it out with `latm-mcp archive {tool.name}`,"
            " or give the new one another name."
        )
    if standing == "waiting" and state == "live":
        return (
            f"A tool named {tool.name!r} was imported and waits for `latm-mcp approve {tool.name}`:"
            " read it, or choose another name."
        )
    if standing is None:
        return (
            None if replaces is None else f"The tool {tool.name!r} was archived meanwhile: ask again to make it anew."
        )
    return None if version in (replaces, tool.version) else meanwhile(tool.name)


def meanwhile(name: str) -> str:
    """The sentence for whoever came too late."""
    return f"Another tool or version named {name!r} was published meanwhile: ask again."


def loses_examples(connection: sqlite3.Connection, tool: Tool) -> bool:
    """Whether the live tool has gathered examples that a made version lacks: a version alone is not its examples."""
    kept = {example.question: example for example in tool.examples}
    rows = connection.execute(
        "SELECT question, answer, examples.standing FROM examples JOIN tools ON name = tool"
        " WHERE name = ? AND state = 'live'",
        (tool.name,),
    )
    for question, answer, standing in rows:
        example = kept.get(question)
        if example is None or (standing == "confirmed" and (example.answer, example.standing) != (answer, standing)):
            return True
    return False


def list_changed(connection: sqlite3.Connection) -> None:
    """Say that lists of tools read until now are old: `generation()`."""
    connection.execute("UPDATE generation SET value = value + 1")


def change_tool(connection: sqlite3.Connection, name: str, change: str, *, of: str = "") -> None:
    """Change a tool's row by one of the store's own SQL fragments; of: a further condition. Raises: NotFound."""
    where = f"name = ? AND {of}" if of else "name = ?"
    if not connection.execute(f"UPDATE tools SET {change} WHERE {where}", (name,)).rowcount:  # noqa: S608 own text
        raise NotFound(f"There is no tool {name!r}: list the tools to see their names.")
    list_changed(connection)


def keep_version(connection: sqlite3.Connection, tool: Tool, published_at: str) -> None:
    """Keep a version whole; it is the newest from now on."""
    # REPLACE gives it a new id: a version that is published again, with more evidence or as a roll back, is the newest.
    connection.execute(
        "INSERT OR REPLACE INTO versions (name, version, published_at, tool) VALUES (?, ?, ?, ?)",
        (tool.name, tool.version, published_at, tool.model_dump_json()),
    )


def keep_row(connection: sqlite3.Connection, tool: Tool, state: ToolState) -> None:
    """Keep what lists need of a version as columns, so that listing parses no tool."""
    evidence = tool.evidence
    columns = {
        "name": tool.name,
        "version": tool.version,
        "description": tool.description,
        "parameters": json.dumps(tool.signature.parameters, ensure_ascii=False),
        "returns": json.dumps(tool.signature.returns, ensure_ascii=False),
        "signature_text": tool.signature.text,
        "adapter": tool.adapter,
        "comparison": tool.comparison,
        "state": state,
        "bound": evidence.bound,
        "approved": False,
        "trust": "probation",
        "good": 0,
    }
    for kind, tally in (("shown", evidence.shown), ("blind", evidence.blind), ("held_out", evidence.held_out)):
        columns |= {f"{kind}_passed": tally.passed, f"{kind}_total": tally.total}
    renewed = ", ".join(f"{column} = {_renewed(column)}" for column in columns if column not in _KEPT)
    marks = ", ".join(f":{column}" for column in columns)
    connection.execute(
        f"INSERT INTO tools ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT (name) DO UPDATE SET {renewed}",  # noqa: S608
        columns,
    )


def _renewed(column: str) -> str:
    """Trust was earned by a version: published again it keeps it, another one begins anew."""
    if column in ("trust", "good"):
        return f"CASE WHEN version = excluded.version THEN {column} ELSE excluded.{column} END"
    return f"excluded.{column}"


def keep_examples(connection: sqlite3.Connection, tool: Tool) -> None:
    """Keep a version's examples as the ones that stand for its tool; call it before `keep_row`.

    Of a live tool, every confirmed example stays (design, 2.9), and what was withdrawn stays out.
    """
    live = connection.execute("SELECT 1 FROM tools WHERE name = ? AND state = 'live'", (tool.name,)).fetchone()
    gone = withdrawn(connection, tool.name) if live else set()
    examples = {row.question: (row.answer, row.standing) for row in tool.examples if mark_of(row) not in gone}
    if live:
        examples |= {
            question: (answer, standing)
            for question, answer, standing in connection.execute(
                "SELECT question, answer, standing FROM examples WHERE tool = ? AND standing = 'confirmed'"
                " ORDER BY position",
                (tool.name,),
            )
        }
    connection.execute("DELETE FROM examples WHERE tool = ?", (tool.name,))
    connection.executemany(
        "INSERT INTO examples VALUES (?, ?, ?, ?, ?)",
        ((tool.name, at, question, *told) for at, (question, told) in enumerate(examples.items())),
    )


def holds_withdrawn(connection: sqlite3.Connection, tool: Tool) -> bool:
    """Whether a version was made from an example that a person has taken back since."""
    gone = withdrawn(connection, tool.name)
    return bool(gone) and any(mark_of(example) in gone for example in tool.examples)


def withdrawn(connection: sqlite3.Connection, name: str) -> set[str]:
    """The marks of the examples that were withdrawn from a tool, by the audit log: it forgets nothing, and holds no text."""
    gone: set[str] = set()
    rows = connection.execute(
        "SELECT action, detail FROM audit WHERE subject = ? AND action IN ('add example', 'withdraw example', 'archive')"
        " ORDER BY id",
        (name,),
    )
    for action, detail in rows:
        if action == "archive":  # whatever bears the name next begins anew
            gone.clear()
        else:
            (gone.add if action == "withdraw example" else gone.discard)(detail.split(" ")[0])
    return gone


def mark_of(example: Example) -> str:
    """A question and its answer as 16 hex digits, for the audit log."""
    text = json.dumps([example.question, example.answer])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
