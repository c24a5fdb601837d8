"""`latm-mcp doctor` tells what is here and what is wrong, and never fails of it itself."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from front_door import SRC, FrontDoor
from holding import copied, holding, kept
from weak_sandbox import WeakSandbox, weak_sandbox

from latm_mcp.cli_doctor_library import library_section
from latm_mcp.cli_doctor_sandbox import sandbox_section
from latm_mcp.cli_doctor_show import exit_code, show
from latm_mcp.errors import SandboxUnavailable
from latm_mcp.sandbox_gaps import gaps
from latm_mcp.sandbox_probes import tried_here
from latm_mcp.settings import Settings, read_settings
from latm_mcp.settings_layers import Layers
from latm_mcp.settings_told import told_settings


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    """A library that holds one made tool; not to be changed."""
    return holding(tmp_path_factory.mktemp("held"), sandbox_cache)


def test_where_all_is_well_it_says_so_and_makes_no_library(door: FrontDoor):
    found = door.json("doctor")

    assert (found["well"], found["problems"], found["notes"]) == (True, [], [])
    assert [row["enforces"] for row in found["sandbox"]["what_it_enforces_tried_just_now"]] == [
        each.enforces for each in tried_here()
    ]
    assert all(row["held"] for row in found["sandbox"]["what_it_enforces_tried_just_now"])
    assert found["sandbox"]["what_it_cannot_do_here"]
    assert found["library"]["state"] == "none yet; made at first use"
    assert found["library"]["writable"]
    assert found["library"]["free_on_its_disk_bytes"] > 0
    assert not door.home.exists()


def test_a_person_gets_every_section_in_80_columns(door: FrontDoor):
    said = door.run("doctor").stdout

    for title in ("Python", "Versions", "Sandbox", "Library", "Limits of each call", "Log", "Configuration"):
        assert f"\n{title}\n" in f"\n{said}"
    assert said.endswith("All is well.\n")
    assert "held: reads no file of yours" in said
    assert all(len(line) < 80 for line in said.splitlines() if " " in line.strip())


def test_a_library_is_looked_at_and_left_as_it_is(held: FrontDoor):
    before, names = kept(held.home), sorted(held.home.rglob("*"))

    found = held.json("doctor")

    assert found["library"]["tools"] == {"live": 1}
    assert found["library"]["size_bytes"] > 4096
    assert (kept(held.home), sorted(held.home.rglob("*"))) == (before, names)


def test_an_older_library_is_not_migrated(held: FrontDoor, tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    with closing(sqlite3.connect(home / "library.sqlite")) as library:
        library.execute("PRAGMA user_version = 0")
        library.execute("CREATE TABLE other (x)")

    found = FrontDoor(home, held.cache).json("doctor")

    assert found["library"]["format"].startswith("0 ")
    with closing(sqlite3.connect(home / "library.sqlite")) as library:
        assert library.execute("SELECT name FROM sqlite_master").fetchall() == [("other",)]


def newer(home: Path) -> None:
    with closing(sqlite3.connect(home / "library.sqlite")) as library:
        library.execute("PRAGMA user_version = 99")


def overwritten(home: Path) -> None:
    (home / "library.sqlite").write_bytes(b"no library" * 1000)


def half_overwritten(home: Path) -> None:
    with (home / "library.sqlite").open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 8192)


def a_folder(home: Path) -> None:
    (home / "library.sqlite").unlink()
    (home / "library.sqlite").mkdir()


def a_file(home: Path) -> None:
    shutil.rmtree(home)
    home.write_text("in the way", encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (newer, "Upgrade latm-mcp"),
        (overwritten, "Move it away"),
        (half_overwritten, "Move it away"),
        (a_folder, "Make the folder and its files writable"),
        (a_file, "set LATM_HOME to another"),
    ],
)
def test_a_library_that_cannot_be_used_is_a_finding_with_what_to_do(
    held: FrontDoor, tmp_path: Path, harm: Any, said: str
):
    home = copied(held, tmp_path / "home").home
    harm(home)

    section = library_section(Settings(home, tmp_path))

    [problem] = section.problems
    assert said in problem
    assert str(home) in problem


def test_a_home_under_a_file_is_a_finding_that_names_the_file(door: FrontDoor):
    door.home.write_text("in the way", encoding="utf-8")

    found = door.json("--home", door.home / "x" / "y", "doctor", code=3)

    [problem] = found["problems"]
    assert f"{str(door.home)!r}, is a file, not a folder." in problem
    assert found["library"]["free_on_its_disk_bytes"] > 0


AS_NOBODY = f"""
import os, sys
sys.path.insert(0, {str(SRC)!r})
from pathlib import Path
from latm_mcp.cli_doctor_library import library_section
from latm_mcp.settings import Settings
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
section = library_section(Settings(Path(sys.argv[1]), Path(sys.argv[1])))
print(*section.problems, section.facts["writable"], section.facts["free_on_its_disk_bytes"] > 0, sep="|")
"""


@pytest.mark.skipif(os.name != "posix", reason="other users are kept out by modes on POSIX alone")
def test_a_home_under_a_folder_that_may_not_be_entered_is_a_finding():
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        locked = Path(place) / "locked"
        locked.mkdir()
        locked.chmod(0o000)
        line = [sys.executable, "-W", "error", "-c", AS_NOBODY, str(locked / "x" / "home")]
        done = subprocess.run(line, capture_output=True, encoding="utf-8", timeout=60)
        locked.chmod(0o700)

    problem, writable, free = done.stdout.strip().split("|")
    assert "cannot be opened: Permission denied. Make its folder writable" in problem
    assert (writable, free, done.stderr) == ("False", "True", "")


@pytest.mark.skipif(os.name != "posix", reason="modes tell who may write on POSIX alone")
@pytest.mark.parametrize(
    ("mode", "told"), [(0o777, True), (0o770, True), (0o707, True), (0o755, False), (0o700, False)]
)
def test_a_library_that_others_can_write_is_worth_knowing(tmp_path: Path, mode: int, told: bool):
    home = tmp_path / "a home"
    home.mkdir()
    home.chmod(mode)

    section = library_section(Settings(home, tmp_path))

    assert section.problems == []
    assert [note.split(":")[0] for note in section.notes] == [
        f"Others can write the library's folder {str(home)!r}, and so put tools of theirs into it"
    ] * told
    assert all(f"`chmod go-w '{home}'`" in note for note in section.notes)


def test_with_a_library_that_cannot_be_used_everything_else_is_told(held: FrontDoor, tmp_path: Path):
    door = copied(held, tmp_path / "home")
    overwritten(door.home)

    found = door.json("doctor", code=3)

    assert (found["well"], len(found["problems"])) == (False, 1)
    assert all(row["held"] for row in found["sandbox"]["what_it_enforces_tried_just_now"])


def test_a_folder_of_files_that_cannot_be_written_is_worth_knowing_and_no_problem(held: FrontDoor, tmp_path: Path):
    home = copied(held, tmp_path / "home").home
    shutil.rmtree(home / "tools_store")
    (home / "tools_store").write_text("a file in the way", encoding="utf-8")

    section = library_section(Settings(home, tmp_path))

    assert (section.problems, section.facts["tools"]) == ([], {"live": 1})
    [note] = section.notes
    assert "Tools are safe in the library" in note


def test_a_bad_setting_is_named_and_everything_else_is_told(door: FrontDoor):
    door.more = {"LATM_WORKERS": "many", "LATM_MEMORY_MIB": "1", "LATM_CALL_SECONDS": "7"}

    found = door.json("doctor", code=2)

    assert [problem.split(":")[0] for problem in found["problems"]] == [
        "LATM_WORKERS is 'many'",
        "LATM_MEMORY_MIB is '1'",
    ]
    rows = {row["name"]: (row["value"], row["source"]) for row in found["configuration"]["variables"]}
    assert rows["LATM_WORKERS"] == (2, "default")
    assert rows["LATM_CALL_SECONDS"] == (7, "environment")
    assert found["limits_of_each_call"]["wall_seconds"] == 7
    assert found["sandbox"]["what_it_enforces_tried_just_now"]
    assert "LATM_WORKERS is 'many'" in door.refusal("list")


def test_a_probable_typo_is_pointed_out_and_no_value_of_it_shown(door: FrontDoor):
    door.more = {"LATM_MAKER_APIKEY": "sk-very-secret"}

    done = door.run("doctor")

    assert "LATM_MAKER_APIKEY is read by nothing: is LATM_MAKER_API_KEY meant?" in done.stdout
    assert "sk-very-secret" not in done.stdout + done.stderr


def test_keys_are_only_said_to_be_set(door: FrontDoor):
    door.more = {
        "LATM_MAKER_MODEL": "some-model",
        "LATM_MAKER_API_KEY": "sk-very-secret",
        "OPENAI_API_KEY": "sk-very-secret-too",
        "LATM_MAKER_BASE_URL": "http://ann:very-secret@127.0.0.1:9/v1",
    }

    done = door.run("doctor", "--json", code=1)  # nobody is at that address

    rows = {row["name"]: row["value"] for row in json.loads(done.stdout)["configuration"]["variables"]}
    assert rows["LATM_MAKER_API_KEY"] == rows["OPENAI_API_KEY"] == "set"
    assert rows["LATM_MAKER_BASE_URL"] == "http://***@127.0.0.1:9/v1"
    assert rows["LATM_MAKER_MODEL"] == "some-model"
    assert "very-secret" not in done.stdout + done.stderr


def test_home_on_the_command_line_is_told_as_that(door: FrontDoor, tmp_path: Path):
    found = door.json("--home", tmp_path / "another", "doctor")

    assert found["library"]["folder"] == str(tmp_path / "another")
    [row] = [row for row in found["configuration"]["variables"] if row["name"] == "LATM_HOME"]
    assert (row["value"], row["source"]) == (str(tmp_path / "another"), "command line")


def test_a_sandbox_that_cannot_be_opened_is_a_finding_and_the_library_is_told_of_all_the_same(
    held: FrontDoor, tmp_path: Path
):
    cache = tmp_path / "cache"
    cache.write_text("no folder", encoding="utf-8")
    door = FrontDoor(held.home, cache)
    door.more = {"LATM_SANDBOX": "wasm"}

    found = door.json("doctor", code=3)

    [problem] = found["problems"]
    assert problem.startswith(
        f"The wasm sandbox cannot be used: its cache folder does not do: {str(cache)!r} is a file, not a folder: set LATM_CACHE"
    )
    assert found["library"]["tools"] == {"live": 1}


def open_to_all(cache: Path) -> None:
    cache.chmod(0o777)


def somebody_elses(cache: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(cache, 65534, 65534)


def filed(cache: Path) -> None:
    cache.rmdir()
    cache.write_text("in the way", encoding="utf-8")


BAD_CACHES = [
    (open_to_all, "can be written by others: make it yours alone (chmod go-w), or set LATM_CACHE to another folder."),
    (somebody_elses, "belongs to another user: set LATM_CACHE to a folder of your own."),
    (filed, "is a file, not a folder: set LATM_CACHE to a folder of your own, or move it away."),
]


@pytest.mark.skipif(os.name != "posix", reason="the cache folder is private by inheritance elsewhere")
@pytest.mark.parametrize(("harm", "said"), BAD_CACHES)
def test_a_cache_folder_that_cannot_be_used_is_told_once_with_the_advice_that_fits(
    door: FrontDoor, tmp_path: Path, harm: Any, said: str
):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    harm(cache)
    wasm = FrontDoor(door.home, cache)
    wasm.more = {"LATM_SANDBOX": "wasm"}

    found = wasm.json("doctor", code=3)

    [problem] = found["problems"]
    assert problem.startswith("The wasm sandbox cannot be used: its cache folder does not do: ")
    assert problem.count("cannot be used") == 1
    assert f"{str(cache)!r} {said}" in problem
    assert "install" not in problem


@pytest.mark.skipif(sys.platform != "linux", reason="native is for Linux alone")
@pytest.mark.parametrize(("harm", "said"), BAD_CACHES)
def test_wasm_is_not_said_to_be_available_where_its_cache_folder_is_refused(
    door: FrontDoor, tmp_path: Path, harm: Any, said: str
):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    native = FrontDoor(door.home, cache)
    native.more = {"LATM_SANDBOX": "native"}
    assert native.json("doctor")["sandbox"]["the_other_kind"] == "wasm is available: unset LATM_SANDBOX to use it."
    harm(cache)

    found = native.json("doctor")["sandbox"]

    assert found["the_other_kind"].startswith("wasm is not available here: its cache folder does not do: ")
    assert said in found["the_other_kind"]


@pytest.mark.anyio
async def test_an_interpreter_that_is_not_built_is_told_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for module in ("latm_mcp.sandbox", "latm_mcp.cli_doctor_sandbox"):
        monkeypatch.setattr(f"{module}.COMPONENT", tmp_path / "none.wasm")

    section = await sandbox_section(Settings(tmp_path, tmp_path, sandbox="wasm"), "default")

    [problem] = section.problems
    assert "is not built" in problem
    assert "in a checkout, build it; else install latm-mcp again" in problem
    assert "LATM_CACHE" not in problem


class Recorded(Mapping[str, str]):
    """An environment that keeps the names that it was asked for."""

    def __init__(self, values: dict[str, str]):
        self.values_, self.asked = values, set[str]()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


def test_every_variable_that_is_read_is_told_of_and_no_other():
    roles = ("MAKER", "USER", "DISPATCHER", "FALLBACK")  # what belongs to a model is read only where it is named
    environ = Recorded({f"LATM_{role}_MODEL": "m" for role in roles})
    read_settings(environ)

    assert {row.name for row in told_settings(Layers()).variables} == environ.asked | {"LATM_CONFIG"}


class WeakWasm(WeakSandbox):
    description = "wasm: in truth nothing, no Landlock, no seccomp"


@asynccontextmanager
async def opening_weak(cache: Path, *, kind: str, **_: Any) -> AsyncIterator[WeakSandbox]:
    if kind == "native":
        raise SandboxUnavailable("there is no Landlock in this kernel: use wasm.")
    with weak_sandbox(WeakWasm) as sandbox:
        yield sandbox


@pytest.mark.anyio
async def test_a_probe_that_does_not_hold_is_a_problem_with_what_was_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = Settings(tmp_path, tmp_path, sandbox="wasm")

    section = await sandbox_section(settings, "default", opening_weak)

    assert len(section.problems) == len(tried_here()) - 1
    assert all("LATM_SANDBOX" in problem for problem in section.problems)
    assert exit_code([section]) == 3
    assert "native is not available here: there is no Landlock" in section.facts["the_other_kind"]
    show([section])
    shown = capsys.readouterr().out
    assert "NOT HELD: reads no file of yours (tried: reading, listing" in " ".join(shown.split())
    assert "All is well" not in shown


@pytest.mark.anyio
async def test_another_sandbox_than_was_asked_for_is_never_used_in_silence(tmp_path: Path):
    @asynccontextmanager
    async def opening(cache: Path, **_: Any) -> AsyncIterator[WeakSandbox]:
        with weak_sandbox(WeakWasm) as sandbox:
            yield sandbox

    section = await sandbox_section(Settings(tmp_path, tmp_path, sandbox="native"), "environment", opening)

    [problem] = section.problems
    assert problem.startswith("The native sandbox cannot be used: this release has no 'native' sandbox")
    assert "what_it_enforces_tried_just_now" not in section.facts


@pytest.mark.anyio
async def test_an_interpreter_that_cannot_be_started_is_a_finding(tmp_path: Path):
    @asynccontextmanager
    async def opening(cache: Path, **_: Any) -> AsyncIterator[WeakSandbox]:
        raise FileNotFoundError(2, "No such file or directory", sys.executable)
        yield

    section = await sandbox_section(Settings(tmp_path, tmp_path, sandbox="wasm"), "default", opening)

    [problem] = section.problems
    assert "No such file or directory" in problem
    assert f"see to it that {sys.executable!r} is there and may be run" in problem


def test_what_a_platform_cannot_do_is_said_in_sentences():
    mac = " ".join(gaps("wasm", ["no Landlock on darwin", "no seccomp on darwin"], platform="darwin", root=False))
    half = " ".join(gaps("wasm", ["Landlock", "no seccomp filter for riscv64"], platform="linux", root=False))
    native = " ".join(gaps("native", ["Landlock", "seccomp"], platform="linux", root=True))

    assert "no wall of the operating system stands behind it (no Landlock on darwin, no seccomp on darwin)" in mac
    assert "Processor time" in mac
    assert "behind it stands Landlock, but no seccomp filter for riscv64" in half
    assert "behind it stand Landlock and seccomp." in " ".join(
        gaps("wasm", ["Landlock", "seccomp"], platform="linux", root=False)
    )
    assert "Processor time" not in half
    assert "a fault of the Linux kernel" in native
    assert "runs as root" in native
    assert os.linesep not in native
