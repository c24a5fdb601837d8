"""The dispatcher (paper, 3.2): which of the library's tools is a question for, if any (design, section 6).

Profiles, guard and ratio are learnt from each tool's own examples, so the few thresholds here are relative to them; no model is asked.
A tool is put in, replaced or dropped in milliseconds, whatever else is there; a question's features are looked up in an index, and
only the tools that share the rarest of them are scored.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from latm_mcp.masking import Token, features, stems, tokens
from latm_mcp.masking_guard import FEWEST, Guard, hashed_features
from latm_mcp.masking_index import Asked, Profile, Weights
from latm_mcp.masking_lesson import learn
from latm_mcp.masking_postings import Postings
from latm_mcp.models import Example

MIN_RATIO = 0.35  # under this a tool is no candidate: fewer likenesses than its own examples have among themselves
IN_OTHER_WORDS = 0.28  # under this the words that a question shares with a tool do not make it a candidate
TOLD = 0.2  # what the words tell counts by its root, over this
TOLD_WORTH = 0.6  # of a ratio, the most that words alone count for
SCORED = 12  # tools that are scored for one question: those that share most of its rarest features
ALIAS_WORTH = (
    0.7  # an alias makes a tool a candidate, never a likelier one than a tool whose examples are like the question
)
MOST_ALIASES = 24  # of one tool, the last ones that were given
MOST_LACKS = 12
MOST_ABOUT = 600  # characters of what is said of a tool
SAID = 2.5  # words of one tool alone in what is said of it, or what tells as much: then it is a candidate behind all others


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool that a question may be for. ratio: likeness, 1.0 is that of the tool's own examples among themselves.

    certain: the guard holds: the question asks for what every example of the tool asks for, and for nothing else.
    lacks: words of the question that no example of the tool has.
    odd: where the guard does not hold, but the question has all words that all examples have: the places of its tokens that an
    adapter has to read for its answer to be believed. None: not even then.
    """

    name: str
    ratio: float
    certain: bool
    lacks: tuple[str, ...]
    odd: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a tool's own examples say of what is like them, for showing to people.

    alike: how alike they are among themselves (0 to 1), the measure of a question's ratio.
    contract: how many words and pairs of words all of them have. kept: the mean share of its like that each has of the others'.
    departures: how many steps that no example takes a question may take and still be certain.
    """

    examples: int
    aliases: int
    alike: float
    contract: int
    kept: float
    departures: int


@dataclass(frozen=True, slots=True)
class _Known:
    """One tool as the dispatcher keeps it."""

    name: str
    profile: Profile
    guard: Guard
    aliases: int


class Dispatcher:
    """The profiles of a library's tools, built from their examples' questions. For use from one thread."""

    def __init__(self, banks: Mapping[str, Sequence[Example]] | None = None):
        self._weights, self._postings = Weights(), Postings()
        self._tools: dict[int, _Known] = {}
        self._numbers: dict[str, int] = {}
        self._next = count()
        for name, bank in (banks or {}).items():
            self.put(name, bank)

    def put(self, name: str, examples: Sequence[Example], aliases: Sequence[str] = (), about: str = "") -> None:
        """Add a tool, or replace what is known of it; without examples it is dropped.

        aliases: questions that somebody said belong to the tool. They can make it a candidate; they never make it certain.
        about: what is said of it, in words that its questions may have. They can make it a candidate behind all others.
        """
        self.drop(name)
        if not examples:
            return
        bank = [tokens(example.question) for example in examples]
        said = [features(own) | stems(own) for own in map(tokens, aliases[-MOST_ALIASES:])]
        told = stems(tokens(about.replace("_", " ")[:MOST_ABOUT]))
        profile = Profile([features(own) | stems(own) for own in bank], said, self._weights, told)
        profile.join(self._weights, 1)
        number = self._numbers[name] = next(self._next)
        self._tools[number] = _Known(name, profile, learn(bank), len(said))
        self._postings.add(number, profile.numbers)

    def drop(self, name: str) -> None:
        """Forget a tool; one that is not there is none to forget."""
        number = self._numbers.pop(name, None)
        if number is not None:
            gone = self._tools.pop(number)
            gone.profile.join(self._weights, -1)
            self._postings.remove(number, gone.profile.numbers)

    def names(self) -> list[str]:
        """The tools that are here, in the order in which they came."""
        return list(self._numbers)

    def threshold(self, name: str) -> Threshold | None:
        """What a tool's own examples say of what is like them; None where the tool is not here."""
        number = self._numbers.get(name)
        if number is None:
            return None
        known = self._tools[number]
        guard, alike = known.guard, known.profile.alike(self._weights)
        return Threshold(guard.examples, known.aliases, alike, len(guard.contract), guard.kept, guard.slight)

    def candidates(self, question: str, most: int = 3) -> list[Candidate]:
        """The tools that the question may be for, likeliest first."""
        own = tokens(question)
        hashes, of_words = hashed_features(own), stems(own)
        asked = Asked(features(own) | of_words, of_words, self._weights, self._postings)
        tools = [self._tools[number] for number in self._likely(asked, most)]
        rows = sorted(((-self._ratio(tool.profile, asked), tool.name, tool) for tool in tools), key=lambda row: row[:2])
        likely = [_candidate(tool, -ratio, own, hashes) for ratio, _, tool in rows if -ratio >= MIN_RATIO][:most]
        others = [(-tool.profile.said(asked), name, tool) for ratio, name, tool in rows if -ratio < MIN_RATIO]
        if others and len(likely) < most:
            said, _, tool = min(others, key=lambda row: row[:2])
            likely += [_candidate(tool, MIN_RATIO, own, hashes)] if -said >= SAID else []
        return likely

    def _ratio(self, profile: Profile, asked: Asked) -> float:
        ratio = profile.ratio(asked, self._weights, ALIAS_WORTH)
        told = ratio + math.sqrt(TOLD * profile.told(asked))
        return max(ratio, min(MIN_RATIO * told / IN_OTHER_WORDS, TOLD_WORTH))

    def _likely(self, asked: Asked, most: int) -> list[int]:
        """All tools, if they are few; else those that share most of the question's rarest features."""
        enough = max(SCORED, most)
        if len(self._tools) <= enough:
            return list(self._tools)
        return self._postings.sharing({*asked.weights, *asked.stems}, enough)


def _candidate(known: _Known, ratio: float, own: Sequence[Token], hashes: frozenset[int]) -> Candidate:
    guard = known.guard
    found = guard.departures(own, hashes)
    certain = guard.allows(found)
    odd = found.places if not certain and guard.examples >= FEWEST and guard.has_words(own) else None
    return Candidate(known.name, ratio, certain, tuple(guard.lacking(own)[:MOST_LACKS]), odd)
