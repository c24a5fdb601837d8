"""Servers as clients start them: with no environment at all, everything from arguments and from the file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from front_door import SECONDS, SRC
from sandboxed import KIND

CODE = f"import sys; sys.path.insert(0, {str(SRC)!r}); from latm_mcp.cli import main; sys.exit(main())"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no program starts without SystemRoot there")


def start(*arguments: object) -> subprocess.Popen[str]:
    """`latm-mcp`, with not even a HOME or a PATH."""
    line = [sys.executable, "-W", "error", "-c", CODE, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(line, env={}, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8")


def message(method: str, id: int | None, **params: Any) -> str:
    return (
        json.dumps({"jsonrpc": "2.0", "method": method, "params": params} | ({} if id is None else {"id": id})) + "\n"
    )


def test_a_server_without_any_environment_takes_arguments_and_file(tmp_path: Path, sandbox_cache: Path):
    file, home = tmp_path / "settings.toml", tmp_path / "home"
    file.write_text(f'cache = "{sandbox_cache}"\nhome = "{home}"\n')
    server = start("--config", file, "--set", f"sandbox={KIND}")
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}}
    said = message("initialize", 1, **hello) + message("notifications/initialized", None) + message("tools/list", 2)
    assert server.stdin is not None
    server.stdin.write(said)
    server.stdin.flush()
    assert server.stdout is not None
    answers = [json.loads(server.stdout.readline()) for _ in range(2)]
    _, errors = server.communicate(timeout=SECONDS)
    assert server.returncode == 0, errors
    assert {tool["name"] for tool in answers[1]["result"]["tools"]} >= {"call_tool", "make_tool"}
    assert list(home.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="names Linux's folders")
def test_without_any_environment_the_file_is_found_by_the_user_database():
    import os
    import pwd

    shown, errors = start("config", "path").communicate(timeout=SECONDS)
    assert (shown.strip(), errors) == (f"{pwd.getpwuid(os.getuid()).pw_dir}/.config/latm-mcp/config.toml", "")
