"""`latm-mcp run`: an answer or an error for every row of a file, in their order, whatever is in the rows."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from front_door import FrontDoor
from scripts_library import make_library

WORDS = [["b", "a"], ["wolf", "cat", "bear"], ["x"]]
ASK = "Sort the following words alphabetically: List: "


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    folder = tmp_path_factory.mktemp("run")
    make_library(folder / "home", sandbox_cache)
    return FrontDoor(folder / "home", sandbox_cache)


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def test_questions_are_answered_in_their_order_with_the_rows_own_fields(door: FrontDoor, tmp_path: Path):
    rows = lines(
        tmp_path / "in.jsonl", *({"id": n, "question": ASK + " ".join(words)} for n, words in enumerate(WORDS))
    )
    uses = {row["name"]: row["uses"] for row in door.json("list")}["sort_words"]
    got = door.json("run", "sort_words", "--in", rows, "--out", tmp_path / "out.jsonl")
    assert (got["rows"], got["answered"], got["abstained"], got["errors"], got["kept"]) == (3, 3, 0, {}, 0)
    out = read(tmp_path / "out.jsonl")
    assert [(row["id"], row["answer"]) for row in out] == [(0, "a b"), (1, "bear cat wolf"), (2, "x")]
    assert out[1]["question"] == ASK + "wolf cat bear"
    assert {row["name"]: row["uses"] for row in door.json("list")}["sort_words"] == uses + 3


def test_arguments_are_the_fields_that_are_parameters_and_nested_values_stay_what_they_are(
    door: FrontDoor, tmp_path: Path
):
    rows = lines(
        tmp_path / "in.jsonl",
        {"id": "a", "text": "hm", "times": 2, "tags": ["x", "ß\u2028"], "loud": False, "rate": None},
        {"text": "hm", "times": 1},
        {"input": "Repeat tock 2 times"},
    )
    door.run("run", "echo_text", "--in", rows, "--out", tmp_path / "out.jsonl")
    out = read(tmp_path / "out.jsonl")
    assert [row.get("result", row.get("answer")) for row in out] == [
        {"text": "hm hm x ß\u2028"},
        {"text": "hm"},
        "tock tock",
    ]
    assert (out[0]["id"], out[0]["tags"]) == ("a", ["x", "ß\u2028"])


def test_own_fields_that_have_our_names_are_kept_under_others(door: FrontDoor, tmp_path: Path):
    row = {"question": ASK + "b a", "answer": "mine", "latm": 1, "given_answer": 2}
    door.run("run", "sort_words", "--in", lines(tmp_path / "in.jsonl", row), "--out", tmp_path / "out.jsonl")
    [out] = read(tmp_path / "out.jsonl")
    assert out["answer"] == "a b"
    assert (out["given_given_answer"], out["given_answer"], out["given_latm"]) == ("mine", 2, 1)


BAD = [
    (b"no json", "bad-row", "is no JSON"),
    (b'["b"]', "bad-row", "no JSON object"),
    (b'{"question": NaN}', "bad-row", "NaN"),
    (b'{"question": "caf\xe9"}', "bad-row", "not UTF-8"),
    (b"[" * 100_000, "bad-row", "is no JSON|nests too deep"),
    *((b'{"tags": ' + b"[" * deep + b"]" * deep + b"}", "bad-row", "nests too deep") for deep in (100, 900, 998)),
    (b'{"id": ' + b'{"a":' * 500 + b"1" + b"}" * 501, "bad-row", "nests too deep"),
    (b'{"question": "Repeat oh 2 times", "id": 1e999}', "bad-row", "holds 1e999"),
    (b'{"question": "Repeat oh 2 times", "id": [-1e999]}', "bad-row", "holds -1e999"),
    (b"{}", "bad-input", "it wants a field 'question', or its arguments"),
    (b'{"question": 7}', "bad-input", "is no text"),
    (b'{"question": "   "}', "bad-input", "is empty"),
    (b'{"question": "' + b"x" * 70_000 + b'"}', "bad-input", "more than 65536"),
    (b'{"question": "a\\u0000b"}', "bad-input", "control character"),
    (b'{"question": "a\\ud800b"}', "bad-input", "surrogate"),
    (b'{"text": "\\ud800", "times": 2}', "bad-input", "half a surrogate pair"),
    (b'{"text": "x", "times": 1, "tags": ["\\udfff"]}', "bad-input", "half a surrogate pair"),
    (b'{"text": 1, "times": 2}', "bad-input", "do not fit"),
    (b'{"text": "x"}', "bad-input", "'times' is a required property"),
    (b'{"question": "How are you?"}', "abstained", "NotThisTask"),
    (b'{"text": "raise", "times": 1}', "raised", "raised as asked"),
    (b'{"text": "loop", "times": 1}', "timed-out", "0.5 s"),
    (b'{"text": "long", "times": 1}', "output-too-large", "bytes"),
]


def test_a_row_that_comes_to_no_answer_has_its_error_and_stops_nothing(door: FrontDoor, tmp_path: Path):
    good = b'{"question": "Repeat oh 2 times"}'
    content = b"\xef\xbb\xbf" + b"\r\n".join(line for bad, _, _ in BAD for line in (good, bad, b"")) + b"\n" + good
    (tmp_path / "in.jsonl").write_bytes(content)
    door.more = {"LATM_CALL_SECONDS": "0.5"}
    got = door.json("run", "echo_text", "--in", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl", code=1)
    door.more = {}
    out = read(tmp_path / "out.jsonl")
    assert [row["answer"] for row in out[::2]] == ["oh oh"] * (len(BAD) + 1)
    for row, (_, kind, sentence) in zip(out[1::2], BAD, strict=True):
        assert row["error_kind"] == kind, row
        assert any(part in row["error"] for part in sentence.split("|")), row["error"]
    assert (got["rows"], got["answered"], got["abstained"]) == (2 * len(BAD) + 1, len(BAD) + 1, 1)
    assert got["errors"]["bad-row"] == sum(kind == "bad-row" for _, kind, _ in BAD)
    assert b"Infinity" not in (tmp_path / "out.jsonl").read_bytes()


def test_what_nests_as_deep_as_may_be_is_kept(door: FrontDoor, tmp_path: Path):
    deep: Any = []
    for _ in range(98):
        deep = [deep]
    rows = lines(tmp_path / "in.jsonl", {"input": "Repeat tock 2 times", "id": deep}, {"question": "Repeat oh 2 times"})
    door.run("run", "echo_text", "--in", rows, "--out", tmp_path / "out.jsonl")
    assert read(tmp_path / "out.jsonl")[0]["id"] == deep


def test_a_row_longer_than_any_may_be_is_an_error_and_the_next_is_answered(door: FrontDoor, tmp_path: Path):
    with (tmp_path / "in.jsonl").open("wb") as file:
        file.write(b'{"question": "' + b"x" * (17 << 20) + b'"}\n{"question": "Repeat oh 2 times"}\n')
    door.run("run", "echo_text", "--in", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl", code=1)
    first, second = read(tmp_path / "out.jsonl")
    assert "is longer than" in first["error"]
    assert second["answer"] == "oh oh"


CELLS = [
    ("hm", "2", "true", '["x"]', "1.5", "HM HM X"),
    ("1", " 3 ", "", "", "", "1 1 1"),  # a text stays a text; what may be left out is
    ("two\nlines", "1", "FALSE", "[]", "", "two\nlines"),
    ("digits", "1", "", "", "1" * 400, "digits"),
    ('say "no", twice', "1", "", "", "", 'say "no", twice'),
]


@pytest.mark.parametrize(("mark", "ends", "bom"), [(",", "\n", ""), (";", "\r\n", "\ufeff"), ("\t", "\n", "\ufeff")])
def test_cells_of_a_csv_are_read_by_the_types_of_the_parameters(
    door: FrontDoor, tmp_path: Path, mark: str, ends: str, bom: str
):
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(bom)
        table = csv.writer(file, delimiter=mark, lineterminator=ends)
        table.writerow(["text", " times ", "loud", "tags", "rate", "note"])
        table.writerows([*row[:-1], "é"] for row in CELLS)
        file.write(ends)
    door.run("run", "echo_text", "--in", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    out = read(tmp_path / "out.csv")
    assert [json.loads(row["result"])["text"] for row in out] == [row[-1] for row in CELLS]
    assert [(row["text"], row["note"]) for row in out] == [(row[0], "é") for row in CELLS]


@pytest.mark.parametrize(
    ("cells", "kind", "sentence"),
    [
        ("hm,two,,,", "bad-input", "'times' is 'two', which is no whole number"),
        ("hm,1.0,,,", "bad-input", "no whole number"),
        ("hm,1,yes,,", "bad-input", "no true or false"),
        ("hm,1,,x,", "bad-input", "no JSON list"),
        ("hm,1,,{},", "bad-input", "no JSON list"),
        ("hm,1,,,1e999", "bad-input", "no value of any of its types"),
        ("hm,1,,[NaN],", "bad-input", "no JSON list"),
        ("hm,1,,[1e999],", "bad-input", "no JSON list"),
        (f"hm,1,,{'[' * 300}{']' * 300},", "bad-input", "no JSON list"),
        ("hm,1,,,,,", "bad-row", "has 7 cells, and the header names 5"),
        ('hm,"1"2,,,', "bad-row", "is no CSV"),
        ("hm", "bad-input", "'times' is a required property"),
        ('hm,"1,,,', "bad-row", "is no CSV"),
    ],
)
def test_a_cell_that_cannot_be_read_is_an_error_of_its_row(
    door: FrontDoor, tmp_path: Path, cells: str, kind: str, sentence: str
):
    (tmp_path / "in.csv").write_text(f"text,times,loud,tags,rate\nhm,1,,,\n{cells}\n", encoding="utf-8")
    door.run("run", "echo_text", "--in", tmp_path / "in.csv", "--out", tmp_path / "out.jsonl", code=1)
    good, bad = read(tmp_path / "out.jsonl")
    assert good["result"] == {"text": "hm"}
    assert bad["error_kind"] == kind
    assert sentence in bad["error"]


def test_a_huge_cell_is_read(door: FrontDoor, tmp_path: Path):
    (tmp_path / "in.csv").write_text(f"text,times\n{'y' * 500_000},1\n", encoding="utf-8")
    door.run("run", "echo_text", "--in", tmp_path / "in.csv", "--out", tmp_path / "out.jsonl")
    assert len(read(tmp_path / "out.jsonl")[0]["result"]["text"]) == 500_000


def test_json_lines_to_csv_has_a_column_for_every_field(door: FrontDoor, tmp_path: Path):
    rows = lines(tmp_path / "in.jsonl", {"question": ASK + "b a"}, {"n": [1], "question": ASK + "d, c"}, {"m": 'q"'})
    door.run("run", "sort_words", "--in", rows, "--out", tmp_path / "out.csv", code=1)
    out = read(tmp_path / "out.csv")
    assert list(out[0]) == ["latm", "question", "n", "m", "answer", "result", "error", "error_kind"]
    assert [row["n"] for row in out] == ["", "[1]", ""]
    assert out[2]["m"] == 'q"'
    assert [row["answer"] for row in out[:2]] == ["a b", "c d,"]


def test_no_rows_are_no_error(door: FrontDoor, tmp_path: Path):
    (tmp_path / "in.csv").write_text("question\n")
    assert "0 rows" in door.run("run", "sort_words", "--in", tmp_path / "in.csv", "--out", tmp_path / "out.csv").stdout
    assert read(tmp_path / "out.csv") == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("in.txt", b"", "ends in neither"),
        ("in.csv", b"a,a\n1,2\n", "two columns 'a'"),
        ("in.csv", '"question"\n"b"\n'.encode("utf-16"), "UTF-16"),
        ("in.csv", b'"question\n', "header that is no CSV"),
        ("in.csv", b"caf\xe9\n", "not UTF-8"),
        ("missing.jsonl", None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_before_anything_is_written(
    door: FrontDoor, tmp_path: Path, name: str, content: bytes | None, sentence: str
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    said = door.refusal("run", "sort_words", "--in", tmp_path / name, "--out", tmp_path / "out.jsonl")
    assert sentence in said
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("out", "sentence"), [("in.jsonl", "are one file"), ("no/out.csv", "in a folder that is there"), ("out", "neither")]
)
def test_an_out_that_cannot_be_is_refused(door: FrontDoor, tmp_path: Path, out: str, sentence: str):
    rows = lines(tmp_path / "in.jsonl", {"question": ASK + "b a"})
    assert sentence in door.refusal("run", "sort_words", "--in", rows, "--out", tmp_path / out)
    assert len(read(rows)) == 1


def test_a_tool_that_is_not_there_is_named(door: FrontDoor, tmp_path: Path):
    rows = lines(tmp_path / "in.jsonl", {"question": ASK + "b a"})
    said = door.refusal("run", "sort_word", "--in", rows, "--out", tmp_path / "out.jsonl")
    assert "Did you mean 'sort_words'?" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]
