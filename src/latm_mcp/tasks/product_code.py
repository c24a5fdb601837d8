"""Check digits of the codes on goods and books: EAN-13, UPC-A, ISBN-10 and ISBN-13."""

import itertools
import random

from latm_mcp.models import Example

DESCRIPTION = "Check the check digit of an EAN, UPC or ISBN, or work out the missing one."

KINDS = ("EAN-13", "UPC-A", "ISBN-10", "ISBN-13")
LENGTHS = {"EAN-13": 13, "UPC-A": 12, "ISBN-10": 10, "ISBN-13": 13}
# Where printed codes have their gaps; real ISBN groups vary, these are common ones.
GAPS = {"EAN-13": (1, 7), "UPC-A": (1, 6, 11), "ISBN-10": (1, 4, 9), "ISBN-13": (3, 4, 7, 12)}

CHECKING = (
    "Is {code} a valid {kind}? Answer valid or invalid.",
    "Check this {kind}: {code}. Answer valid or invalid.",
)
COMPLETING = (
    "The check digit of this {kind} is missing (shown as ?): {code}. Write the complete code without spaces or hyphens."
)


def generate(rng: random.Random) -> Example:
    """35 in 100 valid, 35 invalid, 30 to be completed; half of the codes have hyphens or spaces."""
    kind = rng.choice(KINDS)
    payload = pick_payload(rng, kind)
    whole = payload + check_digit(kind, payload)
    separator = rng.choice(("", "", "-", " "))
    aim = rng.choices(("valid", "invalid", "complete"), (35, 35, 30))[0]
    if aim == "complete":
        question = COMPLETING.format(kind=kind, code=spaced(kind, payload + "?", separator))
        return Example(question=question, answer=whole, standing="confirmed")
    code = whole if aim == "valid" else spoilt(rng, kind, whole)
    question = rng.choice(CHECKING).format(kind=kind, code=spaced(kind, code, separator))
    return Example(question=question, answer=aim, standing="confirmed")


def pick_payload(rng: random.Random, kind: str) -> str:
    """All digits but the last, with the beginnings that the kind demands."""
    beginning = rng.choice(("978", "979")) if kind == "ISBN-13" else ""
    if kind == "EAN-13":
        beginning = rng.choice("34578")  # never 978: that would be a book
    return beginning + "".join(rng.choices("0123456789", k=LENGTHS[kind] - 1 - len(beginning)))


def check_digit(kind: str, payload: str) -> str:
    """ISBN-10 sums by weights 10 to 2 modulo 11 (X is ten), the others by 1 and 3 from the right modulo 10."""
    if kind == "ISBN-10":
        total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), payload, strict=True))
        return "0123456789X"[-total % 11]
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(payload)))
    return str(-total % 10)


def spoilt(rng: random.Random, kind: str, whole: str) -> str:
    """One digit changed, two neighbours swapped, or a wrong check digit: whatever no longer checks."""
    while True:
        place = rng.randrange(len(whole) - 1)
        if rng.random() < 0.5:
            payload = whole[:place] + rng.choice("0123456789") + whole[place + 1 : -1]
            code = payload + whole[-1]
        else:
            code = whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]
        if "X" not in code[:-1] and code[-1] != check_digit(kind, code[:-1]):
            return code


def spaced(kind: str, code: str, separator: str) -> str:
    """The code with the separator at the gaps of its kind."""
    edges = (0, *GAPS[kind], len(code))
    return separator.join(code[start:end] for start, end in itertools.pairwise(edges))
