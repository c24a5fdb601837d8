"""One client's trial: our server installed into a clean home, a conversation that makes a tool and uses it, and a later one."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from real_clients.clients import Client
from real_clients.endpoint import playing
from real_clients.model import ANSWER, REFUSAL, TOOL, standing
from real_clients.packages import PINNED
from real_clients.plugging import plug_in, record
from real_clients.recorder import revision
from real_clients.session import Session, run
from real_clients.turns import FIXED, Call, Shown

NO_SESSION = Session(turns=[], code=0, said="", seconds=0.0, left=0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a trial; `trouble` is empty where all of it worked."""

    client: str
    version: str
    revision: str  # of the protocol, in the later session
    listed: str  # the fixed commands: "whole", or "by name" where its model has to load them; "late": not at its first request
    refused: bool  # what is wrong with a first, bad call came to its model in our words
    drafted: bool  # a brief came to its model
    made: bool  # its model's draft was published
    used: str  # in the same conversation: "directly", or "by call_tool"
    answered: bool  # the made tool's answer was the client's last word
    later: str  # how it was used in a later session
    seconds: float  # of the conversation that made the tool
    trouble: list[str] = field(default_factory=list)


def attempt(client: Client, packages: Path, homes: Path, cache: Path) -> Verdict:
    """Run a client twice in a clean home, which keeps what it left. `cache` holds the sandbox, compiled."""
    home = homes / client.package
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with playing(client.dialect()) as endpoint:
        client.prepare(home, endpoint.url)  # a person's own settings, which have to stay: without them it has no model
        plug_in(client, home, cache)
        first = run(client, endpoint, packages, home, "first")
        if ANSWER not in first.said:
            return judge(client, first, NO_SESSION, "")
        kept = record(client, home)
        later = run(client, endpoint, packages, home, "later")
    return judge(client, first, later, revision(kept))


def judge(client: Client, first: Session, later: Session, spoken: str) -> Verdict:
    """What the endpoint saw, and what the client said at last."""
    shown = [shown for shown, _ in first.turns] or [Shown(())]
    lists = [_listed(one) for one in shown]
    results = shown[-1].results("make_tool")
    made = [standing(result)[0] for result in results]
    verdict = Verdict(
        client=client.name,
        version=PINNED[client.package].rsplit("@", 1)[1],
        revision=spoken,
        listed=next(filter(None, lists), "") + ("" if lists[0] else ", late" if any(lists) else ""),
        refused=bool(results) and REFUSAL in results[0],
        drafted="draft_needed" in made,
        made="published" in made,
        used=_used(first),
        answered=ANSWER in first.said,
        later=_used(later) if ANSWER in later.said else "",
        seconds=round(first.seconds, 1),
    )
    verdict.trouble.extend(_trouble(verdict, first, later))
    return verdict


def _listed(shown: Shown) -> str:
    if all(shown.find(name) for name in FIXED):
        return "whole"
    return "by name" if all(shown.find(name) or shown.find_deferred(name) for name in FIXED) else ""


def _used(session: Session) -> str:
    calls = [move.name for _, move in session.turns if isinstance(move, Call)]
    if any(name.endswith(TOOL) for name in calls):
        return "directly"
    return "by call_tool" if any(name.endswith("call_tool") for name in calls) else ""


def _trouble(verdict: Verdict, first: Session, later: Session) -> list[str]:
    wanted = {
        "its model was not asked": first.turns,
        "the fixed commands were not listed": verdict.listed,
        "a refusal did not come to its model in our words": verdict.refused,
        "no brief came to its model": verdict.drafted,
        "the draft was not published": verdict.made,
        "the tool was not used": verdict.used,
        "the tool's answer was not its last word": verdict.answered,
        "a later session did not use the tool": verdict.later,
        "the protocol's revision was not seen": verdict.revision,
        f"it ended with code {first.code}, later {later.code}": first.code == later.code == 0,
        f"{first.left} and {later.left} processes of ours were left": first.left == later.left == 0,
    }
    return [trouble for trouble, fine in wanted.items() if not fine]
