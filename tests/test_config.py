"""Settings from arguments, environment and file, through the front door: what stands over what, what is refused, what is written."""

import os
import stat
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from front_door import FrontDoor

from latm_mcp.cli import arguments_layer, main
from latm_mcp.cli_arguments import build_parser
from latm_mcp.errors import BadInput
from latm_mcp.settings import Settings, read_settings
from latm_mcp.settings_file import MAX_BYTES, read_file
from latm_mcp.settings_file_write import set_in_file, unset_in_file
from latm_mcp.settings_layers import Layers, read_layers
from latm_mcp.settings_names import OUTSIDE, VARIABLES, is_secret, setting_of, variable_of
from latm_mcp.settings_told import fault_of, settings_of, told_settings

SETTABLE = [name for name in VARIABLES if name not in OUTSIDE and not is_secret(name)]
SAMPLES = ("static", "native", "after-approval", "off", "on", "0.25", "7", "300", "70000", "http://x/v1", "a b")


@pytest.fixture
def door(tmp_path: Path, sandbox_cache: Path) -> FrontDoor:
    return FrontDoor(tmp_path / "home", sandbox_cache)


def default_file(door: FrontDoor) -> Path:
    return Path(door.run("config", "path").stdout.strip())


def told(door: FrontDoor, *options: str | Path, code: int = 0) -> dict[str, tuple[Any, str]]:
    """Each setting's value and where it is from."""
    rows = door.json("config", *options, code=code)["settings"]
    return {row["name"]: (row["value"], row["from"]) for row in rows}


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "settings.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_command_line_stands_over_the_environment_and_that_over_the_file(door: FrontDoor):
    assert told(door)["daily_usd"] == (1.0, "default")
    door.run("config", "set", "daily_usd", "2")
    assert told(door)["daily_usd"] == (2.0, "file")
    door.more["LATM_DAILY_USD"] = "3"
    assert told(door)["daily_usd"] == (3.0, "environment")
    assert told(door, "--set", "daily_usd=4")["daily_usd"] == (4.0, "command line")
    assert told(door, "--set", "LATM_DAILY_USD=4")["daily_usd"] == (4.0, "command line")
    assert told(door, "--set", "daily_usd=")["daily_usd"] == (1.0, "default")
    door.more["LATM_DAILY_USD"] = " "
    assert told(door)["daily_usd"] == (2.0, "file")


def test_settings_before_and_behind_a_command_and_its_own_commands_all_count(door: FrontDoor, tmp_path: Path):
    file = written(tmp_path, "keep_days = 9\n")
    rows = told(door, "--set", "workers=3", "--set", "make_at=4", "--set", "make_at=5", "--config", file)
    assert (rows["workers"], rows["make_at"]) == ((3, "command line"), (5, "command line"))
    assert rows["keep_days"] == (9, "file")

    said = door.run("--set", "workers=x", "config", "--set", "make_at=0", "--home", tmp_path / "own", code=2).stdout
    assert "--set workers is 'x'" in said
    assert "--set make_at is '0'" in said
    assert str(tmp_path / "own")[-20:] in said.replace("\n", "")
    assert "no setting" in door.refusal("--set", "nix=1", "config", "path", "--set", "workers=2")
    assert "no setting" in door.refusal("--set", "workers=1", "config", "path", "--set", "nix=2")
    assert Path(door.run("config", "path", "--config", file).stdout.strip()) == file


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (("--home", "/somewhere"), "LATM_HOME", "/somewhere"),
        (("--exposure", "static"), "LATM_EXPOSURE", "static"),
        (("--host", "0.0.0.0"), "LATM_HTTP_HOST", "0.0.0.0"),
        (("--port", "9000"), "LATM_HTTP_PORT", 9000),
    ],
)
def test_every_option_that_is_a_setting_is_in_the_layer_of_the_command_line(
    options: tuple[str, str], name: str, value: object
):
    layer = arguments_layer(build_parser("0").parse_args(["serve", *options, "--set", f"{name}=other"]))
    layers = Layers(layer, {name: "environment's"})
    [row] = [row for row in told_settings(layers).variables if row.name == name]
    assert (row.value, row.source) == (value, "command line")


def test_a_files_values_are_typed_and_its_tables_are_the_roles_and_http(tmp_path: Path):
    path = written(
        tmp_path,
        '\ufeffqueue = true\r\nlog = false\r\ndaily_usd = 0.5\r\nworkers = 0x4\r\nexposure = ""\r\nhome = "~/x"\r\n[maker]\r\n'
        'model = "m"\r\nbase_url = "http://x/v1"\r\n[http]\r\nport = 9000\r\nhosts = ["a.b", "c.d"]\r\norigins = "https://e"\r\n',
    )
    read = settings_of(read_layers({"LATM_CONFIG": str(path)}, {"LATM_CACHE": "/c"}))
    assert (read.queue, read.log, read.daily_usd, read.workers, read.exposure) == (True, False, 0.5, 4, "hybrid")
    assert read.home == Path.home() / "x"
    assert read.maker is not None
    assert (read.maker.model, read.maker.base_url) == ("m", "http://x/v1")
    assert (read.http.port, read.http.hosts, read.http.origins) == (9000, ("a.b", "c.d"), ("https://e",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("daily_usd = 2\n\n[maker]\nmodle = 'm'\n", ", line 4: 'maker.modle' is no setting: is maker.model meant?"),
        ("# x\ndayly_usd = 2\n", ", line 2: 'dayly_usd' is no setting: is daily_usd meant?"),
        ("maker_model = 'm'\n", ", line 1: 'maker_model' is written maker.model here."),
        ("LATM_QUEUE = true\n", ", line 1: 'LATM_QUEUE' is written queue here."),
        ("[makers]\nmodel = 'm'\n", ", line 1: 'makers' is no setting"),
        ("maker = 'm'\n", ", line 1: maker is a table of settings: write [maker], and each of them below it."),
        ("[other]\nx = 1\n", ", line 1: 'other' is no setting. `latm-mcp config` shows all of them."),
        ("config = 'x'\n", ", line 1: Where the settings file is cannot be set in it"),
        ("[maker]\nmodel = 2026-01-01\n", ", line 2: maker.model is none of what a setting can be"),
        (
            "[http]\nhosts = ['a,b']\n",
            ", line 2: http.hosts is none of what a setting can be: make it a text or a list",
        ),
        ("workers = [1]\n", ", line 1: workers is none of what a setting can be"),
        ('home = "a\\u0000b"\n', ", line 1: home is none of what a setting can be"),
        ("workers = 0x" + "f" * 9999, ", line 1: workers is none of"),
        ("workers = " + "9" * 9999, "is no TOML"),
        ("workers = = 2\n", "is no TOML: Invalid value (at line 1"),
        ("workers = " + "[" * 30_000, "is no TOML"),
        (b"home = '\xff'\n", "is not UTF-8: save it as UTF-8."),
        ("x = 1\n".encode("utf-16"), "is not UTF-8"),
        ("#" * (MAX_BYTES + 1), "is longer than 64 KiB"),
    ],
)
def test_a_fault_of_the_file_is_told_with_its_line_and_what_was_meant(tmp_path: Path, content: str | bytes, said: str):
    path = written(tmp_path, content)
    layers = read_layers({"LATM_CONFIG": str(path)}, {})
    with pytest.raises(BadInput) as raised:
        settings_of(layers)
    assert f"The settings file {str(path)!r}" in str(raised.value)
    assert said in str(raised.value)
    assert told_settings(layers).faults == (str(raised.value),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes in folders")
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        assert "is no file" in read_file(path, named=False).faults[0]
    assert read_file(tmp_path / "none", named=False).faults == ()
    (tmp_path / "plain").touch()
    assert read_file(tmp_path / "plain" / "x", named=False).faults == ()


def test_a_bad_value_is_told_in_the_words_of_where_it_was_written(door: FrontDoor, tmp_path: Path):
    file = written(tmp_path, "workers = 'many'\n[user]\nbase_url = 'ftp://ann:pass@x'\n")
    assert door.refusal("list", "--config", file) == (
        f"latm-mcp: workers in the settings file {str(file)!r} is 'many': set it to a number from 1 to 64."
    )
    assert "--set workers is '0'" in door.refusal("list", "--config", file, "--set", "workers=0")
    door.more["LATM_WORKERS"] = "none"
    assert "LATM_WORKERS is 'none'" in door.refusal("list", "--config", file)
    everything = door.json("config", "--config", file, code=2)
    assert len(everything["faults"]) == 2
    assert "pass" not in str(everything)


def test_a_broken_file_stops_every_command_but_those_that_tell_of_it(door: FrontDoor, tmp_path: Path):
    file = written(tmp_path, "workers = \n")
    door.more["LATM_CONFIG"] = str(file)
    for command in (("list",), ("serve",), ("config", "set", "workers", "2"), ("config", "unset", "workers")):
        assert "is no TOML: Invalid value (at line 1" in door.refusal(*command)
    assert "is no TOML" in door.json("config", code=2)["faults"][0]
    assert "is no TOML" in door.json("doctor", code=2)["problems"][0]
    assert door.run("config", "path").stdout == f"{file}\n"
    assert file.read_text() == "workers = \n"


def test_a_file_that_is_named_and_missing_is_told_and_can_be_written(door: FrontDoor, tmp_path: Path):
    missing = tmp_path / "new" / "settings.toml"
    assert "There is no settings file" in door.refusal("list", "--config", missing)
    assert "There is no settings file" in door.json("config", "--config", missing, code=2)["faults"][0]
    door.run("config", "set", "queue", "on", "--config", missing)
    assert missing.read_text() == "queue = true\n"
    door.run("list", "--config", missing)


@pytest.mark.parametrize("variable", SETTABLE)
def test_every_setting_can_be_written_and_is_read_as_it_was_meant(tmp_path: Path, variable: str):
    path = tmp_path / "settings.toml"
    given = [text for text in SAMPLES if not fault_of(variable, text)]
    assert given
    for text in given:
        set_in_file(path, variable, text)
        base = {"LATM_HOME": "/h", "LATM_CACHE": "/c", **{f"LATM_{role}_MODEL": "m" for role in ("MAKER", "USER")}}
        layers = Layers({}, base, read_file(path, named=True))
        assert layers.file.faults == ()
        assert read_settings({**layers.file.values, **base}) == read_settings({variable: text, **base})
    assert variable_of(setting_of(variable)) == variable_of(variable.lower()) == variable
    assert unset_in_file(path, setting_of(variable))
    assert read_file(path, named=True).values == {}


def test_writing_keeps_comments_order_mode_and_what_nothing_reads(door: FrontDoor, tmp_path: Path):
    before = (
        '# mine\ndaily_usd = 2  # a day\nold = 1\n\n[maker]  # strong\nmodel = "m"  # the one\n\n[http]\nport = 1\n'
    )
    file = written(tmp_path, before)
    file.chmod(0o640)
    door.run("config", "set", "daily_usd", "3", "--config", file)
    door.run("config", "set", "LATM_MAKER_MODEL", "n", "--config", file)
    door.run("config", "set", "queue", "off", "--config", file)
    door.run("config", "set", "user.model", "u", "--config", file)
    door.run("config", "unset", "http.port", "--config", file)
    door.run("config", "unset", "old", "--config", file)
    text = file.read_text()
    assert "daily_usd = 3  # a day" in text
    assert '[maker]  # strong\nmodel = "n"  # the one' in text
    assert text.startswith("# mine\n")
    assert "queue = false" in text
    assert "port" not in text
    assert "old" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if "toml" in path.name] == ["settings.toml"]
    assert read_file(file, named=True).faults == ()


@pytest.mark.skipif(os.name != "posix", reason="has no modes")
def test_a_new_file_is_its_owners_alone(door: FrontDoor):
    door.run("config", "set", "queue", "on")
    assert stat.S_IMODE(default_file(door).stat().st_mode) == 0o600
    assert stat.S_IMODE(default_file(door).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "workers", "many"), "workers is 'many': set it to a number from 1 to 64."),
        (("set", "dayly_usd", "1"), "'dayly_usd' is no setting: is daily_usd meant?"),
        (("set", "config", "x"), "cannot be set in it"),
        (("set", "OPENAI_API_KEY", "x"), "is no setting"),
        (("set", "maker.model", " "), "maker.model has no value"),
        (("set", "maker.base_url", "ann:pass@x"), "maker.base_url is no address"),
        (("set", "home", "~nobody_of_that_name/x"), "names no home folder"),
        (("unset", "workers"), "'workers' is not in the settings file"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is(
    door: FrontDoor, tmp_path: Path, arguments: tuple[str, ...], said: str
):
    file = written(tmp_path, "queue = true\n")
    sentence = door.refusal("config", *arguments, "--config", file)
    assert said in sentence
    assert "pass" not in sentence
    assert file.read_text() == "queue = true\n"


def test_what_stands_in_the_place_of_a_table_is_told_and_can_be_taken_out(door: FrontDoor, tmp_path: Path):
    file = written(tmp_path, 'maker = "m"\n')
    assert "run `latm-mcp config unset maker` first" in door.refusal(
        "config", "set", "maker.model", "m", "--config", file
    )
    door.run("config", "unset", "maker", "--config", file)
    door.run("config", "set", "maker.model", "m", "--config", file)
    assert file.read_text() == '[maker]\nmodel = "m"\n'


def test_one_key_with_a_dot_in_it_is_no_second_place_for_a_setting(tmp_path: Path):
    path = written(tmp_path, '"maker.model" = "a"\n')
    read = read_file(path, named=True)
    assert "is maker.model meant?" in read.faults[0]
    assert read.values == {}
    assert unset_in_file(path, "maker.model")
    assert path.read_text() == ""


@pytest.mark.skipif(os.name != "posix", reason="links are for administrators there")
def test_a_link_stays_one_and_is_not_followed_to_what_is_not_yours(door: FrontDoor, tmp_path: Path):
    (tmp_path / "dotfiles").mkdir()
    real, link = tmp_path / "dotfiles" / "latm.toml", tmp_path / "config.toml"
    link.symlink_to(real)
    assert "leads nowhere" in door.refusal("config", "set", "queue", "on", "--config", link)
    real.write_text("workers = 3\n")
    door.run("config", "set", "queue", "on", "--config", link)
    assert link.is_symlink()
    assert real.read_text() == "workers = 3\nqueue = true\n"

    foreign = Path("/etc/hosts")
    if os.getuid() == 0:
        foreign = real
        os.chown(real, 54321, -1)
    link.unlink()
    link.symlink_to(foreign)
    before = foreign.read_bytes()
    assert "which is not yours" in door.refusal("config", "set", "queue", "off", "--config", link)
    assert foreign.read_bytes() == before


def test_what_stands_over_the_file_is_said_when_it_is_written(door: FrontDoor):
    assert "started again" in door.run("config", "set", "workers", "2").stdout
    door.more["LATM_WORKERS"] = "3"
    assert "LATM_WORKERS is in the environment here" in " ".join(
        door.run("config", "set", "workers", "2").stdout.split()
    )


def test_a_person_sees_what_holds_what_is_wrong_and_where_the_file_is(door: FrontDoor, tmp_path: Path):
    door.run("config", "set", "maker.model", "m")
    door.more |= {"LATM_DALY_USD": "1", "LATM_MAKER_BASE_URL": "http://ann:pass@h/v1?token=hidden"}
    shown = door.run("config").stdout
    assert "maker.model" in shown
    assert "http://***@h/v1?***" in shown
    assert "LATM_DALY_USD is read by nothing: is LATM_DAILY_USD meant?" in shown
    assert "Settings file:" in shown
    assert "There is no key store" in shown
    assert "hidden" not in shown
    assert "pass" not in shown


@pytest.mark.skipif(sys.platform != "linux", reason="takes the user's folder out of Linux's user database")
def test_where_nobody_has_a_home_folder_the_sentence_says_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def unknown(_: int) -> None:
        raise KeyError

    for name in [name for name in os.environ if name.startswith(("HOME", "XDG_", "LATM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    own = ["--home", str(tmp_path / "home"), "--set", f"cache={tmp_path / 'cache'}"]

    assert main(["list"]) == 2
    assert "no home folder on this machine: say with LATM_HOME which folder to use" in capsys.readouterr().err
    assert main(["list", *own]) == 0
    assert main(["config", "set", "queue", "on", *own]) == 2
    assert "no home folder to keep a settings file in: name one with --config" in capsys.readouterr().err
    assert main(["config", "set", "queue", "on", *own, "--config", str(tmp_path / "own.toml")]) == 0
    assert (tmp_path / "own.toml").read_text() == "queue = true\n"


@pytest.mark.skipif(os.name != "posix", reason="its name is another")
def test_the_file_that_is_always_empty_is_no_settings_file(door: FrontDoor):
    door.run("config", "set", "workers", "3")
    assert told(door, "--config", "/dev/null")["workers"] == (2, "default")
    assert "is no file" in door.refusal("config", "set", "workers", "4", "--config", "/dev/null")
    assert not Path("/dev/null").is_file()


def test_one_fault_does_not_hide_the_rest(tmp_path: Path):
    path = written(tmp_path, "nix = 1\nworkers = 3\n[maker]\nmodel = 'm'\nmodle = 'n'\n")
    shown = told_settings(read_layers({"LATM_CONFIG": str(path)}, {}))
    assert len(shown.faults) == 2
    assert (shown.settings.workers, shown.settings.maker is not None) == (3, True)
    assert isinstance(shown.settings, Settings)


def test_settings_that_are_set_at_once_are_all_kept(door: FrontDoor):
    given = {"daily_usd": 2, "workers": 3, "make_at": 7, "grow_at": 4, "keep_days": 9, "exposure_limit": 5}
    with ThreadPoolExecutor(len(given)) as at_once:
        list(at_once.map(lambda pair: door.run("config", "set", pair[0], str(pair[1])), given.items()))
    written = Path(door.run("config", "path").stdout.strip())
    assert tomllib.loads(written.read_text()) == given
    assert [file.name for file in written.parent.iterdir()] == [written.name]
