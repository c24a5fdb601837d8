"""The settings as a person sees them: each variable's value and where it is from, what is wrong, no key."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from types import MappingProxyType
from typing import Literal, TypeAlias

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings, read_settings
from latm_mcp.settings_models import ROLES, variables_of

Source: TypeAlias = Literal["environment", "command line", "default", "not set"]

# Every variable that is read, and what it came to; None: its own text is all that there is to show.
_VARIABLES: Mapping[str, Callable[[Settings], Json] | None] = MappingProxyType(
    {
        "LATM_HOME": lambda settings: str(settings.home),
        "LATM_CACHE": lambda settings: str(settings.cache),
        "LATM_SANDBOX": lambda settings: settings.sandbox,
        "LATM_WORKERS": lambda settings: settings.workers,
        "LATM_CALL_SECONDS": lambda settings: settings.limits.seconds,
        "LATM_CALL_CPU_SECONDS": lambda settings: settings.limits.cpu_seconds,
        "LATM_MEMORY_MIB": lambda settings: settings.limits.memory_mib,
        "LATM_OUTPUT_BYTES": lambda settings: settings.limits.output_bytes,
        "LATM_ARGUMENT_BYTES": lambda settings: settings.limits.argument_bytes,
        "LATM_RECURSION": lambda settings: settings.limits.recursion,
        "LATM_ANSWER_WITHIN": lambda settings: settings.answer_within,
        "LATM_EXPOSURE": lambda settings: settings.exposure,
        "LATM_EXPOSURE_LIMIT": lambda settings: settings.exposure_limit,
        "LATM_QUEUE": lambda settings: "on" if settings.queue else "off",
        "LATM_MAKE_AT": lambda settings: settings.make_at,
        "LATM_GROW_AT": lambda settings: settings.grow_at,
        "LATM_PUBLISH": lambda settings: settings.publish,
        "LATM_DAILY_USD": lambda settings: settings.daily_usd,
        "LATM_KEEP_DAYS": lambda settings: settings.keep_days,
        "LATM_ELICIT": lambda settings: "on" if settings.elicit else "off",
        "LATM_HTTP_HOST": lambda settings: settings.http.host,
        "LATM_HTTP_PORT": lambda settings: settings.http.port,
        "LATM_HTTP_TOKEN": None,
        "LATM_HTTP_HOSTS": lambda settings: ", ".join(settings.http.hosts),
        "LATM_HTTP_ORIGINS": lambda settings: ", ".join(settings.http.origins),
        "LATM_LOG": lambda settings: "on" if settings.log else "off",
        **dict.fromkeys(chain.from_iterable(map(variables_of, ROLES))),
        "OPENAI_BASE_URL": None,
        "OPENAI_API_KEY": None,
    }
)
_CREDENTIALS = re.compile(r"[^/\s'\"]+@")  # of an address: user:password@host


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting. value: what holds; "set" for a key. fault: why what the environment has was not taken, or empty."""

    name: str
    value: Json
    source: Source
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ToldSettings:
    """settings: read without the variables that have a fault. unknown: a sentence for each LATM_* that nothing reads."""

    settings: Settings
    variables: tuple[Variable, ...]
    unknown: tuple[str, ...]


def told_settings(environ: Mapping[str, str] = os.environ) -> ToldSettings:
    """Read the settings as `read_settings` does, but tell of every fault instead of raising the first."""
    given = {name: environ[name] for name in _VARIABLES if environ.get(name, "").strip()}
    faults = {name: fault for name in given if (fault := _fault(name, given[name]))}
    settings = read_settings({name: text for name, text in given.items() if name not in faults})
    variables = tuple(_variable(name, settings, given, faults) for name in _VARIABLES)
    unknown = sorted(name for name in environ if name.startswith("LATM_") and name not in _VARIABLES)
    return ToldSettings(settings, variables, tuple(map(_unread, unknown)))


def _variable(name: str, settings: Settings, given: Mapping[str, str], faults: Mapping[str, str]) -> Variable:
    read = _VARIABLES[name]
    holds = name in given and name not in faults
    if read is not None:
        return Variable(name, read(settings), "environment" if holds else "default", faults.get(name, ""))
    return Variable(
        name, _shown(name, given[name]) if holds else None, "environment" if holds else "not set", faults.get(name, "")
    )


def _fault(name: str, text: str) -> str:
    """Why this variable alone would be refused; empty where it is taken."""
    try:
        models = {variables_of(role)[0]: "any" for role in ROLES}  # an endpoint is read only where its model is named
        read_settings({"LATM_HOME": os.curdir, "LATM_CACHE": os.curdir, **models, name: text})
    except BadInput as error:
        return _CREDENTIALS.sub("***@", str(error)) if name.endswith("_URL") else str(error)
    return ""


def _shown(name: str, text: str) -> str:
    if name.endswith(("_KEY", "_TOKEN")):
        return "set"
    return _CREDENTIALS.sub("***@", text.strip()) if name.endswith("_URL") else text.strip()


def _unread(name: str) -> str:
    near = get_close_matches(name, _VARIABLES, 1)
    return f"{name} is read by nothing" + (f": is {near[0]} meant?" if near else ".")
