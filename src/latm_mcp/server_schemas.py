"""What every client can list: one bad schema makes some of them drop a whole server, so bad ones are never listed."""

from mcp import types
from mcp.types.methods import serialize_server_result
from mcp.types.version import KNOWN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from latm_mcp.source import schema_fault

ERAS = (
    KNOWN_PROTOCOL_VERSIONS[0],
    KNOWN_PROTOCOL_VERSIONS[-2],
    KNOWN_PROTOCOL_VERSIONS[-1],
)  # both handshake ends, modern


def vetted(tools: list[types.Tool]) -> list[types.Tool]:
    """Those that every protocol version can list, in order; without its output schema where that is what fails.

    All at once, and only where that fails one by one: checking a thousand tools is felt at the server's start.
    """
    plain = [tool for tool in map(_with_plain_schemas, tools) if tool is not None]
    if _can_be_listed(plain):
        return plain
    bare = [tool if _can_be_listed([tool]) else tool.model_copy(update={"output_schema": None}) for tool in plain]
    return [tool for tool in bare if _can_be_listed([tool])]


def _with_plain_schemas(tool: types.Tool) -> types.Tool | None:
    if schema_fault(tool.input_schema) is not None:
        return None
    if tool.output_schema is not None and schema_fault(tool.output_schema):
        return tool.model_copy(update={"output_schema": None})
    return tool


def _can_be_listed(tools: list[types.Tool]) -> bool:
    listing = types.ListToolsResult(tools=tools, ttl_ms=0, cache_scope="private")
    data = listing.model_dump(by_alias=True, mode="json", exclude_none=True)
    try:
        for version in ERAS:
            serialize_server_result("tools/list", version, data)
    except ValidationError:
        return False
    return True
