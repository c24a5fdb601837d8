"""The paper's dispatcher protocol (section 4.3), for any files and seeds, with no model in use.

Known: every task has its tool, with 6 examples; 100 mixed questions; the share that is given to the right tool.
Mixed: of six tasks four are drawn to have tools; four are drawn to be asked, two of these known and two unknown; 100 mixed
questions; the share that is rightly given to a tool or called new. With fewer files than six, as many as there are: of n, n - 2 are
known (at least one), and at most two of the known and two of the unknown are asked.
A known question counts as right where its tool is certain, or the first candidate; an unknown one where no tool is certain. The strict
shares stand beside them: certain alone, and no candidate at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from latm_mcp.bench_files import EXAMPLE_ROWS, DataFile, draw
from latm_mcp.bench_results import Results
from latm_mcp.bench_scores import mean, per_cent
from latm_mcp.bench_tools import Told
from latm_mcp.errors import BadInput
from latm_mcp.models import Example
from latm_mcp.using.dispatch import Candidate, Dispatcher

QUESTIONS, KNOWN, ASKED_OF_EACH = 100, 4, 2


@dataclass(frozen=True, slots=True)
class Counts:
    """How questions of one kind were dispatched. right, strict: as the module says; wrong: given to a wrong tool as certain."""

    asked: int
    right: int
    strict: int
    wrong: int
    misjudged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """One seed: the first part (`known`), and the second, apart by whether the task has a tool."""

    seed: int
    tools: tuple[str, ...]
    unknown: tuple[str, ...]
    known: Counts
    existing: Counts
    new: Counts


@dataclass(frozen=True, slots=True)
class DispatchPart:
    """Means over the seeds, in per cent. mixed: existing and new together, as the paper counts."""

    seeds: int
    known: float | None
    existing: float | None
    existing_certain: float | None
    new: float | None
    new_no_candidate: float | None
    mixed: float | None
    drawings: tuple[Drawing, ...]


def run_dispatch(files: Sequence[DataFile], seeds: int, results: Results, told: Told) -> DispatchPart:
    """The protocol with seeds 0, 1, ...; each is kept. Raises: BadInput, for fewer than 3 files that have 7 rows."""
    usable = [file for file in files if len(file.rows) > EXAMPLE_ROWS]
    if len(usable) < 3:
        raise BadInput("The dispatcher's protocol needs 3 files or more of at least 7 rows: add some, or leave it out.")
    drawings = []
    for seed in range(seeds):
        drawing = results.value(Drawing, "dispatcher", seed) or _drawing(usable, seed)
        results.keep(asdict(drawing), "dispatcher", seed)
        told("dispatcher", f"seed {seed + 1} of {seeds}", (seed + 1) / seeds)
        drawings.append(drawing)
    return summary(drawings)


def summary(drawings: Sequence[Drawing]) -> DispatchPart:
    """The means of what each seed came to."""
    both = [(each.existing.right + each.new.right, each.existing.asked + each.new.asked) for each in drawings]
    return DispatchPart(
        len(drawings),
        mean([per_cent(each.known.right, each.known.asked) for each in drawings]),
        mean([per_cent(each.existing.right, each.existing.asked) for each in drawings]),
        mean([per_cent(each.existing.strict, each.existing.asked) for each in drawings]),
        mean([per_cent(each.new.right, each.new.asked) for each in drawings]),
        mean([per_cent(each.new.strict, each.new.asked) for each in drawings]),
        mean([per_cent(*each) for each in both]),
        tuple(drawings),
    )


def _drawing(files: Sequence[DataFile], seed: int) -> Drawing:
    shuffled = draw(files, len(files), "tasks", seed)
    tools = shuffled[: max(1, min(KNOWN, len(files) - 2))]
    unknown = shuffled[len(tools) :][:ASKED_OF_EACH]
    rows = {file.stem: draw(file.rows, len(file.rows), "rows", file.stem, seed) for file in files}
    banks = {stem: own[:EXAMPLE_ROWS] for stem, own in rows.items()}
    left = {stem: own[EXAMPLE_ROWS:] for stem, own in rows.items()}
    all_known = Dispatcher(banks)
    some_known = Dispatcher({file.stem: banks[file.stem] for file in tools})
    mixed = _mixed({file.stem: left[file.stem] for file in (*tools[:ASKED_OF_EACH], *unknown)}, "mixed", seed)
    names = {file.stem for file in tools}
    return Drawing(
        seed,
        tuple(file.stem for file in tools),
        tuple(file.stem for file in unknown),
        _existing(all_known, _mixed(left, "known", seed)),
        _existing(some_known, [pair for pair in mixed if pair[0] in names]),
        _new(some_known, [pair for pair in mixed if pair[0] not in names]),
    )


def _mixed(rows: Mapping[str, Sequence[Example]], part: str, seed: int) -> list[tuple[str, str]]:
    """Up to 100 pairs of stem and question, drawn from all of them."""
    pairs = [(stem, example.question) for stem, own in rows.items() for example in own]
    return draw(pairs, QUESTIONS, part, seed)


def _existing(dispatcher: Dispatcher, pairs: Sequence[tuple[str, str]]) -> Counts:
    right = strict = wrong = 0
    misjudged = []
    for stem, question in pairs:
        found = dispatcher.candidates(question)
        certain = _certain(found)
        strict += certain == stem
        wrong += certain not in ("", stem)
        if certain == stem or (not certain and found and found[0].name == stem):
            right += 1
        else:
            misjudged.append(f"{stem}: {question[:100]}")
    return Counts(len(pairs), right, strict, wrong, tuple(misjudged))


def _new(dispatcher: Dispatcher, pairs: Sequence[tuple[str, str]]) -> Counts:
    found = [(stem, question, dispatcher.candidates(question)) for stem, question in pairs]
    misjudged = tuple(f"{stem}: {question[:100]}" for stem, question, row in found if _certain(row))
    empty = sum(not row for _, _, row in found)
    return Counts(len(pairs), len(pairs) - len(misjudged), empty, len(misjudged), misjudged)


def _certain(found: Sequence[Candidate]) -> str:
    """The first tool that is certain; empty where none is."""
    return next((candidate.name for candidate in found if candidate.certain), "")
