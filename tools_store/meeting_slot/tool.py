import re
from fractions import Fraction

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "forty-five": 45, "forty five": 45, "fifty": 50, "sixty": 60, "ninety": 90,
}

_WORD = r"(?!(?:and|or|both|with|not)\b)[^\W_][\w.'’-]*"
_NAME = _WORD + r"(?: " + _WORD + r"){0,3}"
_TIME = r"[0-9]{1,2}:[0-9]{2}"
_SLOT = r"(?:from )?" + _TIME + r" ?(?:-|–|—|to|until|till) ?" + _TIME
_SLOTS = _SLOT + r"(?:(?: ?[,;] ?(?:and )?| and )" + _SLOT + r")*"
_EVENT = r"(?:meeting|call|appointment|session|discussion)"

_HEADER = (
    r"(?P<one>" + _NAME + r") and (?P<two>" + _NAME + r")(?: both)?"
    r" (?:want|wish|need|plan|hope|intend|would like|are trying|are planning|are looking|have)"
    r" to (?:schedule|arrange|plan|book|have|hold|set up|organi[sz]e)"
    r" (?:an? (?P<before>[0-9a-z./, -]{1,40}?)(?:[- ]long)? " + _EVENT +
    r"|a " + _EVENT + r" (?:of|for|lasting|that lasts|that takes) (?P<after>[0-9a-z./, -]{1,40}?))"
    r"(?: together| with each other)?[.:]"
)

_MANY = (
    r"if (?:there (?:is|are) )?(?:multiple|several|more than one)"
    r"(?: (?:time )?(?:slots?|options?))?"
    r"(?: (?:works?|fits?|exists?|(?:is|are) (?:possible|available)))?,?"
    r" (?:please )?(?:choose|pick|select|take|give|use)"
    r" the earliest(?: (?:one|slot|time slot|option))?"
)

_FOR_BOTH = r"(?:both(?: of them| people)?|them(?: both)?)"

_CLOSING = (
    r"(?:(?:what|which) (?:time slot|meeting slot|slot)"
    r" (?:works|would work|fits|would fit|is|would be) (?:the )?best(?: for " + _FOR_BOTH + r")?\?"
    r" ?\(?" + _MANY + r"\.?\)?\.?"
    r"|(?:(?:what|which) is|what's|find|give|choose) the earliest (?:time slot|meeting slot|slot)"
    r" (?:that (?:works|fits|suits)(?: for)? " + _FOR_BOTH +
    r"|(?:in which|when|where) (?:both(?: of them| people)?|they(?: both)?) can(?: both)? meet)[?.])"
)


def meeting_slot(minutes: int, first: list[list[str]], second: list[list[str]]) -> list[str] | None:
    """Find the earliest time slot of a given length in which two people are both free, or None if there is none.

    minutes: the length of the meeting in minutes, above 0.
    first: the free slots of the first person in any order, each as [start, end] with times "HH:MM".
    second: the free slots of the second person, in the same form.
    """
    if minutes <= 0:
        raise ValueError("the length must be above 0")
    mine = _merge(first)
    other = _merge(second)
    i = j = 0
    while i < len(mine) and j < len(other):
        start = max(mine[i][0], other[j][0])
        end = min(mine[i][1], other[j][1])
        if end - start >= minutes:
            return [_clock(start), _clock(start + minutes)]
        if mine[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return None


def _merge(slots):
    """Sorted, disjoint slots in minutes; slots that touch or overlap become one."""
    merged = []
    for start, end in sorted((_count(a), _count(b)) for a, b in slots):
        if start >= end:
            raise ValueError("a slot must end after its start")
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def _count(clock):
    """Minutes since midnight of a time "HH:MM"."""
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", clock)
    if not match:
        raise ValueError("not a time: " + clock)
    hour, minute = int(match[1]), int(match[2])
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError("not a time: " + clock)
    return hour * 60 + minute


def _clock(count):
    return f"{count // 60:02d}:{count % 60:02d}"


def _number(text):
    text = text.lower()
    if text in _NUMBERS:
        return Fraction(_NUMBERS[text])
    return Fraction(text)


def _length(text):
    """The whole number of minutes that a duration in words or figures means."""
    number = (
        r"(?:[0-9]+(?:\.[0-9]+)?|[0-9]+/[1-9][0-9]*|"
        + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")"
    )
    text = text.strip().lower()
    named = {"hour": 60, "half hour": 30, "half an hour": 30, "quarter hour": 15, "hour and a half": 90}
    plain = text.replace("-", " ")
    if plain in named:
        return named[plain]
    match = re.fullmatch(
        r"(" + number + r")([- ]and[- ]a[- ]half)?[- ]?(?:hours?|hrs?|h)"
        r"(?:,?[- ]?(?:and[- ])?(" + number + r")[- ]?(?:minutes?|mins?|m))?",
        text,
    )
    if match:
        hours = _number(match[1])
        total = hours * 60
        if match[2]:
            if hours.denominator != 1 or match[3]:
                raise NotThisTask("unclear duration")
            total += 30
        if match[3]:
            total += _number(match[3])
    else:
        match = re.fullmatch(r"(" + number + r")[- ]?(?:minutes?|mins?)", text)
        if not match:
            raise NotThisTask("unknown duration")
        total = _number(match[1])
    if total <= 0 or total.denominator != 1:
        raise NotThisTask("not a whole number of minutes")
    return int(total)


def _listing(tag):
    """The pattern of one person's free slots."""
    return (
        r"(?P<who" + tag + r">" + _NAME + r")"
        r"(?:['’]s? (?:availability|availabilities|available (?:times|slots|time slots)|free (?:times|slots|time slots))"
        r"(?: (?:is|are))?"
        r"| is (?:available|free)(?: at| during| in)?)"
        r"(?: ?: ?| )(?P<slots" + tag + r">" + _SLOTS + r")\.?"
    )


def _read_slots(text):
    slots = []
    for found in re.finditer(_SLOT, text, re.IGNORECASE):
        start, end = re.findall(_TIME, found[0])
        try:
            fine = _count(start) < _count(end)
        except ValueError:
            fine = False
        if not fine:
            raise NotThisTask("not a slot within one day")
        slots.append([start, end])
    return slots


def parse(question: str) -> dict:
    text = " ".join(question.split())
    match = re.fullmatch(
        _HEADER + r" " + _listing("a") + r" " + _listing("b") + r" " + _CLOSING,
        text,
        re.IGNORECASE,
    )
    if not match:
        raise NotThisTask("not a question about a meeting of two people")
    one, two = match["one"].casefold(), match["two"].casefold()
    listed = [match["whoa"].casefold(), match["whob"].casefold()]
    if one == two or sorted(listed) != sorted([one, two]):
        raise NotThisTask("the names do not fit")
    slots = {
        listed[0]: _read_slots(match["slotsa"]),
        listed[1]: _read_slots(match["slotsb"]),
    }
    return {
        "minutes": _length(match["before"] or match["after"]),
        "first": slots[one],
        "second": slots[two],
    }


def render(result, question: str) -> str:
    if result is None:
        # No worked answer shows this case; the wording follows the question ("What time slot works ...?").
        return "No time slot works."
    start, end = result
    if re.search(r"(?<![0-9])[0-9]:[0-9]{2}", question) and (start[0] == "0" or end[0] == "0"):
        # Hours without a leading zero: the form of the answer would be a guess.
        raise NotThisTask("the form of the hours is not known")
    return f"{start} - {end}"
