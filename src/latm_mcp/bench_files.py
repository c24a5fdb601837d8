"""The data files of the bench: `{"examples": [{"input", "target"}]}`, read once and bounded; and which rows are for what."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from latm_mcp.errors import BadInput
from latm_mcp.models import Example
from latm_mcp.splits import digest

EXAMPLE_ROWS, FIRST_QUESTION, LAST_QUESTION = 6, 10, 250
MAX_FILE_BYTES = 96 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of the bench. stem: its name without `.json`; rows: its first 250 at most."""

    stem: str
    rows: tuple[Example, ...]

    @property
    def examples(self) -> tuple[Example, ...]:
        """Rows 1 to 6: what a tool is made from."""
        return self.rows[:EXAMPLE_ROWS]

    @property
    def questions(self) -> tuple[Example, ...]:
        """Rows 11 to 250: what it is asked."""
        return self.rows[FIRST_QUESTION:]

    @property
    def digest(self) -> str:
        """`sha256:` of what is used of the file."""
        return digest(self.rows)


def read_folder(folder: Path) -> list[DataFile]:
    """Every `*.json` of a folder, by name. Raises: BadInput, naming the file and what is wrong with it."""
    if not folder.is_dir():
        raise BadInput(f"{str(folder)!r} is no folder: give one that holds the data files.")
    paths = sorted(path for path in folder.glob("*.json") if path.is_file())
    if not paths:
        raise BadInput(
            f'{str(folder)!r} holds no *.json file: put {{"examples": [{{"input", "target"}}]}} files there.'
        )
    return [_read_file(path) for path in paths]


def draw(rows: Sequence[T], count: int, *seed: str | int) -> list[T]:
    """`count` of the rows in random order, or all if they are fewer; the same for the same seed on every machine.

    Fewer rows of a seed are the beginning of more of it.
    """
    places = list(range(len(rows)))
    random.Random(":".join(map(str, seed))).shuffle(places)  # noqa: S311 - repeatable, no secret
    return [rows[place] for place in places[:count]]


def _read_file(path: Path) -> DataFile:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path.name!r} is larger than {MAX_FILE_BYTES} bytes: split it.")
        rows = json.loads(path.read_bytes().decode("utf-8"))["examples"]
        pairs = [(row["input"], row["target"]) for row in rows[:LAST_QUESTION]]
    except OSError as error:
        raise BadInput(f"{path.name!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name!r} is not UTF-8 (byte {error.start}): save it as UTF-8.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f'{path.name!r} is not of the form {{"examples": [{{"input", "target"}}]}}: mend it.') from None
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise BadInput(f"{path.name!r} has an input or a target that is no text: write them as strings.")
    known = (Example(question=question, answer=answer, standing="confirmed") for question, answer in pairs)
    return DataFile(path.stem, tuple(known))
