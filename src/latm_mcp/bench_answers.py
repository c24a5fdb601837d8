"""Accuracy by task and way of answering: a tool's adapter; a light model that calls it; a caller without fault.

The last shows how right the tool is; how far the light model comes to its results shows how right the caller is.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace

from latm_mcp.bench_files import DataFile
from latm_mcp.bench_models import Metered
from latm_mcp.bench_paper import ACCURACY
from latm_mcp.bench_results import Results
from latm_mcp.bench_scores import Judged, Score, per_cent, score
from latm_mcp.bench_tools import Made, Told, answered, ask_adapter, call_perfectly
from latm_mcp.compare import same, same_result
from latm_mcp.errors import LatmError, MakerFailed, SandboxUnavailable, StoreUnusable
from latm_mcp.latm import Latm
from latm_mcp.models import Example, Tool
from latm_mcp.using.tool_user import use_tool
from latm_mcp.using.use import Answer

BATCH = 24  # questions that are judged before they are kept
ADAPTER, PERFECT, USER = "adapter", "perfect caller", "tool user"

ToolOf = Callable[[DataFile], Awaitable[Made]]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A task. adapter, perfect, user: None where that way was not gone; fault: why there is no tool.

    tool_accuracy: per cent right of the perfect caller's calls; caller_accuracy: per cent of these questions on which the light
    model's call came to the same result.
    """

    task: str
    made: Made
    has_adapter: bool = False
    adapter: Score | None = None
    perfect: Score | None = None
    user: Score | None = None
    tool_accuracy: float | None = None
    caller_accuracy: float | None = None
    paper: float | None = None


@dataclass(frozen=True, slots=True)
class AnswersPart:
    """All tasks. questions: asked of each task at most; user_model: the light model's name, or empty."""

    questions: int
    user_model: str
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """What questions are answered with. most: of each task; user: None where no light model is configured."""

    latm: Latm
    tool_of: ToolOf
    most: int
    user: Metered | None
    results: Results
    told: Told


async def run_answers(files: Sequence[DataFile], asking: Asking) -> AnswersPart:
    """Every file in turn; each question is kept. Raises: SandboxUnavailable, StoreUnusable, MakerFailed, where a model cannot be asked."""
    rows = [await _row(file, asking) for file in files]
    return AnswersPart(asking.most, asking.user.name if asking.user else "", tuple(rows))


async def _row(file: DataFile, asking: Asking) -> AnswerRow:
    made = asking.results.value(Made, "answers", file.stem, "making")
    if made is None:
        made = await _made(file, asking)
        if made.tool or made.tries:  # else nobody has written anything: a rerun tries again
            asking.results.keep(asdict(made), "answers", file.stem, "making")
    tool = asking.latm.store.tool(made.tool) if made.tool else None
    if tool is None:
        asking.told(file.stem, made.fault or f"{made.tool} is no longer in the library", 1.0)
        return AnswerRow(file.stem, made, paper=ACCURACY.get(file.stem))
    questions = file.questions[: asking.most]
    row = await _answered(file.stem, made, tool, questions, asking)
    asking.told(file.stem, f"{len(questions)} questions answered", 1.0)
    return row


async def _answered(stem: str, made: Made, tool: Tool, questions: Sequence[Example], asking: Asking) -> AnswerRow:
    adapter = perfect = user = None
    if tool.adapter:
        adapter = await _in_batches(stem, ADAPTER, tool, questions, asking)
        perfect = await _in_batches(stem, PERFECT, tool, questions, asking)
    if asking.user is not None:
        user = await _by_user(stem, tool, questions, asking, asking.user)
    known = score(perfect or ())
    alike = [row.alike for row in user or () if row.alike is not None]
    return AnswerRow(
        stem,
        made,
        tool.adapter,
        score(adapter) if adapter is not None else None,
        score(perfect) if perfect is not None else None,
        score(user) if user is not None else None,
        per_cent(known.right, known.right + known.wrong),
        per_cent(sum(alike), len(alike)),
        ACCURACY.get(stem),
    )


async def _made(file: DataFile, asking: Asking) -> Made:
    try:
        return await asking.tool_of(file)
    except (MakerFailed, SandboxUnavailable, StoreUnusable):
        raise
    except LatmError as error:
        return Made("failed", fault=str(error))


async def _in_batches(stem: str, way: str, tool: Tool, questions: Sequence[Example], asking: Asking) -> list[Judged]:
    """The ways that ask no model, many questions at once."""
    go = answered if way == ADAPTER else call_perfectly
    done = [asking.results.value(Judged, "answers", stem, way, place) for place in range(len(questions))]
    missing = [place for place, row in enumerate(done) if row is None]
    for start in range(0, len(missing), BATCH):
        places = missing[start : start + BATCH]
        asking.told(stem, f"{way}: question {places[0] + 1} of {len(questions)}", places[0] / len(questions))
        for place, row in zip(places, await go(asking.latm, tool, [questions[n] for n in places]), strict=True):
            asking.results.keep(row.as_json(), "answers", stem, way, place)
            done[place] = row
    return [row for row in done if row is not None]


async def _by_user(stem: str, tool: Tool, questions: Sequence[Example], asking: Asking, user: Metered) -> list[Judged]:
    rows = []
    for place, example in enumerate(questions):
        key = ("answers", stem, USER, user.name, place)
        row = asking.results.value(Judged, *key)
        if row is None:
            asking.told(stem, f"{USER}: question {place + 1} of {len(questions)}", place / len(questions))
            row = await _used(tool, example, asking.latm, user)
            asking.results.keep(row.as_json(), *key)
        rows.append(row)
    return rows


async def _used(tool: Tool, example: Example, latm: Latm, user: Metered) -> Judged:
    """One question through the light model; what it called is compared with what `parse` reads."""
    user.begin()
    try:
        got = await use_tool(tool, example.question, user, latm.sandbox, latm.limits_of(tool.name))
    except MakerFailed as error:
        return user.useless(error)
    if not isinstance(got, Answer):
        return user.judged("abstained", got.sentence, await _alike(latm, tool, example, None))
    right = same(tool.comparison, example.answer, got.answer) or same_result(
        tool.comparison, example.answer, got.result
    )
    judged = user.judged("passed" if right else "wrong", f"answered {got.answer!r}")
    return replace(judged, alike=await _alike(latm, tool, example, got))


async def _alike(latm: Latm, tool: Tool, example: Example, got: Answer | None) -> bool | None:
    """Whether a call came to the result that `parse`'s own arguments come to; None where `parse` reads none."""
    if not tool.adapter:
        return None
    [run] = await ask_adapter(latm, tool, [example])
    return None if run.arguments is None else got is not None and got.result == run.result
