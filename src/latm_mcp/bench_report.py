"""The bench's report as one frozen value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from latm_mcp.bench_answers import AnswersPart
from latm_mcp.bench_baselines import BaselinesPart
from latm_mcp.bench_dispatch import DispatchPart
from latm_mcp.bench_making import MakingPart
from latm_mcp.bench_paper import ACCURACY, DISPATCH_KNOWN, DISPATCH_MIXED, MAKING, MAKING_OF
from latm_mcp.bench_stream_figures import StreamPart
from latm_mcp.outcomes import Json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured; a part is None where it was not asked for. left_out: sentences on what could not be measured.

    files: number of rows by task; models: name by role; maker: who wrote the tools.
    """

    files: Mapping[str, int]
    seed: int
    maker: str = ""
    models: Mapping[str, str] | None = None
    making: MakingPart | None = None
    answers: AnswersPart | None = None
    dispatcher: DispatchPart | None = None
    stream: StreamPart | None = None
    baselines: BaselinesPart | None = None
    left_out: tuple[str, ...] = ()

    def as_json(self) -> Json:
        """The report as a JSON value, with the paper's figures."""
        paper = {
            "accuracy_percent": ACCURACY,
            "making_successes": MAKING,
            "making_trials": MAKING_OF,
            "dispatcher_known_percent": DISPATCH_KNOWN,
            "dispatcher_mixed_percent": DISPATCH_MIXED,
        }
        return {"format": FORMAT, **asdict(self), "paper": paper}
