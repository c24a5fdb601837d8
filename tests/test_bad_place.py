"""The library's place fails: a full disk, a home that may not be written, a newer release's file. Told; nothing is lost."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from io import FileIO
from pathlib import Path

import anyio
import pytest
from front_door import SRC, FrontDoor
from holding import COUNTER, COUNTING, copied, holding, kept, still_works, works
from mcp import Client
from served import ERAS, WITHIN, call, installed, names, refusal

NOBODY = 65534
COMMANDS = [("list",), ("call", "sort_words", "--question", "q"), ("serve",)]
FULL = r"The library .* cannot be used: its disk (is full|refuses to read or write)\. (Free some|Check its free) space"

# Started as root it becomes nobody, after importing what nobody may not be allowed to read.
AS_NOBODY = f"""
import os, sys
sys.path.insert(0, {str(SRC)!r})
import anyio._backends._asyncio, latm_mcp.cli_call, latm_mcp.cli_library, latm_mcp.cli_make, latm_mcp.cli_serve, latm_mcp.server
from latm_mcp.cli import main
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
    os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    """A library that holds one made tool; not to be changed."""
    return holding(tmp_path_factory.mktemp("held"), sandbox_cache)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 1 MiB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(place)]
    done = subprocess.run(mounting, capture_output=True, text=True, timeout=WITHIN)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True, timeout=WITHIN)


def fill(disk: Path) -> Path:
    """Leave not one byte free; returns the file that takes all the room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with pytest.raises(OSError, match="No space left"):
                write_for_ever(file, b"x" * size)
    return filler


def write_for_ever(file: FileIO, piece: bytes) -> None:
    while True:
        file.write(piece)


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_on_a_full_disk_nothing_is_made_all_can_be_called_and_the_making_works_later(
    held: FrontDoor, small_disk: Path, era: str
):
    door = copied(held, small_disk / "home")
    making = {"examples": COUNTING, "name": "count_letters"}
    with anyio.fail_after(WITHIN):
        async with Client(installed(door.home, door.cache), mode=era) as client:
            await still_works(client)
            before = kept(door.home)
            filler = fill(small_disk)
            assert re.match(FULL, await refusal(client, "make_tool", **making))
            await still_works(client)
            assert kept(door.home) == before
            filler.unlink()
            begun = await call(client, "make_tool", **making)
            fill(small_disk)
            assert re.match(FULL, await refusal(client, "make_tool", job=begun["job"], draft={"source": COUNTER}))
            await still_works(client)
            filler.unlink()
            made = await call(client, "make_tool", job=begun["job"], draft={"source": COUNTER})
            assert made["status"] == "published", made
            assert "count_letters" in await names(client)
    assert (door.home / "tools_store" / "count_letters" / "tool.py").is_file()


def test_on_a_full_disk_the_command_line_says_so_and_works_again_with_room(held: FrontDoor, small_disk: Path):
    door = copied(held, small_disk / "home")
    before = kept(held.home)
    filler = fill(small_disk)
    assert re.match("latm-mcp: " + FULL, door.refusal("list", code=3))
    filler.unlink()
    assert kept(door.home) == before
    works(door)


def test_a_tool_whose_folder_could_not_be_written_is_safe_and_written_by_a_later_server(
    held: FrontDoor, tmp_path: Path
):
    door = copied(held, tmp_path / "home")
    shutil.rmtree(door.home / "tools_store")
    (door.home / "tools_store").write_text("a file in the way", encoding="utf-8")

    async def make() -> None:
        async with Client(installed(door.home, door.cache), mode="auto") as client:
            begun = await call(client, "make_tool", examples=COUNTING, name="count_letters")
            made = await call(client, "make_tool", job=begun["job"], draft={"source": COUNTER})
            assert made["status"] == "published"

    async def serve_until_written() -> None:
        with anyio.fail_after(WITHIN):
            async with Client(installed(door.home, door.cache), mode="auto") as client:
                await client.list_tools()
                while len(list((door.home / "tools_store").glob("*/tool.json"))) < 2:
                    await anyio.sleep(0.05)

    anyio.run(make)
    assert len(door.json("list")) == 2
    (door.home / "tools_store").unlink()
    anyio.run(serve_until_written)


@pytest.fixture
def read_only(held: FrontDoor) -> Iterator[FrontDoor]:
    """The same library where another user can reach it and nobody but root can write."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        door = copied(held, Path(folder) / "home")
        for path in (Path(folder), door.home, *door.home.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield door
        for path in (Path(folder), *Path(folder).rglob("*")):
            path.chmod(0o700)


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_read_only_home_is_told_to_an_unprivileged_user_and_left_alone(
    read_only: FrontDoor, arguments: tuple[str, ...]
):
    before = kept(read_only.home)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", AS_NOBODY, *arguments],
        env=read_only.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=WITHIN,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    # a server says before that that it can keep no log there
    assert done.stderr.splitlines()[-1].startswith("latm-mcp: The library ")
    assert "cannot be opened: Permission denied. Make its folder writable, or set LATM_HOME to another." in done.stderr
    assert kept(read_only.home) == before
    for path in (read_only.home, *read_only.home.rglob("*")):
        path.chmod(0o700)
    works(read_only)


@pytest.mark.parametrize("arguments", [*COMMANDS, ("make",)], ids=lambda arguments: arguments[0])
def test_a_newer_releases_library_is_told_by_its_format_and_left_alone(
    held: FrontDoor, tmp_path: Path, arguments: tuple[str, ...]
):
    door = copied(held, tmp_path / "home")
    own = set_format(door.home, 99)
    before = kept(door.home)
    if arguments == ("make",):
        (tmp_path / "rows.json").write_text('[{"question": "a", "answer": "b"}, {"question": "c", "answer": "d"}]')
        door.more = {"LATM_MAKER_MODEL": "never-asked", "LATM_MAKER_BASE_URL": "http://127.0.0.1:9/v1"}
        arguments = ("make", str(tmp_path / "rows.json"))
    said = door.run(*arguments, code=3)
    assert "has format 99, written by a newer release of latm-mcp" in said.stderr
    assert "Upgrade latm-mcp, or set LATM_HOME to another folder." in said.stderr
    assert said.stdout == ""
    assert kept(door.home) == before
    set_format(door.home, own)
    works(door)


def set_format(home: Path, number: int) -> int:
    """Give the library this format's number; the one that it had."""
    with closing(sqlite3.connect(home / "library.sqlite")) as library:
        (own,) = library.execute("PRAGMA user_version").fetchone()
        library.execute(f"PRAGMA user_version = {number}")
    return int(own)
