"""The server's own log: who was served and what went wrong, in whole bounded lines, and nothing of what was asked."""

import json
import logging
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sandboxed import settings_at
from served import PATH, WITHIN, installed, refusal, served

from latm_mcp import server_face, server_log_file
from latm_mcp.errors import MakerFailed, StoreUnusable
from latm_mcp.server_log import keeping_log, lines_of
from latm_mcp.server_log_file import append, files
from latm_mcp.server_results import OUR_FAULT

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 (\d+) (INFO|WARNING|ERROR) (.*)")
SECRET = "zebra crossing"
ours = logging.getLogger("latm_mcp.test")


def lines(home: Path) -> list[str]:
    """What the log says, oldest first; every line has its time, process and level."""
    text = "".join(path.read_text(encoding="utf-8") for path in reversed(files(home / "logs")) if path.exists())
    found = [LINE.fullmatch(line) for line in text.splitlines()]
    assert None not in found, text
    return [f"{match[2]} {match[3]}" for match in found if match]


def session(how: Any, *sent: bytes, name: str = "raw") -> tuple[int, str]:
    """Start a server, shake hands, send lines, and hear it to its end: its process id and what it said on stderr."""
    process = subprocess.Popen(
        [how.command, *how.args],
        env={**os.environ, **how.env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": name, "version": "1"}}
    hello = message(0, "initialize", info), message(None, "notifications/initialized", {})
    process.stdin.write(b"".join(line + b"\n" for line in (*hello, *sent, message(99, "tools/list", {}))))
    process.stdin.flush()
    while json.loads(process.stdout.readline()).get("id") != 99:
        pass
    _, said = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, said
    return process.pid, said.decode()


def message(id: int | None, method: str, params: dict[str, Any]) -> bytes:
    found = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if id is None else {"id": id})
    return json.dumps(found).encode()


def test_begin_client_and_end_of_each_server_are_kept_for_its_user_alone(tmp_path: Path, sandbox_cache: Path):
    home = tmp_path / "home"

    pid, said = session(installed(home, sandbox_cache))

    begin, client, end = lines(home)
    assert begin.startswith("INFO serves standard input and output: latm-mcp ")
    assert (client, end) == ("INFO client: raw 1, protocol 2025-11-25", "INFO ends")
    assert said == ""
    assert f" {pid} INFO " in files(home / "logs")[0].read_text(encoding="utf-8")
    if os.name == "posix":
        assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "logs")] == [0o700, 0o700]
        assert {stat.S_IMODE(path.stat().st_mode) for path in (home / "logs").iterdir()} == {0o600}


def test_a_hostile_client_name_forges_no_line(tmp_path: Path, sandbox_cache: Path):
    forged = "x\n2026-01-01T00:00:00.000+00:00 1 ERROR all is lost\r\x1b[2J\u2028\u202e" + "y" * 5000

    session(installed(tmp_path / "home", sandbox_cache), name=forged)

    _, client, _ = lines(tmp_path / "home")
    assert client.startswith("INFO client: x 2026-01-01T00:00:00.000+00:00 1 ERROR all is lost [2Jyyy")
    assert len(client) < 300


def test_nothing_that_was_sent_is_kept_however_broken_it_was(tmp_path: Path, sandbox_cache: Path):
    asked = b'"method":"tools/call","params":{"name":"dispatch","arguments":{"question":"zebra crossing"}}'

    session(
        installed(tmp_path / "home", sandbox_cache),
        b'{"jsonrpc":"2.0","id":1,' + asked + b"}",
        b'{"jsonrpc":"2.0","id":2,' + asked,
        b'{"jsonrpc":"2.0","id":[3],' + asked + b"}",
        b"zebra crossing",
        b'{"jsonrpc":"2.0","id":4,"method":"zebra crossing"}',
    )

    assert len(lines(tmp_path / "home")) >= 3
    assert "zebra" not in "\n".join(lines(tmp_path / "home"))


@pytest.mark.anyio
async def test_of_a_bug_the_kind_and_the_places_are_kept_and_not_its_words(
    tmp_path: Path, sandbox_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ExceptionGroup(SECRET, [ValueError(SECRET)]) from error

    monkeypatch.setattr(server_face, "dispatch", broken)
    settings = settings_at(tmp_path / "home", sandbox_cache)
    with keeping_log(settings.log_folder, "a test"):
        async with served(settings, "legacy") as client:
            assert await refusal(client, "dispatch", question=SECRET) == OUR_FAULT

    said = lines(settings.home)
    assert "ERROR server_results: a command failed" in said
    assert [kind for kind in ("ExceptionGroup", "ValueError", "KeyError") if f"ERROR {kind}" in said] == [
        "ExceptionGroup",
        "ValueError",
        "KeyError",
    ]
    assert any(re.fullmatch(r"ERROR   \w*test_log, line \d+, in broken", line) for line in said), said
    assert SECRET not in "\n".join(said)


def test_of_errors_the_sentence_is_kept_where_it_is_about_the_machine_alone(tmp_path: Path):
    with keeping_log(tmp_path / "logs", "a test"):
        ours.warning("%s stopped: %s", "it", MakerFailed(SECRET))
        ours.warning("%s: %s", "not kept", StoreUnusable("its disk is full.\nFree some"))
        ours.info("no warning")
        logging.getLogger("mcp.server").warning("Failed to parse %s", SECRET)
        logging.getLogger().error(f"by hand: {SECRET}")

    assert [line for line in lines(tmp_path) if "INFO" not in line][:2] == [
        "WARNING test: it stopped: MakerFailed",
        "WARNING test: not kept: its disk is full. Free some",
    ]
    assert [line.split(": ")[0] for line in lines(tmp_path)][3:] == ["WARNING mcp.server", "ERROR root", "INFO ends"]
    assert SECRET not in "\n".join(lines(tmp_path))


def test_a_mistake_in_a_message_keeps_the_message():
    record = logging.makeLogRecord({"name": "latm_mcp.test", "msg": "%d is no number", "args": (SECRET,)})

    assert list(lines_of(record)) == ["test: %d is no number"]


def test_an_error_that_ends_the_server_is_the_last_that_its_log_says(tmp_path: Path):
    with pytest.raises(StoreUnusable), keeping_log(tmp_path / "logs", "a test"):
        raise StoreUnusable("The library is damaged.")

    assert "ERROR ends by an error" in lines(tmp_path)
    assert "ERROR StoreUnusable: The library is damaged." in lines(tmp_path)
    ours.warning("afterwards nobody listens")
    assert "afterwards" not in "".join(lines(tmp_path))


def test_without_a_log_there_is_no_folder(tmp_path: Path, sandbox_cache: Path):
    session(installed(tmp_path / "home", sandbox_cache, LATM_LOG="off"))

    assert (tmp_path / "home").is_dir()
    assert not (tmp_path / "home" / "logs").exists()


def test_a_server_whose_log_cannot_be_written_says_so_once_and_serves(tmp_path: Path, sandbox_cache: Path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "logs").write_text("in the way", encoding="utf-8")

    _, said = session(installed(home, sandbox_cache), b"no JSON", b"no JSON")

    told = [line for line in said.splitlines() if "cannot be written" in line]
    assert len(told) == 1
    assert told[0].endswith("The server goes on without it.")
    assert str(home / "logs") in told[0]


WRITER = """
import logging, sys
sys.path[:0] = {path!r}
from pathlib import Path
from latm_mcp import server_log_file
from latm_mcp.server_log import keeping_log
server_log_file.BYTES, server_log_file.OLDER = 20_000, 1000
with keeping_log(Path(sys.argv[1]), "a test"):
    logging.getLogger().handlers[0].setLevel(logging.CRITICAL)
    for number in range({count}):
        logging.getLogger("latm_mcp.test").warning("%s-%s %s", sys.argv[2], number, "x" * 100)
"""


def test_many_servers_write_one_log_and_no_line_is_lost_or_torn_when_it_is_turned_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    code = WRITER.format(path=PATH, count=250)
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "logs"), str(number)]) for number in range(4)
    ]
    assert [writer.wait(WITHIN) for writer in writers] == [0] * 4

    monkeypatch.setattr(server_log_file, "OLDER", 1000)
    assert sum(path.exists() for path in files(tmp_path / "logs")) > 5
    found = [line.split()[2] for line in lines(tmp_path) if line.startswith("WARNING")]
    assert sorted(found) == sorted(f"{writer}-{number}" for writer in range(4) for number in range(250))


@pytest.mark.parametrize("renamed", [True, False], ids=["renaming", "where another program holds the file"])
def test_the_log_is_three_files_of_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: bool):
    def refused(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(server_log_file, "BYTES", 1000)
    if not renamed:
        monkeypatch.setattr(Path, "replace", refused)
    for number in range(450):
        append(tmp_path / "logs" / "latm-mcp.log", f"{number:09}\n")

    newest, older, oldest = (path.read_text(encoding="utf-8").split() for path in files(tmp_path / "logs"))
    assert len(list((tmp_path / "logs").glob("*.log*"))) == 3
    assert [int(line) for line in oldest + older + newest] == list(range(200, 450))
    assert max(map(len, (newest, older, oldest))) == 100


def test_a_log_that_can_never_be_turned_over_stops_growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(server_log_file, "BYTES", 1000)
    monkeypatch.setattr(server_log_file, "MOST", 4100)
    monkeypatch.setattr(Path, "replace", refused)
    monkeypatch.setattr(server_log_file.shutil, "copyfile", refused)
    path = tmp_path / "logs" / "latm-mcp.log"
    append(path, "x" * 4000 + "\n")
    append(path, "y" * 99 + "\n")
    for _ in range(2):
        with pytest.raises(OSError, match="it is full"):
            append(path, "z\n")
    assert path.stat().st_size == 4101


def test_a_lock_that_nobody_lets_go_of_holds_a_server_up_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(server_log_file, "PATIENCE_SECONDS", 0.1)
    path = tmp_path / "logs" / "latm-mcp.log"
    append(path, "first\n")
    held, done = threading.Event(), threading.Event()

    def holding() -> None:
        with server_log_file._locked(path.with_suffix(".lock")):
            held.set()
            done.wait(WITHIN)

    holder = threading.Thread(target=holding)
    holder.start()
    assert held.wait(WITHIN)
    with pytest.raises(TimeoutError, match="another process holds its lock"):
        append(path, "second\n")
    done.set()
    holder.join()
    append(path, "third\n")
    assert path.read_text(encoding="utf-8") == "first\nthird\n"
