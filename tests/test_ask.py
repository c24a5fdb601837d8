"""`latm-mcp ask` and `call`, as scripts use them: the answer alone on stdout, an exit code, and the line to go on with."""

import json
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from front_door import LINE, SECONDS, FrontDoor, scripted_model
from scripts_library import make_library, patient, started, until
from wire import descendants, gone

SORT = "Sort the following words alphabetically: List: wolf cat bear"
LIKE = "Sort the following words by length, alphabetically: List: wolf cat bear"
FOREIGN = "Who wrote the first of these books, and when?"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sandbox_cache: Path) -> FrontDoor:
    """A library with tools; asking changes nothing of it."""
    folder = tmp_path_factory.mktemp("asked")
    make_library(folder / "home", sandbox_cache)
    return FrontDoor(folder / "home", sandbox_cache)


def test_an_answer_is_alone_on_stdout_and_how_it_came_about_is_on_stderr(door: FrontDoor):
    done = door.run("ask", SORT)
    assert done.stdout == "bear cat wolf\n"
    assert "sort_words read the question itself" in done.stderr


def test_an_answer_as_json_says_which_tool_and_that_it_is_not_provisional(door: FrontDoor):
    got = door.json("ask", SORT)
    assert (got["outcome"], got["answer"], got["tool"], got["how"]) == (
        "answered",
        "bear cat wolf",
        "sort_words",
        "adapter",
    )
    assert got["provisional"] is False
    assert got["arguments"] == {"words": ["wolf", "cat", "bear"]}


def asked_on_stdin(door: FrontDoor, content: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    line = [*LINE, "ask", "-", *options]
    return subprocess.run(line, env=door.environment, input=content, capture_output=True, timeout=SECONDS)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_question_is_read_from_standard_input(door: FrontDoor, ending: bytes):
    done = asked_on_stdin(door, b"\xef\xbb\xbf" + SORT.encode() + ending)
    assert (done.returncode, done.stdout) == (0, b"bear cat wolf\n"), done.stderr


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "is empty"), (b"caf\xe9", "not UTF-8"), (b"x" * 200_000, "more than 65536")]
)
def test_a_question_on_standard_input_that_cannot_be_taken_is_told(door: FrontDoor, content: bytes, sentence: str):
    done = asked_on_stdin(door, content)
    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_question_like_a_tools_names_the_tool_and_the_line_that_is_said_can_be_run(door: FrontDoor):
    done = door.run("ask", LIKE, code=1)
    assert done.stdout == ""
    assert "not certainly" in done.stderr
    line = next(line.strip() for line in done.stderr.splitlines() if line.strip().startswith("latm-mcp call"))
    words = shlex.split(line)
    assert words == ["latm-mcp", "call", "sort_words", "--question", LIKE]
    assert door.run(*words[1:], code=1).stdout == ""  # its adapter refuses: the caller has tried what was said


def test_the_line_to_go_on_with_is_in_the_json_as_words(door: FrontDoor):
    got = door.json("ask", LIKE, code=1)
    assert (got["outcome"], got["answer"]) == ("ask", None)
    [candidate] = [one for one in got["candidates"] if one["tool"] == "sort_words"]
    assert candidate["call"] == ["latm-mcp", "call", "sort_words", "--question", LIKE]
    assert "length" in " ".join(candidate["lacks"])


def test_a_new_question_is_told_as_one_with_what_happens_next(door: FrontDoor):
    said = door.refusal("ask", FOREIGN, code=1)
    assert "no tool is for this kind of question" in said
    assert "latm-mcp make FILE" in said
    assert door.json("ask", FOREIGN, code=1)["outcome"] == "new"


def test_a_new_question_is_kept_where_the_queue_is_on(tmp_path: Path, sandbox_cache: Path):
    waiting = FrontDoor(tmp_path / "home", sandbox_cache)
    waiting.more = {"LATM_QUEUE": "on"}
    assert "0 of 6 of its kind are answered" in waiting.refusal("ask", FOREIGN, code=1)
    assert waiting.json("ask", FOREIGN, code=1)["waits"] == {"group": 1, "answered": 0, "needed": 6}


def test_a_strong_models_answer_is_printed_and_called_provisional(tmp_path: Path, sandbox_cache: Path):
    door = FrontDoor(tmp_path / "home", sandbox_cache)
    with scripted_model(lambda conversation: "I think.\nANSWER\nnobody") as model:
        door.more = {name.replace("MAKER", "FALLBACK"): value for name, value in model.items()}
        done = door.run("ask", FOREIGN)
        got = door.json("ask", FOREIGN)
    assert done.stdout == "nobody\n"
    assert "provisional" in done.stderr
    assert (got["how"], got["provisional"], got["tool"]) == ("strong model", True, None)


UNREAD = "Sort the following words alphabetically: List:\npear fig apple"  # words that it knows, in lines that its adapter refuses


def test_a_tool_whose_adapter_refuses_is_to_be_called_with_its_arguments(door: FrontDoor):
    got = door.json("ask", UNREAD, code=1)
    assert got["outcome"] == "use"
    [candidate] = got["candidates"]
    assert candidate["call"] == ["latm-mcp", "call", "sort_words", "--json", '{"words": ["..."]}']
    assert door.run(*candidate["call"][1:]).stdout == '{\n  "tool": "sort_words",\n  "result": [\n    "..."\n  ]\n}\n'


def test_a_light_model_that_is_configured_calls_the_tool(door: FrontDoor):
    with scripted_model(lambda conversation: '{"words": ["pear", "fig", "apple"]}') as model:
        door.more = {name.replace("MAKER", "USER"): value for name, value in model.items()}
        done = door.run("ask", UNREAD)
        door.more = {}
    assert done.stdout == "apple fig pear\n"
    assert "sort_words computed it from arguments that a model read" in done.stderr


def test_ctrl_c_ends_a_question_cleanly_and_leaves_no_child(door: FrontDoor):
    with patient(door), started(door, "ask", "Repeat loop 3 times") as process:
        workers = until(lambda: descendants(process.pid))
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in error
    assert gone(workers)


def test_call_takes_arguments_behind_json_and_prints_json(door: FrontDoor):
    done = door.run("call", "sort_words", "--json", '{"words": ["b", "a"]}')
    assert json.loads(done.stdout) == {"tool": "sort_words", "result": ["a", "b"]}


@pytest.mark.parametrize(
    "arguments",
    [("--json-arguments", '{"words": ["b", "a"]}', "--json"), ("--json", "--json-arguments", '{"words": ["b", "a"]}')],
)
def test_json_alone_still_only_means_json(door: FrontDoor, arguments: tuple[str, ...]):
    assert json.loads(door.run("call", "sort_words", *arguments).stdout)["result"] == ["a", "b"]


def test_a_name_that_json_swallowed_is_told_with_the_way_to_write_it(door: FrontDoor):
    done = door.run("call", "--json", "sort_words", code=2)
    assert done.stdout == ""
    assert "'sort_words' is no JSON object" in done.stderr
    assert "latm-mcp call NAME ... --json" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "usage: latm-mcp call sort_words"),
        (("--json",), "usage: latm-mcp call sort_words"),
        (("--json", "{}", "--question", "q"), "arguments stand behind --json already"),
        (("--json", "{}", "--json-arguments", "{}"), "arguments stand behind --json already"),
        (("--json", "{"), "--json is followed by no JSON"),
        (("--json", "[1]"), "--json is followed by no JSON object"),
        (("--json", '{"words": 1}'), "do not fit"),
        (("--json", "{}"), "Missing: words"),
    ],
)
def test_a_call_that_says_too_little_or_too_much_is_refused_in_one_sentence(
    door: FrontDoor, arguments: tuple[str, ...], sentence: str
):
    assert sentence in door.refusal("call", "sort_words", *arguments)
