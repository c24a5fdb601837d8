"""The bench's figures, checked by hand on tiny cases: scores, purity, what a stream comes to, what a reply's answer is."""

from pathlib import Path

import pytest

from latm_mcp.bench_baselines import answer_in
from latm_mcp.bench_files import draw, read_folder
from latm_mcp.bench_results import open_results
from latm_mcp.bench_scores import Judged, mean, per_cent, score
from latm_mcp.bench_stream_figures import MadeTool, StreamRow, purity, stream_part
from latm_mcp.errors import BadInput


def test_a_score_counts_verdicts_and_sums_what_they_took():
    rows = [Judged("passed", "", 1, 10, 5, 0.25, 1.5), Judged("wrong", "", 2, 20, 5, 0.5, 0.5), Judged("abstained")]
    came = score([*rows, Judged("passed")])
    assert (came.total, came.right, came.wrong, came.abstained, came.accuracy) == (4, 2, 1, 1, 50.0)
    assert (came.replies, came.tokens_in, came.tokens_out, came.usd, came.seconds) == (3, 30, 10, 0.75, 2.0)
    assert (score([]).accuracy, per_cent(2, 3), mean([50.0, None, 100.0]), mean([None])) == (None, 66.7, 75.0, None)


def test_purity_is_the_share_that_is_of_its_clusters_most_frequent_label():
    pairs = [("g1", "a"), ("g1", "a"), ("g1", "b"), ("g2", "a")]
    assert purity(pairs) == 75.0
    assert (
        purity([(label, cluster) for cluster, label in pairs]) == 75.0
    )  # completeness: a's largest is 2 of 3, b's is 1
    assert purity([]) is None


def _new(place: int, task: str, cluster: int, *made: MadeTool) -> StreamRow:
    making = 1 if made else 0
    return StreamRow(
        place, task, place, "new", None, None, "", None, True, cluster, making=making, tokens=20 * making, made=made
    )


def _answered(place: int, task: str, tool: str, right: bool, using: int = 0, oracle: bool = False) -> StreamRow:
    how = "tool and model" if using else "adapter"
    return StreamRow(place, task, place, "answered", how, tool, "x", right, oracle, None, using, usd=0.5 * using)


def test_what_a_stream_comes_to():
    sort = MadeTool("sort", "v1", 2, growth=False, examples=("a:0", "a:1"))
    better = MadeTool("sort", "v2", 1, growth=True, examples=("a:0", "a:1", "a:4"))
    refused = StreamRow(4, "a", 4, "use", None, "sort", "", None, True, 4, making=1, made=(better,))
    rows = [
        _new(0, "a", 0),
        _new(1, "a", 0, sort),
        _new(2, "b", 2),
        _new(3, "a", 2),  # a group of the queue that is mixed
        refused,
        _answered(5, "a", "sort", right=True),
        _answered(6, "b", "sort", right=False),
        _answered(7, "a", "sort", right=True, using=1),
    ]
    part = stream_part(rows, seed=3)
    assert (part.questions, part.answered, part.right, part.accuracy, part.oracle) == (8, 3, 2, 66.7, 5)
    assert (part.half, part.late_without_model, part.late_right) == (4, 50.0, 50.0)  # two of four, one of them right
    assert part.hows == {"adapter": 2, "oracle": 5, "tool and model": 1}
    assert (part.using, part.making, part.tokens, part.usd, part.tools) == (1, 2, 20, 0.5, 1)
    assert [(one.questions, one.task, one.growth, one.tries, one.examples) for one in part.made] == [
        (2, "a", False, 2, 2),
        (5, "a", True, 1, 3),
    ]
    assert [(one.place, one.task, one.tool) for one in part.wrong] == [(6, "b", "sort")]
    assert part.labels_curve == (1, 2, 3, 4, 5, 5, 5, 5)
    assert part.calls_curve == (0, 1, 1, 1, 2, 2, 2, 3)
    assert part.usd_curve == (0, 0, 0, 0, 0, 0, 0, 0.5)
    grouped = part.grouping
    assert (grouped.queue_questions, grouped.queue_purity, grouped.queue_completeness) == (4, 75.0, 75.0)
    # Whole: sort has a, a, a, a, b, a; group 2 has b, a. Of a, 5 of 6 are with sort; of b, one of 2 is anywhere.
    assert (grouped.whole_purity, grouped.whole_completeness) == (75.0, 75.0)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("Let me think.\nAnswer: 42", "42"),
        ("Answer: 1\nNo.\n**Answer: (B)**", "(B)"),
        ("**Answer:** blue sky", "blue sky"),
        (" just 7 \n", "just 7"),
    ],
)
def test_the_answer_of_a_reply_is_what_stands_after_its_last_answer_line(reply: str, answer: str):
    assert answer_in(reply) == answer


def test_fewer_drawn_rows_are_the_beginning_of_more():
    assert draw(range(50), 5, "a", 1) == draw(range(50), 50, "a", 1)[:5]
    assert draw(range(50), 50, "a", 1) != draw(range(50), 50, "a", 2)


def test_results_are_kept_once_and_a_line_that_was_cut_off_is_dropped(tmp_path: Path):
    with open_results(tmp_path) as results:
        results.keep({"a": 1}, "part", 1)
        results.keep({"a": 2}, "part", 1)
        results.keep("\ud800", "part", 2)  # half a surrogate pair
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b'{"key": ["part", 3], "val')
    with open_results(tmp_path) as results:
        assert (results.get("part", 1), results.get("part", 3)) == ({"a": 1}, None)
        results.keep(3, "part", 3)
        with pytest.raises(BadInput, match="'part 1' is broken"):
            results.value(Judged, "part", 1)
    assert (tmp_path / "results.jsonl").read_bytes().count(b"\n") == 3


def test_a_file_tells_which_rows_are_for_what(tmp_path: Path):
    rows = ", ".join(f'{{"input": "{n}", "target": "{n}"}}' for n in range(300))
    (tmp_path / "many.json").write_text(f'{{"examples": [{rows}]}}', encoding="utf-8")
    [file] = read_folder(tmp_path)
    assert (len(file.rows), len(file.examples), len(file.questions), file.questions[0].question) == (250, 6, 240, "10")
