"""What several test files share: the event loop's kind, the sandbox that the tests run on, and its compiled code."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import KIND

from latm_mcp.sandbox import Sandbox, open_sandbox

# Neither the settings nor the keys of whoever runs the tests.
os.environ |= {"LATM_CONFIG": os.devnull, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def pytest_configure() -> None:
    """Started in the background of a script, we and all children would not hear Ctrl-C, and some tests press it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another sandbox than the default, leave out what has nothing to do with one: it has run on the default."""
    if KIND == "wasm":
        return
    left_out = [item for item in items if not about_a_sandbox(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if about_a_sandbox(item)]


def about_a_sandbox(item: pytest.Item) -> bool:
    """Whoever starts a sandbox, also in another process, has to say where its compiled code is kept."""
    return "sandbox_cache" in getattr(item, "fixturenames", ()) or item.path.name.startswith("test_sandbox")


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
    async with open_sandbox(sandbox_cache, kind=KIND, workers=1) as opened:
        yield opened
