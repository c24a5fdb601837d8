"""`latm-mcp install` through the front door: what it writes, what it keeps, what it refuses, and that it starts."""

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from configured import HARD, backups, client, places, put_in, take_out
from front_door import FrontDoor
from mcp import Client, StdioServerParameters
from sandboxed import KIND
from served import WITHIN

from latm_mcp.install_change import adding, carry_out, removing
from latm_mcp.install_documents import Unusable
from latm_mcp.install_look import look

TOML = '# mine\nmodel = "x" # of it\n\n[mcp_servers.other]\ncommand = "y"\nenv = { KEY = "secret-1" }\n'


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "library", sandbox_cache)


@pytest.fixture
def codex(tmp_path: Path) -> Path:
    """A client's file with things of a person's in it."""
    file = tmp_path / ".codex/config.toml"
    file.parent.mkdir()
    file.write_text(TOML)
    return file


def row(door: FrontDoor, *arguments: str, code: int = 0) -> dict[str, Any]:
    [row] = door.json("install", *arguments, code=code)["clients"]
    return row


def test_without_a_client_it_lists_all_and_writes_nothing(door: FrontDoor, codex: Path):
    told = door.run("install").stdout
    lines = {line.split()[0]: line for line in told.splitlines() if line.startswith(" ") and line.strip()}
    assert lines["codex"].split()[1:3] == ["yes", "no"]
    assert lines["cursor"].split()[1:3] == ["no", "no"]
    assert "--all for 1 client found here" in " ".join(told.split())
    assert codex.read_text() == TOML
    assert list(codex.parent.iterdir()) == [codex]
    rows = {row["client"]: row for row in door.json("install")["clients"]}
    assert len(rows) == 13
    assert (rows["codex"]["found"], rows["codex"]["state"], rows["codex"]["file"]) == (True, "absent", str(codex))
    assert "secret-1" not in json.dumps(rows)


def test_it_is_put_in_once_with_a_backup_and_taken_out_to_the_byte(door: FrontDoor, codex: Path):
    codex.chmod(0o640)
    told = door.run("install", "--client", "codex").stdout
    for part in ("Codex: 'latm' is put in", str(codex), "backup: ", "new session of `codex`", "in the next session"):
        assert part in told
    assert told.endswith("See that all is well: latm-mcp doctor\n")
    assert codex.read_text().startswith(TOML)
    assert tomllib.loads(codex.read_text())["mcp_servers"]["latm"]["startup_timeout_sec"] == 120
    [backup] = backups(codex)
    assert backup.read_text() == TOML
    assert {stat.S_IMODE(file.stat().st_mode) for file in (codex, backup)} == {0o640}
    written = codex.read_text()
    assert "is there already; nothing to write" in door.run("install", "--client", "codex").stdout
    assert row(door, "--client", "codex")["outcome"] == "kept"
    assert (codex.read_text(), backups(codex)) == (written, [backup])
    assert row(door, "--client", "codex", "--remove")["outcome"] == "removed"
    assert codex.read_text() == TOML
    assert row(door, "--client", "codex", "--remove")["outcome"] == "not there"


def test_print_shows_the_entry_and_nothing_of_the_rest_and_writes_nothing(door: FrontDoor, codex: Path):
    told = door.run("install", "--client", "codex", "--client", "goose", "--print", "--name", "mine").stdout
    assert "'mine' would be put in" in told
    assert "[mcp_servers.mine]" in told
    assert "cmd: " in told
    assert "secret-1" not in told
    assert row(door, "--client", "codex", "--print")["outcome"] == "added"
    assert codex.read_text() == TOML
    assert list(codex.parent.iterdir()) == [codex]
    assert '"mcpServers"' in door.run("install", "--print").stdout


def test_all_are_those_that_are_found(door: FrontDoor, codex: Path, tmp_path: Path):
    (tmp_path / ".cursor").mkdir()
    done = door.json("install", "--all")["clients"]
    assert [(row["client"], row["outcome"]) for row in done] == [("cursor", "added"), ("codex", "added")]
    done = door.json("install", "--all", "--remove")["clients"]
    assert [(row["client"], row["outcome"]) for row in done] == [("cursor", "removed"), ("codex", "removed")]
    assert "no client has it" in door.refusal("install", "--all", "--remove")
    assert list((tmp_path / ".cursor").iterdir()) == []


def test_what_is_asked_wrongly_is_refused_with_what_to_do(door: FrontDoor, codex: Path):
    assert "Is 'codex' meant? They are: claude-desktop" in door.refusal("install", "--client", "codecs")
    assert "--client NAME, or --all" in door.refusal("install", "--remove")
    assert "letters, digits" in door.refusal("install", "--client", "codex", "--name", "a b")
    secret = door.refusal("install", "--client", "codex", "--set", "maker.api_key=sk-123")
    assert "latm-mcp config key" in secret
    assert "sk-123" not in secret
    assert codex.read_text() == TOML


def test_another_server_of_the_name_stays(door: FrontDoor, codex: Path):
    text = TOML + '\n[mcp_servers.latm]\ncommand = "npx"\n'
    codex.write_text(text)
    told = row(door, "--client", "codex", code=1)
    assert (told["outcome"], told["entry"]) == ("refused", None)
    assert "another name with --name" in told["why"]
    assert "stays" in row(door, "--client", "codex", "--remove", code=1)["why"]
    assert codex.read_text() == text
    assert row(door, "--client", "codex", "--name", "latm-2")["outcome"] == "added"
    assert codex.read_text().startswith(text)


def test_a_file_that_cannot_be_read_stays_and_the_entry_is_shown(door: FrontDoor, codex: Path):
    codex.write_text("model = \n")
    told = door.run("install", "--client", "codex", "--client", "cursor", code=1).stdout
    assert "not written: it cannot be read: " in told
    assert "put the entry in by hand" in told
    assert "    [mcp_servers.latm]" in told
    assert "Cursor: 'latm' is put in" in told  # the other one is not kept from it
    assert "Cursor was not found here" in told
    assert codex.read_text() == "model = \n"
    assert backups(codex) == []


def test_a_place_that_cannot_be_written_is_told_of(door: FrontDoor, tmp_path: Path):
    (tmp_path / ".codex").write_text("a file where a folder belongs")
    told = row(door, "--client", "codex", code=1)
    assert "cannot be written" in told["why"]
    assert (tmp_path / ".codex").read_text() == "a file where a folder belongs"


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["claude-code", "codex", "opencode"])
async def test_the_written_command_serves_a_client_that_passes_next_to_nothing_on(
    name: str, door: FrontDoor, tmp_path: Path, sandbox_cache: Path
):
    settings = ("--set", f"cache={sandbox_cache}", "--set", f"sandbox={KIND}", "--home", str(tmp_path / "a library"))
    door.run("install", "--client", name, *settings)
    found = look(client(name), places(tmp_path), HARD)
    assert found.entry is not None
    env = found.entry.get(found.shape.env, {})
    line = StdioServerParameters(command=found.command[0], args=list(found.command[1:]), env=env, cwd="/")
    async with Client(line, read_timeout_seconds=WITHIN) as served:
        assert "make_tool" in {tool.name for tool in (await served.list_tools()).tools}
    assert (tmp_path / "a library").is_dir()


def test_a_link_stays_a_link_and_the_file_behind_it_is_changed(codex: Path, tmp_path: Path):
    real = tmp_path / "dotfiles/codex.toml"
    real.parent.mkdir()
    codex.rename(real)
    real.chmod(0o600)
    codex.symlink_to(os.path.relpath(real, codex.parent))
    put_in("codex", places(tmp_path))
    assert codex.is_symlink()
    assert "[mcp_servers.latm]" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert list(real.parent.iterdir()) == [real]
    [backup] = backups(codex)
    assert backup.read_text() == TOML
    take_out("codex", places(tmp_path))
    assert (codex.is_symlink(), real.read_text()) == (True, TOML)


def test_a_link_that_leads_nowhere_yet_makes_the_file_it_leads_to(tmp_path: Path):
    (tmp_path / ".claude.json").symlink_to(tmp_path / "later/claude.json")
    put_in("claude-code", places(tmp_path))
    assert (tmp_path / ".claude.json").is_symlink()
    assert "latm" in json.loads((tmp_path / "later/claude.json").read_text())["mcpServers"]


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path):
    assert stat.S_IMODE(put_in("cursor", places(tmp_path)).file.stat().st_mode) == 0o600


def test_what_another_program_writes_meanwhile_is_not_lost(codex: Path, tmp_path: Path):
    at = places(tmp_path)
    planned = adding(look(client("codex"), at, HARD), HARD)
    codex.write_text("model = 'newer'\n")
    with pytest.raises(Unusable, match="another program changed it"):
        carry_out(planned)
    assert codex.read_text() == "model = 'newer'\n"
    planned = adding(look(client("cursor"), at, HARD), HARD)  # there was no file
    planned.found.file.parent.mkdir()
    planned.found.file.write_text("{}")
    with pytest.raises(Unusable, match="another program changed it"):
        carry_out(planned)
    assert planned.found.file.read_text() == "{}"


def test_a_file_is_never_half_written(codex: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    planned = adding(look(client("codex"), places(tmp_path), HARD), HARD)
    with pytest.raises(Unusable, match="cannot be written: No space left on device"):
        carry_out(planned)
    assert codex.read_text() == TOML
    assert [file.read_text() for file in backups(codex)] == [TOML]
    assert len(list(codex.parent.iterdir())) == 2  # nothing is left of the attempt but the backup


def test_every_change_has_a_backup_of_its_own(codex: Path, tmp_path: Path):
    for number in range(3):
        text = TOML + f"# {number}\n"
        codex.write_text(text)
        put_in("codex", places(tmp_path))
        assert text in {backup.read_text() for backup in backups(codex)}
    assert len(backups(codex)) == 3


def test_what_changed_since_stays_when_the_server_is_taken_out(codex: Path, tmp_path: Path):
    at = places(tmp_path)
    put_in("codex", at)
    codex.write_text(codex.read_text().replace('"x"', '"z"') + "\n[tui]\n# theirs\n")
    assert removing(look(client("codex"), at, HARD)).outcome == "removed"
    take_out("codex", at)
    assert codex.read_text() == TOML.replace('"x"', '"z"') + "\n[tui]\n# theirs\n"


def test_a_key_is_no_part_of_a_clients_configuration(door: FrontDoor, tmp_path: Path):
    for given in ("maker.api_key=sk-1", "LATM_MAKER_API_KEY=sk-1", "http.token=sk-1"):
        said = door.refusal("install", "--client", "cursor", "--set", given)
        assert "latm-mcp config key" in said
        assert "sk-1" not in said
    assert not (tmp_path / ".cursor").exists()


def test_a_backup_that_cannot_be_read_is_none(codex: Path, tmp_path: Path):
    put_in("codex", places(tmp_path))
    [backup] = backups(codex)
    backup.unlink()
    backup.mkdir()  # as good as a file that only another user may read, for whoever runs this
    take_out("codex", places(tmp_path))
    assert tomllib.loads(codex.read_text()) == tomllib.loads(TOML)


def test_an_empty_file_is_empty_again(tmp_path: Path):
    file = tmp_path / ".cursor/mcp.json"
    file.parent.mkdir()
    file.touch()
    put_in("cursor", places(tmp_path))
    take_out("cursor", places(tmp_path))
    assert file.read_bytes() == b""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes in folders")
def test_a_pipe_in_a_files_place_is_waited_for_by_nobody(tmp_path: Path):
    at = places(tmp_path)
    file = look(client("cursor"), at, HARD).file
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    found = look(client("cursor"), at, HARD)
    assert (found.state, found.why) == ("unusable", "it is no plain file")
    assert adding(found, HARD).outcome == "refused"


@pytest.mark.skipif(os.name == "nt", reason="has no limits of files")
def test_half_a_backup_is_not_left_where_the_disk_is_full(codex: Path):
    import resource

    before = f"# {'x' * 9000}\n".encode()
    codex.write_bytes(before)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    found = look(client("codex"), places(codex.parent.parent), HARD)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(Unusable, match="cannot be written"):
            carry_out(adding(found, HARD))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert codex.read_bytes() == before
    assert [path.name for path in codex.parent.iterdir()] == [codex.name]
