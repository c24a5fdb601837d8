"""How a request is refused over HTTP before the protocol sees it: a status, and a sentence as the protocol's error."""

import json
from collections.abc import Mapping

from mcp import types
from starlette.types import Send


async def refuse(send: Send, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
    """Answer a request by this."""
    error = {"code": types.INVALID_REQUEST, "message": sentence}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    told = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
