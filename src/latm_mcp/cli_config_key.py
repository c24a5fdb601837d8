"""`latm-mcp config key ROLE`: a key goes from the terminal, or from standard input, into the system's key store."""

import argparse
import getpass
import sys
import warnings

from latm_mcp.cli_screen import write_json, write_wrapped
from latm_mcp.errors import BadInput
from latm_mcp.outcomes import Json
from latm_mcp.server_http_listen import check_token
from latm_mcp.settings_keys import HTTP, OWNERS, keep_key, remove_key
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_models import address_of
from latm_mcp.settings_names import setting_of

MAX_KEY = 2000  # what the smallest of the key stores takes


def key(options: argparse.Namespace) -> int:
    """Keep a role's key, or take it out. Raises: BadInput."""
    role = options.role.strip().lower()
    if role not in OWNERS:
        # What was given is not shown: it may be the key itself.
        raise BadInput(f"ROLE is one of {', '.join(OWNERS)}; the key is asked for.")
    if options.remove:
        return _remove(options, role)
    layers: Layers = options.layers
    address = None if role == HTTP else address_of(layers.merged(), role)
    given = _given(role, address)
    if role == HTTP:
        check_token(given)
    keep_key(role, given, address)
    return tell(options, _kept(role, address, layers), {"role": role, "address": address})


def tell(options: argparse.Namespace, sentence: str, facts: dict[str, Json]) -> int:
    """What was done: the facts for a script, with the sentence that a person reads."""
    write_json({**facts, "said": sentence} if sentence else facts) if options.json else write_wrapped(sentence)
    return 0


def _remove(options: argparse.Namespace, role: str) -> int:
    if not remove_key(role):
        raise BadInput(f"The key store has no key of {role}.")
    return tell(options, f"The key of {role} is taken out of the key store.", {"role": role})


def _given(role: str, address: str | None) -> str:
    """The key, as it was typed or piped in."""
    what = "Token of serve --http" if address is None else f"Key of {role}, for {address}"
    if sys.stdin is not None and sys.stdin.isatty():
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                typed = getpass.getpass(f"{what}: ")
            except getpass.GetPassWarning:
                raise BadInput("This terminal cannot hide what is typed: pipe the key into this command.") from None
            except EOFError:
                typed = ""
    else:
        typed = sys.stdin.readline(MAX_KEY + 2) if sys.stdin is not None else ""
    given = typed.strip()
    if not given:
        raise BadInput("No key was given: type it when asked, or pipe it into this command.")
    if len(given) > MAX_KEY or not all("!" <= character <= "~" for character in given):
        raise BadInput("That is no key: it holds blanks or characters that no key has, or is too long. Copy it again.")
    return given


def _kept(role: str, address: str | None, layers: Layers) -> str:
    variable = "LATM_HTTP_TOKEN" if address is None else f"LATM_{role.upper()}_API_KEY"
    if address is None:
        said = "The token is kept in the key store; `latm-mcp serve --http` takes it from there."
    else:
        said = f"The key of {role} is kept in the key store, for {address}, and goes nowhere else."
    if variable in layers.merged():
        return f"{said} But {setting_of(variable)} of the {layers.source_of(variable)} stands over it here."
    if address is not None and f"LATM_{role.upper()}_MODEL" not in layers.merged():
        return f"{said} The role has no model yet: `latm-mcp config set {role}.model NAME`."
    return said
