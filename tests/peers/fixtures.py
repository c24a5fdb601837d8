"""The tools, resources and prompts of fixed names that the conformance suite asks for; made of constants, none of them ours."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

Context: TypeAlias = ServerRequestContext[Any, Any]
Answer: TypeAlias = types.CallToolResult | types.InputRequiredResult
Handler: TypeAlias = Callable[[Context, types.CallToolRequestParams], Awaitable[Answer]]

# One black pixel, and two samples of silence.
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
AUDIO = base64.b64encode(
    b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\4\0\0\0\0\0\0\0"
).decode()
ANYTHING: dict[str, Any] = {"type": "object", "properties": {}}
SCHEMA_2020 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
MIRRORED = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}


def said(*content: types.ContentBlock | str) -> types.CallToolResult:
    """A result of these blocks; text as it is."""
    blocks = [types.TextContent(type="text", text=each) if isinstance(each, str) else each for each in content]
    return types.CallToolResult(content=blocks)


def embedded(uri: str, mime_type: str, text: str) -> types.EmbeddedResource:
    resource = types.TextResourceContents(uri=uri, mime_type=mime_type, text=text)
    return types.EmbeddedResource(type="resource", resource=resource)


def constant(*content: types.ContentBlock | str) -> Handler:
    """A tool that always says this."""

    async def handler(ctx: Context, params: types.CallToolRequestParams) -> Answer:
        return said(*content)

    return handler


async def failing(ctx: Context, params: types.CallToolRequestParams) -> Answer:
    text = types.TextContent(type="text", text="This tool intentionally returns an error for testing")
    return types.CallToolResult(content=[text], is_error=True)


async def progressing(ctx: Context, params: types.CallToolRequestParams) -> Answer:
    for share in (0, 50, 100):
        await ctx.session.report_progress(share, 100, f"Completed step {share} of 100")
        await anyio.sleep(0.05)  # the suite asks for steps that are apart
    return said("done")


async def without_sampling(ctx: Context, params: types.CallToolRequestParams) -> Answer:
    """Refuses clients that did not declare sampling."""
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        data: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs the client's sampling", data)
    return said("sampling was declared")


_IMAGE = types.ImageContent(type="image", data=IMAGE, mime_type="image/png")
_MIXED = embedded("test://mixed-content-resource", "application/json", '{"test": "data", "value": 123}')

TOOLS: dict[str, Handler] = {
    "test_simple_text": constant("This is a simple text response for testing."),
    "test_image_content": constant(_IMAGE),
    "test_audio_content": constant(types.AudioContent(type="audio", data=AUDIO, mime_type="audio/wav")),
    "test_embedded_resource": constant(embedded("test://embedded-resource", "text/plain", "This is embedded.")),
    "test_multiple_content_types": constant("Multiple content types test:", _IMAGE, _MIXED),
    "test_error_handling": failing,
    "test_tool_with_progress": progressing,
    "test_missing_capability": without_sampling,
    "test_logging_tool": constant("logs nothing: the server declares no logging"),
    "json_schema_2020_12_tool": constant("json_schema_2020_12_tool"),
    "test_x_mcp_header": constant("region"),
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "json_schema_2020_12_tool": SCHEMA_2020,
    "test_x_mcp_header": MIRRORED,
    "test_sampling": {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
    "test_elicitation": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
}


def _text(uri: str, text: str, mime_type: str = "text/plain") -> types.TextResourceContents:
    return types.TextResourceContents(uri=uri, mime_type=mime_type, text=text)


def read(uri: str) -> types.TextResourceContents | types.BlobResourceContents | None:
    """A fixture's content; None for an address that is no fixture's."""
    if uri == "test://static-text":
        return _text(uri, "This is the content of the static text resource.")
    if uri == "test://static-binary":
        return types.BlobResourceContents(uri=uri, mime_type="image/png", blob=IMAGE)
    if uri.startswith("test://template/") and uri.endswith("/data"):
        number = uri.removeprefix("test://template/").removesuffix("/data")
        return _text(uri, json.dumps({"id": number, "templateTest": True, "data": f"Data for ID: {number}"}))
    return None


RESOURCES = [
    types.Resource(uri="test://static-text", name="static text", mime_type="text/plain"),
    types.Resource(uri="test://static-binary", name="static binary", mime_type="image/png"),
]
TEMPLATES = [types.ResourceTemplate(uri_template="test://template/{id}/data", name="template")]
_ARGUMENTS = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}
PROMPTS = [
    types.Prompt(
        name=name,
        description="For the suite.",
        arguments=[types.PromptArgument(name=each, required=True) for each in arguments],
    )
    for name, arguments in _ARGUMENTS.items()
]


def prompt(name: str, given: dict[str, str]) -> types.GetPromptResult | None:
    """A fixture's prompt; None for a name that is no fixture's."""
    text = types.TextContent(type="text", text="Please look at what is above.")
    contents: dict[str, list[types.ContentBlock]] = {
        "test_simple_prompt": [types.TextContent(type="text", text="This is a simple prompt for testing.")],
        "test_prompt_with_arguments": [
            types.TextContent(type="text", text=f"Prompt with arguments: {given.get('arg1')!r}, {given.get('arg2')!r}")
        ],
        "test_prompt_with_embedded_resource": [
            embedded(given.get("resourceUri", "test://none"), "text/plain", "Embedded for testing."),
            text,
        ],
        "test_prompt_with_image": [_IMAGE, text],
    }
    if name not in contents:
        return None
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=each) for each in contents[name]])
