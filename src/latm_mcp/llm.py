"""A model behind any OpenAI-compatible endpoint, as tool maker or in another role: Chat Completions, one reply at a time.

Retries, rate limits and connecting are the openai library's; ours are the deadline of a whole reply, and sentences
that name the setting to change (`llm_failures.py`, `llm_replies.py`). The library is imported at the first reply:
that costs seconds, which a server that is never asked to make a tool need not pay.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import anyio
import anyio.to_thread

from latm_mcp import llm_failures as failures
from latm_mcp.llm_endpoint import OPENAI, Endpoint, check_settings
from latm_mcp.llm_replies import read_reply
from latm_mcp.llm_request import WAYS, options, refused_option
from latm_mcp.models import Message, Reply, Stage
from latm_mcp.outcomes import Json

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_SECONDS = 10.0  # a machine that is off should not use up the time of a long reply
NO_KEY = "not-needed"  # the library insists on a key; servers at home do not

# May block for seconds. The key, and why there is none: both empty where none was ever kept.
FindKey: TypeAlias = Callable[[], tuple[str | None, str]]


class EndpointModel:
    """A `Maker` and a `LanguageModel`: one model, asked in one role. Made by `open_model`, which also closes its connections."""

    kind = "model"

    def __init__(self, endpoint: Endpoint, find_key: FindKey | None = None):
        self.model = endpoint.model
        self._endpoint = endpoint
        self._find_key = find_key
        self._key_sought = find_key is None
        self._refused: set[str] = set()  # options that this endpoint does not take
        self._client: AsyncOpenAI | None = None
        self._opening = anyio.Lock()

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """The model's reply to the conversation of a making; stage and attempt are not sent. Raises: as `complete`."""
        return await self.complete(conversation)

    async def complete(self, conversation: Sequence[Message], *, schema: Json | None = None) -> Reply:
        """The model's reply to the conversation; with a schema, of that form if the endpoint can see to it.

        An endpoint that cannot is asked without: say in the conversation, too, what the reply is to be.
        Raises: MakerFailed, in a sentence that ends in what to do and never holds the key.
        """
        client, endpoint = await self._opened()
        import openai

        try:
            with anyio.fail_after(endpoint.timeout):
                body = await self._ask(client, conversation, schema)
        except TimeoutError:
            raise failures.timed_out(endpoint) from None
        except openai.OpenAIError as error:
            if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
                self._key_sought = self._find_key is None  # another may have been kept since
            # `from None`: the library's own error may quote what it was sent.
            raise failures.of_library(error, endpoint) from None
        return read_reply(body, conversation, endpoint)

    async def aclose(self) -> None:
        """Close the connections; `open_model` does so at its end."""
        client, self._client = self._client, None
        if client is not None:
            with anyio.CancelScope(shield=True):
                await client.close()

    async def _ask(self, client: "AsyncOpenAI", conversation: Sequence[Message], schema: Json | None) -> bytes:
        """The answer's bytes, asked again without each option that is refused."""
        import openai

        wanted = options(WAYS[self._endpoint.role], conversation, schema)
        sent = {name: value for name, value in wanted.items() if name not in self._refused}
        while True:
            try:
                body = await _post(client, self.model, conversation, sent)
            except openai.APIStatusError as error:
                refused = refused_option(error, sent)
                if refused is None:
                    raise
                del sent[refused]
            else:
                break
        # Remembered only now: had this failed too, the options were not the reason.
        self._refused |= wanted.keys() - sent.keys()
        return body

    async def _opened(self) -> "tuple[AsyncOpenAI, Endpoint]":
        async with self._opening:
            if not self._key_sought:
                await self._seek_key()
            if self._client is None:
                check_settings(self._endpoint)
                await anyio.to_thread.run_sync(_import_library)
                self._client = _client(self._endpoint)
            self._key_sought = True
            return self._client, self._endpoint

    async def _seek_key(self) -> None:
        """Look where the key is kept, which blocks; without one, the endpoint is asked as one that wants none."""
        assert self._find_key is not None
        key, why_not = await anyio.to_thread.run_sync(self._find_key, abandon_on_cancel=True)
        self._endpoint = replace(self._endpoint, api_key=key, why_no_key=why_not)
        if self._client is not None:
            self._client.api_key = key or NO_KEY


@asynccontextmanager
async def open_model(
    *,
    model: str,
    base_url: str | None = None,
    api_key: "str | FindKey | None" = None,
    role: str = "maker",
    timeout: float | None = None,
    max_retries: int = 2,
) -> AsyncIterator[EndpointModel]:
    """The model `model` at `base_url` (None: OpenAI itself), open until the block ends.

    role: "maker", "user", "dispatcher" or "fallback": its temperature, and the variables that an error names. timeout: seconds
    of one reply with all its retries (None: the role's). Opening connects to nothing: wrong settings are told at the first reply.
    api_key: the key, or who finds it: asked at the first reply, and again after one that was refused.
    A model that refuses an option (`temperature`, `max_tokens`, `response_format`) is asked without it from then on.
    """
    find_key, told = (api_key, None) if callable(api_key) else (None, api_key)
    key = (told or "").strip() or None
    seconds = WAYS[role].seconds if timeout is None else timeout
    endpoint = Endpoint(model.strip(), (base_url or OPENAI).strip(), key, seconds, max_retries, role)
    opened = EndpointModel(endpoint, find_key)
    try:
        yield opened
    finally:
        await opened.aclose()


def _import_library() -> None:
    """Import openai where it does not hold up the event loop."""
    import openai.resources.chat  # noqa: F401  # its parts are loaded on demand, and this is the one we use


def _client(endpoint: Endpoint) -> "AsyncOpenAI":
    import openai

    client = openai.AsyncOpenAI(
        api_key=endpoint.api_key or NO_KEY,
        base_url=endpoint.base_url,
        timeout=openai.Timeout(endpoint.timeout, connect=min(CONNECT_SECONDS, endpoint.timeout)),
        max_retries=endpoint.max_retries,
        # A proxy named in the environment cannot reach this machine's own loopback.
        http_client=openai.DefaultAsyncHttpxClient(trust_env=not endpoint.loopback),
    )
    if not endpoint.openai_itself:  # the library takes these from the environment; they are no one else's business
        client.organization = client.project = None
    return client


async def _post(client: "AsyncOpenAI", model: str, conversation: Sequence[Message], sent: Mapping[str, Json]) -> bytes:
    body = {"model": model, "messages": [message.model_dump() for message in conversation], **sent}
    # The bytes, not the library's value: that one is built without checks from whatever the server sent.
    answered = await client.chat.completions.with_raw_response.create(**body)
    content: bytes = answered.content
    return content
