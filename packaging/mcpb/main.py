"""Starts the server inside an .mcpb bundle, where `uv` runs this file."""

import os
import sys

from latm_mcp.cli import main


def left_empty(environment: dict[str, str]) -> list[str]:
    """The settings that the person did not fill in: hosts hand those over as empty, or as their placeholder."""
    ours = {name: value for name, value in environment.items() if name.startswith("LATM_")}
    return [name for name, value in ours.items() if not value or value.startswith("${user_config.")]


if __name__ == "__main__":
    for name in left_empty(dict(os.environ)):
        del os.environ[name]
    sys.exit(main(["serve"]))
