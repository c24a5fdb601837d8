"""The paper's curve as a picture: cost over questions with tools and without, and how many questions needed somebody's answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latm_mcp.errors import BadInput
from latm_mcp.stats import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Blue and vermilion of Okabe and Ito: told apart by the colour-blind; the lines differ in their dashes too, for print.
TOOLS, STRONG, GREY = "#0072B2", "#D55E00", "#555555"
SUFFIXES = (".svg", ".png")


def check_picture(path: Path) -> None:
    """Raises: BadInput where no picture can be drawn there: another kind of file, no such folder, no matplotlib."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{path.name!r} is no name of a picture: end it in .svg or .png.")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"There is no folder {str(path.parent)!r}: make it, or name another.")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise BadInput("A picture needs matplotlib: pip install 'latm-mcp[plots]', then call this again.") from error


def draw(path: Path, unit: str, points: Sequence[Point]) -> None:
    """Write the picture, as its name's ending says. unit: of `spent` and `instead`. Raises: BadInput where it cannot be written."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Text stays text, to be searched and read aloud; ids are the same each time.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "latm-mcp", "font.size": 11}):
        figure = Figure(figsize=(8, 7.5), layout="constrained")
        FigureCanvasAgg(figure)  # without a screen
        above, below = figure.subplots(2, 1, sharex=True)
        _draw_cost(above, unit, points)
        _draw_labelled(below, points)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {}
        try:
            figure.savefig(path, dpi=150, metadata=metadata)
        except OSError as error:
            raise BadInput(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error


def _draw_cost(axes: "Axes", unit: str, points: Sequence[Point]) -> None:
    numbers = [point.question for point in points]
    axes.plot(
        numbers,
        [point.spent for point in points],
        color=TOOLS,
        linewidth=2,
        label="spent: with tools, their making included",
    )
    if any(point.instead for point in points):
        label = "strong model for each answered question (estimated)"
        axes.plot(numbers, [point.instead for point in points], color=STRONG, linewidth=2, linestyle="--", label=label)
    axes.set_title("Cost over questions", loc="left")
    axes.set_ylabel(f"cumulated cost ({unit})")
    _finish(axes)


def _draw_labelled(axes: "Axes", points: Sequence[Point]) -> None:
    numbers = [point.question for point in points]
    axes.plot(
        numbers, [point.labelled for point in points], color=TOOLS, linewidth=2, label="questions that no tool answered"
    )
    axes.plot(numbers, numbers, color=GREY, linewidth=1.5, linestyle=":", label="all questions: without tools")
    axes.set_title("Answers that a strong model or a person had to give", loc="left")
    axes.set_ylabel("cumulated answers (number)")
    axes.set_xlabel("questions asked (number)")
    _finish(axes)


def _finish(axes: "Axes") -> None:
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", frameon=False)
