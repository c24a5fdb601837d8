"""Which tool maker a command has: a recording, the configured model, or none."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latm_mcp.errors import BadInput
from latm_mcp.models import Maker
from latm_mcp.models_using import LanguageModel, Role
from latm_mcp.settings import Settings
from latm_mcp.settings_models import ModelSettings

if TYPE_CHECKING:
    from latm_mcp.llm import EndpointModel

NO_MAKER = (
    "No tool maker is configured: run `latm-mcp config set maker.model NAME` and `latm-mcp config key maker` (and `latm-mcp config "
    "set maker.base_url ADDRESS` for an endpoint that is not OpenAI's), or set LATM_MAKER_MODEL and LATM_MAKER_API_KEY; or let your "
    "MCP client make it, or replay a recording with --recording."
)


@asynccontextmanager
async def open_maker(settings: ModelSettings | None) -> AsyncIterator[Maker | None]:
    """The configured model, its connections open until the block ends; None where none is configured."""
    if settings is None:
        yield None
        return
    async with _opening(settings, "maker") as maker:
        yield maker


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[dict[Role, LanguageModel]]:
    """The models that are configured in the other roles, their connections open until the block ends."""
    models: dict[Role, LanguageModel] = {}
    async with AsyncExitStack() as stack:
        for role, chosen in settings.models().items():
            if role != "maker" and chosen is not None:
                models[role] = await stack.enter_async_context(_opening(chosen, role))
        yield models


@asynccontextmanager
async def needed_maker(settings: ModelSettings | None) -> AsyncIterator[Maker]:
    """The configured model. Raises: BadInput, where none is configured."""
    if settings is None:
        raise BadInput(NO_MAKER)
    async with open_maker(settings) as maker:
        assert maker is not None
        yield maker


def _opening(chosen: ModelSettings, role: Role) -> AbstractAsyncContextManager["EndpointModel"]:
    from latm_mcp.llm import open_model  # here: most servers have no model of their own
    from latm_mcp.settings_keys import KeyFinder

    key = chosen.api_key or KeyFinder(role, chosen.address)
    return open_model(model=chosen.model, base_url=chosen.base_url, api_key=key, role=role)


def recorded_folder(folder: str, option: str) -> Path:
    """The folder of a recording, or of recordings. Raises: BadInput where there is none."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise BadInput(f"{option} {folder!r} is not a folder: give the one that `--record` wrote.")
    return path
