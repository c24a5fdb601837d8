"""The makings of a stream, recorded and replayed: numbered folders, 1, 2, ..., in the order in which they were begun."""

from collections.abc import Callable, Sequence
from pathlib import Path

from latm_mcp.errors import BadInput, StaleRecording
from latm_mcp.models import Maker, Message, Reply, Stage, Task
from latm_mcp.recording import RecordedMaker, Recorder

TaskOf = Callable[[str], Task]  # of a brief


class ReplayedMakings:
    """A `Maker` that replays whichever of the recordings holds exactly this conversation: so a stream may stop and go on.

    Raises: BadInput, where the folder holds no recording; StaleRecording.
    """

    kind = "recording"

    def __init__(self, root: Path):
        folders = sorted((path for path in root.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
        self._makers = [RecordedMaker(folder) for folder in folders]
        if not self._makers:
            raise BadInput(
                f"{str(root)!r} holds no numbered recording: give the folder that the stream's --record wrote."
            )
        self.model = self._makers[0].model
        self._begun: set[int] = set()

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """The recorded reply to this conversation. Raises: StaleRecording, of the first that was not begun yet."""
        stale: StaleRecording | None = None
        for number, maker in enumerate(self._makers):
            try:
                reply = await maker.reply(conversation, stage, attempt)
            except StaleRecording as error:
                if stale is None and number not in self._begun:
                    stale = error
            else:
                self._begun.add(number)
                return reply
        raise stale or StaleRecording("One making more is asked for than was recorded: record the stream again.")


class RecordedMakings:
    """A `Maker` that asks another one, and records each making in the next numbered folder.

    task_of: the task that a brief is about, which a recording keeps beside it.
    """

    def __init__(self, maker: Maker, root: Path, task_of: TaskOf):
        self.kind, self.model = maker.kind, maker.model
        self._maker, self._root, self._task_of = maker, root, task_of
        self._recorders: dict[str, Recorder] = {}

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """The other maker's reply, written down."""
        brief = conversation[1].content  # what tells one making from another
        if brief not in self._recorders:
            self._recorders[brief] = Recorder(self._maker, self._root / str(self._next()), self._task_of(brief))
        return await self._recorders[brief].reply(conversation, stage, attempt)

    def _next(self) -> int:
        """The number after the last; a folder that is empty as yet counts, since its making has begun."""
        numbers = [len(self._recorders), *(int(path.name) for path in self._root.glob("*") if path.name.isdecimal())]
        return max(numbers) + 1
