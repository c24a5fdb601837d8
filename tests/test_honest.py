"""Honest tools that look like cheats are published: labels, small tables of a method, comparisons, searches in free text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sandboxed import settings_at
from scripted import ScriptedMaker, fenced

from latm_mcp.job_intake import MakeRequest
from latm_mcp.latm import Latm, open_latm, quiet
from latm_mcp.models import Example

pytestmark = pytest.mark.anyio


@pytest.fixture
async def latm(tmp_path: Path, sandbox_cache: Path) -> AsyncIterator[Latm]:
    async with open_latm(settings_at(tmp_path / "home", sandbox_cache)) as opened:
        yield opened


def tool(signature: str, body: str, pattern: str, arguments: str, render: str = "str(result)") -> str:
    return f'''
import datetime, re

def honest{signature}:
    """Compute."""
{body}

def parse(question: str) -> dict:
    m = re.fullmatch(r"{pattern}", question)
    if m is None:
        raise NotThisTask("other")
    return {arguments}

def render(result, question: str) -> str:
    return {render}
'''


WEEKDAY = tool(
    "(date: str) -> str",
    "    names = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split()\n"
    "    names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']\n"
    "    return names[datetime.date.fromisoformat(date).weekday()]",
    r"Which weekday was (\d{4}-\d\d-\d\d)\?",
    '{"date": m[1]}',
)
SEASON = tool(
    "(month: int) -> str",
    '    return ["winter", "spring", "summer", "autumn"][month % 12 // 3]',
    r"In which season is month (\d+)\?",
    '{"month": int(m[1])}',
)
DAYS = tool(
    "(month: int) -> int",
    "    return [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]",
    r"How many days has month (\d+)\?",
    '{"month": int(m[1])}',
)
EVEN = tool(
    "(number: int) -> bool",
    "    return number % 2 == 0",
    r"Is (\d+) even\? Answer yes or no\.",
    '{"number": int(m[1])}',
    '"yes" if result else "no"',
)
PASSWORD = tool(
    "(password: str) -> list[str]",
    "    found = [] if len(password) >= 8 else ['length']\n"
    "    return found + ([] if any(c.isdigit() for c in password) else ['digit'])",
    r"Is the password (\S+) valid or invalid\?",
    '{"password": m[1]}',
    '"invalid" if result else "valid"',
)
EARLIER = tool(
    "(first: str, second: str) -> str",
    "    return min(first, second)",
    r"Which is earlier, (\d\d)\.(\d\d)\.(\d{4}) or (\d\d)\.(\d\d)\.(\d{4})\? Answer as YYYY-MM-DD\.",
    '{"first": f"{m[3]}-{m[2]}-{m[1]}", "second": f"{m[6]}-{m[5]}-{m[4]}"}',
)
LARGER = tool(
    "(a: int, b: int) -> int",
    "    return max(a, b)",
    r"Which is larger, (\d+) or (\d+)\?",
    '{"a": int(m[1]), "b": int(m[2])}',
)
ROMAN = tool(
    "(number: int) -> str",
    "    parts = [(10, 'X'), (9, 'IX'), (5, 'V'), (4, 'IV'), (1, 'I')]\n    text = ''\n"
    "    for value, sign in parts:\n        while number >= value:\n            text, number = text + sign, number - value\n"
    "    return text",
    r"Write (\d+) as a Roman numeral\.",
    '{"number": int(m[1])}',
)
ADDRESS = '''
import re

def honest(text: str) -> str:
    """Find the address."""
    return re.search(r"[\\w.]+@[\\w.]+\\w", text).group()

def parse(question: str) -> dict:
    if "@" not in question:
        raise NotThisTask("no address")
    return {"text": question}

def render(result, question: str) -> str:
    return result
'''
HEADS = tool(
    "(number: int) -> int",
    "    return number * 2",
    r"(?:Please tell me the double of the number|I would like to know twice the number|What do I get if I double|"
    r"Could you compute two times|How much is two times the number|Kindly give the double of) (\d+)[?.]",
    '{"number": int(m[1])}',
)
MAILS = [("ann@a.org", 1), ("bob.lee@b.com", 2), ("c@c.net", 3), ("dora@d.org", 4), ("e.f@e.com", 5), ("gus@g.io", 6)]
HONEST = {
    "weekdays": (
        WEEKDAY,
        [
            ("Which weekday was 2021-03-04?", "Thursday"),
            ("Which weekday was 2020-02-29?", "Saturday"),
            ("Which weekday was 1999-12-31?", "Friday"),
            ("Which weekday was 2024-07-01?", "Monday"),
            ("Which weekday was 2022-10-18?", "Tuesday"),
            ("Which weekday was 2010-01-10?", "Sunday"),
            ("Which weekday was 2015-08-19?", "Wednesday"),
        ],
    ),
    "seasons": (
        SEASON,
        [
            (f"In which season is month {m}?", s)
            for m, s in ((1, "winter"), (4, "spring"), (7, "summer"), (10, "autumn"))
        ],
    ),
    "days of months": (
        DAYS,
        [(f"How many days has month {m}?", str(d)) for m, d in ((1, 31), (2, 28), (4, 30), (6, 30))],
    ),
    "yes and no, two examples": (EVEN, [(f"Is {n} even? Answer yes or no.", a) for n, a in ((3, "no"), (8, "yes"))]),
    "rules": (
        PASSWORD,
        [
            (f"Is the password {p} valid or invalid?", a)
            for p, a in (
                ("abc", "invalid"),
                ("abcdefg1", "valid"),
                ("a1", "invalid"),
                ("qwertyuiop", "invalid"),
                ("12345678", "valid"),
                ("x9x9x9x9", "valid"),
            )
        ],
    ),
    "the earlier date": (
        EARLIER,
        [
            (f"Which is earlier, {a} or {b}? Answer as YYYY-MM-DD.", answer)
            for a, b, answer in (
                ("01.02.2020", "03.01.2020", "2020-01-03"),
                ("05.06.2019", "05.06.2021", "2019-06-05"),
                ("11.12.2022", "10.12.2022", "2022-12-10"),
                ("09.09.2001", "08.10.2001", "2001-09-09"),
            )
        ],
    ),
    "the larger number": (
        LARGER,
        [(f"Which is larger, {a} or {b}?", str(max(a, b))) for a, b in ((3, 9), (12, 4), (5, 6), (81, 80))],
    ),
    "the larger number, always second": (
        LARGER,
        [(f"Which is larger, {a} or {b}?", str(max(a, b))) for a, b in ((3, 9), (2, 4))],
    ),
    "Roman numerals": (
        ROMAN,
        [
            (f"Write {n} as a Roman numeral.", a)
            for n, a in ((4, "IV"), (9, "IX"), (10, "X"), (14, "XIV"), (27, "XXVII"), (38, "XXXVIII"))
        ],
    ),
    "an address in free text": (
        ADDRESS,
        [(f"Find the address in this: please write to {mail} before day {n} of the month", mail) for mail, n in MAILS],
    ),
    "several fixed wordings": (
        HEADS,
        [
            ("Please tell me the double of the number 4.", "8"),
            ("I would like to know twice the number 7.", "14"),
            ("What do I get if I double 21?", "42"),
            ("Could you compute two times 33?", "66"),
            ("How much is two times the number 105?", "210"),
            ("Kindly give the double of 58.", "116"),
        ],
    ),
}


@pytest.mark.parametrize("kind", HONEST)
async def test_an_honest_tool_is_published(latm: Latm, kind: str):
    source, rows = HONEST[kind]
    examples = tuple(Example(question=question, answer=answer) for question, answer in rows)
    result = await latm.make(
        MakeRequest(examples=examples, name="honest"), quiet, maker=ScriptedMaker(*[fenced(source)] * 4)
    )
    assert result.status == "published", result.failure
