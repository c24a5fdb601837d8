"""The strict reading of a tool's folder: bounded bytes, no links, UTF-8, JSON without loopholes, hashes."""

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from latm_mcp.errors import BadInput, Oversized
from latm_mcp.models import MAX_EXAMPLES, MAX_SOURCE_BYTES
from latm_mcp.outcomes import Json

FORMAT = 1
SOURCE, META, EXAMPLES = "tool.py", "tool.json", "examples.jsonl"
MAX_ROWS = 10 * MAX_EXAMPLES  # growing tools gather more examples than one call may bring
_MAX_BYTES = {SOURCE: MAX_SOURCE_BYTES, META: 4 << 20, EXAMPLES: 64 << 20}


def content_id(content: bytes) -> str:
    """`sha256:` and the hash of these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def hashes_of(files: Mapping[str, bytes], body: dict[str, Json]) -> dict[str, str]:
    """What tool.json records: of the two other files their bytes, of itself all other fields, however laid out."""
    own = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return {name: content_id(files[name]) for name in (SOURCE, EXAMPLES)} | {META: content_id(own.encode())}


def refuse_links(folder: Path) -> None:
    """Raises: BadInput unless this is a folder, no link itself and with none inside."""
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise BadInput(f"{str(folder)!r} is no folder (a link to one does not count): give a tool's folder.")
        with os.scandir(folder) as entries:
            linked = next((entry.name for entry in entries if entry.is_symlink()), None)
    except OSError as error:
        raise BadInput(f"{str(folder)!r} cannot be read: {error.strerror or error}.") from error
    if linked is not None:
        raise BadInput(f"{str(folder)!r} holds a link, {linked!r}: replace it by the file itself.")


def bounded_bytes(path: Path) -> bytes:
    """A plain file's bytes, however the folder changes meanwhile. Raises: BadInput; Oversized."""
    limit = _MAX_BYTES[path.name]
    try:
        # NOFOLLOW and NONBLOCK (where there are such): a link or pipe put here since is neither followed nor waited for.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise BadInput(f"{path.name} is no plain file.")
            content = file.read(limit + 1)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if len(content) > limit:
        raise Oversized(f"{path.name} is larger than {limit} bytes.")
    return content


def strict_text(content: bytes, name: str) -> str:
    """Raises: BadInput where it is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 at byte {error.start}.") from error


def strict_object(content: bytes, name: str) -> dict[str, Json]:
    """A JSON object with no key twice, no NaN or infinity, no lone surrogate. Raises: BadInput."""
    try:
        value = json.loads(
            strict_text(content, name), object_pairs_hook=_no_key_twice, parse_constant=_finite, parse_float=_finite
        )
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # JSON, numbers of too many digits, surrogates; nesting
        raise BadInput(f"{name} is not the JSON that it should be: {str(error)[:200]}.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{name} holds no JSON object.")
    return value


def _no_key_twice(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is no finite number")
    return number
