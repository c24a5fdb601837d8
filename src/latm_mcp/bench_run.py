"""The paper's evaluation, in parts, on any folder of task files and any models: what is asked for is run, kept and put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from latm_mcp import prompts
from latm_mcp.bench import take_in_starter
from latm_mcp.bench_answers import AnswersPart, Asking, run_answers
from latm_mcp.bench_baselines import BaselinesPart, run_baselines
from latm_mcp.bench_dispatch import run_dispatch
from latm_mcp.bench_files import DataFile
from latm_mcp.bench_making import MakingPart, Trials, run_making
from latm_mcp.bench_models import Metered, open_metered
from latm_mcp.bench_recordings import RecordedMakings, ReplayedMakings
from latm_mcp.bench_report import BenchReport
from latm_mcp.bench_results import Results
from latm_mcp.bench_stream import run_stream
from latm_mcp.bench_stream_figures import StreamPart
from latm_mcp.bench_tools import Made, Told, make_tool
from latm_mcp.errors import BadInput, NotFound
from latm_mcp.job_intake import MakeRequest, fitting_tool
from latm_mcp.latm import Latm, open_latm
from latm_mcp.latm_models import open_role
from latm_mcp.models import Maker, Task
from latm_mcp.models_using import LanguageModel
from latm_mcp.recording import RecordedMaker
from latm_mcp.settings import Settings
from latm_mcp.splits import split
from latm_mcp.store import Role, Store, open_store

MAKING, ANSWERS, DISPATCHER, STREAM, BASELINES = PARTS = ("making", "answers", "dispatcher", "stream", "baselines")
NO_USER = (
    "The tool user was left out, for no light model is configured: set LATM_USER_MODEL (and LATM_USER_BASE_URL, "
    "LATM_USER_API_KEY where its endpoint needs them)."
)
NO_BASELINES = "The part 'baselines' asks a model, and none is configured: set LATM_USER_MODEL or LATM_FALLBACK_MODEL, or leave it out."


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run. starter: the starter tools' folders, used by `answers` instead of making any; None: tools are made.

    recording, record: folders; STEM for answers, STEM/TRIAL for making, 1, 2, ... in order of making for the stream.
    questions: asked of each task at most, by answers and baselines.
    """

    files: Sequence[DataFile]
    parts: tuple[str, ...]
    trials: int
    seeds: int
    stream: int
    questions: int
    seed: int
    starter: Sequence[Path] | None = None
    recording: Path | None = None
    record: Path | None = None

    @property
    def makes(self) -> bool:
        """Whether a maker or recordings are needed."""
        return MAKING in self.parts or STREAM in self.parts or (ANSWERS in self.parts and self.starter is None)


@dataclass(frozen=True, slots=True)
class Running:
    """What all parts share. base: where libraries are kept; maker: the live one; ledger: of the models that answer."""

    plan: Plan
    settings: Settings
    base: Path
    maker: Maker | None
    ledger: Store
    results: Results
    told: Told


async def run_parts(
    plan: Plan, settings: Settings, base: Path, maker: Maker | None, results: Results, told: Told
) -> BenchReport:
    """Every part of the plan. Raises: BadInput, where something that a part needs is not there; what the parts raise."""
    if BASELINES in plan.parts and settings.user is None and settings.fallback is None:
        raise BadInput(NO_BASELINES)
    results.same({file.stem: file.digest for file in plan.files}, "files")
    results.same(plan.seed, "seed")
    for part in plan.parts:
        results.keep(True, "part", part)
    named = maker.model if maker else "recordings" if plan.recording else "the starter library" if plan.starter else ""
    if plan.makes:
        results.same(named, "maker")
    models = {role: model.model for role in ("user", "fallback") if (model := getattr(settings, role)) is not None}
    report = BenchReport({file.stem: len(file.rows) for file in plan.files}, plan.seed, named, models)
    with open_store(base / "ledger") as ledger:
        running = Running(plan, settings, base, maker, ledger, results, told)
        return await _run(running, report)


async def _run(run: Running, report: BenchReport) -> BenchReport:
    parts = run.plan.parts
    if DISPATCHER in parts:
        report = replace(report, dispatcher=run_dispatch(run.plan.files, run.plan.seeds, run.results, run.told))
    if MAKING in parts:
        report = replace(report, making=await _making(run))
    if ANSWERS in parts:
        left_out = () if run.settings.user else (NO_USER,)
        report = replace(report, answers=await _answers(run), left_out=left_out)
    if BASELINES in parts:
        report = replace(report, baselines=await _baselines(run))
    if STREAM in parts:
        report = replace(report, stream=await _stream(run))
    return report


async def _making(run: Running) -> MakingPart:
    spent = 0.0

    @asynccontextmanager
    async def opened(home: Path) -> AsyncIterator[Latm]:
        """A library of its own, and what is left of the day's money."""
        nonlocal spent
        left = max(0.0, run.settings.daily_usd - spent)
        async with open_latm(replace(run.settings, home=home, workers=1, daily_usd=left)) as latm:
            yield latm
            spent += latm.store.spent(0.0)

    def maker_of(stem: str, trial: int) -> Maker:
        return RecordedMaker(run.plan.recording / stem / str(trial)) if run.plan.recording else _live(run)

    trials = Trials(run.plan.trials, run.plan.seed, opened, maker_of, run.plan.record, run.results, run.told)
    return await run_making(run.plan.files, trials)


async def _answers(run: Running) -> AnswersPart:
    async with AsyncExitStack() as stack:
        latm = await stack.enter_async_context(_library(run, "answers"))
        user = await stack.enter_async_context(
            open_metered("user", run.settings.user, run.ledger, run.settings.daily_usd)
        )
        there = {row.name for row in latm.store.listed() if row.state == "live"}
        missing = [folder for folder in run.plan.starter or () if folder.name not in there]
        if run.plan.starter is not None and (missing or not there):
            await take_in_starter(latm, missing, run.told)

        async def tool_of(file: DataFile) -> Made:
            """The starter tool that fits, or a making."""
            if run.plan.starter is not None:
                return await _fitting(latm, file)
            recording, record = run.plan.recording, run.plan.record
            maker = RecordedMaker(recording / file.stem) if recording else _live(run)
            return await make_tool(latm, file, file.examples, maker, record / file.stem if record else None, run.told)

        return await run_answers(run.plan.files, Asking(latm, tool_of, run.plan.questions, user, run.results, run.told))


async def _baselines(run: Running) -> BaselinesPart:
    models: dict[str, Metered] = {}
    async with AsyncExitStack() as stack:
        for role in ("user", "fallback"):
            configured = getattr(run.settings, role)
            opening = open_metered(role, configured, run.ledger, run.settings.daily_usd)
            model = await stack.enter_async_context(opening)
            if model is not None:
                models[role] = model
        return await run_baselines(run.plan.files, models, run.plan.questions, run.results, run.told)


async def _stream(run: Running) -> StreamPart:
    """The oracle is the labeller: no strong model answers, and none settles what is asked."""
    store: Store | None = None

    def task_of(brief: str) -> Task:
        assert store is not None
        jobs = (store.job(group.job) for group in store.groups() if group.job)
        return next(job.task for job in jobs if job is not None and prompts.brief(job.task, split(job.task)) == brief)

    if run.plan.recording:
        maker: Maker = ReplayedMakings(run.plan.recording)
    elif run.plan.record:
        maker = RecordedMakings(_live(run), run.plan.record, task_of)
    else:
        maker = _live(run)
    async with open_role("user", run.settings.user) as user, _library(run, STREAM, maker, user) as latm:
        store = latm.store
        return await run_stream(latm, run.plan.files, run.plan.stream, run.plan.seed, run.results, run.told)


@asynccontextmanager
async def _library(
    run: Running, part: str, maker: Maker | None = None, user: LanguageModel | None = None
) -> AsyncIterator[Latm]:
    """A part's own library, kept under the base. Raises: BadInput, where it is there and nothing of the part was kept, or the reverse."""
    home = run.base / part
    begun, opened = (run.results.get(part, state) is not None for state in ("begun", "opened"))
    if (home.is_dir() and not begun) or (opened and not home.is_dir()):
        raise BadInput(
            f"The folder {part!r} and what was kept beside it do not go together: name another --out folder."
        )
    run.results.keep(True, part, "begun")
    settings = replace(run.settings, home=home, fallback=None, dispatcher=None, queue=part == STREAM, publish="at-once")
    models: dict[Role, LanguageModel] = {"user": user} if user is not None else {}
    async with open_latm(settings, maker, models, progress=lambda sentence: run.told("sandbox", sentence, 0.0)) as latm:
        run.results.keep(True, part, "opened")
        yield latm


def _live(run: Running) -> Maker:
    assert run.maker is not None  # whoever begins a plan that makes has seen to it
    return run.maker


async def _fitting(latm: Latm, file: DataFile) -> Made:
    tool = await fitting_tool(latm.shop, MakeRequest(file.examples), latm.dispatcher())
    if tool is None:
        raise NotFound("no tool of the library answers its first 6 rows")
    return Made("fits", tool.name)
