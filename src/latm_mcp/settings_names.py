"""What settings there are: the variable of each, the name that it has in the settings file and on the command line, and its value."""

from collections.abc import Callable, Mapping
from itertools import chain
from types import MappingProxyType

from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json
from latm_mcp.settings import Settings
from latm_mcp.settings_models import ROLES, variables_of

PREFIX = "LATM_"
SECTIONS = (*ROLES, "http")  # tables of the settings file: [maker], [user], ...
CONFIG = "LATM_CONFIG"  # where the file is, so it cannot stand in there
OUTSIDE = (CONFIG, "OPENAI_BASE_URL", "OPENAI_API_KEY")  # not in the file: of others, or about the file itself

# Every variable that is read, and what it came to; None: its own text is all that there is to show.
VARIABLES: Mapping[str, Callable[[Settings], Json] | None] = MappingProxyType(
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
        **dict.fromkeys(OUTSIDE),
    }
)


def setting_of(variable: str) -> str:
    """A variable's name in the settings file: LATM_MAKER_MODEL is maker.model. One that cannot stand there keeps its own."""
    if variable in OUTSIDE:
        return variable
    name = variable.removeprefix(PREFIX).lower()
    section, _, rest = name.partition("_")
    return f"{section}.{rest}" if section in SECTIONS else name


def variable_of(name: str) -> str:
    """The variable of a setting that can stand in the file, by either of its names.

    Raises: BadInput, with the name that is nearest.
    """
    variable = PREFIX + name.strip().upper().replace(".", "_").removeprefix(PREFIX)
    if variable in VARIABLES and variable not in OUTSIDE:
        return variable
    if variable == CONFIG:
        raise BadInput(f"Where the settings file is cannot be set in it: give --config FILE, or the variable {CONFIG}.")
    if name in SECTIONS:
        raise BadInput(f"{name} is a table of settings: write [{name}], and each of them below it.")
    raise BadInput(f"{name[:80]!r} is no setting{_meant(variable)} `latm-mcp config` shows all of them.")


def nearest(variable: str) -> str | None:
    """The variable that is most like one that nothing reads."""
    from difflib import get_close_matches  # here: a server that is set up rightly need not load it

    known = {name.removeprefix(PREFIX): name for name in VARIABLES}
    return next((known[near] for near in get_close_matches(variable.removeprefix(PREFIX), known, 1)), None)


def is_secret(variable: str) -> bool:
    """Whether its value is never shown."""
    return variable.endswith(("_KEY", "_TOKEN"))


def role_of(variable: str) -> str:
    """Whose key or token a secret is: a role's, or "http"."""
    return setting_of(variable).partition(".")[0]


def _meant(variable: str) -> str:
    near = nearest(variable)
    return f": is {setting_of(near)} meant?" if near and near not in OUTSIDE else "."
