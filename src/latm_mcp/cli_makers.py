"""Which tool maker a command has: a recording, or the configured model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from latm_mcp.errors import BadInput
from latm_mcp.latm_models import open_maker
from latm_mcp.models import Maker
from latm_mcp.settings_models import ModelSettings

NO_MAKER = (
    "No tool maker is configured: run `latm-mcp config set maker.model NAME` and `latm-mcp config key maker` (and `latm-mcp config "
    "set maker.base_url ADDRESS` for an endpoint that is not OpenAI's), or set LATM_MAKER_MODEL and LATM_MAKER_API_KEY; or let your "
    "MCP client make it, or replay a recording with --recording."
)


@asynccontextmanager
async def needed_maker(settings: ModelSettings | None) -> AsyncIterator[Maker]:
    """The configured model. Raises: BadInput, where none is configured."""
    if settings is None:
        raise BadInput(NO_MAKER)
    async with open_maker(settings) as maker:
        assert maker is not None
        yield maker


def recorded_folder(folder: str, option: str) -> Path:
    """The folder of a recording, or of recordings. Raises: BadInput where there is none."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise BadInput(f"{option} {folder!r} is not a folder: give the one that `--record` wrote.")
    return path
