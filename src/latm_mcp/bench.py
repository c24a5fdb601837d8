"""The bench: data files' questions answered by tools that were made from each file's first rows, with no model in use."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import anyio

from latm_mcp.errors import BadInput, LatmError, NotFound, SandboxUnavailable, StoreUnusable
from latm_mcp.job_intake import MakeRequest, fitting_tool
from latm_mcp.judging import judge
from latm_mcp.latm import Latm
from latm_mcp.latm_import import import_tool
from latm_mcp.latm_sentences import first_line, replaying, step_words
from latm_mcp.models import Example, Maker, Progress, Status, Tool
from latm_mcp.outcomes import AnswerQuestion, Program
from latm_mcp.recording import RecordedMaker
from latm_mcp.text import check_name, name_from

EXAMPLE_ROWS, FIRST_QUESTION, LAST_QUESTION = 6, 10, 250
AT_ONCE = 6  # a person or a model answers several makings at once
MAX_FILE_BYTES = 96 * 1024 * 1024

# Cai et al. 2023, table 2: tools made by GPT-4, used by GPT-3.5, in per cent.
PAPER = {
    "logical_deduction_five_objects": 79.7,
    "tracking_shuffled_objects_five_objects": 99.6,
    "dyck_languages": 92.2,
    "word_sorting": 98.3,
    "chinese_remainder_theorem": 100.0,
    "schedule_meeting": 100.0,
}

Told: TypeAlias = Callable[[str, str, float], None]  # task, sentence, share done
MakerOf: TypeAlias = Callable[[str], Maker]


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of the bench. stem: its name without `.json`; examples: its first 6 rows; questions: rows 11 to 250."""

    stem: str
    examples: tuple[Example, ...]
    questions: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """What came of one file. fault: why there is no tool; making, using: model replies, as the ledger counted them."""

    task: str
    total: int
    status: Status = "failed"
    tool: str = ""
    tries: int = 0
    right: int = 0
    wrong: int = 0
    abstained: int = 0
    making: int = 0
    using: int = 0
    seconds: float = 0.0
    fault: str = ""

    @property
    def paper(self) -> float | None:
        return PAPER.get(self.task)


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
    known = [Example(question=question, answer=answer, standing="confirmed") for question, answer in pairs]
    return DataFile(path.stem, tuple(known[:EXAMPLE_ROWS]), tuple(known[FIRST_QUESTION:]))


async def take_in_starter(latm: Latm, folders: Sequence[Path], told: Told) -> None:
    """Import and approve the starter tools. Raises: NotFound without any; BadInput, where one fails here."""
    if not folders:
        raise NotFound("The starter library has no tools yet: run the bench without --starter.")
    for number, folder in enumerate(folders, 1):
        said = f"verifying {folder.name} on this machine, {number} of {len(folders)}"
        told("starter library", said, number / len(folders))
        tool = await import_tool(latm.shop, folder)
        latm.store.approve(tool, "bench")


async def run_bench(
    latm: Latm, files: Sequence[DataFile], maker_of: MakerOf | None, record: Path | None, told: Told
) -> list[BenchRow]:
    """A row for each file, in order; up to 6 makings at once.

    maker_of: the maker for a file's stem; None: nothing is made, one of the library's tools must fit.
    record: a folder; each making is recorded under its file's stem. Raises: SandboxUnavailable, StoreUnusable.
    """
    rows: dict[str, BenchRow] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(file: DataFile) -> None:
        async with limiter:
            rows[file.stem] = await _row(latm, file, maker_of, record, told)

    async with anyio.create_task_group() as group:
        for file in files:
            group.start_soon(one, file)
    return [rows[file.stem] for file in files]


async def _row(latm: Latm, file: DataFile, maker_of: MakerOf | None, record: Path | None, told: Told) -> BenchRow:
    started, row = time.monotonic(), BenchRow(file.stem, len(file.questions))
    try:
        if maker_of is None:
            row, tool = await _found(latm, file, row)
        else:
            row, tool = await _made(latm, file, row, maker_of(file.stem), record, told)
        if tool is not None and file.questions:
            told(file.stem, f"answering {len(file.questions)} questions with {tool.name}", 0.95)
            row = await _answered(latm, tool, file, row)
    except (SandboxUnavailable, StoreUnusable):
        raise
    except LatmError as error:
        row = replace(row, fault=str(error))
    told(file.stem, row.fault or (f"{row.right} of {row.total} right" if row.total else "nothing was asked"), 1.0)
    return replace(row, seconds=time.monotonic() - started)


async def _found(latm: Latm, file: DataFile, row: BenchRow) -> tuple[BenchRow, Tool | None]:
    tool = await fitting_tool(latm.shop, MakeRequest(file.examples), latm.dispatcher())
    if tool is None:
        return replace(row, fault="no tool of the library answers its first 6 rows"), None
    return replace(row, status="fits", tool=tool.name), tool


async def _made(
    latm: Latm, file: DataFile, row: BenchRow, maker: Maker, record: Path | None, told: Told
) -> tuple[BenchRow, Tool | None]:
    request = MakeRequest(file.examples, name=_name(file))
    if isinstance(maker, RecordedMaker):
        request = replace(request, name=maker.name, description=maker.description)

    def report(step: Progress) -> None:
        told(file.stem, step_words(replaying(step) if isinstance(maker, RecordedMaker) else step), 0.9 * step.done)

    result = await latm.make(request, report, maker=maker, record=record / file.stem if record else None)
    job = latm.store.job(result.job) if result.job else None
    making = _replies(latm, job.task.name)[0] if job else 0
    row = replace(row, status=result.status, tries=len(job.tries) if job else 0, making=making)
    if result.tool is None:
        said = first_line(result.failure.sentence) if result.failure else result.next
        return replace(row, fault=said), None
    return replace(row, tool=result.tool.name), result.tool


def _name(file: DataFile) -> str:
    try:
        return check_name(file.stem)
    except BadInput:
        return name_from(file.stem, file.stem)


async def _answered(latm: Latm, tool: Tool, file: DataFile, row: BenchRow) -> BenchRow:
    """The file's questions through the tool's adapter, compared as the harness does; without an adapter, all abstained."""
    before = _replies(latm, tool.name)[1]
    verdicts = ["abstained"] * len(file.questions)
    if tool.adapter:
        requests = [AnswerQuestion(example.question) for example in file.questions]
        program = Program(tool.source, tool.signature.function)
        outcomes = await latm.sandbox.run_batch(program, requests, limits=latm.limits_of(tool.name))
        judged = zip(file.questions, requests, outcomes, strict=True)
        verdicts = [judge(0, *each, tool.comparison).verdict for each in judged]
    return replace(
        row,
        right=verdicts.count("passed"),
        wrong=verdicts.count("wrong"),
        abstained=verdicts.count("abstained"),
        using=_replies(latm, tool.name)[1] - before,
    )


def _replies(latm: Latm, tool: str) -> tuple[int, int]:
    """The model replies that the ledger has for a tool: in making it, and in using it."""
    rows = [row for row in latm.store.usage() if row.tool == tool]
    making = sum(row.replies for row in rows if row.role == "maker")
    return making, sum(row.replies for row in rows) - making
