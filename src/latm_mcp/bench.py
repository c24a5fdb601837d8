"""The bench: data files' questions answered by tools that were made from each file's first rows, with no model in use."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import anyio

from latm_mcp.bench_files import DataFile
from latm_mcp.bench_paper import ACCURACY
from latm_mcp.bench_scores import score
from latm_mcp.bench_tools import Told, answered, make_tool, spent_on
from latm_mcp.errors import LatmError, NotFound, SandboxUnavailable, StoreUnusable
from latm_mcp.job_intake import MakeRequest, fitting_tool
from latm_mcp.latm import Latm
from latm_mcp.latm_import import import_tool
from latm_mcp.models import Maker, Status, Tool

AT_ONCE = 6  # a person or a model answers several makings at once

MakerOf: TypeAlias = Callable[[str], Maker]


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
        return ACCURACY.get(self.task)


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
    made = await make_tool(latm, file, file.examples, maker, record / file.stem if record else None, told)
    row = replace(row, status=made.status, tries=made.tries, making=made.replies, tool=made.tool, fault=made.fault)
    return row, latm.store.tool(made.tool) if made.tool else None


async def _answered(latm: Latm, tool: Tool, file: DataFile, row: BenchRow) -> BenchRow:
    """The file's questions through the tool's adapter, compared as the harness does; without an adapter, all abstained."""
    came = score(await answered(latm, tool, file.questions))
    using = spent_on(latm, tool.name, "user")[0].replies
    return replace(row, right=came.right, wrong=came.wrong, abstained=came.abstained, using=using)
