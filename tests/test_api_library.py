"""`Latm.open`: what ends it, what is raised out of it, in which event loops; and the package's public names."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from front_door import SRC
from scripts_library import make_library, settings_here

import latm_mcp
from latm_mcp import Answer, BadInput, Latm, LatmError, NotFound, StoreUnusable

SORT = "Sort the following words alphabetically: List: wolf cat bear"
WITHIN = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> Path:
    """A library with tools, which no test changes."""
    made = tmp_path_factory.mktemp("library") / "home"
    make_library(made, sandbox_cache)
    return made


class MineError(Exception):
    """The caller's own."""


@pytest.mark.parametrize("error", [MineError, KeyError, SystemExit, NotFound])
async def test_an_error_of_the_callers_own_block_leaves_it_as_it_is(
    home: Path, sandbox_cache: Path, error: type[BaseException]
):
    with pytest.raises(error) as caught:
        async with Latm.open(home=home, settings=settings_here(sandbox_cache)):
            raise error("mine")
    assert caught.type is error


async def test_a_closed_library_and_settings_that_are_wrong_are_told(home: Path, sandbox_cache: Path, tmp_path: Path):
    async with Latm.open(home=home, settings=settings_here(sandbox_cache)) as latm:
        pass
    with pytest.raises(LatmError, match="is closed"):
        await latm.ask(SORT)
    for wrong in ({"workers": "many"}, {"nothing": 1}, {"maker.api_key": "k"}):
        with pytest.raises(BadInput):
            async with Latm.open(home=home, settings=wrong):
                pass
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreUnusable):
        async with Latm.open(home=tmp_path / "file", settings=settings_here(sandbox_cache)):
            pass


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"home": 5}, "`home` is 5"),
        ({"home": ""}, "`home` is ''"),
        ({"home": " "}, "`home` is ' '"),
        ({"config": b"file"}, "`config` is b'file'"),
        ({"config": ""}, "`config` is ''"),
        ({"settings": 5}, "`settings` is of type int"),
        ({"settings": []}, "`settings` is of type list"),
    ],
)
async def test_places_that_are_none_are_refused(wrong: dict[str, Any], sentence: str):
    with pytest.raises(BadInput, match=sentence):
        async with Latm.open(**wrong):
            pass


async def test_from_another_thread_or_loop_everything_is_refused_and_nothing_is_broken(home: Path, sandbox_cache: Path):
    async with Latm.open(home=home, settings=settings_here(sandbox_cache)) as latm:

        def elsewhere() -> list[str]:
            said = []
            for use in (
                lambda: latm.call("sort_words", words=["b"]),
                lambda: latm.ask(SORT),
                lambda: later(latm.tools),
            ):
                with pytest.raises(BadInput) as caught:
                    asyncio.run(use())
                said.append(str(caught.value))
            with pytest.raises(BadInput, match="another event loop or thread"):
                latm.tools()
            return said

        for _ in range(2):  # before the first worker and after it
            said = await anyio.to_thread.run_sync(elsewhere)
            assert all("another event loop or thread" in one for one in said)
            assert await latm.call("sort_words", words=["b", "a"]) == ["a", "b"]
            assert isinstance(await latm.ask(SORT), Answer)


async def later(call: Callable[[], object]) -> object:
    return call()


def test_another_loop_of_the_same_thread_is_refused(home: Path, sandbox_cache: Path):
    ended = asyncio.Event()

    async def hold(opened: asyncio.Future[Latm]) -> None:
        async with Latm.open(home=home, settings=settings_here(sandbox_cache)) as latm:
            opened.set_result(latm)
            await ended.wait()

    async def begin() -> tuple[Latm, asyncio.Task[None]]:
        opened: asyncio.Future[Latm] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(hold(opened))
        return await asyncio.wait_for(opened, WITHIN), task

    async def end(task: asyncio.Task[None]) -> None:
        ended.set()
        await asyncio.wait_for(task, WITHIN)

    with asyncio.Runner() as runner, asyncio.Runner() as other:
        latm, task = runner.run(begin())
        with pytest.raises(BadInput, match="another event loop or thread"):
            other.run(latm.call("sort_words", words=["b"]))
        assert latm.tools()
        assert runner.run(latm.call("sort_words", words=["b"])) == ["b"]
        runner.run(end(task))


PROGRAM = """
import {backend}
from latm_mcp import Latm

async def main():
    async with Latm.open(home={home!r}, settings={settings!r}) as latm:
        print((await latm.ask({question!r})).answer)

{backend}.run(main{call})
"""


@pytest.mark.parametrize("backend", ["asyncio", *(["trio"] if find_spec("trio") else [])])
def test_a_program_runs_in_its_own_event_loop(home: Path, sandbox_cache: Path, backend: str):
    call = "()" if backend == "asyncio" else ""
    text = PROGRAM.format(
        backend=backend, home=str(home), settings=settings_here(sandbox_cache), question=SORT, call=call
    )
    assert run(text) == "bear cat wolf\n"


def run(program: str) -> str:
    line = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(
        line,
        env={"PYTHONPATH": os.pathsep.join([str(SRC), *filter(None, sys.path)])},
        capture_output=True,
        encoding="utf-8",
        timeout=WITHIN,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_nothing_until_a_name_is_asked_for():
    program = "import sys, latm_mcp\nprint(sorted(m for m in sys.modules if m.startswith('latm_mcp')))\n"
    program += "assert 'pydantic' not in sys.modules and 'anyio' not in sys.modules\nfrom latm_mcp import BadInput\n"
    program += "print('latm_mcp.latm' in sys.modules, 'Latm' in dir(latm_mcp))\n"
    assert run(program) == "['latm_mcp']\nFalse True\n"


@pytest.mark.parametrize("name", latm_mcp.__all__)
def test_every_public_name_is_there(name: str):
    assert getattr(latm_mcp, name) is not None


def test_a_name_that_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError):
        _ = latm_mcp.Sandbox  # type: ignore[attr-defined]
