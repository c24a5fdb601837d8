"""`latm-mcp limits NAME`: what bounds a tool's calls, and a person's way to raise or lower it. No model can reach this."""

import argparse
from dataclasses import asdict

from latm_mcp.cli_import import ACTOR
from latm_mcp.cli_library import found
from latm_mcp.cli_screen import write_json, write_table
from latm_mcp.outcomes import LIMIT_BOUNDS, Limits, OwnLimits
from latm_mcp.settings import LIMIT_VARIABLES, Settings, read_limit
from latm_mcp.store import open_store


def limits(options: argparse.Namespace, settings: Settings) -> int:
    """Set what is given, if anything; then print what holds, and where each value comes from."""
    given = _given(options)
    with open_store(settings.home) as store:
        tool = found(store, options.name)
        if given.given or options.reset:
            store.set_limits(tool.name, given, ACTOR, reset=options.reset)
        own = store.own_limits().get(tool.name, OwnLimits())
    rows = [
        (limit, value, _source(limit, own, settings.limits))
        for limit, value in asdict(own.over(settings.limits)).items()
    ]
    if options.json:
        write_json(
            {"name": tool.name, "limits": {limit: {"value": value, "from": source} for limit, value, source in rows}}
        )
    else:
        cells = [(limit.replace("_", "-"), f"{value:.10g}", source) for limit, value, source in rows]
        write_table(f"Limits of a call of {tool.name}", ("limit", "value", "from"), cells, right=("value",))
    return 0


def _given(options: argparse.Namespace) -> OwnLimits:
    """The limits on the command line. Raises: BadInput, naming the option."""
    texts = {limit: getattr(options, limit) for limit in LIMIT_BOUNDS}
    return OwnLimits.of(
        {
            limit: read_limit(limit, text, f"--{limit.replace('_', '-')}")
            for limit, text in texts.items()
            if text is not None
        }
    )


def _source(limit: str, own: OwnLimits, general: Limits) -> str:
    """Where a value comes from, in words."""
    if limit in own.given:
        return "set for this tool"
    if getattr(own.over(general), limit) != getattr(general, limit):
        return "goes with seconds"
    if limit == "cpu_seconds" and general.cpu_seconds == general.seconds != Limits().seconds:
        return "goes with seconds"
    parted = limit == "cpu_seconds" and general.cpu_seconds != general.seconds  # by its setting alone
    if getattr(general, limit) == getattr(Limits(), limit) and not parted:
        return "default"
    return f"setting {LIMIT_VARIABLES[limit]}"
