"""The settings, read once from the environment: the only module that looks at it."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from latm_mcp.errors import BadInput
from latm_mcp.models_using import Role
from latm_mcp.outcomes import LIMIT_BOUNDS, Limits, OwnLimits, SandboxKind
from latm_mcp.settings_http import HttpSettings, read_http
from latm_mcp.settings_models import ModelSettings, read_model, read_text

ExposureMode: TypeAlias = Literal["hybrid", "static"]
PublishMode: TypeAlias = Literal["at-once", "after-approval"]

# The variables that set the limits of every call.
LIMIT_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "seconds": "LATM_CALL_SECONDS",
        "cpu_seconds": "LATM_CALL_CPU_SECONDS",
        "memory_mib": "LATM_MEMORY_MIB",
        "output_bytes": "LATM_OUTPUT_BYTES",
        "argument_bytes": "LATM_ARGUMENT_BYTES",
        "recursion": "LATM_RECURSION",
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment chose. maker None: the calling client's model writes the code; nothing costs money.

    user, dispatcher, fallback: the other roles of the paper, each None until it is configured (design, section 5).
    queue: whether questions that no tool answers are kept and become tools; make_at, grow_at: at how many agreed answers.
    daily_usd: what all roles may spend in a day, in US dollars. keep_days: how long questions are kept.
    elicit: whether persons are asked by forms in their client, which is trusted then to pass their answers on.
    http: where `serve --http` listens, and whom it lets in. log: whether a log is kept in `log_folder`.
    exposure_limit: made tools that `hybrid` lists at most. limits: of one call of made code, where a person set no others
    for the tool. answer_within: seconds after which a request is answered with a job's id instead.
    """

    home: Path
    cache: Path
    maker: ModelSettings | None = None
    exposure: ExposureMode = "hybrid"
    exposure_limit: int = 20
    sandbox: SandboxKind = "wasm"
    workers: int = 2
    limits: Limits = field(default_factory=Limits)
    answer_within: float = 40.0
    user: ModelSettings | None = None
    dispatcher: ModelSettings | None = None
    fallback: ModelSettings | None = None
    queue: bool = False
    make_at: int = 6
    grow_at: int = 3
    publish: PublishMode = "at-once"
    daily_usd: float = 1.0
    keep_days: int = 30
    elicit: bool = False
    http: HttpSettings = field(default_factory=HttpSettings)
    log: bool = True

    def models(self) -> dict[Role, ModelSettings | None]:
        """Each role's model."""
        return {"maker": self.maker, "user": self.user, "dispatcher": self.dispatcher, "fallback": self.fallback}

    @property
    def tools_folder(self) -> Path:
        """Where every published tool is also written as files."""
        return self.home / "tools_store"

    @property
    def log_folder(self) -> Path:
        """Where servers keep their own log."""
        return self.home / "logs"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the LATM_* variables; empty ones count as unset.

    Raises: BadInput that names the variable.
    """
    return Settings(
        home=_folder(environ, "LATM_HOME", "user_data_path"),
        cache=_folder(environ, "LATM_CACHE", "user_cache_path"),
        maker=read_model(environ, "maker"),
        exposure="static" if _choice(environ, "LATM_EXPOSURE", ("hybrid", "static")) == "static" else "hybrid",
        exposure_limit=_whole(environ, "LATM_EXPOSURE_LIMIT", 20, (0, 10_000)),
        sandbox="native" if _choice(environ, "LATM_SANDBOX", ("wasm", "native")) == "native" else "wasm",
        workers=_whole(environ, "LATM_WORKERS", 2, (1, 64)),
        limits=_limits(environ),
        answer_within=_number(environ, "LATM_ANSWER_WITHIN", 40.0, (0, 3600)),
        user=read_model(environ, "user"),
        dispatcher=read_model(environ, "dispatcher"),
        fallback=read_model(environ, "fallback"),
        queue=_choice(environ, "LATM_QUEUE", ("off", "on")) == "on",
        make_at=_whole(environ, "LATM_MAKE_AT", 6, (2, 100)),
        grow_at=_whole(environ, "LATM_GROW_AT", 3, (1, 100)),
        publish=_publish(environ),
        daily_usd=_number(environ, "LATM_DAILY_USD", 1.0, (0, 10_000)),
        keep_days=_whole(environ, "LATM_KEEP_DAYS", 30, (1, 3650)),
        elicit=_choice(environ, "LATM_ELICIT", ("off", "on")) == "on",
        http=read_http(environ, _whole(environ, "LATM_HTTP_PORT", 8765, (0, 65535))),
        log=_choice(environ, "LATM_LOG", ("on", "off")) != "off",
    )


def _folder(environ: Mapping[str, str], name: str, default: Literal["user_data_path", "user_cache_path"]) -> Path:
    value = read_text(environ, name)
    if value is not None:
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError as error:  # a ~ of nobody's
            raise BadInput(f"{name} is {value!r}, which names no home folder: give a whole path.") from error
    import platformdirs  # here, since a deployment that names its folders need not load it

    found = platformdirs.user_data_path if default == "user_data_path" else platformdirs.user_cache_path
    try:
        return found("latm-mcp", appauthor=False)
    except RuntimeError as error:
        raise BadInput(f"You have no home folder on this machine: say with {name} which folder to use.") from error


def _publish(environ: Mapping[str, str]) -> PublishMode:
    chosen = _choice(environ, "LATM_PUBLISH", ("at-once", "after-approval"))
    return "after-approval" if chosen == "after-approval" else "at-once"


def read_limit(limit: str, text: str, said: str) -> float:
    """A limit as somebody wrote it. limit: a field of `Limits`; said: what they call it, for the refusal. Raises: BadInput."""
    number = _bounded(said, text, LIMIT_BOUNDS[limit])
    return number if limit in ("seconds", "cpu_seconds") else _as_whole(said, text, number)


def _limits(environ: Mapping[str, str]) -> Limits:
    texts = ((limit, variable, read_text(environ, variable)) for limit, variable in LIMIT_VARIABLES.items())
    given = {limit: read_limit(limit, text, variable) for limit, variable, text in texts if text is not None}
    return OwnLimits.of(given).over(Limits())


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, str]) -> str | None:
    value = read_text(environ, name)
    if value is not None and value not in choices:
        raise BadInput(f"{name} is {value!r}: set it to {choices[0]!r} or {choices[1]!r}.")
    return value


def _whole(environ: Mapping[str, str], name: str, default: int, bounds: tuple[float, float]) -> int:
    value = read_text(environ, name)
    return default if value is None else _as_whole(name, value, _bounded(name, value, bounds))


def _number(environ: Mapping[str, str], name: str, default: float, bounds: tuple[float, float]) -> float:
    value = read_text(environ, name)
    return default if value is None else _bounded(name, value, bounds)


def _as_whole(name: str, value: str, number: float) -> int:
    if not number.is_integer():
        raise BadInput(f"{name} is {value!r}: set it to a whole number.")
    return int(number)


def _bounded(name: str, value: str, bounds: tuple[float, float]) -> float:
    low, high = bounds
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise BadInput(f"{name} is {value!r}: set it to a number from {low:.10g} to {high:.10g}.")
    return number
