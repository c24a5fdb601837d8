"""The public Python API: one class over the library, for programs that make, ask and call tools without an MCP client.

    async with Latm.open() as latm:
        made = await latm.make(examples, name="sort_words", draft=source)
        print(await latm.call("sort_words", words=["b", "a"]))

Whatever a caller could have avoided is raised as a `LatmError`, whose text says what to do.
"""

import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import anyio
from anyio.lowlevel import EventLoopToken, current_token

from latm_mcp.api_examples import Examples, examples_of
from latm_mcp.api_makers import CalledMaker, MakerFunction
from latm_mcp.api_results import (
    Answer,
    Made,
    Reported,
    ToolInfo,
    Unanswered,
    answer_of,
    made_of,
    tool_of,
    unanswered_of,
)
from latm_mcp.errors import BadInput, CallFailed
from latm_mcp.job_intake import MakeRequest, fitting_tool
from latm_mcp.latm import Latm as Loop
from latm_mcp.latm import open_latm, quiet
from latm_mcp.latm_models import open_maker, open_models
from latm_mcp.latm_report import Said
from latm_mcp.latm_results import MakeResult, fitting
from latm_mcp.models import Draft, Maker
from latm_mcp.models_using import Who
from latm_mcp.outcomes import Returned
from latm_mcp.settings import Settings
from latm_mcp.settings_layers import assigned, read_layers
from latm_mcp.settings_told import settings_of

BY = "embedding code"
NO_MAKER = (
    "Nobody is there to write the tool: pass its source as `draft`, a function that asks a model as `maker`, or configure one"
    " (LATM_MAKER_MODEL)."
)

ELSEWHERE = (
    "The library was opened in another event loop or thread: use it there, as `asyncio.run_coroutine_threadsafe` or"
    " `anyio.from_thread.run` do, or open it here as well."
)


class Latm:
    """A library of tools, open. Opened by `Latm.open`; any task of that event loop may use it until the block ends.

    From another thread or event loop, everything raises BadInput: workers and locks would be left to a loop that may be gone.
    """

    def __init__(self, loop: Loop, maker: Maker | None):
        self._opened: Loop | None = loop
        self._maker = maker
        self._home = _here()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        home: str | Path | None = None,
        config: str | Path | None = None,
        settings: Mapping[str, str | int | float] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> AsyncIterator[Self]:
        """Open the library until the block ends; no process that was started for it is left then, however it ends.

        Settings come from where the command line has them: `settings` by their names in the settings file, such as
        {"workers": 4}, over the environment, over the settings file. home, config: the library's folder and the settings
        file, for LATM_HOME and LATM_CONFIG. progress: gets a sentence when the sandbox is compiled, which takes half a
        minute the first time.
        Raises: BadInput, for settings that cannot be taken; StoreUnusable; SandboxUnavailable.
        """
        read = _settings(home, config, {} if settings is None else settings)
        failed: BaseException | None = None
        async with (
            open_maker(read.maker) as maker,
            open_models(read) as models,
            open_latm(read, models=models, progress=progress) as loop,
        ):
            latm = cls(loop, maker)
            try:
                yield latm
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:  # noqa: BLE001 raised below: what runs beside the block would wrap it in a group
                failed = error
            finally:
                latm._opened = None
        if failed is not None:
            raise failed

    async def make(
        self,
        examples: Examples,
        *,
        name: str = "",
        description: str = "",
        force: bool = False,
        draft: str | None = None,
        maker: MakerFunction | None = None,
    ) -> Made:
        """Make a tool from worked examples, verified on them; or find the one that answers them all already.

        examples: pairs of question and answer, or dicts with these keys; 2 at least, better 6 and more. An answer counts as
        provisional unless its dict says "standing": "confirmed". name, description: the caller's own, both optional.
        force: make the next version of the tool of that name, or that answers these examples.
        draft: the tool's source, as `docs/scripting.md` shows; whoever wrote it may have seen every example, so none of them
        is evidence of more. maker: asks a model of the caller's: the conversation in, its reply out. Neither: the configured model.
        Raises: BadInput; Rejected, where the code did not pass, with what it failed on; MakerFailed, where no model could be asked.
        """
        _texts(name=name, description=description, draft=draft or "")
        if draft is not None and maker is not None:
            raise BadInput("Give either the source of a `draft` or a `maker` that writes one.")
        request = MakeRequest(examples_of(examples), description=description, name=name, force=force)
        if draft is not None:
            return made_of(await self._drafted(request, draft), self._loop.store)
        called = CalledMaker(maker) if maker is not None else None
        result = await self._written(request, called or self._maker)
        if called is not None and called.error is not None and result.kept:
            raise called.failure from called.error
        return made_of(result, self._loop.store)

    async def ask(self, question: str) -> Answer | Unanswered:
        """Put a question to the library: its answer, or which tools it may be for. Raises: BadInput."""
        _texts(question=question)
        found = await self._loop.dispatch(question)
        return unanswered_of(found) if found.answer is None else answer_of(found.answer)

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """What a tool's function returns for these arguments, which are JSON values.

        Raises: NotFound; BadInput, for arguments that do not fit its signature; CallFailed, where it raised or was stopped.
        """
        _texts(name=name)
        outcome = await self._loop.call(name, _plain(arguments))
        if isinstance(outcome, Returned):
            return outcome.value
        raise CallFailed(f"{name!r} gave no result: {outcome.sentence}")

    def tools(self) -> tuple[ToolInfo, ...]:
        """The tools that may be called now, by name."""
        return tuple(tool_of(row) for row in self._loop.store.listed() if row.usable)

    async def report(
        self,
        question: str,
        *,
        answer: str | None = None,
        right: bool | None = None,
        tool: str | None = None,
        confirmed: bool = False,
    ) -> Reported:
        """Say what the right `answer` to a question is, whether the one given was `right`, or which `tool` it is for ("none").

        A program's word is provisional: kept for a person, and no tool that is there changes by it. confirmed: a person
        stands behind it, as at the command line; then it is an example of the tool, and a wrong answer disputes the tool.
        Raises: BadInput; NotFound.
        """
        _texts(question=question, answer=answer or "", tool=tool or "")
        who: Who = "person" if confirmed else "client"
        said = await self._loop.report(Said(question, who, by=BY, answer=answer, right=right, tool=tool))
        return Reported(said.sentence, said.tool)

    @property
    def _loop(self) -> Loop:
        if self._opened is None:
            raise BadInput("The library is closed: use it inside the block of `async with Latm.open() as latm`.")
        thread, loop = _here()
        if thread != self._home[0] or loop not in (None, self._home[1]):  # None: no loop runs, and `tools` needs none
            raise BadInput(ELSEWHERE)
        return self._opened

    async def _written(self, request: MakeRequest, maker: Maker | None) -> MakeResult:
        """By a model; where there is none, a tool may still be there that answers all."""
        if maker is not None:
            return await self._loop.make(request, quiet, maker=maker)
        fits = await fitting_tool(self._loop.shop, request, self._loop.dispatcher())
        if fits is None or request.force:
            raise BadInput(NO_MAKER)
        return fitting(fits)

    async def _drafted(self, request: MakeRequest, source: str) -> MakeResult:
        result = await self._loop.make(request, quiet)
        if result.status != "draft_needed":
            return result
        return await self._loop.draft(result.job, Draft(source=source), quiet)


def _here() -> tuple[int, EventLoopToken | None]:
    """The thread, and the event loop that runs in it."""
    try:
        loop = current_token()
    except anyio.NoEventLoopError:
        loop = None
    return threading.get_ident(), loop


def _texts(**given: object) -> None:
    """Raises: BadInput, naming the first that is no text."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise BadInput(f"`{name}` is of type {type(value).__name__}: pass a str.")


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments as JSON has them: tuples are lists. Raises: BadInput."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(arguments, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"The arguments are no JSON values ({str(error)[:200]}): pass texts, numbers, lists, dicts."
        ) from None
    return plain


def _settings(home: str | Path | None, config: str | Path | None, more: Mapping[str, str | int | float]) -> Settings:
    if not isinstance(more, Mapping):
        raise BadInput(f"`settings` is of type {type(more).__name__}: pass a dict.")
    for name, path in (("home", home), ("config", config)):
        if path is not None and (not isinstance(path, str | Path) or not str(path).strip()):
            raise BadInput(f"`{name}` is {path!r:.80}: pass a path, or None for the one that is configured.")
    layer = assigned([f"{name}={_said(value)}" for name, value in more.items()])
    named = {"LATM_HOME": home, "LATM_CONFIG": config}
    return settings_of(read_layers(layer | {name: str(path) for name, path in named.items() if path is not None}))


def _said(value: str | int | float) -> str:
    """A value as the command line has it."""
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
