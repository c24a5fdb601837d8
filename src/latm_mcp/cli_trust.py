"""`latm-mcp history`, `rollback`, `pin` and `withdraw`: what became of a tool, and a person's hand on it."""

import argparse

import anyio

from latm_mcp.cli_library import found
from latm_mcp.cli_screen import tell, write, write_field, write_json, write_quoted, write_table
from latm_mcp.cli_trust_person import actor
from latm_mcp.cli_words import counted, evidence_words
from latm_mcp.errors import BadInput, NotFound
from latm_mcp.job import write_out
from latm_mcp.latm import open_latm
from latm_mcp.latm_sentences import no_such_tool
from latm_mcp.latm_trust_again import cleared, failed
from latm_mcp.models import Example, Tool
from latm_mcp.settings import Settings
from latm_mcp.store import AuditRow, Listed, Report, Store, open_store
from latm_mcp.text import one_line

LOG_READ = 100_000  # entries, of which those of one tool are shown
SHORT = 19  # characters of a version: `sha256:` and 12 digits


def history(options: argparse.Namespace, settings: Settings) -> int:
    """What became of a tool, archived ones too."""
    name = options.name
    with open_store(settings.home) as store:
        versions = [(version, at, store.tool(name, version)) for version, at in store.versions(name)]
        if not versions:
            raise NotFound(no_such_tool(store, name, waiting_too=True))
        row = next((row for row in store.listed() if row.name == name), None)
        entries = [entry for entry in store.audit_log(LOG_READ) if entry.subject == name][::-1]
        reports, examples = store.reports(name), store.examples(name)
    told = [(version, at, tool) for version, at, tool in versions if tool is not None]
    if options.json:
        write_json(_history_json(name, row, told, entries, reports, examples))
        return 0
    write(f"{name}: {_standing(row)}")
    cells = [(version[:SHORT], at, tool.provenance.maker, evidence_words(tool.evidence)) for version, at, tool in told]
    write_table("\nversions, newest first", ("version", "published", "by", "evidence"), cells)
    log = [(entry.at, entry.actor, entry.action, entry.detail) for entry in entries]
    write_table("\nwhat was done", ("at", "who", "what", "detail"), log)
    _write_examples(examples)
    _write_reports(reports)
    return 0


def _standing(row: Listed | None) -> str:
    if row is None:
        return "archived"
    return f"{row.state}, {row.trust}, {counted(row.good, 'confirmed good use')}{', pinned' if row.pinned else ''}"


def _write_examples(examples: list[Example]) -> None:
    write("\nexamples that stand:")
    for number, example in enumerate(examples, 1):
        write_field(
            f"{number} ({example.standing}) {one_line(example.question, 200)} -> {one_line(example.answer, 100)}"
        )


def _write_reports(reports: list[Report]) -> None:
    write("\nreports that wait for `latm-mcp review`:" if reports else "\nno report waits.")
    for row in reports:
        said = "right" if row.right else "wrong"
        should = f"; it should be {one_line(row.answer, 100)!r}" if row.answer else ""
        write_field(f"{row.who} {row.by}: {one_line(row.question, 200)!r} was {said}{should}")


def _history_json(
    name: str,
    row: Listed | None,
    versions: list[tuple[str, str, Tool]],
    entries: list[AuditRow],
    reports: list[Report],
    examples: list[Example],
) -> dict[str, object]:
    return {
        "name": name,
        "state": row.state if row else "archived",
        "trust": row.trust if row else None,
        "good": row.good if row else None,
        "versions": [
            {"version": version, "published": at, "maker": tool.provenance.maker}
            | {"evidence": tool.evidence.model_dump(mode="json")}
            for version, at, tool in versions
        ],
        "log": [{field: getattr(entry, field) for field in AuditRow.__slots__} for entry in entries],
        "reports": [{field: getattr(report, field) for field in Report.__slots__} for report in reports],
        "examples": [example.model_dump() for example in examples],
    }


def rollback(options: argparse.Namespace, settings: Settings) -> int:
    """Publish an older version again, on probation; one that answers confirmed examples wrongly only with --yes, disputed then."""
    return anyio.run(_rollback, options, settings)


async def _rollback(options: argparse.Namespace, settings: Settings) -> int:
    async with open_latm(settings, progress=tell) as latm:
        present = found(latm.store, options.name)  # also a quarantined one: that is what this is for
        older = _version(latm.store, present, options.version)
        confirmed = [row for row in latm.store.examples(present.name) if row.standing == "confirmed"]
        wrong = await failed(latm.shop, older, confirmed)
        if wrong and not options.yes:
            raise BadInput(
                f"{older.version[:SHORT]} of {present.name!r} answers {len(wrong)} of {len(confirmed)} confirmed examples wrongly,"
                f" first {one_line(wrong[0].example.question, 200)!r} ({one_line(wrong[0].got, 200)}). It was not published: withdraw"
                " them if they are wrong, or pass --yes."
            )
        latm.store.publish(older, replaces=present.version, actor=actor())
        if wrong:
            latm.store.set_trust(present.name, "disputed", actor(), f"fails {counted(len(wrong), 'confirmed example')}")
        write_out(latm.shop, older)
    said = f"disputed: it fails {counted(len(wrong), 'confirmed example')}" if wrong else "on probation"
    write(
        f"{present.name} is at {older.version[:SHORT]} again, {said}. `latm-mcp rollback {present.name}` undoes this."
    )
    return 0


def _version(store: Store, present: Tool, wanted: str | None) -> Tool:
    """The version that is meant. Raises: BadInput, where it is none, several, or the present one."""
    known = [version for version, _ in store.versions(present.name) if version != present.version]
    if wanted is None:
        chosen = known[:1]
    else:
        chosen = [
            version for version in known if version.removeprefix("sha256:").startswith(wanted.removeprefix("sha256:"))
        ]
    tool = store.tool(present.name, chosen[0]) if len(chosen) == 1 else None
    if tool is None:
        what = "has no version before this one" if wanted is None else "has no other version, or several, that begin so"
        raise BadInput(f"{present.name!r} {what}: `latm-mcp history {present.name}` lists them.")
    return tool


def pin(options: argparse.Namespace, settings: Settings) -> int:
    """List a tool before the others, or no longer."""
    with open_store(settings.home) as store:
        name = found(store, options.name).name
        store.pin(name, not options.off)
    write(f"{name} is {'no longer pinned' if options.off else 'pinned: it is listed before the others'}.")
    return 0


def withdraw(options: argparse.Namespace, settings: Settings) -> int:
    """Take an example back; a tool that was distrusted for it alone is on probation again."""
    with open_store(settings.home) as store:
        tool = found(store, options.name)
        question = _question(store.examples(tool.name), options.example, tool.name)
        gone = store.withdraw_example(tool.name, question, actor(), options.why)
        row = next(row for row in store.listed() if row.name == tool.name)
    write(f"Withdrawn from {tool.name}, and in no later version of it:")
    write_quoted(gone.question)
    write("  answer:")
    write_quoted(gone.answer)
    if row.state == "live" and row.trust in ("quarantined", "disputed"):
        anyio.run(_trust_again, settings, tool.name, gone)
    return 0


async def _trust_again(settings: Settings, name: str, gone: Example) -> None:
    async with open_latm(settings, progress=tell) as latm:
        tool = latm.store.tool(name)
        if tool is None or not await failed(latm.shop, tool, [gone]):  # it was distrusted for something else
            return
        if await cleared(latm.shop, name):
            latm.store.set_trust(name, "probation", actor(), "the example that it failed was withdrawn")
            write(f"{name} fails no other confirmed example: it is on probation again.")


def _question(examples: list[Example], wanted: str, name: str) -> str:
    """The question that is meant: by its number, or itself. Raises: NotFound."""
    if any(example.question == wanted for example in examples):
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(examples):
        return examples[int(wanted[:9]) - 1].question
    raise NotFound(
        f"{name!r} has no example {one_line(wanted, 100)!r}: `latm-mcp history {name}` lists them with their numbers."
    )
