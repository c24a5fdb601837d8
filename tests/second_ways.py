"""A second way of working out each generated task, reading nothing but the question.

Each function takes a question and an answer and fails if the answer is not the right one. The algorithms
differ on purpose from those of the generators.
"""

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction


def word_sorting(question: str, answer: str) -> None:
    """The same words, each not after its neighbour."""
    separator = ", " if question.startswith("Sort these") else " "
    words = re.split(r": (?:List: )?", question, maxsplit=1)[1].split(separator)
    sorted_words = answer.split(separator)
    assert Counter(sorted_words) == Counter(words)
    assert all([*map(ord, a)] <= [*map(ord, b)] for a, b in itertools.pairwise(sorted_words))
    assert 2 <= len(sorted_words) <= 25


def close_brackets(question: str, answer: str) -> None:
    """Taking out matched pairs again and again leaves nothing, and all of the answer was needed."""
    given = question.split("Input: ")[1]
    assert (" " in answer) <= (" " in given)
    assert len(answer) == 1 or (" " in answer) == (" " in given)
    left = reduced(given.replace(" ", ""))
    assert set(left) <= set("([{<")
    assert len(left) == len(answer.replace(" ", ""))
    assert reduced(left + answer.replace(" ", "")) == ""


def reduced(text: str) -> str:
    """The text without its matched pairs."""
    while (shorter := re.sub(r"\(\)|\[\]|\{\}|<>", "", text)) != text:
        text = shorter
    return text


def remainders(question: str, answer: str) -> None:
    """The answer fits every division, and no other number within the limit can."""
    limit = int(re.findall(r"no more than (\d+)", question)[0])
    divisions = [(int(a), int(b)) for a, b in re.findall(r"among (\d+) \w+, we have (\d+) left", question)]
    number, divisors = int(answer), [divisor for divisor, _ in divisions]
    assert 2 <= len(divisions) <= 4
    assert limit <= 10**12
    assert all(math.gcd(a, b) == 1 for a, b in itertools.combinations(divisors, 2))
    assert 0 < number <= limit <= math.prod(divisors)
    assert all(number % divisor == rest for divisor, rest in divisions)


PLACE_TEXTS = (
    "is the leftmost/is the oldest/are the cheapest/finished first/is the smallest",
    "is the second from the left/is the second-oldest/are the second-cheapest/finished second/is the second-smallest",
    "is the third from the left/is the third-newest/are the third-most expensive/finished third/is the third-largest/"
    "is the third-youngest",
    "is the second from the right/is the second-newest/are the second-most expensive/finished second-to-last/"
    "is the second-largest/is the second-youngest",
    "is the rightmost/is the newest/are the most expensive/finished last/is the largest/is the youngest",
)
PLACES = {text: place for place, texts in enumerate(PLACE_TEXTS) for text in texts.split("/")}
BEFORE = ("is to the left of", "is older than", "are less expensive than", "finished above", "is smaller than")
AFTER = (
    "is to the right of",
    "is newer than",
    "are more expensive than",
    "finished below",
    "is larger than",
    "is younger than",
)
CLAIM = re.compile(
    rf"(?:The )?(.+?) ({'|'.join(sorted((*PLACES, *BEFORE, *AFTER), key=len, reverse=True))})(?: (?:the )?(.+))?"
)


def order_five_objects(question: str, answer: str) -> None:
    """Of all orders of the five, read from the options, exactly one agrees with the clues; the answer names its place."""
    body, _, tail = question.partition("\nOptions:\n")
    options = [CLAIM.fullmatch(line[4:]) for line in tail.split("\n")]
    things = [option[1] for option in options if option]
    clues = [clue for clue in map(CLAIM.fullmatch, body.rstrip(".").split(". ")[3:]) if clue]
    assert len(things) == len(set(things)) == 5
    assert len(clues) == body.count(". ") - 2
    agreeing = [order for order in itertools.permutations(things) if all(holds(clue, order) for clue in clues)]
    assert len(agreeing) == 1
    assert options[0]
    assert answer == f"({'ABCDE'[things.index(agreeing[0][PLACES[options[0][2]]])]})"


def holds(clue: re.Match[str], order: tuple[str, ...]) -> bool:
    """Whether one clue agrees with an order."""
    place = order.index(clue[1])
    if clue[3] is None:
        return place == PLACES[clue[2]]
    return place < order.index(clue[3]) if clue[2] in BEFORE else place > order.index(clue[3])


def track_swaps(question: str, answer: str) -> None:
    """Going back from the one asked about, swap by swap, to who held it at the start."""
    story, _, tail = question.partition("\nOptions:\n")
    people = re.split(r", (?:and )?", story.split(" are ")[0])
    swaps = re.findall(r"(?:First|Then|Finally), (\w+) and (\w+) ", story)
    owner = re.findall(r"At the end of [^,]+, (\w+) ", story)[-1]
    for pair in reversed(swaps):
        owner = pair[1 - pair.index(owner)] if owner in pair else owner
    assert 3 <= len(swaps) <= 7
    assert len({line[4:] for line in tail.split("\n")}) == len(people) == 5
    thing = tail.split("\n")[people.index(owner)]
    assert re.search(rf"{owner} (is|has|gets) ([a-z]+ )*{re.escape(thing[4:])}[,.]", story)
    assert answer == thing[:3]


def meeting_slot(question: str, answer: str) -> None:
    """Joined intervals of each, cut with each other, in order."""
    hours = Fraction(re.findall(r"a ([\d.]+)-hour", question)[0])
    mine, yours = (joined(line) for line in re.findall(r"availability: (.*)", question))
    cuts = sorted((max(a, c), min(b, d)) for a, b in mine for c, d in yours)
    starts = [start for start, end in cuts if end - start >= hours * 60]
    if not starts:
        assert answer == "No time slot works."
        return
    end = starts[0] + int(hours * 60)
    assert answer == f"{starts[0] // 60:02}:{starts[0] % 60:02} - {end // 60:02}:{end % 60:02}"


def joined(line: str) -> list[tuple[int, int]]:
    """The intervals of a line, in minutes, touching ones made one."""
    found: list[tuple[int, int]] = []
    for h1, m1, h2, m2 in sorted(re.findall(r"(\d\d):(\d\d) - (\d\d):(\d\d)", line)):
        start, end = int(h1) * 60 + int(m1), int(h2) * 60 + int(m2)
        assert start < end
        if found and found[-1][1] >= start:
            start, _ = found.pop()
        found.append((start, end))
    return found


LINES = (
    r'(?P<ip>\S+) - (?P<user>\S+) \[(?P<time>[^]]+)\] "(?P<method>\w+) (?P<path>\S+) HTTP/1.1" (?P<status>\d+) '
    r'(?P<bytes>\S+)(?: "(?P<referer>[^"]*)" "(?P<agent>[^"]*)")?',
    r"(?P<time>\w{3} [ \d]\d [\d:]{8}) (?P<host>\S+) (?P<process>[^\s\[]+)\[(?P<pid>\d+)\]: (?P<message>.*)",
    r"(?P<time>\S+Z) (?P<level>[A-Z]+) \[(?P<module>[^]]+)\] (?P<message>.*)",
    r'ts=(?P<ts>\S+) level=(?P<level>\w+) caller=(?P<caller>\S+) msg="?(?P<msg>[^"]*?)"? user=(?P<user>\S+) took=(?P<took>\S+)',
)


def log_line_fields(question: str, answer: str) -> None:
    """One of four patterns reads the line, and the answer is its groups under the keys asked for."""
    keys = re.findall(r"in this order: ([\w, ]+)\.", question)[0].split(", ")
    line = re.split(r"Log line: |\n", question)[-1]
    read = next(match for match in (re.fullmatch(pattern, line) for pattern in LINES) if match)
    assert list(json.loads(answer).items()) == [(key, read[key]) for key in keys]
    assert "\n" not in answer
    assert answer.startswith('{"' + keys[0] + '":"')


DATES = (
    *("%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%d of %B %Y", "%d/%m/%Y (day first)", "%m/%d/%Y (month first)"),
    *("%d.%m.%Y (day first)", "%Y.%m.%d", "%Y/%m/%d", "%A, %d %B %Y", "%a %b %d %Y", "%d-%b-%y", "%d-%b-%Y"),
)


def iso_date(question: str, answer: str) -> None:
    """strptime, after ordinals and `Sept` are made plain."""
    written = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", re.split(r": |\? ", question)[-1].replace("Sept ", "Sep "))
    readings = set()
    for pattern in DATES:
        try:
            readings.add(datetime.strptime(written, pattern).date())
        except ValueError:
            continue
    assert {day.isoformat() for day in readings} == {answer}


def due_date(question: str, answer: str) -> None:
    """A working day, and as many working days up to it as were asked for."""
    start, *holidays = map(date.fromisoformat, re.findall(r"\d{4}-\d\d-\d\d", question))
    count = int(re.findall(r"(?:days to add: |)(?<!-)\b(\d+)(?: working days|\. Skip)", question)[0])
    due = date.fromisoformat(answer)
    days = {start + timedelta(days=number) for number in range(1, (due - start).days + 1)}
    working = {day for day in days - {*holidays} if day.isoweekday() < 6}
    assert due in working
    assert len(working) == count


def split_bill(question: str, answer: str) -> None:
    """Exact fractions; each part is a whole number of cents next to its fraction, extra cents first."""
    parts = [(name, Fraction(money)) for name, money in (part.split(": ") for part in answer.split(", "))]
    weights, bill = bill_of(question.split(" Tip: ")[0])
    tip = bill * int(re.findall(r"Tip: (\d+)%", question)[0])  # in cents
    total = bill + Fraction(math.floor(tip + Fraction(1, 2)), 100)
    exact = [total * weight / sum(weights.values()) for weight in weights.values()]
    assert [name for name, _ in parts] == list(weights)
    extra = [part - Fraction(math.floor(share * 100), 100) for (_, part), share in zip(parts, exact, strict=True)]
    assert sum(part for _, part in parts) == total
    assert extra == sorted(extra, reverse=True)
    assert {*extra} <= {Fraction(0), Fraction(1, 100)}
    assert all(re.fullmatch(r"\w+: \d+\.\d\d", part) for part in answer.split(", "))


def bill_of(told: str) -> tuple[dict[str, Fraction], Fraction]:
    """Weight by name, and the sum."""
    if "everyone had" in told:
        orders = told.split("had. ")[1].rstrip(".").split("; ")
        weights = {
            order.split(": ")[0]: sum(map(Fraction, re.findall(r"\d+\.\d\d", order)), Fraction(0)) for order in orders
        }
        return weights, sum(weights.values(), Fraction(0))
    bill = Fraction(re.findall(r"bill of (\d+\.\d\d)", told)[0])
    if "equally" in told:
        return dict.fromkeys(told.split("among ")[1].rstrip(".").split(", "), Fraction(1)), bill
    return {name: Fraction(share) for name, share in re.findall(r"([A-Z]\w+) (\d)", told.split("shares: ")[1])}, bill


def product_code(question: str, answer: str) -> None:
    """Weighted sums from the left over the whole code, which must vanish."""
    kind = re.findall(r"EAN-13|UPC-A|ISBN-10|ISBN-13", question)[0]
    code = re.sub(r"[ -]", "", re.findall(r"(?<![A-Z]-)\b\d[\d -]*[\dX?]", question)[0])
    assert len(code) == {"EAN-13": 13, "UPC-A": 12, "ISBN-10": 10, "ISBN-13": 13}[kind]
    if code.endswith("?"):
        assert answer[:-1] == code[:-1]
        assert checks(kind, answer)
    else:
        assert answer == ("valid" if checks(kind, code) else "invalid")


def checks(kind: str, code: str) -> bool:
    """Whether the code's sum vanishes."""
    digits = [10 if character == "X" else int(character) for character in code]
    if kind == "ISBN-10":
        return sum(itertools.accumulate(digits)) % 11 == 0  # running sums weigh the first digit 10 times, the last once
    weights = itertools.cycle((3, 1) if kind == "UPC-A" else (1, 3))
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 10 == 0


SECOND_WAYS: dict[str, Callable[[str, str], None]] = {
    way.__name__: way
    for way in (
        *(word_sorting, close_brackets, remainders, order_five_objects, track_swaps, meeting_slot),
        *(log_line_fields, iso_date, due_date, split_bill, product_code),
    )
}
