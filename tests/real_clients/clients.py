"""Each client as it is run here: its model's endpoint, its configuration before ours comes into it, and its command line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from real_clients.dialect_anthropic import Messages
from real_clients.dialect_chat import Chat
from real_clients.dialect_gemini import Generate
from real_clients.dialect_responses import Responses
from real_clients.endpoint import Dialect

_GEMINI, _OPENCODE = ".gemini/settings.json", ".config/opencode/opencode.json"
KEY = "scripted"  # every client wants a key; nobody checks it


@dataclass(frozen=True, slots=True)
class Client:
    """A client: how it is told of its model, and how it is asked one thing without a person at the keyboard."""

    name: str
    package: str  # as in `packages.PINNED`, and as `latm-mcp install --client` calls it
    dialect: Callable[[], Dialect]
    line: tuple[str, ...]  # the prompt follows
    configuration: str  # where its servers are named, in its home
    prepare: Callable[[Path, str], None]  # a clean home and the endpoint's address
    environment: Callable[[str], Mapping[str, str]]


def _claude(home: Path, url: str) -> None:
    """Nothing: its model is told by the environment."""


def _claude_environment(url: str) -> dict[str, str]:
    quiet = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY")
    # Against an address that is not its vendor's it would load all tools at once; this is what its users have.
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "ENABLE_TOOL_SEARCH": "true",
        **dict.fromkeys(quiet, "1"),
    }


def _codex(home: Path, url: str) -> None:
    text = f"""# A person's own settings: they have to stay.
model = "gpt-5"
model_provider = "loopback"
check_for_update_on_startup = false

[model_providers.loopback]
name = "Loopback"
base_url = "{url}/v1"
wire_api = "responses"

[analytics]
enabled = false
"""
    _write(home / ".codex" / "config.toml", text)


def _gemini(home: Path, url: str) -> None:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "telemetry": {"enabled": False},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    }
    _write(home / _GEMINI, json.dumps(settings, indent=2))


def _gemini_environment(url: str) -> dict[str, str]:
    return {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": url}


def _opencode(home: Path, url: str) -> None:
    options = {"baseURL": f"{url}/v1", "apiKey": KEY}
    models = {"scripted": {"name": "Scripted", "tool_call": True}}
    loopback = {"npm": "@ai-sdk/openai-compatible", "name": "Loopback", "options": options, "models": models}
    settings = {
        "$schema": "https://opencode.ai/config.json",
        "provider": {"loopback": loopback},
        "model": "loopback/scripted",
        "small_model": "loopback/scripted",
        "autoupdate": False,
        "share": "disabled",
    }
    _write(home / _OPENCODE, json.dumps(settings, indent=2))


def _opencode_environment(url: str) -> dict[str, str]:
    quiet = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    return {f"OPENCODE_DISABLE_{word}": "1" for word in quiet}


def _nothing(url: str) -> dict[str, str]:
    return {}


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


# Each with no more leave than it needs to call our tools where nobody is there to be asked.
_CLAUDE_LINE = ("claude", "--allowedTools", "mcp__latm", "-p")
_CODEX_WAITS = ("-c", "mcp_servers.latm.required=true")  # else its first request may go out before servers have begun
_CODEX_LINE = ("codex", "exec", "--skip-git-repo-check", *_CODEX_WAITS)
_OPENCODE_LINE = ("opencode", "run")
_GEMINI_LINE = ("gemini", "--skip-trust", "--yolo", "-m", "gemini-2.5-pro", "-p")
CLIENTS = {
    client.package: client
    for client in (
        Client("Claude Code", "claude-code", Messages, _CLAUDE_LINE, ".claude.json", _claude, _claude_environment),
        Client("Codex", "codex", Responses, _CODEX_LINE, ".codex/config.toml", _codex, _nothing),
        Client("Gemini CLI", "gemini-cli", Generate, _GEMINI_LINE, _GEMINI, _gemini, _gemini_environment),
        Client("OpenCode", "opencode", Chat, _OPENCODE_LINE, _OPENCODE, _opencode, _opencode_environment),
    )
}
