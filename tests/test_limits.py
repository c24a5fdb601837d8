"""The limits of one tool, as a person sets them: through the command line and a client, for every version, by no model."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from front_door import SORTING, FrontDoor
from sandboxed import settings_at
from scripted import sort_words
from served import EXAMPLES, REQUEST, call, make_by_client, names, refusal, served

from latm_mcp.latm import open_latm
from latm_mcp.latm_import import import_tool
from latm_mcp.latm_report import Said
from latm_mcp.models import Usage
from latm_mcp.outcomes import LIMIT_BOUNDS, Limits, OwnLimits, Returned, TimedOut
from latm_mcp.server_face import Face
from latm_mcp.settings import Settings
from latm_mcp.store import open_store
from latm_mcp.store_schema import MIGRATIONS, migrate

pytestmark = pytest.mark.anyio

NAME = "sort_words"
TIGHT = Limits(seconds=0.3, cpu_seconds=0.3)
MANY = ["wolf", "cat"] * 30  # more words than any example has
SLOW = sort_words().replace(
    "    return sorted(words)",
    """    end = time.monotonic() + 0.6 * (len(words) > 50)
    while time.monotonic() < end:
        pass
    return sorted(words)""",
)
SLOW = SLOW.replace("import re\n", "import re\nimport time\n")


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


@pytest.fixture
async def slow(door: FrontDoor) -> FrontDoor:
    """A library with a tool that needs 0.6 s for many words."""
    async with served(at(door), "auto") as client:
        assert (await make_by_client(client, SLOW))["status"] == "published"
    return door


def at(door: FrontDoor, limits: Limits | None = None) -> Settings:
    return settings_at(door.home, door.cache, **({} if limits is None else {"limits": limits}))


async def sorted_many(client: Any) -> list[str]:
    return (await call(client, "call_tool", name=NAME, arguments={"words": MANY}))["result"]


async def test_a_tool_that_needs_longer_works_once_a_person_has_raised_its_limit(slow: FrontDoor):
    async with served(at(slow, TIGHT), "auto") as client:
        for command, arguments in (
            ("call_tool", {"name": NAME, "arguments": {"words": MANY}}),
            (NAME, {"words": MANY}),
            ("call_tool", {"name": NAME, "question": SORTING + " ".join(MANY)}),
        ):
            assert "did not end within 0.3 s" in await refusal(client, command, **arguments)
        slow.run("limits", NAME, "--seconds", "5")  # in another process, while the server runs
        assert await sorted_many(client) == sorted(MANY)
        assert (await call(client, NAME, words=MANY))["result"] == sorted(MANY)
        dispatched = await call(client, "dispatch", question=SORTING + " ".join(MANY))
        assert dispatched["answer"] == " ".join(sorted(MANY))
        slow.run("limits", NAME, "--reset")
        assert "did not end within 0.3 s" in await refusal(client, NAME, words=MANY)


async def test_the_command_line_calls_under_the_tools_own_limits_and_says_how_to_set_them(slow: FrontDoor):
    slow.more = {"LATM_CALL_SECONDS": "0.3"}
    question = SORTING + " ".join(MANY)
    done = slow.run("call", NAME, "--question", question, code=1)
    assert "gave no answer: did not end within 0.3 s" in done.stderr
    assert f"`latm-mcp limits {NAME}`" in done.stderr
    slow.run("limits", NAME, "--seconds", "5")
    assert slow.run("call", NAME, "--question", question).stdout.split() == sorted(MANY)


async def test_what_holds_is_shown_with_where_it_comes_from(slow: FrontDoor):
    slow.more = {"LATM_MEMORY_MIB": "128"}
    before = slow.json("limits", NAME)
    assert before["name"] == NAME
    assert list(before["limits"]) == list(LIMIT_BOUNDS)
    assert before["limits"]["seconds"] == {"value": 10.0, "from": "default"}
    assert before["limits"]["memory_mib"] == {"value": 128, "from": "setting LATM_MEMORY_MIB"}
    after = slow.json("limits", NAME, "--seconds", "2.5", "--memory-mib", "512")["limits"]
    assert after["seconds"] == {"value": 2.5, "from": "set for this tool"}
    assert after["cpu_seconds"] == {"value": 2.5, "from": "goes with seconds"}
    assert after["memory_mib"] == {"value": 512, "from": "set for this tool"}
    assert after["recursion"] == {"value": 1000, "from": "default"}
    assert slow.json("limits", NAME)["limits"] == after
    table = slow.run("limits", NAME).stdout
    assert [line.split() for line in table.splitlines() if "memory" in line] == [
        ["memory-mib", "512", "set", "for", "this", "tool"]
    ]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"SECONDS": "20"}, "goes with seconds"),
        ({"SECONDS": "20", "CPU_SECONDS": "10"}, "setting LATM_CALL_CPU_SECONDS"),
        ({"SECONDS": "20", "CPU_SECONDS": "7"}, "setting LATM_CALL_CPU_SECONDS"),
        ({"CPU_SECONDS": "7"}, "setting LATM_CALL_CPU_SECONDS"),
        ({}, "default"),
    ],
)
async def test_processor_time_that_nobody_set_is_said_to_go_with_wall_time(
    slow: FrontDoor, given: dict[str, str], source: str
):
    slow.more = {f"LATM_CALL_{name}": value for name, value in given.items()}
    assert slow.json("limits", NAME)["limits"]["cpu_seconds"]["from"] == source


async def test_show_has_the_tools_own_limits_and_nothing_where_there_are_none(slow: FrontDoor):
    assert not re.search(r"^own limits", slow.run("show", NAME).stdout, re.M)
    assert slow.json("show", NAME)["own_limits"] == {}
    slow.run("limits", NAME, "--seconds", "20", "--argument-bytes", "4000000")
    assert "own limits: seconds 20, argument-bytes 4000000;" in slow.run("show", NAME).stdout
    assert slow.json("show", NAME)["own_limits"] == {"seconds": 20.0, "argument_bytes": 4000000}


async def test_each_change_keeps_the_others_until_a_reset(slow: FrontDoor):
    slow.run("limits", NAME, "--seconds", "20")
    slow.run("limits", NAME, "--recursion", "2000")
    slow.run("limits", NAME, "--seconds", "0.5")  # lower than all others': a person may
    assert own(slow) == {"seconds": 0.5, "recursion": 2000}
    slow.run("limits", NAME, "--reset", "--memory-mib", "64")
    assert own(slow) == {"memory_mib": 64}
    slow.run("limits", NAME, "--reset")
    assert own(slow) == {}
    with open_store(slow.home) as store:
        rows = [row for row in store.audit_log(10) if row.action == "limits"]
    assert {(row.actor, row.subject) for row in rows} == {("person at the command line", NAME)}
    assert [row.detail for row in rows] == [
        "reset",
        "reset memory_mib=64",
        "seconds=0.5",
        "recursion=2000",
        "seconds=20",
    ]


def own(door: FrontDoor) -> dict[str, float]:
    found: dict[str, float] = door.json("show", NAME)["own_limits"]
    return found


async def test_a_value_out_of_bounds_is_refused_with_the_bounds_and_nothing_is_set(slow: FrontDoor):
    for option, value, said in (
        ("--seconds", "0", "to a number from 0.01 to 3600"),
        ("--seconds", "inf", "to a number from 0.01 to 3600"),
        ("--cpu-seconds", "nan", "to a number from 0.01 to 3600"),
        ("--memory-mib", "63", "to a number from 64 to 4096"),
        ("--output-bytes", "1e12", "to a number from 1024 to 67108864"),
        ("--argument-bytes", "", "to a number from 1024 to 67108864"),
        ("--recursion", "100.5", "to a whole number"),
    ):
        said_of_all = slow.refusal("limits", NAME, "--reset", "--seconds", "3", option, value)
        assert said_of_all == f"latm-mcp: {option} is {value!r}: set it {said}."
    assert own(slow) == {}


async def test_a_name_that_is_no_tools_is_refused(slow: FrontDoor):
    assert "There is no tool 'sort_word'. Did you mean 'sort_words'?" in slow.refusal(
        "limits", "sort_word", "--seconds", "3"
    )


async def test_a_limit_survives_the_next_version_which_is_made_under_it(slow: FrontDoor):
    question = SORTING + " ".join(MANY)
    longer = {"question": question, "answer": " ".join(sorted(MANY))}
    slow.run("limits", NAME, "--seconds", "5")
    async with served(at(slow, TIGHT), "auto") as client:
        request = {**REQUEST, "examples": [*EXAMPLES, longer], "force": True}
        made = await make_by_client(client, SLOW + "\n# the second one\n", **request)
        assert made["status"] == "published", made
        assert await sorted_many(client) == sorted(MANY)
    assert len(slow.json("show", NAME)["versions"]) == 2
    assert own(slow) == {"seconds": 5.0}


async def test_without_a_limit_of_its_own_such_a_version_is_refused(slow: FrontDoor):
    longer = {"question": SORTING + " ".join(MANY), "answer": " ".join(sorted(MANY))}
    async with served(at(slow, TIGHT), "auto") as client:
        made = await make_by_client(
            client, SLOW + "\n# the second one\n", **{**REQUEST, "examples": [*EXAMPLES, longer], "force": True}
        )
    assert made["status"] == "draft_needed"
    assert "did not end within 0.3 s" in str(made["failure"])


async def test_two_processes_on_one_library_hold_to_the_same_limits(slow: FrontDoor):
    async with open_latm(at(slow, TIGHT)) as one, open_latm(at(slow, TIGHT)) as other:
        assert isinstance(await other.call(NAME, {"words": MANY}), TimedOut)
        one.store.set_limits(NAME, OwnLimits(seconds=5), "me")
        assert isinstance(await other.call(NAME, {"words": MANY}), Returned)
        slow.run("limits", NAME, "--seconds", "0.2")
        assert await one.call(NAME, {"words": MANY}) == TimedOut(0.2)
        assert await other.call(NAME, {"words": MANY}) == TimedOut(0.2)


async def test_limits_go_with_the_tool_and_are_in_no_folder(slow: FrontDoor, tmp_path: Path):
    slow.run("limits", NAME, "--seconds", "7")
    slow.run("export", NAME, tmp_path / "out")
    files = [path.read_text(encoding="utf-8") for path in (tmp_path / "out" / NAME).iterdir()]
    assert len(files) == 3
    assert not [text for text in files if "seconds" in text]
    slow.run("archive", NAME)
    async with open_latm(at(slow)) as latm:
        await import_tool(latm.shop, tmp_path / "out" / NAME)
    assert "approve sort_words` first" in slow.refusal("limits", NAME, "--seconds", "7")
    slow.run("approve", NAME, "--yes")
    assert own(slow) == {}


async def test_no_command_of_a_client_sets_a_limit(slow: FrontDoor):
    async with served(at(slow), "auto") as client:
        assert set(await names(client)) == {"make_tool", "dispatch", "call_tool", "report_result", NAME}
        for command, arguments in (
            ("limits", {"name": NAME, "seconds": 60}),
            ("call_tool", {"name": NAME, "arguments": {"words": ["a"]}, "seconds": 60}),
            ("make_tool", {**REQUEST, "limits": {"seconds": 60}}),
        ):
            assert (await client.call_tool(command, arguments)).is_error, command
    assert own(slow) == {}


async def test_a_request_is_given_up_only_after_its_tools_calls_may_have_ended(slow: FrontDoor):
    async with open_latm(at(slow)) as latm:
        face = Face(latm, at(slow))
        requests: list[tuple[str, dict[str, Any]]] = [(NAME, {}), ("call_tool", {"name": NAME}), ("dispatch", {})]
        assert [face._patience(*request) for request in requests] == [45, 45, 45]
        latm.store.set_limits(NAME, OwnLimits(seconds=100), "me")
        assert [face._patience(*request) for request in requests] == [110, 110, 110]
        assert [face._patience("call_tool", {"name": other}) for other in ("other", [NAME], None)] == [45, 45, 45]


def as_before(path: Path, steps: int) -> None:
    """Put the library's rows into one that only the first steps made: what a release that knew no more of them wrote."""
    old = path.with_name("old.sqlite")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, old, MIGRATIONS[:steps])
        connection.execute("ATTACH ? AS new", (str(path),))
        tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in connection.execute(tables).fetchall():
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
        connection.execute("DETACH new")
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    old.rename(path)


def format_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("steps", range(1, len(MIGRATIONS)))
async def test_a_library_of_each_format_before_is_migrated_and_its_tools_work(slow: FrontDoor, steps: int):
    library, question = slow.home / "library.sqlite", SORTING + "wolf cat"
    with open_store(slow.home) as store:
        before = store.tool(NAME)
        store.add_usage(role="maker", model="m", usage=Usage(tokens_in=7, tokens_out=5, replies=1), tool=NAME, job=None)
    as_before(library, steps)
    assert format_of(library) == steps
    async with open_latm(at(slow)) as latm:
        assert format_of(library) == len(MIGRATIONS)
        assert latm.store.tool(NAME) == before
        (row,) = latm.store.listed()
        assert (row.state, row.trust, row.good) == ("live", "probation", 0)
        assert before is not None
        assert latm.store.examples(NAME) == list(before.examples)
        found = await latm.dispatch(question)
        assert found.answer is not None
        assert (found.outcome, found.answer.answer) == ("answered", "cat wolf")
        assert sum(row.tokens_in for row in latm.store.usage()) == 7
        assert latm.store.spent(0) == 0  # what was spent before prices were known
        assert latm.store.groups() == latm.store.reports() == latm.store.settlements() == []
        said = await latm.report(Said(question, right=True, who="person", by="ann"))
        assert said.tool == NAME
        assert latm.store.listed()[0].good == 1
    assert slow.json("limits", NAME, "--seconds", "5")["limits"]["seconds"]["value"] == 5
    assert slow.json("show", NAME)["own_limits"] == {"seconds": 5.0}
    assert slow.run("call", NAME, "--question", question).stdout == "cat wolf\n"


async def test_limits_that_were_set_before_a_migration_hold_after_it(slow: FrontDoor):
    slow.run("limits", NAME, "--seconds", "20")
    as_before(slow.home / "library.sqlite", 2)
    assert own(slow) == {"seconds": 20.0}
    assert format_of(slow.home / "library.sqlite") == len(MIGRATIONS)


def test_the_first_step_of_the_migrations_alone_makes_the_format_before(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "library.sqlite", isolation_level=None)) as connection:
        migrate(connection, tmp_path, MIGRATIONS[:1])
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'limits'").fetchone() == (0,)
    with open_store(tmp_path) as store:
        assert store.own_limits() == {}
