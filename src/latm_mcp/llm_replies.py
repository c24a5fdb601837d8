"""What Chat Completions sends back, as a value or as a sentence about why it is none."""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from latm_mcp.errors import MakerFailed
from latm_mcp.llm_endpoint import Endpoint
from latm_mcp.llm_failures import not_chat_completions, quoted
from latm_mcp.llm_request import WAYS
from latm_mcp.models import Message, Reply, Usage

MAX_REPLY_BYTES = 512 * 1024
MAX_BODY_BYTES = 8 * MAX_REPLY_BYTES  # JSON may write a byte as six, and reasoning may stand beside the reply
CHARACTERS_PER_TOKEN = 4
MAX_MODEL_NAME = 200
MIN_KEY = 16  # characters of a key that nobody guesses
MOST_TOKENS = 10**9  # of one reply: a server may say any number


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] | None = None
    usage: object = None
    model: str | None = None
    error: object = None


def read_reply(body: bytes, conversation: Sequence[Message], endpoint: Endpoint) -> Reply:
    """The reply in a response's body. Raises: MakerFailed where there is no whole reply in it."""
    completion = _parsed(body, endpoint)
    if not completion.choices and completion.error:  # OpenRouter reports a failed provider with status 200
        raise MakerFailed(
            f"{endpoint} could not have {endpoint.model!r} answer: {quoted(completion.error, endpoint)}. "
            f"Try again later, or set {endpoint.model_variable} to another model."
        )
    if not completion.choices:
        raise not_chat_completions(endpoint)
    choice = completion.choices[0]
    usage = _usage(completion.usage, conversation, choice.message.content or "")
    try:
        text = _whole_text(choice, endpoint)
    except MakerFailed as error:  # it was paid for all the same
        error.tokens_in, error.tokens_out = usage.tokens_in, usage.tokens_out
        raise
    named = "".join(character for character in completion.model or "" if character.isprintable())
    model = _unechoed(named, endpoint)[:MAX_MODEL_NAME] or endpoint.model
    return Reply(text=_unechoed(text, endpoint), usage=usage, model=model)


def _unechoed(text: str, endpoint: Endpoint) -> str:
    """What is kept of a reply, without the key that was sent: recordings and tools are handed on."""
    # A shorter one is a word that servers at home are content with, and which a reply may have of itself.
    return endpoint.without_key(text) if len(endpoint.api_key or "") >= MIN_KEY else text


def _parsed(body: bytes, endpoint: Endpoint) -> _Completion:
    if len(body) > MAX_BODY_BYTES:
        raise _too_long(endpoint)
    try:
        return _Completion.model_validate_json(body)
    except ValidationError:
        raise not_chat_completions(endpoint) from None


def _whole_text(choice: _Choice, endpoint: Endpoint) -> str:
    said, ended = choice.message, choice.finish_reason
    if said.refusal or ended == "content_filter":
        why = quoted(said.refusal, endpoint) if said.refusal else "its content filter"
        raise MakerFailed(
            f"The model {endpoint.model!r} refused to write this ({why}). Word {_worded(endpoint)} "
            f"differently, or set {endpoint.model_variable} to another model."
        )
    if ended == "length" and WAYS[endpoint.role].tokens is None:
        raise MakerFailed(
            f"The reply of {endpoint.model!r} was cut off at its limit of tokens. Raise that limit where the model is "
            f"served, or set {endpoint.model_variable} to another model."
        )
    text = said.content or ""
    if ended == "length" and not text.strip():
        raise MakerFailed(
            f"The reply of {endpoint.model!r} was cut off before it said anything. Set {endpoint.model_variable} to a model that "
            "answers without thinking first."
        )
    if not text.strip():
        raise MakerFailed(
            f"The model {endpoint.model!r} gave an empty reply. Try again, or set {endpoint.model_variable} to another model."
        )
    if len(text.encode()) > MAX_REPLY_BYTES:
        raise _too_long(endpoint)
    return text


def _worded(endpoint: Endpoint) -> str:
    return "the description and the examples" if endpoint.role == "maker" else "the question"


def _usage(said: object, conversation: Sequence[Message], text: str) -> Usage:
    """What the endpoint says that the reply took, where that can be; else an estimate: no figure makes a reply free."""
    counts = [said.get(key) for key in ("prompt_tokens", "completion_tokens")] if isinstance(said, dict) else []
    tokens = [min(count, MOST_TOKENS) for count in counts if type(count) is int and count > 0]
    if len(tokens) == 2:
        return Usage(tokens_in=tokens[0], tokens_out=tokens[1], replies=1)
    sent = sum(len(message.content) for message in conversation)
    return Usage(tokens_in=_tokens(sent), tokens_out=_tokens(len(text)), replies=1, estimated=True)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _too_long(endpoint: Endpoint) -> MakerFailed:
    return MakerFailed(
        f"The reply of {endpoint.model!r} is longer than the {MAX_REPLY_BYTES // 1024} KiB that are taken. "
        f"Try again, or set {endpoint.model_variable} to another model."
    )
