"""What the indexes and registries are told is true of this program, and says the same everywhere."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import latm_mcp
from latm_mcp.cli_arguments import build_parser
from latm_mcp.server_commands import Commands, fixed_commands
from latm_mcp.settings_http import HttpSettings
from latm_mcp.settings_names import VARIABLES

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SERVER: dict[str, Any] = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
BUNDLE: dict[str, Any] = json.loads((ROOT / "packaging" / "mcpb" / "manifest.json").read_text(encoding="utf-8"))
(PACKAGE,) = SERVER["packages"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMMANDS = {tool.name for tool in fixed_commands(Commands(makes_by_model=False, asks_models=False, queue=True))}
EXACT = re.compile(r"\d+\.\d+\.\d+")  # a release, and no range
REVERSE_DNS = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*\.[a-zA-Z0-9.-]+/[a-zA-Z0-9][a-zA-Z0-9._-]*")


@pytest.mark.parametrize("said", [SERVER["version"], PACKAGE["version"], BUNDLE["version"]])
def test_one_version_is_said_everywhere(said: str):
    assert said == latm_mcp.__version__
    assert EXACT.fullmatch(said)


def test_the_registry_finds_its_mark_in_the_readme_that_the_package_carries():
    readme = (ROOT / PROJECT["project"]["readme"]).read_text(encoding="utf-8")

    assert re.findall(r"mcp-name:\s*(\S+)", readme) == [SERVER["name"]]


def test_the_entry_keeps_to_the_registrys_rules():
    assert REVERSE_DNS.fullmatch(SERVER["name"])
    assert 1 <= len(SERVER["description"]) <= 100
    assert re.fullmatch(r"https://\S+/schemas/\d{4}-\d\d-\d\d/server\.schema\.json", SERVER["$schema"])
    assert PACKAGE["registryType"] == "pypi"
    assert PACKAGE["identifier"] == PROJECT["project"]["name"]
    assert PACKAGE["transport"] == {"type": "stdio"}


def test_the_packages_runner_finds_a_command_of_the_packages_own_name():
    assert PACKAGE["runtimeHint"] == "uvx"
    assert PACKAGE["identifier"] in PROJECT["project"]["scripts"]
    assert "packageArguments" not in PACKAGE  # with no command the server is started


def test_every_variable_that_the_entry_offers_is_a_setting_and_keys_are_secret():
    offered = {variable["name"]: variable for variable in PACKAGE["environmentVariables"]}

    assert offered.keys() <= VARIABLES.keys()
    secret = {name for name, variable in offered.items() if variable.get("isSecret")}
    assert secret == {name for name in offered if name.endswith(("_KEY", "_TOKEN"))} != set()


def test_every_variable_that_the_bundle_sets_is_a_setting_that_a_person_may_give_or_leave_empty():
    environment, asked = BUNDLE["server"]["mcp_config"]["env"], BUNDLE["user_config"]

    assert environment.keys() <= VARIABLES.keys()
    assert set(environment.values()) == {f"${{user_config.{name}}}" for name in asked}
    assert [name for name, option in asked.items() if option["required"]] == []
    sensitive = {f"${{user_config.{name}}}" for name, option in asked.items() if option.get("sensitive")}
    assert sensitive == {value for name, value in environment.items() if name.endswith(("_KEY", "_TOKEN"))} != set()


def test_the_bundle_shows_the_fixed_commands_and_that_there_will_be_more():
    assert {tool["name"] for tool in BUNDLE["tools"]} == COMMANDS
    assert BUNDLE["tools_generated"] is True


def test_the_bundle_is_run_by_the_hosts_own_uv():
    server = BUNDLE["server"]

    assert server["type"] == "uv"
    # Claude Desktop takes the arguments alone, and starts the `uv` that it ships with them.
    assert server["mcp_config"]["args"] == ["run", "--directory", "${__dirname}", server["entry_point"]]
    assert (ROOT / "packaging" / "mcpb" / server["entry_point"]).exists()


def test_the_licence_is_the_same_everywhere():
    assert PROJECT["project"]["license"] == BUNDLE["license"] == "Apache-2.0"


def test_a_typed_package_says_so_and_is():
    assert "Typing :: Typed" in PROJECT["project"]["classifiers"]
    assert (ROOT / "src" / "latm_mcp" / "py.typed").exists()


def test_the_image_serves_over_standard_input_and_output_and_not_as_root():
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["10001"]
    command = re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])", DOCKERFILE, re.M)
    assert [word for line in command for word in json.loads(line)] == ["latm-mcp", "serve"]
    assert set(re.findall(r"LATM_\w+", DOCKERFILE)) <= VARIABLES.keys()


def test_the_lines_that_the_image_says_to_run_are_understood():
    lines = re.findall(r"^#   docker run .* latm-mcp(.*)$", DOCKERFILE, re.M)

    read = [build_parser("0").parse_args(line.split()) for line in lines]

    assert [options.command for options in read] == [None, "serve"]  # none is `serve`, too
    assert (read[1].http, read[1].host) == (True, "0.0.0.0")
    assert f"EXPOSE {HttpSettings().port}" in DOCKERFILE.splitlines()


def test_the_image_is_given_all_that_the_wheel_is_built_of():
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    given = {rule[1:] for rule in rules if rule.startswith("!")}
    hatch = PROJECT["tool"]["hatch"]["build"]
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    needed |= {hatch["hooks"]["custom"]["path"], *hatch["targets"]["wheel"]["force-include"]}
    needed |= {package.split("/")[0] for package in hatch["targets"]["wheel"]["packages"]}

    assert given == needed
