import datetime
import re
import unicodedata
from typing import Literal

# Names of the months, without accents, in the languages that the reader knows.
MONTHS = (
    "jan january januar januari janvier enero gennaio janeiro",
    "feb february februar februari fevrier febrero febbraio fevereiro",
    "mar march marz maerz maart mars marzo marco",
    "apr april avril abril aprile",
    "may mai mei mayo maggio maio",
    "jun june juni juin junio giugno junho",
    "jul july juli juillet julio luglio julho",
    "aug august augustus aout agosto",
    "sep sept september septembre septiembre setiembre settembre setembro",
    "oct october okt oktober octobre octubre ottobre outubro",
    "nov november novembre noviembre novembro",
    "dec december dez dezember decembre diciembre dicembre dezembro",
)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
WEEKDAYS = (
    "monday mon", "tuesday tue tues", "wednesday wed weds", "thursday thu thur thurs",
    "friday fri", "saturday sat", "sunday sun",
)
CARDINALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
             "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
             "eighteen", "nineteen")
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
        "eighty": 80, "ninety": 90}
ORDINALS = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
            "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth",
            "sixteenth", "seventeenth", "eighteenth", "nineteenth")
ORDERS = ("dmy", "mdy", "ymd", "ydm")


def iso_date(text: str, order: Literal["any", "dmy", "mdy", "ymd", "ydm"]) -> str:
    """Write a date as YYYY-MM-DD, raising ValueError if the text is no date or could be several.

    text: the date in any common format, such as "Nov 22nd, 1957", "20.6.2039" or "22-Dec-41", with a year of four
        digits, or of two from 00 to 49 (2000 to 2049) or from 76 to 99 (1976 to 1999).
    order: the order of day, month and year that the text is said to have, or "any" if nothing is said.
    """
    return read_date(text, order).isoformat()


def tidy(text):
    """The text without accents, with plain hyphens and single spaces."""
    spread = unicodedata.normalize("NFKD", text)
    joined = unicodedata.normalize("NFC", "".join(ch for ch in spread if not unicodedata.combining(ch)))
    joined = re.sub("[\u2010-\u2015\u2212]", "-", joined)
    joined = re.sub("[\u2018\u2019]", "'", joined)
    return " ".join(joined.split())


def number_in(groups, word):
    """The index of the group of names that holds the word; None if none does."""
    for number, names in enumerate(groups):
        if word in names.split():
            return number
    return None


def only(readings, first=1, last=9999):
    """The one date that the readings (year, month, day) give; ValueError if there is none, or more than one."""
    dates = set()
    for year, month, day in readings:
        if first <= int(year) <= last:
            try:
                dates.add(datetime.date(int(year), int(month), int(day)))
            except ValueError:
                continue
    if len(dates) != 1:
        raise ValueError("no date, or more than one")
    return dates.pop()


def whole_year(digits):
    """The year of four digits, or of two where the usual rules for the century agree; ValueError otherwise."""
    digits = digits.lstrip("'")
    if len(digits) == 4:
        return int(digits)
    if len(digits) != 2:
        raise ValueError("no year")
    short = int(digits)
    if short <= 49:
        return 2000 + short
    if short >= 76:
        return 1900 + short
    raise ValueError("a year of an uncertain century")


def read_date(text, order):
    """The date that the text names; ValueError if that is not certain."""
    core = tidy(text)
    weekday = None
    match = re.fullmatch(r"([A-Za-z]+)\.?(?:, ?| )(.+)", core)
    if match and number_in(WEEKDAYS, match.group(1).lower()) is not None:
        weekday = number_in(WEEKDAYS, match.group(1).lower())
        core = match.group(2)
    else:
        match = re.fullmatch(r"(.+?)(?:,? ([A-Za-z]+)| ?\(([A-Za-z]+)\))", core)
        if match:
            word = (match.group(2) or match.group(3)).lower()
            if number_in(WEEKDAYS, word) is not None:
                weekday = number_in(WEEKDAYS, word)
                core = match.group(1)
    match = re.fullmatch(
        r"(.+?)(?:(?<=[0-9])[Tt]|,? (?:at )?)(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
        r"(?::[0-5][0-9](?:\.[0-9]+)?)?(?: ?[AaPp][Mm])?Z?", core)
    if match:
        core = match.group(1)
    date = read_core(core, order)
    if weekday is not None and (date.year < 1583 or date.weekday() != weekday):
        raise ValueError("another day of the week")
    return date


def read_core(core, order):
    """The date of a text that holds nothing but day, month and year."""
    match = re.fullmatch(r"([0-9]{1,4})( ?[./-] ?| )([0-9]{1,2})\2([0-9]{1,4})\.?", core)
    if match:
        a, b, c = match.group(1), match.group(3), match.group(4)
        if len(a) == 4 and len(c) <= 2:
            shapes = {"ymd": (a, b, c), "ydm": (a, c, b)}
            usual = ["ymd"]
        elif len(c) == 4 and len(a) <= 2:
            shapes = {"dmy": (c, b, a), "mdy": (c, a, b)}
            usual = ["dmy", "mdy"]
        elif len(a) <= 2 and len(c) <= 2:
            shapes = {}
            if len(c) == 2:
                shapes["dmy"] = (c, b, a)
                shapes["mdy"] = (c, a, b)
            if len(a) == 2:
                shapes["ymd"] = (a, b, c)
                shapes["ydm"] = (a, c, b)
            usual = ["dmy", "mdy", "ymd"]
        else:
            raise ValueError("a year that is not written whole")
        wanted = usual if order == "any" else [order]
        readings = []
        for name in wanted:
            if name in shapes:
                year, month, day = shapes[name]
                try:
                    readings.append((whole_year(year), month, day))
                except ValueError:
                    continue  # such a number is no day or month either, so no other reading gains by it
        return only(readings)
    if re.fullmatch(r"[0-9]{8}", core):
        shapes = {
            "ymd": (core[:4], core[4:6], core[6:]), "ydm": (core[:4], core[6:], core[4:6]),
            "dmy": (core[4:], core[2:4], core[:2]), "mdy": (core[4:], core[:2], core[2:4]),
        }
        wanted = ["ymd", "dmy", "mdy"] if order == "any" else [order]
        return only([shapes[name] for name in wanted if name in shapes], 1500, 2200)
    match = re.fullmatch(r"([0-9]{1,2})( ?[./-] ?| )([IVX]+)\2([0-9]{4}|'?[0-9]{2})", core)
    if match and match.group(3) in ROMAN:
        agree(order, "dmy")
        return only([(whole_year(match.group(4)), ROMAN.index(match.group(3)) + 1, match.group(1))])
    match = (re.fullmatch("([0-9]{4}) ?\u5e74 ?([0-9]{1,2}) ?\u6708 ?([0-9]{1,2}) ?\u65e5", core)
             or re.fullmatch("([0-9]{4}) ?\ub144 ?([0-9]{1,2}) ?\uc6d4 ?([0-9]{1,2}) ?\uc77c", core))
    if match:
        agree(order, "ymd")
        return only([match.groups()])
    match = re.fullmatch(r"([0-9]{4})-?[Ww]([0-9]{2})-?([1-7])", core)
    if match:
        agree(order, "any")
        return datetime.date.fromisocalendar(int(match.group(1)), int(match.group(2)), int(match.group(3)))
    match = (re.fullmatch(r"(?P<y>[0-9]{4})-(?P<n>[0-9]{3})", core)
             or re.fullmatch(r"(?:the )?(?:day (?P<n>[0-9]{1,3})|(?P<k>[0-9]{1,3})(?:st|nd|rd|th) day)"
                             r" (?:of|in) (?:the year )?(?P<y>[0-9]{4})", core.lower()))
    if match:
        agree(order, "any")
        found = match.groupdict()
        year = int(found["y"])
        number = int(found["n"] or found["k"])
        if not 1 <= year <= 9998 or not 1 <= number <= 366:
            raise ValueError("no such day")
        date = datetime.date(year, 1, 1) + datetime.timedelta(days=number - 1)
        if date.year != year:
            raise ValueError("no such day")
        return date
    return read_named(core.lower(), order)


def agree(order, shape):
    """Refuse a date whose shape is not the order that was said."""
    if order != "any" and order != shape:
        raise ValueError("another order than was said")


def day_words():
    """The days of the month in words."""
    days = {ORDINALS[i]: i for i in range(1, 20)}
    days["twentieth"] = 20
    days["thirtieth"] = 30
    for gap in (" ", "-"):
        for i in range(1, 10):
            days["twenty" + gap + ORDINALS[i]] = 20 + i
        days["thirty" + gap + ORDINALS[1]] = 31
    return days


def small_number(tokens):
    """A number from 1 to 99 in words; None if it is none."""
    if len(tokens) == 1:
        if tokens[0] in TENS:
            return TENS[tokens[0]]
        if tokens[0] in CARDINALS[1:]:
            return CARDINALS.index(tokens[0])
    if len(tokens) == 2 and tokens[0] in TENS and tokens[1] in CARDINALS[1:10]:
        return TENS[tokens[0]] + CARDINALS.index(tokens[1])
    return None


def year_in_words(text):
    """The year of words such as 'nineteen fifty-seven' or 'two thousand and nine'."""
    tokens = [token for token in re.split("[ -]", text) if token != "and"]
    years = set()
    if "thousand" in tokens:
        cut = tokens.index("thousand")
        head = small_number(tokens[:cut])
        rest = tokens[cut + 1:]
        hundreds = 0
        if "hundred" in rest:
            middle = rest.index("hundred")
            hundreds = small_number(rest[:middle])
            rest = rest[middle + 1:]
        tail = small_number(rest) if rest else 0
        if head in (1, 2) and hundreds is not None and hundreds < 10 and tail is not None:
            years.add(head * 1000 + hundreds * 100 + tail)
    elif "hundred" in tokens:
        cut = tokens.index("hundred")
        head = small_number(tokens[:cut])
        tail = small_number(tokens[cut + 1:]) if tokens[cut + 1:] else 0
        if head is not None and 10 <= head <= 29 and tail is not None:
            years.add(head * 100 + tail)
    else:
        for cut in range(1, len(tokens)):
            head = small_number(tokens[:cut])
            if head is None or not 10 <= head <= 29:
                continue
            rest = tokens[cut:]
            if len(rest) == 2 and rest[0] in ("oh", "o") and rest[1] in CARDINALS[1:10]:
                years.add(head * 100 + CARDINALS.index(rest[1]))
            else:
                tail = small_number(rest)
                if tail is not None and tail >= 10:
                    years.add(head * 100 + tail)
    if len(years) != 1:
        raise ValueError("no year")
    return years.pop()


def read_named(core, order):
    """The date of a text in lower case that names its month."""
    words = day_words()
    listed = "|".join(sorted(words, key=lambda word: (-len(word), word)))
    day = r"(?P<d>[0-9]{1,2}(?:st|nd|rd|th|er)?\.?|" + listed + ")"
    month = r"(?P<m>[^\W\d_]+)\.?"
    # A short year comes last unless it is said to come first.
    digits = r"(?P<y>[0-9]{4}|'?[0-9]{2})" if order in ("ymd", "ydm") else r"(?P<y>[0-9]{4})"
    year = r"(?P<y>[0-9]{4}|[a-z]+(?:[ -][a-z]+){1,8})"
    short = r"(?P<y>'?[0-9]{2})"
    gap = r"(?: ?[-/.,] ?| )"
    shapes = (
        ("dmy", r"(?:the |le |el |den )?" + day + gap + r"?(?:day )?(?:of |de )?" + month
         + gap + r"?(?:of |de |in )?(?:the year )?" + year),
        ("dmy", r"(?:the |le |el |den )?" + day + gap + r"?(?:day )?(?:of |de )?" + month + gap + "?" + short),
        ("mdy", month + gap + r"?(?:the )?" + day + gap + r"(?:of |in )?(?:the year )?" + year),
        ("mdy", month + gap + r"?(?:the )?" + day + r"(?: ?[-/.,] ?| (?='))" + short),
        ("ymd", digits + gap + "?" + month + gap + r"?(?:the )?" + day),
        ("ydm", digits + gap + r"(?:the )?" + day + gap + r"?(?:of )?" + month),
    )
    for shape, pattern in shapes:
        if order not in ("any", shape):
            continue
        match = re.fullmatch(pattern, core)
        if not match:
            continue
        number = number_in(MONTHS, match.group("m"))
        if number is None:
            continue
        said = match.group("d")
        count = words[said] if said in words else int(re.match("[0-9]+", said).group())
        when = match.group("y")
        which = whole_year(when) if when[-1].isdigit() else year_in_words(when)
        return only([(which, number + 1, count)])
    raise ValueError("no date that can be read")


def order_said(hint):
    """The order that a remark such as 'day first' or 'DD/MM/YYYY' names; None if it names none."""
    words = " ".join(hint.lower().split())
    match = re.fullmatch(r"(?:with )?(?:the )?(day|month|year)(?: comes| is| goes| given| written)?[ -]first", words)
    if match:
        return {"day": "dmy", "month": "mdy", "year": "ymd"}[match.group(1)]
    words = re.sub(r"^(?:in )?(?:the )?(?:format:? )?", "", words)
    words = re.sub(r" (?:date )?(?:format|order|style|notation|convention)$", "", words)
    part = r"(dd?|day|mm?|month|yyyy|yy|y|year)"
    match = re.fullmatch(part + r"([ ./-]?|, )" + part + r"\2" + part, words)
    if match:
        order = match.group(1)[0] + match.group(3)[0] + match.group(4)[0]
        return order if order in ORDERS else None
    if words in ("us", "u.s.", "usa", "american"):
        return "mdy"
    if words in ("uk", "british", "european"):
        return "dmy"
    return None


def shapes_of_questions():
    """The wordings that ask for a date as YYYY-MM-DD."""
    polite = r"(?:please,? |kindly )?(?:(?:can|could|would|will) you (?:please )?)?"
    verb = (r"(?:write|rewrite|convert|express|format|reformat|turn|change|give|give me|put|transform|translate"
            r"|normali[sz]e|standardi[sz]e|render|show|represent|state)")
    ask = (r"(?:what is|what's|how (?:do|would|can|should) (?:you|i|we|one) (?:write|express|format)|"
           + polite + verb + ")")
    thing = r"(?:this|that|the)(?: following| given)? date(?: below)?"
    remark = r"(?: ?\((?P<hint>[^()\n]+)\))?"
    target = (r"(?:(?:written |expressed )?(?:as|in|into|to|using|with) (?:an? |the )?"
              r"(?:iso(?:[ -]?8601)?(?: date)?(?: format| form| notation)?(?: ?\(yyyy-mm-dd\))?"
              r"|(?:date )?(?:format |form )?[\"'`]?yyyy-mm-dd[\"'`]?(?: date)?(?: format| form| notation)?))")
    stop = r"(?: ?[:?.]\s*|\s*\n\s*)"
    date = r"(?:date: ?)?(?P<date>[^\n]{1,120}?)"
    return (
        ask + " " + thing + remark + " " + target + "(?:,? please)?" + stop + date,
        r"how (?:is|would|should) " + thing + remark + " (?:be )?" + target + stop + date,
        ask + r" (?:the date )?" + date + " " + target + "(?:,? please)?[.?]?",
    )


def parse(question: str) -> dict:
    if not isinstance(question, str) or len(question) > 1000:
        raise NotThisTask("not a question of this task")
    asked = question.strip()
    for shape in shapes_of_questions():
        match = re.fullmatch(shape, asked, flags=re.IGNORECASE)
        if not match:
            continue
        text = match.group("date").strip()
        orders = set()
        hint = match.groupdict().get("hint")
        if hint:
            orders.add(order_said(hint))
        text = re.sub(r"\s*[.?]$", "", text)
        remark = re.fullmatch(r"(.+?)(?:,? ?[(\[]([^()\[\]]+)[)\]]|, ((?:day|month|year)[ -]first))", text,
                              flags=re.IGNORECASE)
        if remark:
            order = order_said(remark.group(2) or remark.group(3))
            if order is not None:
                orders.add(order)
                text = remark.group(1).strip()
        quoted = re.fullmatch("([\"'`])(.+)\\1|\u201c(.+)\u201d", text)
        if quoted:
            text = (quoted.group(2) or quoted.group(3)).strip()
        if None in orders or len(orders) > 1:
            continue
        order = orders.pop() if orders else "any"
        try:
            read_date(text, order)
        except (ValueError, OverflowError):
            continue
        return {"text": text, "order": order}
    raise NotThisTask("not a date that can be read with certainty")


def render(result, question: str) -> str:
    return result
