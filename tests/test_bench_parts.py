"""The bench in parts, as the command runs it: real sandbox, scripted models, small generated files."""

from pathlib import Path

import pytest
from bench_door import (
    SORTING,
    FreeText,
    Script,
    report_in,
    run_bench_command,
    scripted,
    write_sorting,
    write_tasks,
)
from front_door import FrontDoor, sorting_rows, write_json

from latm_mcp import bench_run, cli_arguments_bench
from latm_mcp.errors import BadInput, MakerFailed
from latm_mcp.settings import Settings


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_the_dispatcher_part_asks_no_model_and_stands_beside_the_papers_figures(tmp_path: Path, sandbox_cache: Path):
    for name, wording in (
        ("sum", "What is {} plus {}?"),
        ("way", "Go {} miles, turn, go {} back."),
        ("age", "Ann, {}; Bo, {}"),
    ):
        rows = [{"input": wording.format(n, n * n), "target": "?"} for n in range(30)]
        write_json(tmp_path / "data" / f"{name}.json", {"examples": rows})
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    report = door.json("bench", tmp_path / "data", "--parts", "dispatcher", "--seeds", "3")
    part = report["dispatcher"]
    assert [each["seed"] for each in part["drawings"]] == [0, 1, 2]
    for each in part["drawings"]:
        assert (len(each["tools"]), len(each["unknown"])) == (1, 2)
        assert each["known"]["asked"] == 72  # 24 rows of each file are no examples
        assert each["existing"]["asked"] + each["new"]["asked"] == 72
    assert (part["known"], part["existing"], part["new"]) == (100.0, 100.0, 100.0)
    assert (report["paper"]["dispatcher_known_percent"], report["paper"]["dispatcher_mixed_percent"]) == (95, 96)


def test_each_trial_makes_the_tool_anew_and_asks_it_all_other_rows(
    tmp_path: Path, sandbox_cache: Path, script: Script, out: Path, capsys: pytest.CaptureFixture[str]
):
    data = write_sorting(tmp_path / "data", 10)
    script.refuses = {2}
    with scripted(tmp_path, sandbox_cache, script, "maker") as settings:
        code = run_bench_command(settings, data, "--parts", "making", "--trials", "3", "--out", out)
    [row] = report_in(out)["making"]["rows"]
    assert code == 0  # in some trials there is a tool
    assert (row["task"], row["trials"], row["made"], row["all_right"], row["paper"]) == (SORTING, 3, 2, 2, 5)
    assert (row["accuracy"], row["wrong"], row["tries"], row["tokens"]) == (100.0, 0, 5, 75)  # 1 + 1 + 3 drafts of 15
    assert "| word_sorting | 2 of 3 | 5 of 5 | 2 of 3 | 100.0 |" in capsys.readouterr().out


def test_a_caller_is_judged_apart_from_the_tool(
    tmp_path: Path, sandbox_cache: Path, script: Script, out: Path, capsys: pytest.CaptureFixture[str]
):
    rows = sorting_rows(14, seed=5)
    rows[10]["target"] += " more"  # what the file says is not what the tool computes
    script.mumbles = rows[11]["input"]
    write_json(tmp_path / "data" / f"{SORTING}.json", {"examples": rows})
    with scripted(tmp_path, sandbox_cache, script, "maker", "user") as settings:
        assert run_bench_command(settings, tmp_path / "data", "--out", out) == 0
    [row] = report_in(out)["answers"]["rows"]
    counts = {
        way: (row[way]["right"], row[way]["wrong"], row[way]["abstained"]) for way in ("adapter", "perfect", "user")
    }
    assert counts == {"adapter": (3, 1, 0), "perfect": (3, 1, 0), "user": (2, 1, 1)}
    assert (row["tool_accuracy"], row["caller_accuracy"], row["paper"]) == (75.0, 75.0, 98.3)
    assert (row["user"]["replies"], row["user"]["tokens_in"], row["user"]["tokens_out"]) == (
        5,
        50,
        25,
    )  # one asked twice
    assert "75.0 (3, 1, 0) | 75.0 (3, 1, 0) | 50.0 (2, 1, 1) | 75.0 | 75.0 | 98.3 |" in capsys.readouterr().out


def test_a_tool_that_reads_no_questions_is_used_by_the_light_model_alone(
    tmp_path: Path, sandbox_cache: Path, out: Path
):
    data = write_sorting(tmp_path / "data", 13)
    with scripted(tmp_path, sandbox_cache, FreeText(), "maker", "user") as settings:
        run_bench_command(settings, data, "--parts", "answers", "--out", out)
    [row] = report_in(out)["answers"]["rows"]
    assert (row["has_adapter"], row["adapter"], row["perfect"], row["caller_accuracy"]) == (False, None, None, None)
    assert (row["user"]["right"], row["user"]["total"]) == (3, 3)
    assert "| word_sorting | - | - | 100.0 (3, 0, 0) | - | - |" in (out / "report.md").read_text(encoding="utf-8")


def test_the_command_line_knows_the_parts_that_there_are():
    assert cli_arguments_bench.PARTS == bench_run.PARTS  # it names them itself: reading arguments must load nothing


def test_without_a_light_model_the_report_says_what_to_set(
    tmp_path: Path, sandbox_cache: Path, script: Script, out: Path
):
    data = write_sorting(tmp_path / "data", 12)
    with scripted(tmp_path, sandbox_cache, script, "maker") as settings:
        run_bench_command(settings, data, "--parts", "answers", "--questions", "1", "--out", out)
        with pytest.raises(BadInput, match="LATM_USER_MODEL or LATM_FALLBACK_MODEL"):
            run_bench_command(settings, data, "--parts", "baselines")
    report = report_in(out)
    assert (report["answers"]["rows"][0]["adapter"]["total"], report["answers"]["rows"][0]["user"]) == (1, None)
    assert "set LATM_USER_MODEL" in report["left_out"][0]
    assert "set LATM_USER_MODEL" in (out / "report.md").read_text(encoding="utf-8")


def test_the_same_models_are_asked_without_tools(tmp_path: Path, sandbox_cache: Path, script: Script, out: Path):
    data = write_sorting(tmp_path / "data", 13)
    with scripted(tmp_path, sandbox_cache, script, "user", "fallback") as settings:
        run_bench_command(settings, data, "--parts", "baselines", "--questions", "2", "--out", out)
    rows = {(row["role"], row["way"]): row["score"] for row in report_in(out)["baselines"]["rows"]}
    assert sorted(rows) == [("fallback", "direct"), ("fallback", "few-shot"), ("user", "direct"), ("user", "few-shot")]
    assert {way: (each["right"], each["wrong"]) for (_, way), each in rows.items()} == {
        "direct": (0, 2),
        "few-shot": (2, 0),
    }
    assert all((each["replies"], each["tokens_in"], each["usd"]) == (2, 20, 0.0) for each in rows.values())


class Failing(Script):
    """Says nothing any more after its second question."""

    def __call__(self, conversation: list[dict[str, str]]) -> str:
        if len(self.asked) == 2:
            raise ConnectionAbortedError("as a machine that goes off")
        return super().__call__(conversation)


def test_a_bench_that_was_interrupted_comes_to_the_same_report(tmp_path: Path, sandbox_cache: Path, out: Path):
    parts = (write_sorting(tmp_path / "data", 14), "--parts", "answers,baselines")
    whole, first, second = Script(), Failing(), Script()
    with scripted(tmp_path, sandbox_cache, whole, "maker", "user") as settings:
        run_bench_command(settings, *parts, "--out", tmp_path / "whole")
    with scripted(tmp_path, sandbox_cache, first, "maker", "user") as settings, pytest.raises(MakerFailed):
        run_bench_command(settings, *parts, "--out", out)
    with (out / "results.jsonl").open("ab") as file:
        file.write(b'{"key": ["answers", "wor')  # the machine went off in the middle of a line
    with scripted(tmp_path, sandbox_cache, second, "maker", "user") as settings:
        run_bench_command(settings, parts[0], "--out", out)  # the parts that were begun
    assert report_in(out) == report_in(tmp_path / "whole")
    assert second.makings == 0
    assert first.asked + second.asked == whole.asked


def test_a_folder_of_another_bench_is_refused(tmp_path: Path, sandbox_cache: Path, out: Path):
    settings = Settings(home=tmp_path, cache=sandbox_cache)
    data = write_tasks(tmp_path / "data", 8, "word_sorting", "iso_date", "product_code")
    run_bench_command(settings, data, "--parts", "dispatcher", "--seeds", "1", "--out", out)
    with pytest.raises(BadInput, match=r"another bench \(seed: 0 then, 1 now\)"):
        run_bench_command(settings, data, "--parts", "dispatcher", "--seed", "1", "--out", out)
    (out / "results.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="Line 1"):
        run_bench_command(settings, data, "--parts", "dispatcher", "--out", out)


def test_what_a_bench_cannot_be_run_with_is_said_in_a_sentence(tmp_path: Path, sandbox_cache: Path):
    settings = Settings(home=tmp_path, cache=sandbox_cache)
    write_json(tmp_path / "bad" / "bad.json", {"rows": []})
    with pytest.raises(BadInput, match=r"'bad\.json' is not of the form"):
        run_bench_command(settings, tmp_path / "bad", "--parts", "dispatcher")
    two = write_tasks(tmp_path / "two", 8, "word_sorting", "iso_date")
    with pytest.raises(BadInput, match="needs 3 files"):
        run_bench_command(settings, two, "--parts", "dispatcher")
    with pytest.raises(BadInput, match="LATM_MAKER_MODEL"):
        run_bench_command(settings, two, "--parts", "making")
    with pytest.raises(SystemExit):
        run_bench_command(settings, two, "--parts", "everything")


def test_plots_stand_beside_the_report_and_are_the_same_each_time(
    tmp_path: Path, sandbox_cache: Path, script: Script, out: Path
):
    pytest.importorskip("matplotlib")
    data = write_sorting(tmp_path / "data", 12)
    with scripted(tmp_path, sandbox_cache, script, "maker") as settings:
        run_bench_command(settings, data, "--out", out)
        drawn = (out / "answers.svg").read_bytes()
        run_bench_command(settings, data, "--out", out)
    assert "![answers](answers.svg)" in (out / "report.md").read_text(encoding="utf-8")
    assert b"word" in drawn
    assert (out / "answers.svg").read_bytes() == drawn


def test_without_matplotlib_the_report_says_what_to_install(
    tmp_path: Path, sandbox_cache: Path, out: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    data = write_tasks(tmp_path / "data", 8, "word_sorting", "iso_date", "product_code")
    run_bench_command(Settings(home=tmp_path, cache=sandbox_cache), data, "--parts", "dispatcher", "--out", out)
    assert "latm-mcp[plots]" in (out / "report.md").read_text(encoding="utf-8")
    assert not list(out.glob("*.svg"))
