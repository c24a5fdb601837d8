"""The words of the project as frozen values (design, section 1): what the stages hand to each other.

pydantic where text from outside becomes a value; everything is frozen after that.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from latm_mcp.outcomes import Json

MAX_QUESTION_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 8 * 1024
MAX_EXAMPLES = 1000
MAX_SOURCE_BYTES = 64 * 1024
MAX_DESCRIPTION = 400

Comparison: TypeAlias = Literal["choice", "number", "text"]
Standing: TypeAlias = Literal["confirmed", "provisional"]
Exposure: TypeAlias = Literal["shown", "blind", "held-out"]
Stage: TypeAlias = Literal["propose", "verify", "wrap"]
Status: TypeAlias = Literal["draft_needed", "running", "published", "fits", "failed"]


class Word(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(Word):
    """A question with its answer. confirmed: a person or the data said so; provisional: a model did."""

    question: str
    answer: str
    standing: Standing = "provisional"


class Call(Word):
    """The arguments that a question means, written by the maker where the task has no adapter (paper, 3.2)."""

    question: str
    arguments_json: str


class Draft(Word):
    """What a maker hands in: one source file (the function, and `parse` and `render` if any), and calls."""

    source: str
    calls: tuple[Call, ...] = ()


class Tally(Word):
    """How one kind of evidence came out, in examples."""

    passed: int = 0
    wrong: int = 0
    abstained: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.wrong + self.abstained


class Evidence(Word):
    """What a tool has been shown to do, by kind of exposure; and on what it was taken.

    bound: one-sided 95 % lower bound on the share of right answers, blind and held-out together,
    abstentions left out (Clopper-Pearson); 0.0 where nothing was judged unseen.
    """

    shown: Tally = Tally()
    blind: Tally = Tally()
    held_out: Tally = Tally()
    bound: float = 0.0
    sandbox: str = ""
    python: str = ""


class UseCase(Word):
    """One verified use: question -> arguments -> result -> answer (paper, 3.1 wrapping)."""

    question: str
    arguments: dict[str, Json]
    result: Json
    answer: str


class Signature(Word):
    """A function's name, its parameters as a JSON schema (root object), and its return type's schema.

    text: the typed signature as one line of Python, for people and models.
    """

    function: str
    parameters: dict[str, Json]
    returns: dict[str, Json]
    text: str


class Provenance(Word):
    """Who made a version and how. maker: "model" | "client" | "recording" | "import"; model: as it names itself."""

    maker: str
    model: str = "not named"
    made_at: str = ""
    propose_tries: int = 0
    verify_tries: int = 0
    rewritten: bool = False


class Tool(Word):
    """A verified and wrapped function: one immutable version. version: `sha256:` of its source."""

    name: str
    version: str
    description: str
    source: str
    signature: Signature
    adapter: bool
    comparison: Comparison
    examples: tuple[Example, ...]
    use_cases: tuple[UseCase, ...]
    evidence: Evidence
    provenance: Provenance


class Task(Word):
    """What is to be made: a name, the caller's own description, examples in the order of the split.

    author_saw_all: the author passed the examples itself, so all of them count as shown.
    previous: the version that this making replaces, its parameters to be kept.
    """

    name: str
    description: str
    examples: tuple[Example, ...]
    comparison: Comparison
    author_saw_all: bool = False
    previous: Tool | None = None


class Usage(Word):
    """Tokens of one or more model replies; estimated where the server did not count them."""

    tokens_in: int = 0
    tokens_out: int = 0
    replies: int = 0
    estimated: bool = False


class Message(Word):
    """One turn of a conversation with a tool maker, as Chat Completions has them."""

    role: Literal["system", "user", "assistant"]
    content: str


class Reply(Word):
    """What a maker said, and what it cost. model: as whoever answered names itself."""

    text: str
    usage: Usage
    model: str


class Maker(Protocol):
    """Whoever can be asked to write a tool. kind: Provenance.maker; model: its own name, or "not named"."""

    kind: str
    model: str

    async def reply(self, conversation: Sequence[Message], stage: Stage, attempt: int) -> Reply:
        """Answer a conversation that only grows: system, user, then assistant and user in turn.

        attempt: 1 for the first try of its stage.
        Raises: MakerFailed, with a sentence that says what to do; StaleRecording where a recording is replayed.
        """
        ...


class Failure(Word):
    """Why a making ended or a draft went back. got: what the code returned or raised; never the right answer."""

    stage: Stage
    attempt: int
    sentence: str
    question: str = ""
    got: str = ""


class Try(Word):
    """One kept try of a making: what was asked, what came back, how it was judged (None: it passed).

    exposed: indices of held-out examples whose questions this try's feedback shows to the maker.
    told_wrong: indices of examples on which it calls the answer wrong: with few labels that gives the right one away.
    rewrote: this reply changed a function that had already been proposed, which a maker may do once.
    """

    stage: Stage
    attempt: int
    request: str
    reply: str
    failure: Failure | None = None
    exposed: tuple[int, ...] = ()
    told_wrong: tuple[int, ...] = ()
    rewrote: bool = False
    usage: Usage = Usage()


class Proposal(Word):
    """A draft whose function has the right form and ran on every worked example (paper, 3.1 proposing)."""

    draft: Draft
    signature: Signature
    adapter: bool


class Verified(Word):
    """A proposal that was right on every example that it accepted, and passed the gates."""

    proposal: Proposal
    evidence: Evidence
    use_cases: tuple[UseCase, ...]


class TriesLeft(Word):
    """How many more drafts a making takes before it ends."""

    propose: int
    verify: int


class Progress(Word):
    """One step of a making as it happens, for progress notifications and progress bars."""

    stage: Stage
    attempt: int
    sentence: str
    done: Annotated[float, Field(ge=0, le=1)]
