"""`latm-mcp queue`: what waits for a tool, and a person's hand on it: a name, other groups, the right answer."""

import argparse
from collections.abc import Callable

from latm_mcp.cli_screen import write, write_field, write_json, write_quoted, write_table
from latm_mcp.cli_trust_person import actor, person
from latm_mcp.cli_words import counted
from latm_mcp.errors import NotFound
from latm_mcp.latm_queue import Counted, Disputed, Waiting, agreed
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings
from latm_mcp.store import Group, Instance, Store, open_store
from latm_mcp.store_ledger import moment
from latm_mcp.text import check_name, one_line

COLUMNS = ("group", "kind", "answered", "for", "state", "note")
KIND = 60  # characters of a question that stand for its kind
STATES = {"open": "waits", "making": "in making", "failed": "making failed"}


def queue(options: argparse.Namespace, settings: Settings) -> int:
    """List the groups, or do what is said with one."""
    actions: dict[str, Callable[[argparse.Namespace, Store, Waiting], str]] = {
        "show": _show,
        "name": _name,
        "merge": _merge,
        "split": _split,
        "drop": _drop,
        "answer": _answer,
    }
    if options.action == "make":
        from latm_mcp.cli_queue_make import make_group  # here: the other actions need no sandbox

        return make_group(options, settings)
    with open_store(settings.home) as store:
        waiting = Waiting(store, settings.make_at, settings.grow_at)
        if options.action in (None, "list"):
            _list(options.json, waiting.state(), settings.queue)
        else:
            said = actions[options.action](options, store, waiting)
            if said and options.json:
                write_json({"said": said})
            elif said:
                write_field(said)
    return 0


def _list(as_json: bool, rows: list[Counted], on: bool) -> None:
    off = "" if on else " The queue is off: LATM_QUEUE=on keeps what no tool answers."
    if as_json:
        write_json([_counted_json(row) for row in rows])
    elif not rows:
        write(f"No question waits.{off}")
    else:
        cells = [_cells(row) for row in rows]
        write_table("", COLUMNS, cells, right=("group",))
        if off:
            write(off.strip())


def _cells(row: Counted) -> tuple[object, ...]:
    group, tool = row.group, row.group.tool or "a new tool"
    return group.id, kind(group), f"{row.answered} of {row.needed}", tool, _state(row), group.note


def kind(group: Group) -> str:
    """What a group is about, on one line: its name, or how its first question begins."""
    if group.name:
        return one_line(group.name, KIND)
    if not group.instances:
        return "no question left"
    line = one_line(group.instances[0].question, 100 * KIND)
    return line if len(line) <= KIND else f"{line[: KIND - 1].rstrip()}…"


def _state(row: Counted) -> str:
    disputed = f", {row.disputed} disputed" if row.disputed else ""
    enough = row.ready and row.group.state == "open"
    return f"{'has enough' if enough else STATES[row.group.state]}{disputed}"


def _show(options: argparse.Namespace, store: Store, waiting: Waiting) -> str:
    row = waiting.counted(options.group)
    if row is None:
        raise NotFound(f"There is no group {options.group!r} in the queue: `latm-mcp queue` lists them.")
    if options.json:
        write_json(_counted_json(row) | {"questions": [_instance_json(row.group, one) for one in row.group.instances]})
        return ""
    write_field(f"group {row.group.id}, for {row.group.tool or 'a new tool'}: {_state(row)}")
    write(f"{row.answered} of {row.needed} questions have an answer that counts.")
    job = store.job(row.group.job) if row.group.job else None
    progress = job.progress if job is not None and row.group.state == "making" else ""
    told = (("name", row.group.name), ("job", row.group.job), ("progress", progress), ("note", row.group.note))
    for label, value in told:
        if value:
            write_field(f"{label}: {value}")
    for one in row.group.instances:
        _write_instance(row.group, one)
    return ""


def _write_instance(group: Group, instance: Instance) -> None:
    write(f"\nquestion {instance.id}, {moment(instance.at)}, {_standing(group, instance)}:")
    write_quoted(instance.question)
    for told in instance.told:
        write_field(f"- {told.who}{f' {told.by}' if told.by else ''} says: {one_line(told.answer, 400)!r}")


def _standing(group: Group, instance: Instance) -> str:
    found = agreed(instance, clients=group.tool is None)
    if isinstance(found, Disputed):
        return f"disputed: `latm-mcp queue answer {instance.id} ANSWER` settles it unless another person differs"
    if found is not None:
        return found.standing
    return "waits for a person" if instance.told else "unanswered"


def _name(options: argparse.Namespace, store: Store, waiting: Waiting) -> str:
    store.name_group(options.group, check_name(options.name), actor())
    return f"Group {options.group} is named {options.name}."


def _merge(options: argparse.Namespace, store: Store, waiting: Waiting) -> str:
    store.merge_groups(options.into, options.other, actor())
    return f"Group {options.other} is now part of group {options.into}{_has(waiting, options.into)}."


def _split(options: argparse.Namespace, store: Store, waiting: Waiting) -> str:
    new = store.split_group(options.group, options.questions, actor())
    moved = counted(len(set(options.questions)), "question")
    return f"{moved} went from group {options.group} to the new group {new}{_has(waiting, new)}."


def _drop(options: argparse.Namespace, store: Store, waiting: Waiting) -> str:
    store.drop_group(options.group, actor())
    return f"Group {options.group} and its questions are forgotten."


def _answer(options: argparse.Namespace, store: Store, waiting: Waiting) -> str:
    instances = (instance for group in store.groups() for instance in group.instances)
    question = next((instance.question for instance in instances if instance.id == options.question), None)
    cached = None if question is None else waiting.tell(question, options.answer, "person", person())
    if cached is None:
        raise NotFound(f"No question {options.question!r} waits: `latm-mcp queue show GROUP` lists a group's.")
    if isinstance(agreed(cached.instance, clients=cached.group.tool is None), Disputed):
        return f"Kept. Another person answered question {options.question} differently, so it does not count yet."
    return f"Kept{_has(waiting, cached.group.id)}."


def _has(waiting: Waiting, group_id: int) -> str:
    row = waiting.counted(group_id)
    return "" if row is None else f": group {group_id} has {row.answered} of {row.needed}"


def _counted_json(row: Counted) -> dict[str, Json]:
    group = row.group
    return {
        "id": group.id,
        "name": group.name,
        "kind": kind(group),
        "tool": group.tool,
        "state": group.state,
        "job": group.job,
        "note": group.note,
        "answered": row.answered,
        "needed": row.needed,
        "ready": row.ready,
        "disputed": row.disputed,
        "waiting": len(group.instances),
    }


def _instance_json(group: Group, instance: Instance) -> dict[str, Json]:
    found = agreed(instance, clients=group.tool is None)
    return {
        "id": instance.id,
        "question": instance.question,
        "at": moment(instance.at),
        "told": [{"answer": one.answer, "who": one.who, "by": one.by, "at": moment(one.at)} for one in instance.told],
        "answer": None if found is None or isinstance(found, Disputed) else found.answer,
        "disputed": isinstance(found, Disputed),
    }
