"""The configured models, opened; each role's only where one is configured."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from latm_mcp.models import Maker
from latm_mcp.models_using import LanguageModel, Role
from latm_mcp.settings import Settings
from latm_mcp.settings_models import ModelSettings

if TYPE_CHECKING:
    from latm_mcp.llm import EndpointModel


@asynccontextmanager
async def open_role(role: Role, configured: ModelSettings | None) -> AsyncIterator["EndpointModel | None"]:
    """The model of a role, its connections open until the block ends; None: not configured."""
    if configured is None:
        yield None
        return
    from latm_mcp.llm import open_model  # here: most programs have no model of their own
    from latm_mcp.settings_keys import KeyFinder

    key = configured.api_key or KeyFinder(role, configured.address)
    async with open_model(model=configured.model, base_url=configured.base_url, api_key=key, role=role) as model:
        yield model


@asynccontextmanager
async def open_maker(configured: ModelSettings | None) -> AsyncIterator[Maker | None]:
    """The tool maker; None: not configured."""
    async with open_role("maker", configured) as maker:
        yield maker


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[dict[Role, LanguageModel]]:
    """The models that are configured in the other roles, their connections open until the block ends."""
    models: dict[Role, LanguageModel] = {}
    async with AsyncExitStack() as stack:
        for role, configured in settings.models().items():
            if role != "maker" and (model := await stack.enter_async_context(open_role(role, configured))) is not None:
                models[role] = model
        yield models
