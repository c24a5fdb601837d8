"""Where a model is asked: an address, a model's name and a key that no message shows."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from latm_mcp.errors import MakerFailed

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, repr=False)  # a traceback that prints its values must not print the key
class Endpoint:
    """One model at one address. timeout: seconds of a reply with all its retries. role: whose variables a sentence names.

    why_no_key: a sentence, where one may have been kept but cannot be had.
    """

    model: str
    base_url: str
    api_key: str | None
    timeout: float
    max_retries: int
    role: str = "maker"
    why_no_key: str = ""

    @property
    def model_variable(self) -> str:
        return f"LATM_{self.role.upper()}_MODEL"

    @property
    def url_variable(self) -> str:
        return f"LATM_{self.role.upper()}_BASE_URL"

    @property
    def key_variable(self) -> str:
        return f"LATM_{self.role.upper()}_API_KEY"

    @property
    def keep_key(self) -> str:
        """What to do for another key."""
        if self.why_no_key:
            return f"{self.why_no_key[:1].lower()}{self.why_no_key[1:].rstrip('.')}"
        return f"set {self.key_variable}, or run `latm-mcp config key {self.role}`"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def loopback(self) -> bool:
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def openai_itself(self) -> bool:
        return self.host == "api.openai.com" or self.host.endswith(".api.openai.com")

    def without_key(self, text: str) -> str:
        """The text without the key, as it is or as it stands in quotes."""
        key = self.api_key or ""
        for written in {key, repr(key)[1:-1], json.dumps(key)[1:-1]} - {""}:
            text = text.replace(written, "...")
        return text

    def __str__(self) -> str:
        """The address without what may be secret in it: user, password and query."""
        parts = urlsplit(self.base_url)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return f"The endpoint {address!r}"


def check_settings(endpoint: Endpoint) -> None:
    """Raise MakerFailed for settings that cannot work, before anything is sent."""
    if not endpoint.model:
        raise MakerFailed(f"No model is named: set {endpoint.model_variable} to the name of one.")
    if not _usable(endpoint.base_url):
        raise MakerFailed(
            f"{endpoint.url_variable} is no address that can be asked: set it to one like 'http://localhost:11434/v1'."
        )
    if fault := key_fault(endpoint):
        raise MakerFailed(fault)


def key_fault(endpoint: Endpoint) -> str:
    """What is wrong with the key, ending in what to do; empty where nothing can be told before it is used."""
    if endpoint.api_key is None and endpoint.openai_itself:
        return f"{endpoint} needs a key: {endpoint.keep_key}, or set {endpoint.url_variable} to a server of your own."
    if endpoint.api_key and not all("!" <= character <= "~" for character in endpoint.api_key):
        return (
            f"The key holds characters that no key has, such as blanks: copy it again and set {endpoint.key_variable}."
        )
    return ""


def _usable(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return False
