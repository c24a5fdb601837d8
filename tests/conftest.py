"""What several test files share: the event loop's kind, and the sandbox's compiled code."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from latm_mcp.sandbox import Sandbox, open_sandbox


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sandbox_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole run, so that the interpreter is compiled once; LATM_TEST_CACHE keeps it between runs."""
    kept = os.environ.get("LATM_TEST_CACHE")
    return Path(kept) if kept else tmp_path_factory.mktemp("cache")


@pytest.fixture
async def sandbox(sandbox_cache: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(sandbox_cache, workers=1) as opened:
        yield opened
