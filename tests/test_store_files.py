"""Tools as folders: what is written reads back, what was tampered with does not."""

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from test_store import a_tool

from latm_mcp.errors import BadInput, Oversized, StoreUnusable
from latm_mcp.models import Example, Tool
from latm_mcp.store import Listed, open_store
from latm_mcp.store_files import changed_files, read_tool, version_of, write_tool

ODD = "line\nbreak \u2028 “ä” \r\n\t\x00 🎲"


def signed(folder: Path, **changes: object) -> None:
    """Change fields of tool.json and sign it again, as an attacker can."""
    meta = json.loads((folder / "tool.json").read_text("utf-8")) | changes
    body = {key: value for key, value in meta.items() if key not in ("format", "hashes")}
    own = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    files = {name: (folder / name).read_bytes() for name in ("tool.py", "examples.jsonl")} | {"tool.json": own}
    meta["hashes"] = {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in files.items()}
    (folder / "tool.json").write_text(json.dumps(meta), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tool(tmp_path / "tools_store", a_tool())


def test_a_tool_comes_back_from_its_folder_as_it_was(tmp_path: Path):
    tool = a_tool().model_copy(update={"examples": (Example(question=ODD, answer=ODD, standing="confirmed"),)})
    folder = write_tool(tmp_path / "deep" / "tools_store", tool)
    assert read_tool(folder) == tool
    assert sorted(path.name for path in folder.iterdir()) == ["examples.jsonl", "tool.json", "tool.py"]
    assert [path.name for path in folder.parent.iterdir()] == ["sort_words"]


def test_a_signed_again_folder_reads_like_the_first(folder: Path):
    signed(folder)  # the tests below rest on this
    assert read_tool(folder) == a_tool()


def test_the_files_are_plain_text_that_diffs_well(folder: Path):
    assert (folder / "tool.py").read_bytes() == a_tool().source.encode()
    assert version_of(a_tool().source) == a_tool().version
    assert json.loads((folder / "tool.json").read_text("utf-8"))["format"] == 1
    assert list(json.loads((folder / "examples.jsonl").read_text("utf-8").split("\n")[0])) == [
        "question",
        "answer",
        "standing",
    ]
    text = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert all(content.endswith(b"\n") and b"\r" not in content for content in text.values())
    assert "“Wörter”".encode() in text["tool.json"]
    write_tool(folder.parent, a_tool())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == text


def test_a_later_version_replaces_the_folder_and_leaves_nothing_beside_it(folder: Path):
    later = a_tool(remark="2")
    assert read_tool(write_tool(folder.parent, later)) == later
    assert list(folder.parent.iterdir()) == [folder]


def test_a_file_changed_by_hand_is_moved_aside_and_logged_when_its_tool_is_published_again(
    folder: Path, caplog: pytest.LogCaptureFixture
):
    (folder / "tool.py").write_text("mine = 1\n")
    with caplog.at_level(logging.WARNING):
        write_tool(folder.parent, a_tool(remark="2"))
    (kept,) = folder.parent.glob("sort_words.edited-*")
    assert (kept / "tool.py").read_text() == "mine = 1\n"
    assert "was changed by hand" in caplog.text
    assert read_tool(folder) == a_tool(remark="2")
    assert sorted(folder.parent.iterdir()) == [folder, kept]


def test_a_link_in_the_place_of_a_folder_is_moved_aside_and_not_written_through(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine").touch()
    (tmp_path / "sort_words").symlink_to(tmp_path / "elsewhere")
    write_tool(tmp_path, a_tool())
    assert not (tmp_path / "sort_words").is_symlink()
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["mine"]


def test_a_place_that_cannot_be_written_is_told_by_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="safe in the library"):
        write_tool(tmp_path / "file" / "tools_store", a_tool())


def test_a_name_that_leaves_the_folder_is_never_written(tmp_path: Path):
    with pytest.raises(BadInput):
        write_tool(tmp_path / "tools_store", a_tool().model_copy(update={"name": "../outside"}))
    assert list(tmp_path.iterdir()) == []


def edit(file: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        content = (folder / file).read_bytes()
        assert old in content
        (folder / file).write_bytes(content.replace(old, new, 1))

    return tamper


def link(file: str) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        real = folder.parent / "real"
        (folder / file).rename(real)
        (folder / file).symlink_to(real)

    return tamper


def resign(**changes: object) -> Callable[[Path], None]:
    return lambda folder: signed(folder, **changes)


def examples(content: bytes) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        (folder / "examples.jsonl").write_bytes(content)
        signed(folder)

    return tamper


def source(content: bytes) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        (folder / "tool.py").write_bytes(content)
        signed(folder, version=f"sha256:{hashlib.sha256(content).hexdigest()}")

    return tamper


def fifo(folder: Path) -> None:
    (folder / "tool.py").unlink()
    os.mkfifo(folder / "tool.py")


ROW = b'{"question": "q", "answer": "a", "standing": "confirmed"}\n'


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (edit("tool.py", b"sorted", b"reversed"), "hashes in tool.json"),
        (edit("examples.jsonl", b"Sort", b"sort"), "hashes in tool.json"),
        (edit("tool.json", b"Sort words", b"Send money"), "hashes in tool.json"),
        (edit("tool.json", b'"format": 1', b'"format": 2'), "format 2; this release reads format 1"),
        (edit("tool.json", b'"format": 1', b'"format": true'), "format True"),
        (edit("tool.json", b'"format": 1', b'"format": 1, "format": 1'), "a key stands twice"),
        (edit("tool.json", b'"bound": 0.25', b'"bound": NaN'), "NaN is no finite number"),
        (edit("tool.json", b'"bound": 0.25', b'"bound": 1e999'), "1e999 is no finite number"),
        (edit("tool.json", b"Sort words", b"\\ud800"), "surrogates not allowed"),
        (edit("tool.json", b"Sort words", b"\xff"), "tool.json is not UTF-8"),
        (edit("tool.json", b"0.25", b"[" * 200_000 + b"]" * 200_000), "not the JSON that it should be"),
        (edit("tool.json", b"0.25", b"1" * 5000), "not the JSON that it should be"),
        (lambda folder: (folder / "tool.json").write_text("[]"), "holds no JSON object"),
        (lambda folder: (folder / "examples.jsonl").unlink(), "examples.jsonl cannot be read"),
        (fifo, "no plain file"),
        (link("tool.py"), "holds a link, 'tool.py'"),
        (link("tool.json"), "holds a link, 'tool.json'"),
        (lambda folder: (folder / "extra").symlink_to("/etc/passwd"), "holds a link, 'extra'"),
        (resign(name="../sort_words"), "wrong form"),
        (resign(name="other_words"), "says that its tool is 'other_words'"),
        (resign(name="make_tool"), "reserved"),
        (resign(version="sha256:0"), "version in tool.json is not the hash"),
        (resign(comparison="lenient"), "comparison"),
        (resign(run_at_import="yes"), "run_at_import"),
        (source(b"\xff"), "tool.py is not UTF-8"),
        (examples(b'{"question": "q", "answer": 1}\n'), "line 1, is no example: answer"),
        (examples(ROW + b"\n" + ROW), "line 2, is not the JSON"),
        (examples(ROW + b'{"question": "q", "question": "p", "answer": "a"}\n'), "line 2,.*a key stands twice"),
    ],
)  # fmt: skip
def test_a_folder_that_was_tampered_with_is_refused(folder: Path, tamper: Callable[[Path], None], problem: str):
    tamper(folder)
    with pytest.raises(BadInput, match=problem):
        read_tool(folder)


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (source(b"#" * (64 * 1024 + 1)), "tool.py is larger than 65536 bytes"),
        (edit("tool.json", b"{", b"{" + b" " * (4 << 20)), "tool.json is larger"),
        (resign(description="x" * 401), "longer than 400"),
        (examples(ROW * 10_001), "more than 10000 rows"),
        (examples(ROW.replace(b'"q"', b'"' + b"q" * 65_537 + b'"')), "line 1, has a question over"),
        (
            examples(ROW.replace(b'"a"', b'"' + b"a" * 8_193 + b'"')),
            "line 1, has a question over 65536 or an answer over",
        ),
    ],
)
def test_what_is_oversized_is_refused(folder: Path, tamper: Callable[[Path], None], problem: str):
    tamper(folder)
    with pytest.raises(Oversized, match=problem):
        read_tool(folder)


def test_a_folder_that_is_a_link_or_none_is_refused(folder: Path):
    other = folder.parent.parent / "sort_words"
    other.symlink_to(folder)
    for path in (other, folder / "tool.py", folder / "nowhere"):
        with pytest.raises(BadInput, match=re.escape(repr(str(path)))):
            read_tool(path)


def listing(home: Path, *tools: Tool) -> list[Listed]:
    with open_store(home) as store:
        for tool in tools:
            store.publish(tool, actor="me")
        return store.listed()


def test_files_changed_since_publishing_are_reported(tmp_path: Path):
    root = tmp_path / "tools_store"
    names = ["as_it_was", "code", "data", "meta", "gone_file", "gone_folder", "old_version"]
    tools = listing(tmp_path / "home", *map(a_tool, names))
    for name in names[:-2]:
        write_tool(root, a_tool(name))
    write_tool(root, a_tool("old_version", remark="before"))
    edit("tool.py", b"sorted", b"list")(root / "code")
    edit("examples.jsonl", b"Sort", b"sort")(root / "data")
    edit("tool.json", b"Sort", b"sort")(root / "meta")
    (root / "gone_file" / "tool.py").unlink()

    found = {str(path.relative_to(root)) for path in changed_files(root, tools)}

    assert found == {
        "code/tool.py",
        "data/examples.jsonl",
        "meta/tool.json",
        "meta/examples.jsonl",
        "gone_file/tool.py",
        "old_version/tool.py",
        "old_version/tool.json",
    }
