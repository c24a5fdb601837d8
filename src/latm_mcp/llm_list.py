"""Which models an endpoint has: asked without a single token, so that it costs nothing."""

import json
from typing import Literal, TypeAlias

from latm_mcp import llm_failures as failures
from latm_mcp.errors import MakerFailed
from latm_mcp.llm_endpoint import Endpoint, check_settings, key_fault

MAX_BYTES = 4 << 20
MOST, LONGEST = 5000, 200  # models, and characters of one's name
NO_LIST = (404, 405, 501)
Mend: TypeAlias = Literal["key", "address", "nothing"]


class NotReached(MakerFailed):
    """The endpoint could not be asked. mend: which setting that is about."""

    def __init__(self, sentence: str, mend: Mend):
        super().__init__(sentence)
        self.mend = mend


def listed_models(endpoint: Endpoint) -> list[str] | None:
    """The names of the models that an endpoint has, in its order; None where it was reached and gives no list.

    Blocks, for `endpoint.timeout` with each step. Raises: NotReached.
    """
    import httpx2
    import openai

    try:
        check_settings(endpoint)
        return _names(_body(endpoint))
    except openai.APIStatusError as error:
        if error.status_code in NO_LIST:
            return None
        raise NotReached(str(failures.of_library(error, endpoint)), _mend(error.status_code)) from None
    except (openai.APITimeoutError, httpx2.TimeoutException):
        raise too_slow(endpoint) from None
    except openai.OpenAIError as error:  # `from None`: it may quote what it was sent
        raise NotReached(str(failures.of_library(error, endpoint)), "address") from None
    except httpx2.HTTPError as error:
        raise NotReached(
            f"{endpoint} broke off in the middle of its list of models: {type(error).__name__}.", "address"
        ) from None
    except MakerFailed as error:
        raise NotReached(str(error), "key" if str(error) == key_fault(endpoint) else "address") from None


def too_slow(endpoint: Endpoint) -> NotReached:
    """The error for an endpoint that says nothing."""
    return NotReached(
        f"{endpoint} did not say within {endpoint.timeout:g} s which models it has. See that its server runs and that "
        f"{endpoint.url_variable} is right.",
        "address",
    )


def is_listed(model: str, names: list[str]) -> bool:
    """Whether a model is among them, under one of the names that endpoints take for it."""
    forms = {
        model,
        f"models/{model}",
        f"{model}:latest",
        model.partition(":")[0],
    }  # Gemini's, Ollama's, routers' variants
    return not forms.isdisjoint(names)


def _body(endpoint: Endpoint) -> bytes:
    import openai

    from latm_mcp.llm import NO_KEY

    opened = openai.OpenAI(
        api_key=endpoint.api_key or NO_KEY,
        base_url=endpoint.base_url,
        timeout=endpoint.timeout,
        max_retries=0,
        # A proxy named in the environment cannot reach this machine's own loopback.
        http_client=openai.DefaultHttpxClient(trust_env=not endpoint.loopback),
    )
    with opened as client:
        if not endpoint.openai_itself:  # the library takes these from the environment; they are no one else's business
            client.organization = client.project = None
        with client.models.with_streaming_response.list() as answered:
            body = b""
            for chunk in answered.iter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    break
    return body


def _names(body: bytes) -> list[str] | None:
    try:
        found = json.loads(body)
        rows = found["data"] if isinstance(found, dict) else found
        names = [row["id"] for row in rows[:MOST]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return [name for name in names if isinstance(name, str) and len(name) <= LONGEST]


def _mend(status: int) -> Mend:
    if status in (401, 402, 403):
        return "key"
    return "nothing" if status == 429 or status >= 500 else "address"
