"""Which of the waiting questions are of one kind, without labels, as they arrive (design, 6.5): masked shingles of three words.

A question goes to the group whose nearest members share most of its shingles with it; what several groups have in common
("Give the date as YYYY-MM-DD") counts the less, the more they are. Nothing is moved later: a person splits and merges.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from latm_mcp.masking import tokens

LEAST_ALIKE = 0.06  # weighted Jaccard; at 0.05 one group in 300 mixes two tasks (benchmarks/grouping.py)
NEAREST = 3  # members that a question is compared with: one alone may be the odd one of its group
KNOWN_BY = 24  # members of a group, its first ones, that stand for it: the time to answer does not grow with the others
CLOSER_LOOK = 8  # groups that are compared exactly
_HEAD, _TAIL = 2_000, 700  # characters that are read of a longer question: tasks are told at its ends
_MOST_HEAD, _MOST_TAIL = 192, 64  # shingles that are kept of a question
_WIDTH = 3
_BEGIN, _END = "\x02", "\x03"
_SEPARATORS = frozenset((",", ";"))


class Grouping:
    """The groups as they are now, in memory: as many questions as are put there, each in one group."""

    def __init__(self) -> None:
        self._group_of: dict[int, int] = {}
        self._members: dict[int, dict[int, str]] = {}
        self._shingles: dict[int, frozenset[int]] = {}  # of those that stand for their group
        self._holders: defaultdict[int, set[int]] = defaultdict(set)
        self._spread: defaultdict[int, Counter[int]] = defaultdict(Counter)  # how many of each group hold a shingle
        self._standing: Counter[int] = Counter()

    def put(self, instance_id: int, group_id: int, question: str) -> None:
        """Keep a question in a group; one that is kept already moves there."""
        if self._group_of.get(instance_id) == group_id:
            return
        self.remove(instance_id)
        self._group_of[instance_id] = group_id
        self._members.setdefault(group_id, {})[instance_id] = question
        if self._standing[group_id] < KNOWN_BY:
            self._stand(instance_id, group_id, question)

    def remove(self, instance_id: int) -> None:
        """Forget a question; nothing happens where it is not kept."""
        group_id = self._group_of.pop(instance_id, None)
        if group_id is None:
            return
        members = self._members[group_id]
        del members[instance_id]
        if instance_id in self._shingles:
            self._fall(instance_id, group_id)
            for other, question in members.items():
                if other not in self._shingles:
                    self._stand(other, group_id, question)
                    break
        if not members:
            del self._members[group_id], self._standing[group_id]

    def nearest(self, question: str) -> int | None:
        """The group that this question belongs to, the older one of two as good; None: to none, it is of a new kind."""
        own = shingles(question)
        common: defaultdict[int, float] = defaultdict(float)
        for shingle in own:
            weight = self._weight(shingle)
            for holder in self._holders.get(shingle, ()):
                common[holder] += weight
        weight = sum(map(self._weight, own))
        # Common shingles over its own alone are no less than their share in both: what fails here fails there.
        rough: dict[int, float] = {}
        for holder, shared in common.items():
            group_id = self._group_of[holder]
            rough[group_id] = max(rough.get(group_id, 0.0), shared)
        close = sorted(
            (group_id for group_id in rough if rough[group_id] >= LEAST_ALIKE * weight),
            key=lambda one: (-rough[one], one),
        )
        alike = {one: self._alike(one, common, weight) for one in close[:CLOSER_LOOK]}
        best = max(alike, key=lambda one: (alike[one], -one), default=None)
        return None if best is None or alike[best] < LEAST_ALIKE else best

    def _alike(self, group_id: int, common: dict[int, float], weight: float) -> float:
        """The mean of the nearest members' weighted Jaccard."""
        found = [
            common[one] / (weight + sum(map(self._weight, self._shingles[one])) - common[one])
            for one in self._members[group_id]
            if one in self._shingles and one in common
        ]
        return sum(sorted(found)[-NEAREST:]) / min(NEAREST, self._standing[group_id])

    def _weight(self, shingle: int) -> float:
        return 1 / (len(self._spread.get(shingle, ())) or 1)

    def _stand(self, instance_id: int, group_id: int, question: str) -> None:
        own = self._shingles[instance_id] = shingles(question)
        self._standing[group_id] += 1
        for shingle in own:
            self._holders[shingle].add(instance_id)
            self._spread[shingle][group_id] += 1

    def _fall(self, instance_id: int, group_id: int) -> None:
        self._standing[group_id] -= 1
        for shingle in self._shingles.pop(instance_id):
            self._holders[shingle].discard(instance_id)
            spread = self._spread[shingle]
            spread[group_id] -= 1
            if not spread[group_id]:
                del spread[group_id]
            if not spread:
                del self._spread[shingle], self._holders[shingle]


def shingles(question: str) -> frozenset[int]:
    """Hashes, of this process alone, of each three neighbouring masked words, the question's ends among them."""
    if len(question) > _HEAD + _TAIL:
        question = f"{question[:_HEAD]}\n{question[-_TAIL:]}"
    words = [_BEGIN, *_words(question), _END]
    found = [hash(" ".join(words[at : at + _WIDTH])) for at in range(max(1, len(words) - _WIDTH + 1))]
    if len(found) > _MOST_HEAD + _MOST_TAIL:
        found = found[:_MOST_HEAD] + found[-_MOST_TAIL:]
    return frozenset(found)


def _words(question: str) -> Iterable[str]:
    """Its masked words; how many things a question lists belongs to its instance, so no mask stands twice in a row."""
    last = ""
    for token in tokens(question):
        word = token.kind if token.kind == "§name" else token.text
        if word not in _SEPARATORS and not (word == last and word.startswith("§")):
            yield word
            last = word
