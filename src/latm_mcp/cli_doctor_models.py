"""What `latm-mcp doctor` finds out about the configured models: each endpoint is asked for its list, which costs nothing."""

import threading
import time
from dataclasses import dataclass, field
from difflib import get_close_matches

from latm_mcp.cli_doctor_show import Section
from latm_mcp.llm_endpoint import OPENAI, Endpoint
from latm_mcp.llm_list import NotReached, is_listed, listed_models, too_slow
from latm_mcp.models import Usage
from latm_mcp.models_using import Role
from latm_mcp.outcomes import Json
from latm_mcp.prices import ASSUMED_IN, ASSUMED_OUT, cost_of, on_loopback
from latm_mcp.settings import Settings
from latm_mcp.settings_keys import SECONDS as KEY_SECONDS
from latm_mcp.settings_keys import stored_key
from latm_mcp.settings_models import ModelSettings, variables_of
from latm_mcp.settings_told import ToldSettings

SECONDS = 4.0  # of one step of an endpoint
MOST_SECONDS = KEY_SECONDS + SECONDS  # of a whole endpoint, with the key store
NONE = "none is configured, and none is needed: the client's own model makes the tools"
NOT_ASKED = (
    "not asked, since where is not certain: the settings are wrong, and what is wrong with them is told with them"
)
FAILED = 1  # the exit code: everything but this model works


@dataclass(slots=True)
class _Asked:
    """One role's endpoint. key: where it was found. names: the models that it has, None where it does not say."""

    role: Role
    chosen: ModelSettings
    endpoint: Endpoint
    key: str
    names: list[str] | None = None
    failed: NotReached | None = None
    thread: threading.Thread = field(init=False)

    def start(self) -> None:
        # A thread of our own, and none that the end of the process waits for: looking a host's name up has no time-out.
        self.thread = threading.Thread(target=self._ask, name=f"models of {self.role}", daemon=True)
        self.thread.start()

    def wait(self, until: float) -> None:
        self.thread.join(max(0.0, until - time.monotonic()))
        if self.thread.is_alive():
            self.failed = too_slow(self.endpoint)

    def _ask(self) -> None:
        try:
            if self.chosen.api_key is None:
                found = stored_key(self.role, self.chosen.address)
                self.key = "key store" if found.key else (found.why_not or "none")
                self.endpoint = _endpoint(self.role, self.chosen, found.key, found.why_not)
            self.names = listed_models(self.endpoint)
        except NotReached as error:
            self.failed = error


class AskedModels:
    """The endpoints of all configured roles, asked beside everything else that doctor does."""

    def __init__(self, settings: Settings, told: ToldSettings):
        self._until = time.monotonic() + MOST_SECONDS
        self._asked = [
            _Asked(role, chosen, _endpoint(role, chosen, chosen.api_key), _key_source(role, chosen, told))
            for role, chosen in settings.models().items()
            if chosen is not None
        ]
        models = {variables_of(role)[0] for role in settings.models()}
        self._named = any(row.name in models and row.value is not None for row in told.variables)
        for each in self._asked:
            each.start()

    def section(self) -> Section:
        """What came of it, in bounded time."""
        section = Section("models", code=FAILED)
        if not self._asked:
            section.facts["configured"] = NOT_ASKED if self._named else NONE
            return section
        rows: list[Json] = []
        for each in self._asked:
            each.wait(self._until)
            rows.append(_row(each, section))
        section.facts["configured"] = rows
        return section


def _row(asked: _Asked, section: Section) -> dict[str, Json]:
    model, there = asked.chosen.model, None
    if asked.failed is not None:
        section.problem(str(asked.failed), _mend(asked))
    elif asked.names is not None:
        there = is_listed(model, asked.names)
        if not there:
            _tell_missing(asked, section)
    row: dict[str, Json] = {"role": asked.role, "model": model, "endpoint": asked.chosen.address}
    row |= {"reached": asked.failed is None, "key": asked.key, "model_is_there": there, "price": _price(asked.chosen)}
    if "not known" in str(row["price"]):
        section.notes.append(
            f"The price of {model!r} is not known: what it costs is counted at {ASSUMED_IN:g} US dollars for a million tokens sent "
            f"and {ASSUMED_OUT:g} for a million received, until LATM_DAILY_USD is reached."
        )
    return row


def _tell_missing(asked: _Asked, section: Section) -> None:
    names = asked.names or []
    near = get_close_matches(asked.chosen.model, names, 3, 0.4) or sorted(names)[:3]
    has = (
        f"It has {', '.join(map(repr, near))}{'' if len(names) <= len(near) else ' and others'}."
        if near
        else "It has none."
    )
    section.problem(
        f"{asked.endpoint} does not list the model {asked.chosen.model!r} of {asked.endpoint.model_variable}. {has}",
        f"latm-mcp config set {asked.role}.model {near[0] if near else 'NAME'}",
    )


def _mend(asked: _Asked) -> str:
    assert asked.failed is not None
    match asked.failed.mend:
        case "key":
            return f"latm-mcp config key {asked.role}"
        case "address":
            return f"latm-mcp config set {asked.role}.base_url ADDRESS"
    return "latm-mcp doctor"


def _key_source(role: Role, chosen: ModelSettings, told: ToldSettings) -> str:
    """Where the key is from, as far as the settings say; never the key."""
    if chosen.api_key is None:
        return "none"
    sources = {row.name: row.source for row in told.variables if row.value is not None}
    for name in (variables_of(role)[2], "OPENAI_API_KEY"):
        if name in sources:
            return f"{sources[name]} ({name})"
    return "none"


def _endpoint(role: Role, chosen: ModelSettings, key: str | None, why_not: str = "") -> Endpoint:
    return Endpoint(chosen.model, chosen.base_url or OPENAI, key, SECONDS, 0, role, why_not)


def _price(chosen: ModelSettings) -> str:
    address = chosen.base_url or OPENAI
    if on_loopback(address):
        return "free, on this machine"
    sent, received = (  # of few, since some ask more for many
        cost_of(usage, chosen.model, address) for usage in (Usage(tokens_in=1000), Usage(tokens_out=1000))
    )
    if sent.assumed:
        return "not known"
    return (
        f"{1000 * sent.usd:.2f} US dollars for a million tokens sent, {1000 * received.usd:.2f} for a million received"
    )
