"""Tools as folders that people see, diff, commit and share: `NAME/` = tool.py, tool.json, examples.jsonl (design, 3).

One way only: the library is the truth and its folders are copies. A copy that was changed by hand is never read back;
the next publish moves it aside to `NAME.edited-...`, so that nothing a person wrote is lost, and logs it.
"""

import errno
import json
import logging
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from latm_mcp.errors import BadInput, Oversized, StoreUnusable
from latm_mcp.models import MAX_ANSWER_BYTES, MAX_DESCRIPTION, MAX_QUESTION_BYTES, Example, Tool
from latm_mcp.store_format import (
    EXAMPLES,
    FORMAT,
    MAX_ROWS,
    META,
    SOURCE,
    bounded_bytes,
    content_id,
    hashes_of,
    refuse_links,
    strict_object,
    strict_text,
)
from latm_mcp.store_nouns import Listed
from latm_mcp.text import check_name

log = logging.getLogger(__name__)


def version_of(source: str) -> str:
    """The version that a source is: `sha256:` and the hash of its UTF-8 bytes, which are the bytes of tool.py."""
    return content_id(source.encode())


def write_tool(root: Path, tool: Tool) -> Path:
    """Write a tool's folder under `root`, whole or not at all, and return it.

    A folder that was changed by hand since is moved aside and logged. Raises: StoreUnusable where it cannot be written;
    BadInput for a name that is none.
    """
    folder = root / check_name(tool.name)
    fresh = root / f".{tool.name}.new-{secrets.token_hex(4)}"
    try:
        fresh.mkdir(parents=True)
        try:
            for name, content in _contents(tool).items():
                (fresh / name).write_bytes(content)
            _swap_in(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise StoreUnusable(
            f"The folder {str(folder)!r} cannot be written: {error.strerror or error}."
            " Make it writable, or free some space; the tool itself is safe in the library."
        ) from error
    return folder


def read_tool(folder: Path) -> Tool:
    """Read a tool's folder, made by anyone: every byte of it is checked, none of its code is run.

    Its evidence and standings are only what it says of itself: verify again, and replace them.
    Raises: BadInput, and Oversized, with the file and what is wrong with it.
    """
    folder = folder.absolute()
    refuse_links(folder)
    files = {name: bounded_bytes(folder / name) for name in (SOURCE, META, EXAMPLES)}
    meta = strict_object(files[META], META)
    found, hashes = meta.pop("format", None), meta.pop("hashes", None)
    if type(found) is not int or found != FORMAT:
        raise BadInput(f"{META} has format {found!r}; this release reads format {FORMAT}. Upgrade latm-mcp.")
    if hashes != hashes_of(files, meta):
        raise BadInput(f"The hashes in {META} are not those of the files: get an unchanged copy of the folder.")
    body = meta | {"source": strict_text(files[SOURCE], SOURCE), "examples": _rows(files[EXAMPLES])}
    try:
        tool = Tool.model_validate(body)
    except ValidationError as error:
        raise BadInput(f"{META} is not that of a tool: {_first_problem(error)}.") from error
    _check_identity(tool, folder)
    return tool


def changed_files(root: Path, tools: Iterable[Listed]) -> list[Path]:
    """The files under `root` that are not as published: changed, missing, or links.

    Folders that are gone are not reported: the next publish writes them again.
    """
    folders = ((root / tool.name, tool.version) for tool in tools if tool.state == "live")
    return [path for folder, version in folders if folder.exists() for path in _altered(folder, version)]


def _contents(tool: Tool) -> dict[str, bytes]:
    """The three files' bytes; keys in the order of the models, so that a diff shows what changed and nothing else."""
    rows = (json.dumps(row.model_dump(), ensure_ascii=False) for row in tool.examples)
    files = {SOURCE: tool.source.encode(), EXAMPLES: "".join(f"{row}\n" for row in rows).encode()}
    body = tool.model_dump(mode="json", exclude={"source", "examples"})
    meta = {"format": FORMAT, **body, "hashes": hashes_of(files, body)}
    return files | {META: f"{json.dumps(meta, ensure_ascii=False, indent=2, allow_nan=False)}\n".encode()}


def _swap_in(fresh: Path, folder: Path) -> None:
    """Put a whole folder in another's place; between the two renames there is none."""
    for _ in range(20):  # another process may publish the same name at the same time
        old = _set_aside(folder)
        try:
            fresh.rename(folder)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        finally:
            if old is not None:
                _put_away(old, folder)
    raise StoreUnusable(f"Other processes keep on writing the folder {str(folder)!r}: try again.")


def _set_aside(folder: Path) -> Path | None:
    old = folder.with_name(f".{folder.name}.old-{secrets.token_hex(4)}")
    try:
        return folder.rename(old)
    except FileNotFoundError:
        return None


def _put_away(old: Path, folder: Path) -> None:
    """What is not a tool's own (recordings, notes) moves on into the new folder; the rest goes, or is kept if edited."""
    if old.is_dir() and not old.is_symlink():  # what a link leads to is none of ours
        for other in list(old.iterdir()):
            if other.name not in (SOURCE, META, EXAMPLES) and folder.is_dir():
                other.rename(folder / other.name)
        if not any(old.iterdir()) or not _altered(old):
            shutil.rmtree(old)
            return
    kept = folder.with_name(f"{folder.name}.edited-{secrets.token_hex(4)}")
    old.rename(kept)
    log.warning("%s was changed by hand; it is now %s, and the library's copy stands in its place", folder, kept)


def _altered(folder: Path, version: str | None = None) -> list[Path]:
    """The files of a folder that are not as tool.json records them, or not of this version."""
    contents: dict[str, bytes] = {}
    for name in (SOURCE, META, EXAMPLES):
        try:
            refuse_links(folder)
            contents[name] = bounded_bytes(folder / name)
        except BadInput:
            contents[name] = b""  # of no version, and no JSON: counts as altered
    recorded = _recorded(contents)
    expected = {SOURCE: version or recorded.get(SOURCE), EXAMPLES: recorded.get(EXAMPLES)}
    altered = [folder / name for name, wanted in expected.items() if content_id(contents[name]) != wanted]
    return altered if recorded and recorded[SOURCE] == (version or recorded[SOURCE]) else [*altered, folder / META]


def _recorded(contents: dict[str, bytes]) -> dict[str, str]:
    """The hashes in tool.json; none where it was altered itself."""
    try:
        meta = strict_object(contents[META], META)
    except BadInput:
        return {}
    hashes = meta.pop("hashes", None)
    meta.pop("format", None)
    if not isinstance(hashes, dict) or hashes.get(META) != hashes_of(contents, meta)[META]:
        return {}
    return {name: str(hashes.get(name)) for name in (SOURCE, META, EXAMPLES)}


def _rows(content: bytes) -> list[Example]:
    # Split at LF alone: splitlines would also break at characters that JSON strings may hold.
    lines = strict_text(content, EXAMPLES).removesuffix("\n").split("\n") if content else []
    if len(lines) > MAX_ROWS:
        raise Oversized(f"{EXAMPLES} has more than {MAX_ROWS} rows.")
    return [_row(line, number) for number, line in enumerate(lines, start=1)]


def _row(line: str, number: int) -> Example:
    where = f"{EXAMPLES}, line {number},"
    try:
        row = Example.model_validate(strict_object(line.encode(), where))
    except ValidationError as error:
        raise BadInput(f"{where} is no example: {_first_problem(error)}.") from error
    if len(row.question.encode()) > MAX_QUESTION_BYTES or len(row.answer.encode()) > MAX_ANSWER_BYTES:
        raise Oversized(f"{where} has a question over {MAX_QUESTION_BYTES} or an answer over {MAX_ANSWER_BYTES} bytes.")
    return row


def _check_identity(tool: Tool, folder: Path) -> None:
    if check_name(tool.name) != folder.name:
        raise BadInput(f"The folder {folder.name!r} says that its tool is {tool.name!r}: give both one name.")
    if tool.version != version_of(tool.source):
        raise BadInput(f"The version in {META} is not the hash of {SOURCE}: get an unchanged copy of the folder.")
    if len(tool.description) > MAX_DESCRIPTION:
        raise Oversized(f"The description in {META} is longer than {MAX_DESCRIPTION} characters.")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc'])[:100]}: {problem['msg'][:200]}"
