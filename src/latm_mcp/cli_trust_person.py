"""The person at the command line, and the door through which their word reaches the library."""

import argparse
import getpass
import sys
from collections.abc import Callable

import anyio

from latm_mcp.cli_screen import progress, steps, tell, write, write_json
from latm_mcp.cli_words import next_words
from latm_mcp.latm import Latm, open_latm
from latm_mcp.latm_models import open_maker
from latm_mcp.latm_trust import Reported, Trusting
from latm_mcp.latm_trust_heard import through_adapter
from latm_mcp.settings import Settings
from latm_mcp.text import one_line


def person() -> str:
    """The system user, as far as it is known."""
    try:
        return one_line(getpass.getuser(), 80)
    except (OSError, KeyError):  # no such user in the system's table
        return ""


def actor() -> str:
    """The person, for the audit log."""
    return f"person {person()}".rstrip()


def report(options: argparse.Namespace, settings: Settings) -> int:
    """Take a person's word on an answer; where that quarantines the tool and a maker is configured, make its next version here."""
    reported = anyio.run(_report, options, settings)
    if options.json:
        write_json({"tool": reported.tool, "change": reported.change, "said": reported.sentence})
    else:
        write(reported.sentence)
    return 0


async def _report(options: argparse.Namespace, settings: Settings) -> Reported:
    async with open_maker(settings.maker) as maker, open_latm(settings, maker, progress=tell) as latm:
        grown: list[str] = []
        trusting = trusting_of(latm, grown.append if maker is not None else None)
        right = True if options.right else False if options.wrong else None
        tool = None if options.name == "-" else options.name
        reported = await trusting.report(
            options.question, answer=options.answer, right=right, tool=tool, who="person", by=person()
        )
        await make_next(latm, grown)
        return reported


def trusting_of(latm: Latm, grow: Callable[[str], object] | None) -> Trusting:
    """Reports to an open library; a tool is asked as it is, and that counts no use."""
    ask = through_adapter(latm.store, latm.sandbox, latm.limits_of)

    async def certain(question: str) -> str | None:
        """The first tool that the question is certainly for and whose adapter answers it."""
        live = {row.name for row in latm.store.listed() if row.usable}
        for candidate in latm.dispatcher().candidates(question):
            if candidate.certain and candidate.name in live and await ask(candidate.name, question) is not None:
                return candidate.name
        return None

    return Trusting(latm.store, ask, certain, grow)


async def make_next(latm: Latm, names: list[str]) -> None:
    """Make the next version of each, telling how it goes; one that comes to nothing stays out of use."""
    for name in dict.fromkeys(names):
        with progress() as told:
            made = await latm.job(await latm.growth.next_version(name), steps(told, name, recorded=False))
        if made.status == "published":
            tell(f"{name}: the next version passes all examples, and is on probation.")
        else:
            tell(f"latm-mcp: no next version of {name!r} was made. {made.failure.sentence if made.failure else ''}")
            tell(f"{next_words(made)} Until then it is out of use.")


def asked(prompt: str) -> str | None:
    """What a person types after a prompt of ours; None at the end of the input."""
    sys.stdout.flush()
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line.strip() if line else None
