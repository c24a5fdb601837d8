"""`latm-mcp run` on many rows: as much memory as on few; whatever a batch costs, each row is asked; a terminal is shown how it goes."""

import os
import pty
import resource
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from front_door import LINE, FrontDoor
from scripts_library import make_library
from test_run import ASK, lines, read

from latm_mcp.cli_run_answers import open_answers
from latm_mcp.cli_run_batches import Engine, Running
from latm_mcp.cli_run_records import Form
from latm_mcp.cli_run_rows import open_rows
from latm_mcp.cli_run_values import Asked
from latm_mcp.errors import BadInput
from latm_mcp.outcomes import AnswerQuestion, Died, Limits, Outcome, Program, Request, Returned
from latm_mcp.sandbox import Sandbox
from latm_mcp.store import open_store


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    folder = tmp_path_factory.mktemp("many")
    make_library(folder / "home", sandbox_cache)
    return FrontDoor(folder / "home", sandbox_cache)


def peak(door: FrontDoor, rows: Path, out: Path) -> int:
    """KiB that a run held at most."""
    line = [*LINE, "run", "sort_words", "--in", str(rows), "--out", str(out)]
    with subprocess.Popen(line, env=door.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1
    assert isinstance(used, resource.struct_rusage)
    return used.ru_maxrss


def test_memory_does_not_grow_with_the_rows(door: FrontDoor, tmp_path: Path):
    few, lots = lines(tmp_path / "few.jsonl", {"n": 1}), tmp_path / "lots.jsonl"
    with lots.open("w", encoding="utf-8") as file:
        file.writelines(f'{{"n": {n}, "text": "{"x" * 400}"}}\n' for n in range(100_000))  # 40 MB
    small = peak(door, few, tmp_path / "few_out.jsonl")
    large = peak(door, lots, tmp_path / "lots_out.jsonl")
    assert large - small < 30_000
    assert peak(door, lots, tmp_path / "lots_out.jsonl") - small < 30_000  # gone on with
    assert (tmp_path / "lots_out.jsonl").read_bytes().count(b"\n") == 100_000


class Tired(Sandbox):
    """A sandbox that gives up each batch after two rows, as one does that has lost too many workers."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def run_batch(self, program: Program, requests: Sequence[Request], **_: object) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for request in requests[:2]:
            assert isinstance(request, AnswerQuestion)
            self.asked.append(request.question)
            fine = request.question.endswith("0")
            value = {"answer": request.question, "arguments": {}, "result": None}
            outcomes.append(Returned(value) if fine else Died("the worker process ended"))
        return outcomes + outcomes[-1:] * (len(requests) - len(outcomes))


class Choosy(Sandbox):
    """A sandbox that takes no batch with one certain question."""

    async def run_batch(self, program: Program, requests: Sequence[Request], **_: object) -> list[Outcome]:
        questions = [request.question for request in requests if isinstance(request, AnswerQuestion)]
        if any(question.endswith("7") for question in questions):
            raise BadInput("not this one")
        return [Returned({"answer": question, "arguments": {}, "result": None}) for question in questions]


async def test_a_row_that_the_sandbox_does_not_take_stops_no_other(door: FrontDoor, tmp_path: Path):
    questions = [f"{ASK}{n}" for n in range(30)]
    running, _ = await ran(door, Choosy(), questions, tmp_path)
    assert [row.get("answer", row.get("error")) for row in read(tmp_path / "out.jsonl")] == [
        "not this one" if question.endswith("7") else question for question in questions
    ]
    assert running.counts == {"answered": 27, "bad-input": 3}


async def test_what_a_batch_left_unasked_is_asked(door: FrontDoor, tmp_path: Path):
    questions, sandbox = [f"{ASK}{n}" for n in range(100)], Tired()
    running, uses = await ran(door, sandbox, questions, tmp_path)
    assert sorted(sandbox.asked) == sorted(questions)
    assert [row.get("answer", row.get("error_kind")) for row in read(tmp_path / "out.jsonl")] == [
        question if question.endswith("0") else "died" for question in questions
    ]
    assert running.counts == {"answered": 10, "died": 90}
    assert uses == {"x": 10}


async def ran(
    door: FrontDoor, sandbox: Sandbox, questions: Sequence[str], folder: Path
) -> tuple[Running, Counter[str]]:
    """A run of these questions in the folder, with its uses."""
    source = lines(folder / "in.jsonl", *({"question": question} for question in questions))
    form = Form(None)
    with open_store(door.home) as store:
        tool = store.tool("sort_words")
    assert tool is not None
    asked = Asked(tool, Limits(), texts=False)
    uses: Counter[str] = Counter()
    engine = Engine(
        sandbox,
        Program(tool.source, "sort_words"),
        Limits(),
        2,
        "sort_words@" + "0" * 12,
        asked,
        lambda: uses.update("x"),
    )
    with open_rows(source) as rows, open_answers(folder / "out.jsonl", form, retry=False) as answers:
        running = Running(engine, rows, answers, form, lambda at, counts: None)
        await running.run()
    return running, uses


def test_a_terminal_is_shown_a_bar_and_stdout_has_the_summary_alone(door: FrontDoor, tmp_path: Path):
    rows = lines(tmp_path / "in.jsonl", *({"question": f"{ASK}{n} a"} for n in range(1500)))
    line = [*LINE, "run", "sort_words", "--in", str(rows), "--out", str(tmp_path / "out.jsonl"), "--json"]
    ours, theirs = pty.openpty()
    environment = {**door.environment, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while piece := terminal(ours):
            shown += piece
        assert process.stdout is not None
        out = process.stdout.read()
    assert process.returncode == 0
    assert b"sort_words" in shown
    assert b"answered" in shown
    assert out.startswith(b"{")
    assert b"\x1b" not in out


def terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # the other side is closed
        return b""
