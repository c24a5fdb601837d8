"""Why a model could not be asked, as sentences that name the setting to change; none ever holds the key."""

from typing import TYPE_CHECKING

from latm_mcp.errors import MakerFailed
from latm_mcp.llm_endpoint import Endpoint

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAIError

MAX_QUOTED = 300
V1 = "the address that /chat/completions stands under (it usually ends in /v1)"


def quoted(said: object, endpoint: Endpoint) -> str:
    """What a server said: one bounded line in quotes, without the key and without invisible characters."""
    message = said.get("message") if isinstance(said, dict) else None
    line = " ".join(str(message or said).split())
    line = "".join(character for character in line if character.isprintable())
    line = endpoint.without_key(line)
    return repr(line if len(line) <= MAX_QUOTED else line[:MAX_QUOTED] + "...")


def timed_out(endpoint: Endpoint) -> MakerFailed:
    """The sentence for a reply that took longer than it may."""
    return MakerFailed(
        f"{endpoint} did not answer within {endpoint.timeout:g} s: it timed out. Try again, or set "
        f"{endpoint.model_variable} to a faster model."
    )


def not_chat_completions(endpoint: Endpoint) -> MakerFailed:
    """The sentence for an answer of another kind: a web page, some other API."""
    return MakerFailed(
        f"{endpoint} answered with something that is not what Chat Completions gives. Set {endpoint.url_variable} to {V1}."
    )


def of_library(error: "OpenAIError", endpoint: Endpoint) -> MakerFailed:
    """The sentence for what the openai library raised, its retries already spent."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return _of_status(error, endpoint)
    cause = type(error.__cause__).__name__
    if isinstance(error, openai.APITimeoutError) and cause != "ConnectTimeout":
        return timed_out(endpoint)
    if isinstance(error, openai.APIConnectionError):
        return MakerFailed(
            f"{endpoint} cannot be reached ({cause}). Start its server or check the network, and see that "
            f"{endpoint.url_variable} is right."
        )
    return MakerFailed(
        f"{endpoint} could not be asked: {quoted(error, endpoint)}. Check {endpoint.url_variable} and {endpoint.model_variable}."
    )


def _of_status(error: "APIStatusError", endpoint: Endpoint) -> MakerFailed:
    status = error.status_code
    said = f"{status}: {quoted(error.body, endpoint)}" if error.body else str(status)
    if status in (404, 405):
        return _not_found(error, endpoint, said)
    if status in (401, 403):
        key = "takes no request without a key" if endpoint.api_key is None else "does not take the key"
        wanted = f"Set {endpoint.key_variable} to a key of that endpoint, or run `latm-mcp config key {endpoint.role}`."
        return MakerFailed(f"{endpoint} {key} ({said}). {endpoint.why_no_key or wanted}")
    if status == 402 or error.code == "insufficient_quota":
        return MakerFailed(
            f"{endpoint} says that the account has no credit left ({said}). Top it up, or set {endpoint.key_variable} "
            "to the key of another."
        )
    if status == 429:
        return MakerFailed(
            f"{endpoint} is rate limited, after all retries ({said}). Wait a minute and ask again, or set "
            f"{endpoint.model_variable} to another model."
        )
    if status >= 500:
        return MakerFailed(
            f"{endpoint} failed, after all retries ({said}). Ask again later, or set {endpoint.url_variable} to another."
        )
    return MakerFailed(
        f"{endpoint} refused the request ({said}). Check {endpoint.model_variable} ({endpoint.model!r}) and {endpoint.url_variable}."
    )


def _not_found(error: "APIStatusError", endpoint: Endpoint, said: str) -> MakerFailed:
    if isinstance(error.body, dict) and "model" in str(error.body).lower():
        return MakerFailed(
            f"{endpoint} has no model {endpoint.model!r} ({said}). Set {endpoint.model_variable} to one that it has."
        )
    return MakerFailed(
        f"{endpoint} has no Chat Completions, or no model {endpoint.model!r} ({said}). Set {endpoint.url_variable} to {V1}, "
        f"and {endpoint.model_variable} to a model that it has."
    )
