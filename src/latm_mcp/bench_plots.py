"""The report's plots, as SVG files; none where matplotlib is not installed (the optional extra `plots`)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latm_mcp.bench_report import BenchReport
from latm_mcp.bench_stream_figures import StreamPart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO_PLOTS = "Plots were left out: matplotlib is not installed. Install it with `pip install 'latm-mcp[plots]'`, then run this again."


def draw_plots(folder: Path, report: BenchReport) -> list[str] | str:
    """The names of the plots that were written, in the report's order; or the sentence why there are none."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        return NO_PLOTS
    names = []
    # The same report is the same file: no dates, no random names in it.
    with rc_context({"svg.hashsalt": "latm-mcp", "svg.fonttype": "none"}):
        for name, draw in (("making", _making), ("answers", _answers), ("stream", _stream)):
            figure = Figure(figsize=(9, 4.5), layout="constrained")
            if draw(figure, report):
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
                names.append(f"{name}.svg")
    return names


def _making(figure: "Figure", report: BenchReport) -> bool:
    part = report.making
    if part is None:
        return False
    ours = {row.task: 100 * row.made / row.trials for row in part.rows if row.trials}
    paper = {row.task: 20.0 * row.paper for row in part.rows if row.paper is not None}
    axes = figure.add_subplot()
    _bars(axes, [row.task for row in part.rows], {"made": ours, "paper (GPT-4)": paper})
    axes.set_title(f"Makings that came to a tool, of {part.trials}")
    return True


def _answers(figure: "Figure", report: BenchReport) -> bool:
    ways: dict[str, dict[str, float]] = {}
    for row in report.answers.rows if report.answers else ():
        for way, came in (("adapter", row.adapter), ("perfect caller", row.perfect), ("tool user", row.user)):
            if came is not None and came.accuracy is not None:
                ways.setdefault(way, {})[row.task] = came.accuracy
        if row.paper is not None:
            ways.setdefault("paper", {})[row.task] = row.paper
    for base in report.baselines.rows if report.baselines else ():
        if base.score.accuracy is not None:
            ways.setdefault(f"{base.way}, {base.role}", {})[base.task] = base.score.accuracy
    if not ways:
        return False
    axes = figure.add_subplot()
    _bars(axes, list(report.files), ways)
    axes.set_title("Right answers, by task and way of answering")
    return True


def _bars(axes: "Axes", tasks: Sequence[str], ways: Mapping[str, Mapping[str, float]]) -> None:
    """Per cent, a group of bars for each task, one for each way; none where a way has no figure for it."""
    width = 0.8 / max(len(ways), 1)
    for number, (way, values) in enumerate(ways.items()):
        known = [place for place, task in enumerate(tasks) if task in values]
        left = [place - 0.4 + width * (number + 0.5) for place in known]
        axes.bar(left, [values[tasks[place]] for place in known], width, label=way)
    axes.set_xticks(range(len(tasks)), [task.replace("_", "\n") for task in tasks], fontsize=7)
    axes.set_ylim(0, 105)
    axes.set_ylabel("per cent")
    axes.legend(fontsize=8)


def _stream(figure: "Figure", report: BenchReport) -> bool:
    part = report.stream
    if part is None or not part.questions:
        return False
    asked = range(1, part.questions + 1)
    axes = figure.add_subplot(1, 2, 1)
    axes.step(asked, part.labels_curve, where="post", label="labelled by the oracle")
    axes.step(asked, part.calls_curve, where="post", label="model calls")
    _tools(axes, part)
    axes.set_ylabel("until then (grey: a tool is there)")
    axes.legend(fontsize=8)
    money = figure.add_subplot(1, 2, 2)
    money.plot(asked, part.usd_curve, label="spent")
    money.set_ylabel("US dollars until then")
    for each in (axes, money):
        each.set_xlabel("questions")
        each.set_ylim(bottom=0)
    figure.suptitle("A mixed stream into an empty library")
    return True


def _tools(axes: "Axes", part: StreamPart) -> None:
    """A line where a tool was there for the first time."""
    for made in part.made:
        if not made.growth:
            axes.axvline(made.questions, color="0.85", linewidth=0.8, zorder=0)
