"""What several test files share: the event loop's kind."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
