"""As far as Linux can tell: what Windows and macOS lack is not needed, and no pipe or terminal is too narrow for UTF-8."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from front_door import SRC
from served import WITHIN
from test_architecture import own_name, reached_by

from latm_mcp import locking, server_log_file
from latm_mcp.store import open_store

# A Python that says it is another system's, in which what that system's Python lacks cannot be had. What others wrote stays as
# it is here: everything is imported once, then all of ours again.
ELSEWHERE = """
import importlib, os, select, signal, socket, sys, time
LACKING, MODULES = {lacking!r}, {modules!r}
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in LACKING["modules"]:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.path.insert(0, {src!r})
for name in MODULES:
    importlib.import_module(name)
for name in (*LACKING["modules"], *(name for name in sys.modules if name.split(".")[0] == "latm_mcp")):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Lacking())
for module in (os, signal, select, socket, time):
    for name in LACKING[module.__name__]:
        if hasattr(module, name):
            delattr(module, name)
sys.platform = {platform!r}
for name in MODULES:
    importlib.import_module(name)
    print(name)
"""
WINDOWS = {
    "modules": ["fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix_ipc"],
    "os": ["fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "setsid", "killpg", "getpgid", "chown", "fchmod", "fchown",
           "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "set_blocking", "WIFSIGNALED", "WTERMSIG", "WEXITSTATUS",
           "posix_spawn", "sched_getaffinity", "mkfifo", "getloadavg"],
    "signal": ["SIGHUP", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGPIPE", "setitimer", "pthread_kill"],
    "select": ["poll", "epoll", "PIPE_BUF", "POLLOUT", "POLLIN", "kqueue"],
    "socket": ["AF_UNIX", "send_fds", "recv_fds"],
    "time": ["pthread_getcpuclockid", "clock_gettime", "clock_gettime_ns", "tzset"],
}  # fmt: skip
MACOS = {
    "modules": [],
    "os": ["sched_getaffinity"],
    "signal": [],
    "select": ["epoll"],
    "socket": [],
    "time": ["pthread_getcpuclockid"],
}
LINUX_ALONE = ("latm_mcp.sandbox_native", "latm_mcp.sandbox_zygote")  # and the worker asks before it imports them
MODULES = sorted(
    name
    for path in (SRC / "latm_mcp").rglob("*.py")
    if (name := own_name(path)) not in LINUX_ALONE and not name.endswith((".__main__", ".__init__"))
    and not name.startswith("latm_mcp.sandbox_guest")
)  # fmt: skip


@pytest.mark.parametrize(("platform", "lacking"), [("win32", WINDOWS), ("darwin", MACOS)])
def test_every_module_is_imported_where_a_system_lacks_what_linux_has(platform: str, lacking: dict[str, list[str]]):
    code = ELSEWHERE.format(lacking=lacking, src=str(SRC), platform=platform, modules=MODULES)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=WITHIN)

    assert done.stdout.split() == MODULES, done.stderr


@pytest.mark.parametrize("path", sorted((SRC / "latm_mcp").rglob("*.py")), ids=own_name)
def test_no_shell_is_needed_and_text_files_name_their_encoding(path: Path):
    source = path.read_text(encoding="utf-8")
    assert not {"os.system", "os.popen", "subprocess.getoutput"} & reached_by(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            given = {word.arg for word in node.keywords}
            assert "shell" not in given, f"{path.name}:{node.lineno}"
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("read_text", "write_text") and isinstance(node.func, ast.Attribute):
                positional = len(node.args) >= (1 if called == "read_text" else 2)
                guest = "sandbox_guest" in path.parts
                ours = isinstance(node.func.value, ast.Name) and node.func.value.id.endswith(("_files", "distribution"))
                assert "encoding" in given or positional or guest or ours or metadata(node), (
                    f"{path.name}:{node.lineno}"
                )


def metadata(node: ast.Call) -> bool:
    """`importlib.metadata`'s `read_text`, which takes no encoding."""
    return "distribution(" in ast.unparse(node)


NARROW = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "LANG": "de_DE.ISO-8859-1"},
]
NAMES = [" ".join(f"{name}={value}" for name, value in each.items()) for each in NARROW]
WORDS = "größer 日本 🎈 مرحبا"


def environment(home: Path, cache: Path, narrow: dict[str, str]) -> dict[str, str]:
    plain = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "PYTHONPATH": str(SRC)}
    return {**plain, "LATM_HOME": str(home), "LATM_CACHE": str(cache), **narrow}


@pytest.mark.parametrize("narrow", NARROW, ids=NAMES)
def test_the_pipes_of_the_server_are_utf_8_whatever_the_locale_says(
    tmp_path: Path, sandbox_cache: Path, narrow: dict[str, str]
):
    with subprocess.Popen(
        [sys.executable, "-m", "latm_mcp", "serve"],
        env=environment(tmp_path / "home", sandbox_cache, narrow),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        info: dict[str, Any] = {"protocolVersion": "2025-11-25", "capabilities": {}}
        info["clientInfo"] = {"name": WORDS, "version": "1"}
        ask(server, 0, "initialize", info)
        said = ask(server, 1, "tools/call", {"name": WORDS, "arguments": {}})
        _, noise = server.communicate(timeout=WITHIN)

    assert WORDS in said["result"]["content"][0]["text"]
    assert noise == b""
    assert WORDS.split()[0] in (tmp_path / "home" / "logs" / "latm-mcp.log").read_text(encoding="utf-8")


def ask(server: "subprocess.Popen[bytes]", id: int, method: str, params: dict[str, Any]) -> Any:
    assert server.stdin is not None
    assert server.stdout is not None
    line = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    server.stdin.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    server.stdin.flush()
    return json.loads(server.stdout.readline().decode("utf-8"))


@pytest.mark.parametrize("narrow", NARROW, ids=NAMES)
@pytest.mark.parametrize(
    "command", [["list"], ["list", "--json"], ["call", WORDS, "--question", WORDS], ["--help"], [WORDS]]
)
def test_no_command_fails_of_a_narrow_terminal(
    tmp_path: Path, sandbox_cache: Path, narrow: dict[str, str], command: list[str]
):
    home = tmp_path / "größe"
    with open_store(home):
        pass
    done = subprocess.run(
        [sys.executable, "-m", "latm_mcp", *command],
        env=environment(home, sandbox_cache, narrow),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=WITHIN,
    )

    assert b"Traceback" not in done.stderr
    assert b"Error:" not in done.stderr
    assert done.returncode == (2 if WORDS in command else 0)


# Our own modules that ask which system this is are told Windows; what others wrote is left alone.
AS_ON_WINDOWS = """
import sys
sys.path.insert(0, {src!r})
from latm_mcp import server_input, server_output, server_signals
class Windows:
    platform = "win32"
    def __getattr__(self, name):
        return getattr(sys, name)
for module in (server_input, server_output, server_signals):
    module.sys = Windows()
from latm_mcp.cli import main
main(["serve"])
"""


def test_without_waiting_for_pipes_and_signals_the_server_serves_and_ends_with_its_input(
    tmp_path: Path, sandbox_cache: Path
):
    with subprocess.Popen(
        [sys.executable, "-c", AS_ON_WINDOWS.format(src=str(SRC))],
        env=environment(tmp_path / "home", sandbox_cache, {"LATM_LOG": "off"}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        info: dict[str, Any] = {"protocolVersion": "2025-11-25", "capabilities": {}}
        ask(server, 0, "initialize", {**info, "clientInfo": {"name": "raw", "version": "1"}})
        listed = ask(server, 1, "tools/list", {})
        rest, noise = server.communicate(timeout=WITHIN)

    assert "make_tool" in [tool["name"] for tool in listed["result"]["tools"]]
    assert (rest, noise, server.returncode) == (b"", b"", 0)


def test_the_log_is_locked_by_what_windows_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    locked: list[tuple[int, int]] = []

    def lock(descriptor: int, mode: int, count: int) -> None:
        locked.append((mode, count))
        if len(locked) == 1:
            raise OSError("somebody has it")

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=lock, LK_NBLCK=2))
    monkeypatch.setattr(locking, "sys", SimpleNamespace(platform="win32"))
    server_log_file.append(tmp_path / "logs" / "latm-mcp.log", "größer\n")

    assert locked == [(2, 1), (2, 1)]
    assert (tmp_path / "logs" / "latm-mcp.log").read_bytes() == "größer\n".encode()
