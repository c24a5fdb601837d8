"""`latm-mcp review`: a person goes through what was reported, one question at a time; only their word counts as confirmed."""

import argparse
import sys
from contextlib import suppress

import anyio

from latm_mcp.cli_screen import tell, write, write_json, write_quoted
from latm_mcp.cli_trust_person import actor, asked, make_next, person, trusting_of
from latm_mcp.cli_words import counted
from latm_mcp.errors import BadInput, NotFound
from latm_mcp.latm import Latm, open_latm
from latm_mcp.latm_models import open_maker
from latm_mcp.latm_trust import Trusting
from latm_mcp.latm_trust_again import cleared
from latm_mcp.latm_trust_review import Case, Said, cases
from latm_mcp.settings import Settings
from latm_mcp.store import Store, open_store
from latm_mcp.text import check_answer, one_line, safe

PROMPT = "Type the right answer; y: it is right; n: it is wrong; Enter: skip; q: end. (=y is the answer y.) "
LITERAL = "="


def review(options: argparse.Namespace, settings: Settings) -> int:
    """Ask about each on a terminal; elsewhere, or with --json, list them."""
    with open_store(settings.home) as store:
        waiting = cases(store)
    if options.json:
        write_json([_as_json(case) for case in waiting])
    elif not waiting:
        write("Nothing waits for review.")
    elif sys.stdin.isatty():
        anyio.run(_review, waiting, settings)
    else:
        for number, case in enumerate(waiting, 1):
            _show(case, f"{number} of {len(waiting)}")
        tell("latm-mcp: this is no terminal, so these are only listed: run `latm-mcp review` in one to answer them.")
    return 0


async def _review(waiting: list[Case], settings: Settings) -> None:
    async with open_maker(settings.maker) as maker, open_latm(settings, maker, progress=tell) as latm:
        grown: list[str] = []
        trusting = trusting_of(latm, grown.append if maker is not None else None)
        done = 0
        for number, case in enumerate(waiting, 1):
            _show(case, f"{number} of {len(waiting)}")
            said = asked(PROMPT)
            if said is None or said == "q":
                break
            if said and _meant(said):
                done += await _settled(latm, trusting, case, said)
        write(f"{counted(done, 'question')} settled, {len(waiting) - done} left.")
        await make_next(latm, grown)


def _meant(said: str) -> bool:
    """Whether what was typed is meant: an answer counts for good, and a slip of the keys should not."""
    return (
        said in ("y", "n")
        or said.startswith(LITERAL)
        or asked(f"The right answer is {one_line(said, 200)!r}, for good? (y or n) ") == "y"
    )


async def _settled(latm: Latm, trusting: Trusting, case: Case, said: str) -> bool:
    """Whether the case is done with."""
    right, answer = _read(case, said)
    try:
        if case.reports and case.tool is not None:
            return await _report(latm, trusting, case, right, answer)
        if answer is None:
            tell("latm-mcp: left as it is: no answer was given.")
            return False
        latm.store.tell(case.question, check_answer(answer, "the answer"), "person", person())
        write("Kept as confirmed.")
    except BadInput as refusal:
        tell(f"latm-mcp: {refusal}")
        return False
    except NotFound as gone:
        tell(f"latm-mcp: {gone}")
        _settle(latm.store, case)
    return True


def _read(case: Case, said: str) -> tuple[bool | None, str | None]:
    """What was typed, as right or wrong and the right answer; a second question where an answer is still to be told."""
    if said.startswith(LITERAL):
        return None, said.removeprefix(LITERAL)
    if said == "y" and case.reports:
        return True, None
    if said == "y":
        # As it was shown: hidden characters in it were not, and nobody confirms what they cannot see.
        shown = list(dict.fromkeys(safe(answer, len(answer)) for answer in case.answers))
        return None, shown[0] if len(shown) == 1 else asked("Which one? Type it: ") or None
    if said != "n":
        return None, said
    answer = asked("What is the right answer? Enter: not known. ") or None
    return (None, answer.removeprefix(LITERAL)) if answer else (False, None)


async def _report(latm: Latm, trusting: Trusting, case: Case, right: bool | None, answer: str | None) -> bool:
    reported = await trusting.report(
        case.question, answer=answer, right=right, tool=case.tool, who="person", by=person()
    )
    write(reported.sentence)
    if reported.change == "disagreement":
        return False
    _settle(latm.store, case)
    if reported.change in ("good", "known"):
        await _trust_again(latm, reported.tool)
    return True


async def _trust_again(latm: Latm, name: str) -> None:
    """A tool that was disputed for an answer which was right after all."""
    disputed = any(row.name == name and row.trust == "disputed" for row in latm.store.listed())
    if disputed and await cleared(latm.shop, name):
        latm.store.set_trust(name, "probation", actor(), "nothing that was confirmed stands against it")
        write(f"Nothing stands against {name} any more: it is on probation again.")


def _settle(store: Store, case: Case) -> None:
    for number in case.reports:
        with suppress(NotFound):  # said again by the same person just now, it is another report
            store.settle_report(number, actor())


def _show(case: Case, number: str) -> None:
    write(f"\n[{number}] {case.tool or 'a new task'}")
    write_quoted(case.question)
    if case.reports:
        write("  the tool answered:" if case.got else "  the tool gave no answer by itself")
        if case.got:
            write_quoted(case.got)
    for row in case.said:
        write(f"  {one_line(f'{row.who} {row.by}', 100)}: {_verdict(row)}")
        if row.answer:
            write_quoted(row.answer)


def _verdict(said: Said) -> str:
    if said.right is None:
        return "answers"
    if said.right:
        return "right"
    return "wrong, it should be" if said.answer else "wrong"


def _as_json(case: Case) -> dict[str, object]:
    said = [{"who": row.who, "by": row.by, "right": row.right, "answer": row.answer} for row in case.said]
    return {
        "tool": case.tool,
        "question": case.question,
        "got": case.got,
        "said": said,
        "reports": list(case.reports),
    }
