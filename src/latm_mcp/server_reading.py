"""What clients can read: each made tool with its source, examples and evidence, labelled as data; and a prompt to begin with."""

import json
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from latm_mcp.errors import NotFound
from latm_mcp.latm import Latm
from latm_mcp.models import Tool
from latm_mcp.server_catalogue import Catalogue, describe
from latm_mcp.store import Listed
from latm_mcp.text import as_data, one_line, safe

SCHEME = "latm://tools/"
MAX_RESOURCE = 64 * 1024
EXAMPLES_SHOWN = 50
PROMPT = "make_a_tool"

_START = """\
I want to have a tool made for something that I ask for again and again.

1. Look through our conversation, and ask me, for at least 2 and better 6 or more real cases of it: each a question as I would ask
   it, whole, with its right answer. They should differ as real cases differ (other names, numbers, lengths, wordings), and every
   answer should have the same form. Ask me about any answer that you are not certain of: a wrong one spoils the tool.
2. Call `make_tool` with them as `examples`, a plain one-sentence `description`, and a short `name`.
3. If the result is `draft_needed`, write the code that its brief asks for and call `make_tool` again with the `job` and the
   `draft`. If a draft comes back, mend what the failure says and hand in the whole file again. If it is `running`, ask again later
   with the `job` alone.
4. When it is published, show me how it is called and what it was verified on, and try it on a new case.
"""


class Reading:
    """Resources and prompts."""

    def __init__(self, latm: Latm, catalogue: Catalogue):
        self._latm, self._catalogue = latm, catalogue

    async def resources(self, ctx: ServerRequestContext[Any, Any], params: object) -> types.ListResourcesResult:
        """One resource for each live tool."""
        rows = self._catalogue.live()
        return types.ListResourcesResult(resources=[_resource(row) for row in rows])

    async def templates(self, ctx: ServerRequestContext[Any, Any], params: object) -> types.ListResourceTemplatesResult:
        """The form of their addresses."""
        template = types.ResourceTemplate(
            uri_template=SCHEME + "{name}",
            name="made tool",
            description="A made tool's source, examples and evidence, as data.",
            mime_type="text/markdown",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read(
        self, ctx: ServerRequestContext[Any, Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """One live tool. Raises: NotFound; MCPError for an address of another form."""
        uri = str(params.uri)
        if not uri.startswith(SCHEME):
            raise MCPError(
                types.INVALID_PARAMS, f"There is no resource {one_line(uri, 200)!r}: addresses are {SCHEME}NAME."
            )
        tool = self._latm.live(uri.removeprefix(SCHEME))
        row = next(
            (row for row in self._catalogue.live() if (row.name, row.version) == (tool.name, tool.version)), None
        )
        if row is None:
            raise NotFound(f"The tool {tool.name!r} was archived or changed just now: read it again.")
        text = safe(_page(tool, row), MAX_RESOURCE)
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type="text/markdown", text=text)]
        )

    async def prompts(self, ctx: ServerRequestContext[Any, Any], params: object) -> types.ListPromptsResult:
        """The one prompt."""
        what = types.PromptArgument(
            name="what", description="What you ask for again and again, in a few words.", required=False
        )
        prompt = types.Prompt(
            name=PROMPT,
            title="Make a tool",
            description="Collect worked examples and have a tool made from them.",
            arguments=[what],
        )
        return types.ListPromptsResult(prompts=[prompt])

    async def prompt(
        self, ctx: ServerRequestContext[Any, Any], params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """The prompt, with what the person wants. Raises: MCPError for another name."""
        if params.name != PROMPT:
            raise MCPError(
                types.INVALID_PARAMS, f"There is no prompt {one_line(params.name, 80)!r}: the only one is {PROMPT!r}."
            )
        what = (params.arguments or {}).get("what", "").strip()
        text = f"{_START}\nWhat I want it for: {safe(what, 2000)}\n" if what else _START
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description="Have a tool made", messages=[message])


def _resource(row: Listed) -> types.Resource:
    return types.Resource(uri=SCHEME + row.name, name=row.name, description=describe(row), mime_type="text/markdown")


def _page(tool: Tool, row: Listed) -> str:
    """The evidence first and the long parts last, so that what is cut off is the least needed."""
    made = tool.provenance
    facts = {
        "version": tool.version,
        "maker": made.maker,
        "model": made.model,
        "made_at": made.made_at,
        "answers_questions_itself": tool.adapter,
        "comparison": tool.comparison,
        "evidence": tool.evidence.model_dump(),
        "examples": len(tool.examples),
    }
    rows = [{"question": example.question, "answer": example.answer} for example in tool.examples[:EXAMPLES_SHOWN]]
    examples = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    parts = [
        f"# {tool.name}\n\n{describe(row)}\n",
        as_data("facts", json.dumps(facts, indent=1, ensure_ascii=False), 4000),
        as_data("source", tool.source, 32 * 1024),
        as_data(f"the first {len(rows)} of {len(tool.examples)} examples", examples, 24 * 1024),
    ]
    return "\n\n".join(parts) + "\n"
