"""The sandbox's interpreter is built again when something that it is made of has changed, and only then."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
MADE_OF = (
    "pyproject.toml",
    "src/latm_mcp/__init__.py",
    "src/latm_mcp/allowed.py",
    "src/latm_mcp/sandbox_guest/app.py",
    "src/latm_mcp/sandbox_guest/wit/world.wit",
)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """hatch_build.py, with a componentize that takes no minutes."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "hatch_build", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "componentize", lambda guest, path, output: output.write_bytes(b"built"))
    monkeypatch.setattr(module.shutil, "copytree", lambda source, target: None)
    monkeypatch.setattr(module, "files", lambda package: "")
    return module


@pytest.mark.parametrize("changed", [None, *MADE_OF])
def test_it_is_built_again_when_and_only_when_a_part_is_newer(tmp_path: Path, hook: ModuleType, changed: str | None):
    for name in MADE_OF:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        os.utime(path, (1, 1))
    component = tmp_path / "src/latm_mcp/_sandbox.wasm"
    component.write_bytes(b"there already")
    now = component.stat().st_mtime + 1000
    os.utime(component, (now, now))
    if changed is not None:
        os.utime(tmp_path / changed, (now + 1, now + 1))

    assert hook.build(tmp_path) == component

    assert component.read_bytes() == (b"there already" if changed is None else b"built")
    assert not list(component.parent.glob("_sandbox.*.wasm"))


@pytest.mark.parametrize(("target", "builds"), [("wheel", True), ("sdist", False)])
def test_a_wheel_brings_the_component_and_stays_for_every_platform(
    tmp_path: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch, target: str, builds: bool
):
    built: list[Path] = []
    monkeypatch.setattr(hook, "build", built.append)
    build_data: dict[str, object] = {}

    plain: Any = None  # what the hook has no use for
    hook.SandboxBuildHook(str(tmp_path), {}, plain, plain, "", target).initialize("standard", build_data)

    assert built == ([tmp_path] if builds else [])
    assert build_data == {}  # a tag or `pure_python` set here would make it a wheel of this machine
