"""The bench's report as Markdown: a section for each part, the paper's figures beside ours."""

from collections.abc import Callable, Iterable, Sequence

from latm_mcp.bench_answers import AnswersPart
from latm_mcp.bench_baselines import BaselinesPart
from latm_mcp.bench_dispatch import DispatchPart
from latm_mcp.bench_making import MakingPart
from latm_mcp.bench_paper import DISPATCH_KNOWN, DISPATCH_MIXED, MAKING_OF, SOURCE
from latm_mcp.bench_report import BenchReport
from latm_mcp.bench_scores import Score
from latm_mcp.bench_stream_figures import StreamPart
from latm_mcp.text import one_line

MOST_WRONG = 50  # wrong answers that the Markdown lists; the JSON has all
MAX_CELL = 160


def as_markdown(report: BenchReport, plots: Sequence[str] | str) -> str:
    """The whole report. plots: the names of their files, or why there are none."""
    lines = ["# latm-mcp bench", "", f"{len(report.files)} tasks: {', '.join(report.files)}. Seed {report.seed}."]
    if report.maker:
        lines.append(f"Tools were made by: {report.maker}.")
    for role, name in (report.models or {}).items():
        lines.append(f"The model of the role {role}: {name}.")
    lines += ["", f"Paper: {SOURCE} A dash: it has no such figure.", ""]
    lines += _section("Making", report.making, _making)
    lines += _section("Answers by way", report.answers, _answers)
    lines += _section("Without tools", report.baselines, _baselines)
    lines += _section("Dispatcher", report.dispatcher, _dispatcher)
    lines += _section("Stream", report.stream, _stream)
    lines += ["## Plots", ""]
    lines += [plots] if isinstance(plots, str) else [f"![{name.removesuffix('.svg')}]({name})" for name in plots]
    if report.left_out:
        lines += ["", "## Left out", "", *(f"- {one_line(sentence, 400)}" for sentence in report.left_out)]
    return "\n".join(lines) + "\n"


def _section(title: str, part: object, of: Callable[..., list[str]]) -> list[str]:
    return [] if part is None else [f"## {title}", "", *of(part), ""]


def _making(part: MakingPart) -> list[str]:
    rows = [
        (
            row.task,
            f"{row.made} of {row.trials}",
            f"{row.paper} of {MAKING_OF}" if row.paper is not None else "-",
            f"{row.all_right} of {row.trials}",
            _number(row.accuracy),
            row.wrong,
            row.tries,
            row.replies,
            row.tokens,
            _usd(row.usd),
        )
        for row in part.rows
    ]
    columns = "task|made|paper|all held-out right|held-out right, %|held-out wrong|drafts|replies|tokens|USD"
    said = (
        "Each trial makes the tool anew from 6 other rows, in a library of its own. Made: right on its validation examples, whose "
        "answers the maker never saw. Held-out: all other rows of the file, through the adapter; abstaining is not right."
    )
    faults = [f"- {row.task}: {one_line(fault, 300)}" for row in part.rows for fault in row.faults]
    return [said, "", *_table(columns, rows), *([""] if faults else []), *faults]


def _answers(part: AnswersPart) -> list[str]:
    rows = [
        (
            row.task,
            row.made.tool or "none",
            _score(row.adapter),
            _score(row.perfect),
            _score(row.user),
            _number(row.tool_accuracy),
            _number(row.caller_accuracy),
            _number(row.paper),
        )
        for row in part.rows
    ]
    costs = [
        (
            row.task,
            row.user.replies,
            row.user.tokens_in,
            row.user.tokens_out,
            _usd(row.user.usd),
            f"{row.user.seconds:.1f}",
        )
        for row in part.rows
        if row.user is not None
    ]
    said = (
        f"Up to {part.questions} of rows 11 to 250 of each task. In each way: per cent right (right, wrong, abstained). The perfect "
        "caller calls the function with what `parse` reads. Tool accuracy: right of its calls. Caller accuracy: how often the "
        f"light model ({part.user_model or 'none'}) came to the same result as `parse`, where that read the question."
    )
    lines = [said, ""]
    lines += _table("task|tool|adapter|perfect caller|tool user|tool accuracy, %|caller accuracy, %|paper, %", rows)
    if costs:
        lines += ["", "The tool user's cost:", "", *_table("task|replies|tokens in|tokens out|USD|seconds", costs)]
    faults = [f"- {row.task}: {one_line(row.made.fault, 300)}" for row in part.rows if row.made.fault]
    return [*lines, *([""] if faults else []), *faults]


def _baselines(part: BaselinesPart) -> list[str]:
    rows = [
        (
            row.task,
            f"{row.model} ({row.role})",
            row.way,
            _score(row.score),
            row.score.tokens_in,
            row.score.tokens_out,
            _usd(row.score.usd),
            f"{row.score.seconds:.1f}",
        )
        for row in part.rows
    ]
    said = f"The same models asked without tools, up to {part.questions} of rows 11 to 250 of each task. Few-shot: after rows 1 to 6."
    return [said, "", *_table("task|model|way|right, %|tokens in|tokens out|USD|seconds", rows)]


def _dispatcher(part: DispatchPart) -> list[str]:
    rows = [
        ("all known: the right tool", _number(part.known), _number(DISPATCH_KNOWN)),
        ("existing, among unknown: the right tool", _number(part.existing), "-"),
        ("existing, the right tool certain", _number(part.existing_certain), "-"),
        ("new: no tool certain", _number(part.new), "-"),
        ("new: no candidate at all", _number(part.new_no_candidate), "-"),
        ("existing and new together", _number(part.mixed), _number(DISPATCH_MIXED)),
    ]
    wrong = sum(each.known.wrong + each.existing.wrong + each.new.wrong for each in part.drawings)
    said = (
        f"The paper's protocol, section 4.3, over {part.seeds} seeds, no model in use: 6 examples a tool; all tasks known, 100 mixed "
        "questions; then 4 tasks known, 2 of them and 2 unknown ones asked, 100 mixed questions (fewer of fewer files). An existing "
        "question is right where its tool is certain or the first candidate, a new one where no tool is certain. "
        f"Given to a wrong tool as certain: {wrong}."
    )
    return [said, "", *_table("what|ours, %|paper, %", rows)]


def _stream(part: StreamPart) -> list[str]:
    grouped = part.grouping
    late = part.questions - part.half
    figures = [
        ("questions", part.questions),
        ("answered by tools or models", part.answered),
        ("of these right, %", _number(part.accuracy)),
        ("labelled by the oracle", part.oracle),
        (f"of the last {late}: answered without a model call, %", _number(part.late_without_model)),
        ("of these right, %", _number(part.late_right)),
        ("model calls: making + using", f"{part.making} + {part.using}"),
        ("tokens", part.tokens),
        ("USD", _usd(part.usd)),
        ("tools", part.tools),
        ("queued as new", grouped.queue_questions),
        ("purity, completeness of the queue's groups, %", _pair(grouped.queue_purity, grouped.queue_completeness)),
        ("purity, completeness of the whole stream, %", _pair(grouped.whole_purity, grouped.whole_completeness)),
        *((f"answered by: {how}", number) for how, number in part.hows.items()),
    ]
    made = [
        (one.questions, one.tool, one.task or "-", "next version" if one.growth else "new", one.examples, one.tries)
        for one in part.made
    ]
    wrong = [(one.place + 1, f"{one.task}, row {one.row + 1}", one.how, one.tool, one.answer) for one in part.wrong]
    said = (
        "Questions of all files in random order, unlabelled, into an empty library. The oracle plays the paper's human labeller: it "
        "gives the file's own answer to what nobody answered."
    )
    lines = [said, "", *_table("what|figure", figures), "", "Tools, and after how many questions they were there:", ""]
    lines += _table("questions|tool|mostly from|what|examples|drafts", made)
    if wrong:
        lines += ["", f"Wrong answers ({len(wrong)}):", ""]
        lines += _table("question|file|by|tool|answered", wrong[:MOST_WRONG])
    return lines


def _table(columns: str, rows: Iterable[Sequence[object]]) -> list[str]:
    names = columns.split("|")
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _cell(value: object) -> str:
    """Others' text must not end a cell."""
    return one_line(str(value), MAX_CELL).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;") or "-"


def _score(came: Score | None) -> str:
    if came is None or not came.total:
        return "-"
    return f"{_number(came.accuracy)} ({came.right}, {came.wrong}, {came.abstained})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _pair(one: float | None, other: float | None) -> str:
    return f"{_number(one)}, {_number(other)}"


def _usd(amount: float) -> str:
    return f"{amount:.4f}"
