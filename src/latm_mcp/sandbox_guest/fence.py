"""The namespace that made code runs in: the listed imports, no output, no waiting. The wall itself is the component."""

import builtins
import gc
import importlib
import io
import random
import sys
import time
import types
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, SupportsIndex
from zoneinfo import ZoneInfoNotFoundError

from latm_mcp.allowed import ALLOWED_IMPORTS

# What listed modules import only when they are used: there are no files to read it from later.
IMPORTED_LATE = (
    "_strptime", "copyreg", "encodings.ascii", "encodings.cp1251", "encodings.cp1252", "encodings.cp437",
    "encodings.idna", "encodings.iso8859_15", "encodings.latin_1", "encodings.punycode", "encodings.raw_unicode_escape",
    "encodings.unicode_escape", "encodings.utf_16", "encodings.utf_16_be", "encodings.utf_16_le", "encodings.utf_32",
    "encodings.utf_32_be", "encodings.utf_32_le", "encodings.utf_7", "encodings.utf_8_sig", "importlib.resources",
    "inspect", "keyword", "locale", "stringprep", "traceback", "weakref",
)  # fmt: skip
# Modules written in C import these through the import function of the code that called them.
IMPORTED_FROM_C = ("_pylong", "_strptime", "copyreg", "encodings", "warnings")


class NotThisTask(Exception):
    """Raised by `parse` for a question that is not of the tool's task."""


class Nowhere(io.TextIOBase):
    """Standard output and error of made code: taken and dropped."""

    def write(self, text: str, /) -> int:
        """Take the text and drop it."""
        return len(text)


def preload() -> None:
    """Import everything that made code may import, and use what sets itself up at first use; run once, at build."""
    for name in (*ALLOWED_IMPORTS, *IMPORTED_LATE):
        importlib.import_module(name)
    with suppress(ImportError):  # division and text of huge integers, from Python 3.12 on
        importlib.import_module("_pylong")
    warnings.simplefilter("ignore")  # a warning looks for the source's file, and there is none
    modules = sys.modules
    modules["datetime"].datetime.strptime("10:00 Mon", "%H:%M %a")
    modules["re"].compile(r"(?P<a>\d+)-(\w+)|[^x]\b").sub("", "1-a")
    str(modules["decimal"].Decimal("1.1") / 3)
    modules["json"].loads(modules["json"].dumps({"a": [1, 2.5, None]}))
    time.sleep = no_sleep
    zones = read_zones()
    vars(modules["zoneinfo"]).update(available_timezones=lambda: set(zones))
    vars(modules["zoneinfo._common"]).update(load_tzdata=partial(open_zone, zones))
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page of every instance


def read_zones() -> dict[str, bytes]:
    """The time zones of the world, from the package `tzdata` of the machine that builds."""
    files = importlib.import_module("importlib.resources").files("tzdata")
    names = (files / "zones").read_text().split()
    return {name: files.joinpath("zoneinfo", *name.split("/")).read_bytes() for name in names}


def open_zone(zones: Mapping[str, bytes], key: str) -> io.BytesIO:
    """What `ZoneInfo` reads instead of a file. Raises: ZoneInfoNotFoundError."""
    if key not in zones:
        raise ZoneInfoNotFoundError(f"No time zone found with key {key}")
    return io.BytesIO(zones[key])


def no_sleep(seconds: float | SupportsIndex, /) -> None:
    """`time.sleep` that returns at once: waiting would hold up the worker and changes no result."""


def fenced_import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> types.ModuleType:
    """`__import__` of made code. Raises: ImportError for whatever is not on the list."""
    if level:
        raise ImportError("made code is one file: it has no relative imports")
    listed = name in ALLOWED_IMPORTS or name in IMPORTED_FROM_C
    if not listed and not (fromlist and all(f"{name}.{part}" in ALLOWED_IMPORTS for part in fromlist)):
        raise ImportError(f"{name[:80]!r} cannot be imported here. These can: {', '.join(ALLOWED_IMPORTS)}")
    return builtins.__import__(name, globals, locals, fromlist, 0)


def fresh_namespace(seed: int) -> dict[str, Any]:
    """A new module's globals for made code, registered as `tool` since dataclasses and enums look themselves up there."""
    random.seed(seed)
    sys.stdin = io.StringIO("")
    sys.stdout = sys.stderr = Nowhere()
    module = types.ModuleType("tool")
    sys.modules["tool"] = module
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": fenced_import}
    module.__dict__["NotThisTask"] = NotThisTask
    return module.__dict__
