"""What a smarter caller could have avoided, as a tree; each message says what to do about it.

    LatmError
    ├── BadInput            examples, a name, a description or arguments that cannot be taken
    │   └── Oversized       the same, because it is too large
    ├── NotFound            no such tool or job
    ├── Rejected            a draft that the harness refuses; carries the feedback for its maker
    ├── MakerFailed         a model gave nothing to go on with (no key, unreachable, empty reply)
    │   └── CapReached      it was not asked: the day's money is spent
    ├── CallFailed          a tool gave no result
    ├── SandboxUnavailable  made code cannot be run safely here
    ├── StoreUnusable       the library cannot be opened or written
    │   ├── StoreBusy       another process is writing to it, and did not end in time
    │   └── StoreTooNew     it was written by a newer release
    └── StaleRecording      a recording whose prompt has changed since

They are raised, never returned; `server.py` turns them into results in one place, `cli.py` in another.
"""


class LatmError(Exception):
    """The root: a sentence for whoever called, ending in what to do."""


class BadInput(LatmError):
    """Input that cannot be taken as it is; nothing was changed."""


class Oversized(BadInput):
    """Input over one of the documented bounds; nothing was changed."""


class NotFound(LatmError):
    """There is no tool or job of that name."""


class Rejected(LatmError):
    """A draft that the harness refuses: the message is the feedback that goes back to its maker.

    question, got: the question it failed on and what the code returned or raised, both bounded; never
    the answer that was expected. Empty where the refusal is about the source as a whole.
    exposed: indices of examples whose questions the feedback shows to the maker.
    told_wrong: those of them whose answer it calls wrong, which gives a part of the right one away.
    """

    def __init__(self, sentence: str, *, question: str = "", got: str = "", told_wrong: tuple[int, ...] = ()):
        super().__init__(sentence)
        self.question, self.got = question[:4000], got[:2000]
        self.exposed: tuple[int, ...] = ()
        self.told_wrong = told_wrong


class MakerFailed(LatmError):
    """The tool maker could not be asked, or its reply holds nothing to judge.

    tokens_in, tokens_out: what that reply took all the same, for the ledger; 0 where there was none.
    """

    tokens_in = tokens_out = 0


class CapReached(MakerFailed):
    """A model was not asked, for what may be spent in a day is spent."""


class CallFailed(LatmError):
    """A tool gave no result: it raised, or was stopped at one of its limits."""


class SandboxUnavailable(LatmError):
    """Made code cannot be run safely on this machine as it is set up."""


class StoreUnusable(LatmError):
    """The library cannot be opened, read or written."""


class StoreBusy(StoreUnusable):
    """Another process is writing to the library, and did not end in time."""


class StoreTooNew(StoreUnusable):
    """The library was written by a newer release of latm-mcp."""


class StaleRecording(LatmError):
    """A recording does not answer the prompt that is asked now."""
