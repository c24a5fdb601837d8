"""The prompt by which a person begins a making."""

from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from latm_mcp.text import one_line, safe

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


async def prompts(ctx: ServerRequestContext[Any, Any], params: object) -> types.ListPromptsResult:
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


async def prompt(ctx: ServerRequestContext[Any, Any], params: types.GetPromptRequestParams) -> types.GetPromptResult:
    """The prompt, with what the person wants. Raises: MCPError for another name."""
    if params.name != PROMPT:
        raise MCPError(
            types.INVALID_PARAMS, f"There is no prompt {one_line(params.name, 80)!r}: the only one is {PROMPT!r}."
        )
    what = (params.arguments or {}).get("what", "").strip()
    text = f"{_START}\nWhat I want it for: {safe(what, 2000)}\n" if what else _START
    message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
    return types.GetPromptResult(description="Have a tool made", messages=[message])
