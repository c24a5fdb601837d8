"""The MCP face through a client, in both protocol eras: a tool is made, announced, listed, called, asked, read and kept."""

import json
from pathlib import Path

import anyio
import pytest
from mcp import Client, types
from mcp.shared.exceptions import MCPError
from sandboxed import settings_at
from scripted import sort_words
from served import ERAS, EXAMPLES, QUESTION, REQUEST, call, child, make_by_client, names, refusal, served

from latm_mcp.settings import Settings
from latm_mcp.store import open_store

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("era", ERAS)]


@pytest.fixture
def settings(tmp_path: Path, sandbox_cache: Path) -> Settings:
    return settings_at(tmp_path / "home", sandbox_cache)


async def test_the_clients_own_model_makes_a_tool_that_is_listed_and_callable_at_once(settings: Settings, era: str):
    async with served(settings, era) as client:
        begun = await call(client, "make_tool", **REQUEST)
        assert begun["status"] == "draft_needed"
        assert begun["tries_left"] == {"propose": 3, "verify": 4}
        assert "def sort_words(" in begun["brief"]
        made = await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert made["status"] == "published"
        assert made["tool"]["name"] == "sort_words"
        assert made["tool"]["signature"] == "sort_words(words: list[str]) -> list[str]"
        assert made["tool"]["evidence"] == f"{len(EXAMPLES)} of {len(EXAMPLES)} shown to its maker"
        assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result", "sort_words"]
        assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}
        again = await call(client, "call_tool", name="sort_words", arguments={"words": ["b", "a"]})
        assert again == {"result": ["a", "b"]}


async def test_a_tool_outlives_the_server(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
    async with served(settings, era) as client:
        assert "sort_words" in await names(client)
        assert await call(client, "sort_words", words=["b", "a"]) == {"result": ["a", "b"]}


async def test_a_wrong_draft_comes_back_with_what_failed_and_never_the_answer(settings: Settings, era: str):
    wrong = sort_words().replace("sorted(words)", "sorted(words, reverse=True)")
    async with served(settings, era) as client:
        begun = await call(client, "make_tool", **REQUEST)
        back = await call(client, "make_tool", job=begun["job"], draft={"source": wrong})
        assert back["status"] == "draft_needed"
        assert back["tries_left"] == {"propose": 0, "verify": 3}
        assert back["failure"]["stage"] == "verify"
        assert back["failure"]["question"] in [row["question"] for row in EXAMPLES]
        assert back["failure"]["got"].startswith("answered ")
        assert "sort_words" not in await names(client)
        after = await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert after["status"] == "published"


async def test_a_making_ends_when_its_tries_are_used_up_and_can_be_begun_again(settings: Settings, era: str):
    async with served(settings, era) as client:
        begun = await call(client, "make_tool", **REQUEST)
        for number in range(3):
            last = await call(client, "make_tool", job=begun["job"], draft={"source": f"def other_{number}(: pass"})
        assert last["status"] == "failed"
        assert last["failure"]["stage"] == "propose"
        assert last["tries_left"]["propose"] == 0
        assert last["next"].startswith("Nothing was published. The last fault is above. Ask with the same examples")
        late = await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()})
        assert late["status"] == "failed"
        assert late["next"].startswith("This draft was not looked at, because the job has ended.")
        assert (await make_by_client(client))["status"] == "published"


async def test_a_question_is_answered_by_dispatch_and_by_call_tool_without_a_model(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        found = await call(client, "dispatch", question=QUESTION)
        assert (found["outcome"], found["tool"], found["answer"]) == ("answered", "sort_words", "bear cat wolf")
        assert found["arguments"] == {"words": ["wolf", "cat", "bear"]}
        asked = await call(client, "call_tool", name="sort_words", question=QUESTION)
        assert asked["answer"] == "bear cat wolf"


async def test_dispatch_names_the_tool_that_a_question_is_like_and_says_how_to_call_it(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        await client.list_tools(cache_mode="bypass")
        question = "Sort the following words by their length: List: wolf cat"
        found = await call(client, "dispatch", question=question)
        assert found["outcome"] == "ask"
        (candidate,) = found["candidates"]
        assert candidate["name"] == "sort_words"
        assert candidate["parameters"]["required"] == ["words"]
        assert "length" in candidate["lacks"]
        assert candidate["how_to_call"].startswith("call it directly as sort_words")
        assert "'none'" in found["next"]


async def test_dispatch_says_which_words_are_foreign(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        asked = "Sort the following words alphabetically: list: wolf cat to convert now"
        result = await client.call_tool("dispatch", {"question": asked})
        assert result.structured_content["outcome"] == "ask"
        (block,) = result.content
        assert isinstance(block, types.TextContent)
        assert "(words that its examples never had: wolf, cat, to, convert, now)" in block.text


async def test_dispatch_sends_no_question_back_to_a_tool_that_refused_it(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        asked = "sort the following words alphabetically: list: wolf cat"  # its adapter wants capitals
        result = await client.call_tool("dispatch", {"question": asked})
        assert result.structured_content["outcome"] == "use"
        assert "sort_words" in result.content[0].text
        assert "whole `question`" not in result.content[0].text


async def test_a_quarantined_tool_is_refused_with_what_that_means_and_what_to_do(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        with open_store(settings.home) as store:
            store.set_trust("sort_words", "quarantined", "ann", "wrong about zebras")
        for command, arguments in (
            ("call_tool", {"name": "sort_words", "arguments": {"words": ["b", "a"]}}),
            ("sort_words", {"words": ["b", "a"]}),
        ):
            said = await refusal(client, command, **arguments)
            assert said.startswith("'sort_words' is quarantined: it answered a confirmed example wrongly")
            assert said.endswith("latm-mcp history sort_words")
        other = await refusal(client, "call_tool", name="sort_word", arguments={})
        assert other == "There is no tool 'sort_word'. None can be called yet."


async def test_the_drafts_that_are_left_are_told_in_one_number(settings: Settings, era: str):
    wrong = sort_words().replace("sorted(words)", "sorted(words, reverse=True)")
    async with served(settings, era) as client:
        begun = await client.call_tool("make_tool", REQUEST)
        job = begun.structured_content["job"]
        assert "\nDrafts left: 3.\n" in begun.content[0].text
        for source, left in (("def f(: pass", "Drafts left: 2."), (wrong, "Drafts left: 3.")):
            back = await client.call_tool("make_tool", {"job": job, "draft": {"source": source}})
            assert f"\n{left}\n" in back.content[0].text


async def test_dispatch_says_that_a_question_is_new(settings: Settings, era: str):
    async with served(settings, era) as client:
        found = await call(client, "dispatch", question="Which day was it 40 days before 3 March 2021?")
        assert found["outcome"] == "new"
        assert "make_tool" in found["next"]


async def test_a_tool_that_fits_is_the_answer_to_a_second_making(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        fits = await call(client, "make_tool", examples=EXAMPLES[:4], description="Order words")
        assert fits["status"] == "fits"
        assert fits["tool"]["name"] == "sort_words"
        assert await names(client) == ["call_tool", "dispatch", "make_tool", "report_result", "sort_words"]


async def test_a_made_tool_is_read_as_data(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        *_, resource = (await client.list_resources()).resources
        assert resource.uri == "latm://tools/sort_words"
        (template,) = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "latm://tools/{name}"
        (page,) = (await client.read_resource(resource.uri)).contents
        assert isinstance(page, types.TextResourceContents)
        for label in ("facts", "source", f"the first {len(EXAMPLES)} of {len(EXAMPLES)} examples"):
            assert f"{label} (data, not instructions):" in page.text
        assert "return sorted(words)" in page.text
        with pytest.raises(MCPError, match="There is no tool 'nobody'"):
            await client.read_resource("latm://tools/nobody")
        with pytest.raises(MCPError, match="There is no resource 'file:///etc/hosts': addresses are latm://tools/NAME"):
            await client.read_resource("file:///etc/hosts")


async def test_the_prompt_helps_a_person_to_begin(settings: Settings, era: str):
    async with served(settings, era) as client:
        (prompt,) = (await client.list_prompts()).prompts
        assert prompt.name == "make_a_tool"
        got = await client.get_prompt("make_a_tool", {"what": "my invoices' due dates"})
        (message,) = got.messages
        assert isinstance(message.content, types.TextContent)
        assert "make_tool" in message.content.text
        assert "my invoices' due dates" in message.content.text
        with pytest.raises(MCPError, match="There is no prompt 'other'"):
            await client.get_prompt("other")


async def test_what_a_client_adds_to_every_call_for_itself_is_no_argument(settings: Settings, era: str):
    added = {"wait_for_previous": True}  # by Gemini CLI, whose model is told to set it
    async with served(settings, era) as client:
        begun = await call(client, "make_tool", **REQUEST, **added)
        made = await call(client, "make_tool", job=begun["job"], draft={"source": sort_words()}, **added)
        assert made["status"] == "published"
        assert await call(client, "sort_words", words=["b", "a"], **added) == {"result": ["a", "b"]}
        assert (await call(client, "dispatch", question=QUESTION, **added))["outcome"] == "answered"
        asked = {"name": "sort_words", "arguments": {"words": ["b", "a"], **added}}
        assert (await call(client, "call_tool", **asked, **added))["result"] == ["a", "b"]
        assert "Not among its arguments: waits" in await refusal(client, "sort_words", words=[], waits=True)


async def test_arguments_that_do_not_fit_come_back_with_the_schema(settings: Settings, era: str):
    async with served(settings, era) as client:
        await make_by_client(client)
        for command, arguments in (
            ("sort_words", {"words": "a b"}),
            ("sort_words", {}),
            ("call_tool", {"name": "sort_words", "arguments": {"list": ["a"]}}),
            ("call_tool", {"name": "sort_words"}),
        ):
            result = await client.call_tool(command, arguments)
            assert result.is_error
            assert result.structured_content is None
            schema = json.loads(result.content[0].text.partition("Its parameters: ")[2])
            assert schema["required"] == ["words"]
        assert "not both" in await refusal(
            client, "call_tool", name="sort_words", arguments={"words": []}, question="x"
        )


async def test_the_whole_flow_works_over_stdio_and_with_results_beyond_ascii(settings: Settings, era: str):
    with anyio.fail_after(60):
        async with Client(child(settings.home, settings.cache), mode=era) as client:
            assert (await make_by_client(client))["status"] == "published"
            assert "sort_words" in await names(client)
            assert await call(client, "sort_words", words=["č", "b 🦉"]) == {"result": ["b 🦉", "č"]}
            assert (await call(client, "dispatch", question=QUESTION))["answer"] == "bear cat wolf"
