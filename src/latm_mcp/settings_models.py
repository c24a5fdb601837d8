"""The settings of the models: one for each role of the paper, each with an endpoint and a key of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import get_args

from latm_mcp.errors import BadInput
from latm_mcp.models_using import Role

UNREADABLE = "an address that cannot be read for certain"
ROLES: tuple[Role, ...] = get_args(Role)
OPENAI = "https://api.openai.com/v1"  # where a role without an address of its own is asked


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The configured model of one role. base_url None: the OpenAI API's own; api_key None: the endpoint wants none."""

    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """The endpoint that a key is for: its address, without what may be secret in it."""
        return _address(self.base_url)


def variables_of(role: Role) -> tuple[str, str, str]:
    """The names of a role's variables: its model, endpoint and key."""
    prefix = f"LATM_{role.upper()}"
    return f"{prefix}_MODEL", f"{prefix}_BASE_URL", f"{prefix}_API_KEY"


def read_model(environ: Mapping[str, str], role: Role) -> ModelSettings | None:
    """Only where the role's own LATM_*_MODEL is set: what costs money or sends questions anywhere is off until then.

    Nothing of one role goes to another. OPENAI_API_KEY goes nowhere but to OPENAI_BASE_URL (or OpenAI): another
    LATM_*_BASE_URL wants its own key.
    Raises: BadInput that names the variable.
    """
    model_name, url_name, key_name = variables_of(role)
    model = read_text(environ, model_name)
    if model is None:
        return None
    own_url, shared_url = _url(environ, url_name), _url(environ, "OPENAI_BASE_URL")
    key = read_text(environ, key_name)
    if key is None and own_url in (None, shared_url):
        key = read_text(environ, "OPENAI_API_KEY")
    return ModelSettings(model, own_url or shared_url, key)


def address_of(environ: Mapping[str, str], role: str) -> str:
    """Whom a role's key would go to, as `ModelSettings.address` has it."""
    return _address(read_text(environ, f"LATM_{role.upper()}_BASE_URL") or read_text(environ, "OPENAI_BASE_URL"))


def _address(base_url: str | None) -> str:
    parts = re.fullmatch(r"(https?://)(?:[^/?#@\\\s]*@)?([^/?#@\\\s]+)(/[^?#]*)?(?:[?#].*)?", base_url or OPENAI)
    if parts is None:  # one that programs read in different ways: the key of no other address goes there
        return f"{UNREADABLE} ({sha256((base_url or '').encode('utf-8', 'replace')).hexdigest()[:8]})"
    return f"{parts[1]}{parts[2].lower()}{parts[3] or ''}".rstrip("/")


def read_text(environ: Mapping[str, str], name: str) -> str | None:
    """A variable without blanks around it; None where it is empty or unset."""
    return environ.get(name, "").strip() or None


def _url(environ: Mapping[str, str], name: str) -> str | None:
    value = read_text(environ, name)
    if value is not None and not value.startswith(("http://", "https://")):
        # Not shown: a key is easily put in the wrong place.
        raise BadInput(f"{name} is no address: give the endpoint's, beginning with http:// or https://.")
    return value
