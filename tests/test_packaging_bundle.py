"""What the .mcpb bundle holds starts, as a host starts it, with settings that the person left empty."""

import importlib.util
import json
import os
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from mcp import Client, StdioServerParameters
from served import PATH, names

import latm_mcp

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bundle() -> ModuleType:
    """packaging/bundle.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("bundle", ROOT / "packaging" / "bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wheel(folder: Path, version: str = latm_mcp.__version__) -> Path:
    """A file of a wheel's name."""
    path = folder / f"latm_mcp-{version}-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path


def test_the_bundle_depends_on_the_very_wheel_that_it_holds(bundle: ModuleType, tmp_path: Path):
    staged = tmp_path / "staged"
    staged.mkdir()
    packed = wheel(tmp_path)

    bundle.stage(packed, staged)

    project = tomllib.loads((staged / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == [f"latm-mcp=={latm_mcp.__version__}"]
    [source] = project["tool"]["uv"]["sources"].values()
    assert (staged / source["path"]).read_bytes() == packed.read_bytes()
    manifest = json.loads((staged / "manifest.json").read_text(encoding="utf-8"))
    assert (staged / manifest["server"]["entry_point"]).exists()
    assert (staged / manifest["icon"]).read_bytes().startswith(b"\x89PNG")


def test_a_wheel_of_another_version_is_refused(bundle: ModuleType, tmp_path: Path):
    with pytest.raises(bundle.CannotPackError, match="not of the manifest's version"):
        bundle.stage(wheel(tmp_path, "99.0.0"), tmp_path)


async def test_settings_left_empty_are_none_and_the_others_arrive(tmp_path: Path, sandbox_cache: Path):
    manifest = json.loads((ROOT / "packaging" / "mcpb" / "manifest.json").read_text(encoding="utf-8"))
    left = manifest["server"]["mcp_config"]["env"] | {"LATM_MAKER_MODEL": ""}
    assert "LATM_MAKER_API_KEY" in left
    given = {"LATM_HOME": str(tmp_path / "library"), "LATM_CACHE": str(sandbox_cache), "PYTHONPATH": PATH[1]}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **left, **given}
    entry = str(ROOT / "packaging" / "mcpb" / manifest["server"]["entry_point"])

    async with Client(StdioServerParameters(command=sys.executable, args=[entry], env=environment)) as client:
        listed = await names(client)

    # A maker of the name "${user_config.maker_model}", or of none, would be refused at the start.
    assert set(listed) == {tool["name"] for tool in manifest["tools"]}
    assert (tmp_path / "library").is_dir()
    assert not list(tmp_path.rglob("*user_config*"))
