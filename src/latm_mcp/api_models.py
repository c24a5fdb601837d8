"""The configured models, opened; each role's only where one is configured."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from latm_mcp.models import Maker
from latm_mcp.models_using import LanguageModel, Role
from latm_mcp.settings import Settings
from latm_mcp.settings_models import ModelSettings

if TYPE_CHECKING:
    from latm_mcp.llm import EndpointModel


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


def _opening(chosen: ModelSettings, role: Role) -> AbstractAsyncContextManager["EndpointModel"]:
    from latm_mcp.llm import open_model  # here: most programs have no model of their own
    from latm_mcp.settings_keys import KeyFinder

    key = chosen.api_key or KeyFinder(role, chosen.address)
    return open_model(model=chosen.model, base_url=chosen.base_url, api_key=key, role=role)
