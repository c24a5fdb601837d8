"""The library's trust in its tools: what was confirmed, reported and settled about them."""

from collections.abc import Callable

from latm_mcp.store_connection import Database


class SqliteTrust:
    """`store.TrustBook` on SQLite."""

    _db: Database
    _clock: Callable[[], float]
