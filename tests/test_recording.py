"""Makers kept as files: recorded from a scripted maker, replayed from the folder alone."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from latm_mcp.errors import BadInput, MakerFailed, StaleRecording
from latm_mcp.models import Example, Maker, Message, Reply, Stage, Task, Usage
from latm_mcp.recording import RecordedMaker, Recorder, read_recorded_task, recordings

pytestmark = pytest.mark.anyio

TASK = Task(
    name="sort_words",
    description="Sort words.",
    examples=(
        Example(question="b a\u2028c", answer="a b c 🙂", standing="confirmed"),
        Example(question='line\none "quoted"', answer="x\r\ny "),
        Example(question="z", answer="z"),
    ),
    comparison="text",
)

HOSTILE = [
    "",
    "no final newline",
    "final newline\n",
    "dos\r\nlines\r\n\rmac\r",
    "trailing spaces  \n\t \n\n\n",
    "emoji 🙂 \u2028 \u0085 \x00 \ufeff",
    "\ufeffstarts with a mark",
    "```python\ndef f(): ...\n```\n---\n# 01-propose-1.reply.md\n```",
    '{"exchanges": []}\n01-propose-1.request.md\n',
]

SYSTEM = Message(role="system", content="You write tools.\r\n  \n")
BRIEF = Message(role="user", content="Sort words.\nThree examples:\n```\nb a 🙂\n```")


class Scripted:
    """A maker that replies from a list and remembers what it was asked."""

    kind, model = "model", "scripted-1"

    def __init__(self, *texts: str, estimated: bool = False):
        self.texts = list(texts)
        self.estimated = estimated
        self.asked: list[tuple[Message, ...]] = []

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        self.asked.append(tuple(conversation))
        if not self.texts:
            raise MakerFailed("The script is at its end: write more.")
        usage = Usage(tokens_in=10, tokens_out=len(self.asked), replies=1, estimated=self.estimated)
        return Reply(text=self.texts.pop(0), usage=usage, model=self.model)


async def converse(maker: Maker, feedback: Sequence[str] = ("It raised an error.", "It was wrong.")) -> list[Reply]:
    """A making as the stages hold it: one growing conversation over propose 1, propose 2, verify 2."""
    turns: list[tuple[Stage, int]] = [("propose", 1), ("propose", 2), ("verify", 2)]
    conversation, replies = [SYSTEM, BRIEF], []
    for (stage, attempt), after in zip(turns, [*feedback, ""], strict=False):
        reply = await maker.reply(conversation, stage, attempt)
        replies.append(reply)
        conversation += [Message(role="assistant", content=reply.text), Message(role="user", content=after)]
    return replies


async def recorded(folder: Path, *texts: str) -> list[Reply]:
    return await converse(Recorder(Scripted(*(texts or ("one", "two", "three"))), folder, TASK))


async def stale(folder: Path, **said: Sequence[str]) -> str:
    """The sentence that a replay is refused with."""
    with pytest.raises(StaleRecording) as raised:
        await converse(RecordedMaker(folder), **said)
    return str(raised.value)


async def test_a_recording_replays_the_same_replies_in_the_same_order(tmp_path: Path):
    replies = await recorded(tmp_path / "1")
    maker = RecordedMaker(tmp_path / "1")

    assert await converse(maker) == replies
    assert [reply.text for reply in replies] == ["one", "two", "three"]
    assert (maker.kind, maker.model) == ("recording", "scripted-1")


async def test_the_recorder_passes_everything_on_unchanged(tmp_path: Path):
    script = Scripted("one", "two", "three")
    recorder = Recorder(script, tmp_path / "1", TASK)
    await converse(recorder)

    plain = Scripted("one", "two", "three")
    await converse(plain)
    assert script.asked == plain.asked
    assert (recorder.kind, recorder.model) == ("model", "scripted-1")


async def test_each_file_holds_what_was_newly_said_or_replied_at_its_turn(tmp_path: Path):
    await recorded(tmp_path / "1")

    texts = {path.name: path.read_bytes().decode() for path in (tmp_path / "1").glob("*.md")}
    assert texts == {
        "01-propose-1.system.md": SYSTEM.content,
        "01-propose-1.request.md": BRIEF.content,
        "01-propose-1.reply.md": "one",
        "02-propose-2.request.md": "It raised an error.",
        "02-propose-2.reply.md": "two",
        "03-verify-2.request.md": "It was wrong.",
        "03-verify-2.reply.md": "three",
    }


async def test_the_index_names_the_task_the_model_and_the_exchanges_with_their_usage(tmp_path: Path):
    await recorded(tmp_path / "1")

    index = json.loads((tmp_path / "1" / "recording.json").read_bytes())
    assert (index["format"], index["task"], index["description"]) == (1, "sort_words", "Sort words.")
    assert (index["model"], index["comparison"], index["estimated"]) == ("scripted-1", "text", False)
    assert [(row["stage"], row["attempt"], row["usage"]["tokens_out"]) for row in index["exchanges"]] == [
        ("propose", 1, 1),
        ("propose", 2, 2),
        ("verify", 2, 3),
    ]


async def test_a_recording_with_estimated_tokens_says_so(tmp_path: Path):
    await converse(Recorder(Scripted("one", "two", "three", estimated=True), tmp_path / "1", TASK))

    maker = RecordedMaker(tmp_path / "1")
    assert maker.estimated
    assert all(reply.usage.estimated for reply in await converse(maker))


async def test_the_task_can_be_made_again_from_the_folder_alone(tmp_path: Path):
    await recorded(tmp_path / "1")
    maker = RecordedMaker(tmp_path / "1")

    assert read_recorded_task(tmp_path / "1") == TASK == maker.task
    assert (maker.name, maker.description, maker.examples) == (TASK.name, TASK.description, TASK.examples)


@pytest.mark.parametrize("text", HOSTILE)
async def test_every_text_comes_back_exactly_whatever_it_holds(tmp_path: Path, text: str):
    first = await converse(Recorder(Scripted(text, text, text), tmp_path / "1", TASK), feedback=(text, text))
    again = await converse(RecordedMaker(tmp_path / "1"), feedback=(text, text))

    assert [reply.text for reply in again] == [text] * 3
    assert again == first
    assert (tmp_path / "1" / "02-propose-2.request.md").read_bytes() == text.encode()


async def test_a_changed_prompt_is_stale_and_names_the_file_and_its_first_differing_line(tmp_path: Path):
    await recorded(tmp_path / "sort_words" / "1")
    (tmp_path / "sort_words" / "1" / "01-propose-1.request.md").write_text("Sort words.\nTwo examples:\nx")
    said = await stale(tmp_path / "sort_words" / "1")

    assert "The recording 'sort_words/1' is stale: '01-propose-1.request.md', line 2: " in said
    assert "recorded 'Two examples:', asked now 'Three examples:'" in said
    assert "record it again" in said


@pytest.mark.parametrize(
    ("feedback", "difference"),
    [
        (("It raised an error.\n", "It was wrong."), "line 2: recorded no such line, asked now ''"),
        (
            ("It raised an error. ", "It was wrong."),
            "line 1: recorded 'It raised an error.', asked now 'It raised an er",
        ),
        (("It raised an error.", "It was wrong.\r"), "'03-verify-2.request.md', line 1: "),
        (("x" * 5000, "It was wrong."), "asked now '" + "x" * 120 + "...'"),
    ],
)
async def test_the_smallest_change_of_a_later_prompt_is_stale(
    tmp_path: Path, feedback: tuple[str, str], difference: str
):
    await recorded(tmp_path / "1")
    assert difference in await stale(tmp_path / "1", feedback=feedback)


async def test_an_earlier_reply_that_is_not_the_recorded_one_is_stale(tmp_path: Path):
    await recorded(tmp_path / "1")
    conversation = [SYSTEM, BRIEF, Message(role="assistant", content="another"), Message(role="user", content="?")]

    with pytest.raises(StaleRecording, match=r"'01-propose-1\.reply\.md', line 1: recorded 'one'"):
        await RecordedMaker(tmp_path / "1").reply(conversation, "propose", 2)


@pytest.mark.parametrize(
    ("conversation", "what"),
    [
        ([SYSTEM], "'01-propose-1.request.md' was said then, and nothing is now"),
        ([SYSTEM, BRIEF, BRIEF], r"message 3 \(user\) is said at 'propose' try 1, and was not then"),
        ([Message(role="user", content=SYSTEM.content), BRIEF], "was said by 'system', and message 1 is now by 'user'"),
    ],
)
async def test_messages_that_are_missing_new_or_another_role_s_are_stale(
    tmp_path: Path, conversation: list[Message], what: str
):
    await recorded(tmp_path / "1")
    with pytest.raises(StaleRecording, match=what):
        await RecordedMaker(tmp_path / "1").reply(conversation, "propose", 1)


async def test_a_turn_that_was_not_recorded_is_stale_and_each_reply_is_given_once(tmp_path: Path):
    await recorded(tmp_path / "1")
    maker = RecordedMaker(tmp_path / "1")
    await maker.reply([SYSTEM, BRIEF], "propose", 1)

    for stage, attempt in (("propose", 1), ("propose", 3), ("wrap", 1)):
        with pytest.raises(StaleRecording, match=f"'{stage}' try {attempt} is asked for, which was not recorded"):
            await maker.reply([SYSTEM, BRIEF], stage, attempt)


async def test_a_making_that_goes_on_elsewhere_takes_up_the_recording_in_its_middle(tmp_path: Path):
    await recorded(tmp_path / "1")
    conversation = [SYSTEM, BRIEF, Message(role="assistant", content="one")]
    conversation.append(Message(role="user", content="It raised an error."))

    assert (await RecordedMaker(tmp_path / "1").reply(conversation, "propose", 2)).text == "two"


async def test_conversations_that_begin_anew_and_messages_in_a_row_are_kept_too(tmp_path: Path):
    begun = [SYSTEM, BRIEF, BRIEF, Message(role="assistant", content="made up"), SYSTEM]
    recorder = Recorder(Scripted("one", "two"), tmp_path / "1", TASK)
    await recorder.reply([SYSTEM, BRIEF], "propose", 1)
    await recorder.reply(begun, "verify", 1)

    maker = RecordedMaker(tmp_path / "1")
    assert (await maker.reply(begun, "verify", 1)).text == "two"
    assert (await maker.reply([SYSTEM, BRIEF], "propose", 1)).text == "one"
    assert (tmp_path / "1" / "02-verify-1.request-2.md").exists()
    assert (tmp_path / "1" / "02-verify-1.assistant.md").read_text() == "made up"


async def test_a_recording_that_was_cut_short_replays_what_there_is(tmp_path: Path):
    recorder = Recorder(Scripted("one", "two"), tmp_path / "1", TASK)
    with pytest.raises(MakerFailed):
        await converse(recorder)
    maker = RecordedMaker(tmp_path / "1")

    with pytest.raises(StaleRecording, match="'verify' try 2 is asked for, which was not recorded"):
        await converse(maker)
    assert not list((tmp_path / "1").glob("03-*"))


async def test_a_maker_that_never_replies_leaves_no_files(tmp_path: Path):
    with pytest.raises(MakerFailed):
        await converse(Recorder(Scripted(), tmp_path / "1", TASK))

    assert list(tmp_path.iterdir()) == []


async def test_no_temporary_file_is_left(tmp_path: Path):
    await recorded(tmp_path / "1")
    assert not list((tmp_path / "1").glob(".*"))


async def test_a_folder_that_holds_a_recording_is_not_written_over(tmp_path: Path):
    await recorded(tmp_path / "1")
    with pytest.raises(BadInput, match="remove it, or name another folder"):
        Recorder(Scripted("one"), tmp_path / "1", TASK)


@pytest.mark.parametrize("name", ["recording.json", "examples.jsonl", "01-propose-1.system.md", "03-verify-2.reply.md"])
async def test_a_missing_file_is_named(tmp_path: Path, name: str):
    await recorded(tmp_path / "1")
    (tmp_path / "1" / name).unlink()

    assert f"its '{name}' cannot be read" in await stale(tmp_path / "1")


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("recording.json", b'{"format": 1, "task": "sort', "cannot be used: Invalid JSON"),
        ("recording.json", b"{}", "cannot be used: task: Field required"),
        ("recording.json", b'{"format": 2}', "cannot be used: format: Input should be 1"),
        ("examples.jsonl", b'{"question": "a", "answer": "b"}\n{"question"', "cannot be used: line 2: Invalid JSON"),
        ("examples.jsonl", b"", "cannot be used: line 1: Invalid JSON"),
        ("01-propose-1.reply.md", b"caf\xe9", "is not UTF-8 (byte 3)"),
    ],
)
async def test_a_broken_file_is_named(tmp_path: Path, name: str, content: bytes, what: str):
    await recorded(tmp_path / "1")
    (tmp_path / "1" / name).write_bytes(content)

    assert f"its '{name}' {what}" in await stale(tmp_path / "1")


async def test_a_link_is_refused(tmp_path: Path):
    await recorded(tmp_path / "1")
    reply = tmp_path / "1" / "01-propose-1.reply.md"
    reply.rename(tmp_path / "elsewhere.md")
    reply.symlink_to(tmp_path / "elsewhere.md")

    assert "its '01-propose-1.reply.md' is a link" in await stale(tmp_path / "1")


async def test_recordings_are_listed_by_task_and_then_by_round(tmp_path: Path):
    for name in ("sort_words/10", "sort_words/2", "dyck/1"):
        await recorded(tmp_path / name)
    (tmp_path / "empty").mkdir()

    listed = [folder.relative_to(tmp_path).as_posix() for folder in recordings(tmp_path)]
    assert listed == ["dyck/1", "sort_words/2", "sort_words/10"]
    assert recordings(tmp_path / "nowhere") == []
