"""Makers kept as files: what a maker was asked and what it replied, written as it happens and replayed from there.

A recording is one making of one task; its files are described in `recording_files.py`. A growth round of the same
task is a recording of its own: `NAME/1`, `NAME/2` under a root.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from latm_mcp.errors import BadInput, StaleRecording
from latm_mcp.models import Maker, Message, Reply, Stage, Task
from latm_mcp.recording_files import (
    INDEX,
    RECORD_AGAIN,
    Exchange,
    Index,
    read_examples,
    read_index,
    read_text,
    write_examples,
    write_index,
    write_text,
)

MAX_SHOWN = 120


class Recorder:
    """A `Maker` that asks another one and writes down each exchange before it hands the reply on.

    Nothing is written before the first reply. A crash leaves a recording of what was replied until then.
    Raises: BadInput where the folder already holds a recording.
    """

    def __init__(self, maker: Maker, folder: Path, task: Task):
        if (folder / INDEX).exists():
            raise BadInput(f"The folder {folder.name!r} already holds a recording: remove it, or name another folder.")
        self.kind, self.model = maker.kind, maker.model
        self._maker = maker
        self._folder = folder
        self._task = task
        self._index: Index | None = None
        self._said: tuple[Message, ...] = ()

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """The other maker's reply, written down. Raises: what that maker raises, with nothing written."""
        reply = await self._maker.reply(conversation, stage, attempt)
        asked = tuple(conversation)
        continues = bool(self._said) and asked[: len(self._said)] == self._said
        new = asked[len(self._said) :] if continues else asked
        roles = tuple(message.role for message in new)
        exchange = Exchange(stage=stage, attempt=attempt, usage=reply.usage, asked=roles, continues=continues)
        self._write(exchange, new, reply)
        self._said = (*asked, Message(role="assistant", content=reply.text))
        return reply

    def _write(self, exchange: Exchange, new: tuple[Message, ...], reply: Reply) -> None:
        index = self._index or self._begun(reply)
        number = len(index.exchanges) + 1
        for (_, name), message in zip(exchange.files(number), new, strict=True):
            write_text(self._folder, name, message.content)
        write_text(self._folder, exchange.reply_file(number), reply.text)
        # The index comes last: what it names is there.
        self._index = index.model_copy(
            update={
                "exchanges": (*index.exchanges, exchange),
                "estimated": index.estimated or reply.usage.estimated,
            }
        )
        write_index(self._folder, self._index)

    def _begun(self, reply: Reply) -> Index:
        task = self._task
        self._folder.mkdir(parents=True, exist_ok=True)
        write_examples(self._folder, task.examples)
        return Index(
            task=task.name,
            description=task.description,
            comparison=task.comparison,
            author_saw_all=task.author_saw_all,
            model=reply.model or self.model,
            recorded=datetime.now(UTC).date().isoformat(),
        )


class _Line(NamedTuple):
    """One message of a recorded conversation, and the file that it stands in."""

    file: str
    message: Message


class _Turn(NamedTuple):
    stage: Stage
    attempt: int
    asked: tuple[_Line, ...]
    reply: Reply


class RecordedMaker:
    """The `Maker` that replays a recording: the recorded reply to exactly the recorded conversation.

    task, name, description, examples: what was made, so that a making can be run again from the folder alone.
    All files are read here. Raises: StaleRecording where they are broken.
    """

    kind = "recording"

    def __init__(self, folder: Path):
        index = read_index(folder)
        self.model = index.model
        self.recorded, self.estimated = index.recorded, index.estimated
        self.task = _task(index, folder)
        self.name, self.description, self.examples = self.task.name, self.task.description, self.task.examples
        self._folder = folder
        self._waiting = _turns(folder, index)

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """The reply that was recorded at this stage and attempt; each is given once.

        Raises: StaleRecording where there is none, or the conversation is not the one that it replied to.
        """
        for place, turn in enumerate(self._waiting):
            if (turn.stage, turn.attempt) == (stage, attempt):
                self._check(turn, conversation)
                del self._waiting[place]
                return turn.reply
        raise self._stale(f"{stage!r} try {attempt} is asked for, which was not recorded or was given already")

    def _check(self, turn: _Turn, conversation: Sequence[Message]) -> None:
        for number, (line, now) in enumerate(zip_longest(turn.asked, conversation), 1):
            if line is None:
                raise self._stale(
                    f"message {number} ({now.role}) is said at {turn.stage!r} try {turn.attempt}, and was not then"
                )
            if now is None:
                raise self._stale(f"{line.file!r} was said then, and nothing is now")
            if line.message.role != now.role:
                raise self._stale(
                    f"{line.file!r} was said by {line.message.role!r}, and message {number} is now by {now.role!r}"
                )
            if line.message.content != now.content:
                raise self._stale(f"{line.file!r}, {_difference(line.message.content, now.content)}")

    def _stale(self, what: str) -> StaleRecording:
        where = f"{self._folder.parent.name}/{self._folder.name}"
        return StaleRecording(f"The recording {where!r} is stale: {what}; {RECORD_AGAIN}.")


def read_recorded_task(folder: Path) -> Task:
    """The task that was made in a recording: name, description, comparison and examples; `previous` is not kept.

    Raises: StaleRecording where the files are broken.
    """
    return _task(read_index(folder), folder)


def recordings(root: Path) -> list[Path]:
    """The folders under `root` that hold a recording, by name and then by round; none where there is no such folder."""
    folders = [path.parent for path in root.rglob(INDEX) if path.is_file()]
    return sorted(folders, key=lambda folder: [part.zfill(9) if part.isdecimal() else part for part in folder.parts])


def _task(index: Index, folder: Path) -> Task:
    return Task(
        name=index.task,
        description=index.description,
        comparison=index.comparison,
        author_saw_all=index.author_saw_all,
        examples=read_examples(folder),
    )


def _turns(folder: Path, index: Index) -> list[_Turn]:
    turns: list[_Turn] = []
    said: tuple[_Line, ...] = ()
    for number, exchange in enumerate(index.exchanges, 1):
        new = (
            _Line(name, Message(role=role, content=read_text(folder, name))) for role, name in exchange.files(number)
        )
        asked = (*(said if exchange.continues else ()), *new)
        name = exchange.reply_file(number)
        reply = Reply(text=read_text(folder, name), usage=exchange.usage, model=index.model)
        turns.append(_Turn(exchange.stage, exchange.attempt, asked, reply))
        said = (*asked, _Line(name, Message(role="assistant", content=reply.text)))
    return turns


def _difference(then: str, now: str) -> str:
    """The first line that differs, `then` and `now` being different."""
    for number, (old, new) in enumerate(zip_longest(then.split("\n"), now.split("\n")), 1):
        if old != new:
            return f"line {number}: recorded {_shown(old)}, asked now {_shown(new)}"
    raise AssertionError("the texts are the same")


def _shown(line: str | None) -> str:
    if line is None:
        return "no such line"
    return repr(line if len(line) <= MAX_SHOWN else line[:MAX_SHOWN] + "...")
