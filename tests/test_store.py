"""The library: shared by processes, atomic, and clear about what is wrong."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latm_mcp.errors import BadInput, NotFound, StoreTooNew, StoreUnusable
from latm_mcp.models import Evidence, Example, Failure, Provenance, Signature, Tally, Task, Tool, Try, Usage, UseCase
from latm_mcp.store import Store, ToolState, open_store
from latm_mcp.store_files import version_of
from latm_mcp.store_schema import MIGRATIONS, migrate

DAY = 24 * 3600.0
SIGNATURE = Signature(
    function="sort_words",
    parameters={"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}},
    returns={"type": "array", "items": {"type": "string"}},
    text="sort_words(words: list[str]) -> list[str]",
)


def a_tool(name: str = "sort_words", remark: str = "", examples: int = 6) -> Tool:
    source = f"def {name}(words: list[str]) -> list[str]:\n    return sorted(words)  # {remark} äß\n"
    return Tool(
        name=name,
        version=version_of(source),
        description="Sort words; “Wörter”.",
        source=source,
        signature=SIGNATURE,
        adapter=True,
        comparison="text",
        examples=tuple(Example(question=f"Sort: b a {at}", answer=f"{at} a b") for at in range(examples)),
        use_cases=(UseCase(question="Sort: b a", arguments={"words": ["b", "a"]}, result=["a", "b"], answer="a b"),),
        evidence=Evidence(shown=Tally(passed=3), blind=Tally(passed=2, wrong=1), bound=0.25, sandbox="wasm"),
        provenance=Provenance(maker="client"),
    )


def a_task(name: str = "sort_words") -> Task:
    return Task(name=name, description="Sort words", examples=a_tool().examples, comparison="text", previous=a_tool())


def a_try(attempt: int) -> Try:
    failure = Failure(stage="verify", attempt=attempt, sentence="It raised.", question="Sort: b a", got="ValueError")
    return Try(stage="verify", attempt=attempt, request="brief", reply="code", failure=failure, usage=Usage(replies=1))


class Clock:
    """A clock that the test sets."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(tmp_path / "home", clock) as opened:
        yield opened


@pytest.fixture
def neighbour(tmp_path: Path, clock: Clock, store: Store) -> Iterator[Store]:
    """The same library through a connection of its own, as another process has it."""
    with open_store(tmp_path / "home", clock) as opened:
        yield opened


def run(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """Start another process that has this file's words."""
    prelude = f"import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}; from test_store import *\n"
    command = [sys.executable, "-c", prelude + code, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **pipes, **options)  # type: ignore[call-overload, no-any-return]


def output(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


# Tools


def test_a_published_tool_comes_back_whole_and_is_listed(store: Store):
    store.publish(a_tool("b_tool"), actor="client")
    store.publish(a_tool("a_tool", examples=2), actor="client")

    assert store.tool("b_tool") == a_tool("b_tool")
    listed = store.listed()
    assert [tool.name for tool in listed] == ["a_tool", "b_tool"]
    assert (listed[0].parameters, listed[0].returns) == (SIGNATURE.parameters, SIGNATURE.returns)
    assert (listed[0].bound, listed[0].blind_passed, listed[0].blind_total) == (0.25, 2, 3)
    assert (listed[0].shown_passed, listed[0].held_out_total, listed[0].state) == (3, 0, "live")
    assert (listed[0].adapter, listed[0].pinned, listed[0].approved) == (True, False, False)


def test_an_unknown_name_is_free(store: Store):
    assert (store.tool("nobody"), store.state("nobody"), store.versions("nobody")) == (None, None, [])
    with pytest.raises(NotFound, match="'nobody'"):
        store.archive("nobody", "me")


def test_a_later_version_is_the_newest_and_an_older_one_comes_back_by_publishing_it(store: Store, clock: Clock):
    first, second = a_tool(remark="1"), a_tool(remark="2", examples=9)
    store.publish(first, actor="me")
    store.pin("sort_words", True)
    store.note_use("sort_words")
    clock.now += 60
    store.publish(second, replaces=first.version, actor="me")

    assert store.tool("sort_words") == second
    assert store.tool("sort_words", first.version) == first
    (listed,) = store.listed()
    assert (listed.version, listed.pinned, listed.uses) == (second.version, True, 1)
    assert store.versions("sort_words") == [
        (second.version, "1970-01-12T13:47:40+00:00"),
        (first.version, "1970-01-12T13:46:40+00:00"),
    ]

    store.publish(first, replaces=second.version, actor="me")

    assert store.tool("sort_words") == first
    assert [version for version, _ in store.versions("sort_words")] == [first.version, second.version]


def test_an_imported_tool_waits_until_a_person_approves_it(store: Store):
    store.publish(a_tool(), state="waiting", actor="import")

    assert store.state("sort_words") == store.listed()[0].state == "waiting"
    assert store.tool("sort_words") is not None
    assert store.banks("", 9) == {}

    store.approve(a_tool(), "ann")

    assert store.state("sort_words") == "live"
    assert store.listed()[0].approved
    assert list(store.banks("", 9)) == ["sort_words"]


def test_a_new_version_is_not_approved_by_the_approval_of_the_old_one(store: Store):
    store.publish(a_tool(), state="waiting", actor="import")
    store.approve(a_tool(), "ann")
    store.publish(a_tool(remark="2"), replaces=a_tool().version, actor="me")
    assert not store.listed()[0].approved


@pytest.mark.parametrize("changed", [a_tool(remark="evil"), a_tool(examples=9)])
def test_what_has_changed_since_it_was_read_is_not_approved(store: Store, neighbour: Store, changed: Tool):
    store.publish(a_tool(), state="waiting", actor="import")
    neighbour.publish(changed, replaces=a_tool().version, state="waiting", actor="import")
    with pytest.raises(BadInput, match="changed while you read it"):
        store.approve(a_tool(), "ann")
    assert store.state("sort_words") == "waiting"
    assert [entry.action for entry in store.audit_log(9)] == ["publish as waiting"] * 2


def test_only_what_waits_is_approved(store: Store):
    with pytest.raises(NotFound, match="'sort_words'"):
        store.approve(a_tool(), "ann")
    store.publish(a_tool(), actor="me")
    with pytest.raises(BadInput, match="live already"):
        store.approve(a_tool(), "ann")
    assert not store.listed()[0].approved


def test_an_import_cannot_take_a_live_tool_away(store: Store):
    store.publish(a_tool(), actor="me")
    with pytest.raises(BadInput, match="latm-mcp archive sort_words"):
        store.publish(a_tool(remark="evil"), state="waiting", actor="import")
    assert store.tool("sort_words") == a_tool()
    assert len(store.versions("sort_words")) == 1


@pytest.mark.parametrize("state", ["live", "waiting"])
def test_a_name_that_was_taken_meanwhile_is_not_taken_over(store: Store, neighbour: Store, state: ToolState):
    neighbour.publish(a_tool(), state=state, actor="first")
    for replaces in (None, version_of("an older one")):
        with pytest.raises(BadInput, match="published meanwhile: ask again"):
            store.publish(a_tool(remark="2"), replaces=replaces, state=state, actor="second")
    store.publish(a_tool(), state=state, actor="again")
    assert (store.tool("sort_words"), store.state("sort_words")) == (a_tool(), state)
    assert len(store.versions("sort_words")) == 1


def test_what_waits_for_a_person_does_not_go_live_by_being_published(store: Store):
    store.publish(a_tool(), state="waiting", actor="import")
    for replaces in (None, a_tool().version):
        with pytest.raises(BadInput, match="latm-mcp approve sort_words"):
            store.publish(a_tool(), replaces=replaces, actor="me")
    assert store.state("sort_words") == "waiting"


def test_a_tool_that_was_archived_meanwhile_does_not_come_back_by_growing(store: Store):
    store.publish(a_tool(), actor="me")
    store.archive("sort_words", "ann")
    with pytest.raises(BadInput, match="archived meanwhile"):
        store.publish(a_tool(remark="2"), replaces=a_tool().version, actor="me")
    assert store.state("sort_words") == "archived"
    store.publish(a_tool(), actor="me")
    assert store.state("sort_words") == "live"


def test_an_archived_tool_leaves_the_list_and_keeps_its_versions(store: Store):
    store.publish(a_tool(), actor="me")
    store.archive("sort_words", "ann")

    assert (store.listed(), store.tool("sort_words"), store.state("sort_words")) == ([], None, "archived")
    assert store.tool("sort_words", a_tool().version) == a_tool()
    with pytest.raises(BadInput, match="publish one of its versions"):
        store.approve(a_tool(), "ann")


def test_banks_hold_the_first_examples_of_the_other_live_tools(store: Store):
    for name in ("own", "other", "gone"):
        store.publish(a_tool(name), actor="me")
    store.archive("gone", "me")
    store.publish(a_tool("other", remark="2", examples=3), replaces=a_tool("other").version, actor="me")

    assert store.banks("own", 2) == {"other": list(a_tool().examples[:2])}
    assert len(store.banks("own", 99)["other"]) == 3


def test_generation_changes_with_the_list_and_with_nothing_else(store: Store):
    def changes(act: Callable[[], object]) -> bool:
        before = store.generation()
        act()
        return store.generation() != before

    assert changes(lambda: store.publish(a_tool(), state="waiting", actor="me"))
    assert changes(lambda: store.pin("sort_words", True))
    assert changes(lambda: store.approve(a_tool(), "ann"))
    assert not changes(lambda: store.note_use("sort_words"))
    assert not changes(lambda: store.open_job("key", a_task()))
    assert not changes(lambda: store.remember_relists("client 1", True))
    assert changes(lambda: store.archive("sort_words", "ann"))


def test_uses_are_counted_by_every_process(store: Store, neighbour: Store):
    store.publish(a_tool(), actor="me")
    for one in (store, neighbour, neighbour):
        one.note_use("sort_words")
    assert store.uses() == {"sort_words": 3}


def test_the_audit_log_tells_who_did_what_newest_first(store: Store):
    store.publish(a_tool(), state="waiting", actor="bob")
    store.approve(a_tool(), "ann")
    approved, published = store.audit_log(9)
    assert (published.actor, published.action, published.detail) == ("bob", "publish as waiting", a_tool().version)
    assert (approved.actor, approved.action, approved.subject) == ("ann", "approve", "sort_words")
    assert store.audit_log(1) == [approved]


# Jobs


def test_asking_twice_for_the_same_making_starts_one(store: Store, neighbour: Store):
    job = store.open_job("key", a_task())
    assert neighbour.open_job("key", a_task()) == job == store.job(job.id)
    assert (job.status, job.tries, job.task, job.leased) == ("running", (), a_task(), False)
    assert job.id.startswith("job_")
    assert len(job.id) == 16
    assert store.open_job("other", a_task()).id != job.id


def test_kept_tries_come_back_in_order(store: Store, neighbour: Store):
    job = store.open_job("key", a_task())
    for attempt in (1, 2, 3):
        store.keep_try(job.id, a_try(attempt))
    store.set_progress(job.id, "Verifying")
    seen = neighbour.job(job.id)
    assert seen is not None
    assert (seen.tries, seen.progress) == (tuple(map(a_try, (1, 2, 3))), "Verifying")


def test_publishing_finishes_the_job_with_it(store: Store):
    job = store.open_job("key", a_task())
    assert store.take_lease(job.id, "me")
    store.add_usage(role="maker", model="m", usage=Usage(tokens_in=5, replies=1), tool=None, job=job.id)
    store.publish(a_tool(), job=job.id, actor="me")
    done = store.job(job.id)
    assert done is not None
    assert (done.status, done.tool, done.version, done.leased) == ("published", "sort_words", a_tool().version, False)
    assert store.usage()[0].tool == "sort_words"


def test_publishing_for_an_unknown_job_publishes_nothing(store: Store):
    with pytest.raises(NotFound, match="job_0"):
        store.publish(a_tool(), job="job_0", actor="me")
    assert (store.listed(), store.versions("sort_words"), store.audit_log(9)) == ([], [], [])


def test_a_failed_job_stays_failed_unless_it_is_restarted(store: Store):
    job = store.open_job("key", a_task())
    failure = Failure(stage="verify", attempt=3, sentence="It is wrong.")
    store.keep_try(job.id, a_try(1))
    store.finish_job(job.id, "failed", failure=failure)

    kept = store.open_job("key", a_task())
    assert (kept.status, kept.failure, len(kept.tries)) == ("failed", failure, 1)
    assert not store.take_lease(job.id, "me")

    anew = store.open_job("key", a_task("sort_more"), restart=True)
    assert (anew.id, anew.status, anew.failure, anew.tries) == (job.id, "running", None, ())
    assert anew.task.name == "sort_more"
    assert store.take_lease(job.id, "me")


def test_restart_leaves_a_running_job_alone(store: Store):
    job = store.open_job("key", a_task())
    store.keep_try(job.id, a_try(1))
    assert len(store.open_job("key", a_task(), restart=True).tries) == 1


def test_a_job_is_forgotten_seven_days_after_its_last_change(store: Store, clock: Clock):
    job = store.open_job("key", a_task())
    clock.now += 6 * DAY
    store.keep_try(job.id, a_try(1))
    clock.now += 6 * DAY
    assert store.job(job.id) is not None
    clock.now += 2 * DAY
    assert store.job(job.id) is None
    assert store.open_job("key", a_task()).id != job.id
    with pytest.raises(NotFound, match="Begin it anew"):
        store.keep_try(job.id, a_try(2))


def test_a_lease_is_held_by_one_renewed_by_its_owner_and_taken_over_when_it_has_run_out(
    store: Store, neighbour: Store, clock: Clock
):
    job = store.open_job("key", a_task())
    assert store.take_lease(job.id, "a")
    clock.now += 20
    assert not neighbour.take_lease(job.id, "b")
    assert store.take_lease(job.id, "a")
    clock.now += 20
    assert not neighbour.take_lease(job.id, "b")
    held = neighbour.job(job.id)
    assert held is not None
    assert held.leased_by == "a"

    clock.now += 11
    assert not held_now(neighbour, job.id)
    assert neighbour.take_lease(job.id, "b")
    assert not store.take_lease(job.id, "a")

    store.drop_lease(job.id, "a")
    assert held_now(store, job.id)
    neighbour.drop_lease(job.id, "b")
    assert not held_now(store, job.id)


def held_now(store: Store, job_id: str) -> bool:
    job = store.job(job_id)
    assert job is not None
    return job.leased


def test_of_many_processes_one_gets_the_lease_and_a_killed_ones_is_taken_over(tmp_path: Path):
    with open_store(tmp_path) as store:
        job = store.open_job("key", a_task())
        takers = [
            run(
                "import os, time\nwith open_store(Path(sys.argv[1])) as store:\n"
                "    print(int(store.take_lease(sys.argv[2], str(os.getpid()), 1)), flush=True); time.sleep(60)",
                tmp_path,
                job.id,
            )
            for _ in range(3)
        ]
        try:
            answers = [taker.stdout.readline() for taker in takers if taker.stdout]
            # A slow machine may let the first lease run out before the last taker asks, but never hand out none.
            assert "1\n" in answers
        finally:
            for taker in takers:
                taker.kill()
                taker.communicate()
        deadline = time.monotonic() + 10
        while not store.take_lease(job.id, "heir"):
            assert time.monotonic() < deadline
            time.sleep(0.05)


# Ledger and clients


def test_usage_is_summed_by_role_model_and_tool(store: Store, clock: Clock):
    first, rough = Usage(tokens_in=10, tokens_out=2, replies=1), Usage(tokens_in=1, replies=1, estimated=True)
    store.add_usage(role="maker", model="m", usage=first, tool="t", job=None)
    clock.now += DAY
    store.add_usage(role="maker", model="m", usage=rough, tool="t", job=None)
    store.add_usage(role="user", model="m", usage=first, tool=None, job=None)
    maker, user = store.usage()
    assert (maker.role, maker.tokens_in, maker.tokens_out, maker.replies, maker.estimated) == ("maker", 11, 2, 2, True)
    assert (user.tool, user.tokens_in, user.estimated) == (None, 10, False)
    assert [row.tokens_in for row in store.usage(since=clock.now)] == [1, 10]


def test_what_a_client_does_on_a_change_is_remembered(store: Store, neighbour: Store):
    assert store.relists("claude-code 2.1") is None
    store.remember_relists("claude-code 2.1", True)
    store.remember_relists("codex 0.1", False)
    store.remember_relists("claude-code 2.1", False)
    store.remember_relists("claude-code 2.1", True)
    assert (neighbour.relists("claude-code 2.1"), neighbour.relists("codex 0.1")) == (True, False)


# Threads and processes


def test_threads_share_a_store(store: Store):
    def work(number: int) -> None:
        for at in range(10):
            store.publish(a_tool(f"tool_{number}_{at}"), actor="me")
            store.note_use(f"tool_{number}_{at}")
            store.listed()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(store.listed()) == 40
    assert set(store.uses().values()) == {1}


def test_what_one_process_publishes_another_sees(tmp_path: Path):
    with open_store(tmp_path) as store:
        assert store.listed() == []
        before = store.generation()
        publisher = "with open_store(Path(sys.argv[1])) as store: store.publish(a_tool(), actor='other')"
        output(run(publisher, tmp_path))
        assert store.generation() != before
        assert [tool.name for tool in store.listed()] == ["sort_words"]
        assert store.tool("sort_words") == a_tool()


def test_processes_that_open_a_new_library_at_once_all_get_it(tmp_path: Path):
    code = """
print("ready", flush=True)
start = float(sys.stdin.readline())
for home in range(60):
    while time.time() < start + home * 0.02: pass
    with open_store(Path(sys.argv[1], str(home))) as store:
        store.publish(a_tool("tool_" + sys.argv[2]), actor="me")
"""
    processes = [run(code, tmp_path, number, stdin=subprocess.PIPE) for number in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    start = f"{time.time() + 0.1}\n"
    for process in processes:
        assert process.stdin
        process.stdin.write(start)
        process.stdin.flush()
    for process in processes:
        output(process)
    for home in range(60):
        with open_store(tmp_path / str(home)) as store:
            assert len(store.listed()) == 3


PUBLISH_FOREVER = """
import itertools
with open_store(Path(sys.argv[1])) as store:
    for number in itertools.count():
        name = f"tool_{sys.argv[2]}_{number}"
        job = store.open_job(name, a_task(name))
        store.keep_try(job.id, a_try(1))
        print(name, job.id, flush=True)
        store.publish(a_tool(name, examples=50), job=job.id, actor="me")
"""


def test_a_kill_at_any_point_leaves_whole_tools_and_loses_nothing_kept(tmp_path: Path):
    dice = random.Random(7)
    for round_number in range(6):
        process = run(PUBLISH_FOREVER, tmp_path, round_number)
        assert process.stdout
        process.stdout.readline()
        time.sleep(dice.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        begun = [
            line.split() for line in process.communicate(timeout=60)[0].splitlines(keepends=True) if line[-1] == "\n"
        ]
        with open_store(tmp_path) as store:
            published = {tool.name for tool in store.listed()}
            # All but the last had been published before the next was begun.
            assert {name for name, _ in begun[:-1]} <= published
            for name, job_id in begun:
                job = store.job(job_id)
                assert job is not None
                assert len(job.tries) == 1
                assert job.status == ("published" if name in published else "running")
            for name in published:
                assert store.tool(name) == a_tool(name, examples=50)
            banks = store.banks("", 99)
            assert {name: len(rows) for name, rows in banks.items()} == dict.fromkeys(published, 50)
            assert sum(entry.action == "publish" for entry in store.audit_log(100_000)) == len(published)


# Opening


def test_a_new_home_belongs_to_its_user_alone(tmp_path: Path):
    (tmp_path / "open").mkdir(mode=0o755)
    for home in (tmp_path / "deep" / "home", tmp_path / "open"):
        with open_store(home) as store:
            store.publish(a_tool(), actor="me")
            modes = {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()}
        assert modes == dict.fromkeys(("library.sqlite", "library.sqlite-wal", "library.sqlite-shm"), 0o600)
    assert (tmp_path / "deep" / "home").stat().st_mode & 0o777 == 0o700


def test_opening_parses_no_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with open_store(tmp_path) as store:
        store.publish(a_tool(), actor="me")
    monkeypatch.setattr(Tool, "model_validate_json", None)
    with open_store(tmp_path) as store:
        assert len(store.listed()) == 1


def test_a_library_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path):
    with open_store(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "library.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with (
        pytest.raises(StoreTooNew, match=f"format 99.*up to {len(MIGRATIONS)}.*Upgrade latm-mcp"),
        open_store(tmp_path),
    ):
        pass


def test_an_older_library_is_migrated_with_its_content_and_a_failing_step_changes_nothing(tmp_path: Path):
    with open_store(tmp_path) as store:
        store.publish(a_tool(), actor="me")
    path = tmp_path / "library.sqlite"
    newer = (*MIGRATIONS, ("ALTER TABLE tools ADD COLUMN colour TEXT DEFAULT 'red'",))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, path, (*newer, ("CREATE TABLE more (x)", "no SQL")))
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        migrate(connection, path, newer)
        migrate(connection, path, newer)
        assert connection.execute("SELECT name, colour FROM tools").fetchall() == [("sort_words", "red")]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)
    finally:
        connection.close()


def test_a_file_that_is_no_library_is_refused_with_a_sentence(tmp_path: Path):
    (tmp_path / "library.sqlite").write_bytes(b"not a database at all " * 100)
    with pytest.raises(StoreUnusable, match=r"it is no library.*Move it away"), open_store(tmp_path):
        pass


def test_a_damaged_library_is_told_by_a_sentence(tmp_path: Path):
    with open_store(tmp_path) as store:
        for number in range(50):
            store.publish(a_tool(f"tool_{number}"), actor="me")
    path = tmp_path / "library.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"it is damaged\..*tools_store"), open_store(tmp_path) as store:
        store.listed()


def test_a_record_that_cannot_be_read_is_told_by_a_sentence_and_spares_the_others(tmp_path: Path):
    with open_store(tmp_path) as store:
        store.publish(a_tool("good"), actor="me")
        store.publish(a_tool("bad"), actor="me")
        job = store.open_job("key", a_task())
        other = sqlite3.connect(tmp_path / "library.sqlite")
        other.execute("UPDATE versions SET tool = '{}' WHERE name = 'bad'")
        other.execute("UPDATE jobs SET task = '{}'")
        other.commit()
        other.close()
        with pytest.raises(StoreUnusable, match=r"holds a Tool that this release cannot read\. Restore"):
            store.tool("bad")
        with pytest.raises(StoreUnusable, match="holds a Task"):
            store.job(job.id)
        assert store.tool("good") == a_tool("good")


def test_a_library_that_another_process_keeps_locked_is_told_by_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("latm_mcp.store_sqlite.BUSY_SECONDS", 0.1)
    with open_store(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "library.sqlite", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnusable, match="another process has been writing"):
                store.publish(a_tool(), actor="me")
            other.execute("ROLLBACK")
            store.publish(a_tool(), actor="me")
        finally:
            other.close()


def test_a_store_used_after_its_end_says_so(tmp_path: Path):
    with open_store(tmp_path) as store:
        pass
    with pytest.raises(StoreUnusable, match="closed already"):
        store.generation()


def test_a_lone_surrogate_is_bad_input(store: Store):
    with pytest.raises(BadInput, match="surrogate"):
        store.remember_relists("\ud800", True)
    assert store.listed() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("library_is_there", [True, False])
def test_a_home_that_may_not_be_written_is_told_by_a_sentence(library_is_there: bool):
    code = """
import os, tempfile
with tempfile.TemporaryDirectory() as home:
    os.chmod(home, 0o755)
    if sys.argv[1] == "True":
        with open_store(Path(home)) as store: store.publish(a_tool(), actor="me")
        os.chmod(home + "/library.sqlite", 0o644)
    child = os.fork()
    if child == 0:
        os.setresuid(65534, 65534, 65534)
        try:
            with open_store(Path(home)) as store: store.listed()
        except StoreUnusable as error:
            print(error, flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""
    said = output(run(code, library_is_there))
    assert "cannot be opened: Permission denied. Make its folder writable" in said


def test_a_full_disk_is_told_by_a_sentence_and_keeps_what_was_there(tmp_path: Path):
    with open_store(tmp_path) as store:
        store.publish(a_tool(), actor="me")
    code = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_store(Path(sys.argv[1])) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    for number in range(1000):
        try:
            store.publish(a_tool(f"tool_{number}", examples=500), actor="me")
        except StoreUnusable as error:
            said = error
            break
    print(number, said, store.tool(f"tool_{number}"), len(store.listed()))
"""
    number, _, said = output(run(code, tmp_path)).partition(" ")
    assert "its disk" in said
    assert f"None {int(number) + 1}\n" in said
    with open_store(tmp_path) as store:
        assert len(store.listed()) == int(number) + 1
        assert store.tool("sort_words") == a_tool()
