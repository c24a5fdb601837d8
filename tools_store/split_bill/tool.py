import re
from fractions import Fraction
from typing import Literal

AMOUNT = r"(?:[$€£] ?)?[0-9]{1,18}(?:\.[0-9]{1,2})?(?: ?(?:[$€£]|(?:USD|EUR|GBP|dollars|euros|pounds)\b))?"
PERCENT = r"[0-9]{1,6}(?:\.[0-9]{1,6})? ?(?:%|percent\b|per cent\b)"
NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,6})?"
WORD = r"[^\W\d_]+(?:[-'’][^\W\d_]+)*"

CURRENCY = {
    "$": "$", "usd": "$", "dollars": "$",
    "€": "€", "eur": "€", "euros": "€",
    "£": "£", "gbp": "£", "pounds": "£",
}
PARTICLES = {"van", "von", "de", "der", "den", "da", "di", "del", "la", "le", "al", "bin", "ten", "dos"}
NOT_NAMES = {
    "everyone", "everybody", "all", "shared", "both", "tip", "tax", "vat", "bill", "check", "tab", "total",
    "subtotal", "each", "table", "together", "common", "group", "i", "me", "us", "we", "them", "they",
    "others", "rest", "discount", "voucher", "coupon", "service", "delivery", "fee", "cover", "gratuity",
    "split", "divide", "share", "answer", "round", "nobody", "please", "drinks", "food", "starters", "mains",
    "desserts", "note", "and", "or",
}
NOT_ITEMS = {
    "half", "third", "quarter", "shared", "share", "shares", "split", "discount", "voucher", "coupon", "refund",
    "off", "minus", "less", "each", "per", "times", "x", "tip", "tax", "vat", "service", "gratuity", "fee", "free",
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twice", "dozen", "pair", "couple",
    "both", "plus", "not", "without", "paid", "total", "at",
}


def _refuse(why):
    raise NotThisTask(why)


# ---------------------------------------------------------------- the work

def _cents(text):
    """Whole cents of a decimal amount, exactly."""
    value = Fraction(str(text).strip()) * 100
    if value < 0 or value.denominator != 1:
        raise ValueError("not an amount in whole cents: %r" % (text,))
    return value.numerator


def _round(value, how):
    """Round a non-negative Fraction to a whole number."""
    low = value.numerator // value.denominator
    rest = value - low
    if rest == 0:
        return low
    if how == "up":
        return low + 1
    if how == "down":
        return low
    half = Fraction(1, 2)
    if rest != half:
        return low + 1 if rest > half else low
    if how == "half up":
        return low + 1
    if how == "half down":
        return low
    if how == "half even":
        return low + (low % 2)
    raise ValueError("unknown rounding")


def split_bill(
    names: list[str],
    percent: str,
    bill: str | None = None,
    shares: list[str] | None = None,
    prices: list[list[str]] | None = None,
    rounding: Literal["half up", "half down", "half even", "up", "down"] = "half up",
    leftover: Literal["first", "last"] = "first",
) -> list[list[str]]:
    """Split a bill with tip among people so that the parts, each rounded down to cents, plus the leftover cents add up exactly.

    names: the people, in the order in which they are named.
    percent: the tip in percent of the bill, as a decimal string such as "12.5".
    bill: the bill without tip as a decimal string such as "70.16", or None when prices are given.
    shares: one weight for each person as a decimal string, or None for equal parts (or when prices are given).
    prices: for each person the list of prices of what they had, as decimal strings, or None.
    rounding: how the tip is rounded to whole cents.
    leftover: whether the leftover cents go, one each, to the first or to the last named people.
    """
    count = len(names)
    if count == 0:
        raise ValueError("nobody to split among")
    if prices is not None:
        if shares is not None or len(prices) != count:
            raise ValueError("prices do not fit the names")
        weights = [Fraction(sum(_cents(price) for price in row)) for row in prices]
        base = int(sum(weights))
        if bill is not None and _cents(bill) != base:
            raise ValueError("the prices do not add up to the bill")
    else:
        if bill is None:
            raise ValueError("no bill")
        base = _cents(bill)
        if shares is not None:
            if len(shares) != count:
                raise ValueError("shares do not fit the names")
            weights = [Fraction(str(share)) for share in shares]
        else:
            weights = [Fraction(1)] * count
    if any(weight < 0 for weight in weights):
        raise ValueError("negative share")
    whole = sum(weights)
    if whole == 0:
        raise ValueError("all shares are zero")
    rate = Fraction(str(percent))
    if rate < 0:
        raise ValueError("negative tip")
    total = base + _round(base * rate / 100, rounding)
    parts = []
    for weight in weights:
        exact = total * weight / whole
        parts.append(exact.numerator // exact.denominator)
    spare = total - sum(parts)
    chosen = range(spare) if leftover == "first" else range(count - spare, count)
    for index in chosen:
        parts[index] += 1
    return [[name, "%d.%02d" % (part // 100, part % 100)] for name, part in zip(names, parts)]


# ---------------------------------------------------------------- reading

def _full(pattern, text):
    return re.fullmatch(pattern, text, re.IGNORECASE)


def _money(text, seen):
    """The bare number of an amount; its currency mark, if any, is added to seen."""
    match = re.fullmatch(r"([$€£])? ?([0-9]{1,18}(?:\.[0-9]{1,2})?) ?([$€£]|[A-Za-z]+)?", text.strip())
    if match is None:
        _refuse("unreadable amount")
    for mark in (match.group(1), match.group(3)):
        if mark:
            kind = CURRENCY.get(mark.lower())
            if kind is None:
                _refuse("unknown currency")
            seen.add(kind)
    return match.group(2)


def _rate(text):
    match = re.match(r"[0-9]+(?:\.[0-9]+)?", text)
    if match is None:
        _refuse("unreadable percentage")
    return match.group(0)


def _name(text):
    text = text.strip()
    if re.fullmatch(WORD + r"(?: " + WORD + r")*", text) is None:
        _refuse("not a name")
    for index, word in enumerate(text.split(" ")):
        if word.lower() in NOT_NAMES:
            _refuse("not a person")
        if word[0].islower() and (index == 0 or word not in PARTICLES):
            _refuse("not a name")
    return text


def _names(text):
    text = text.strip()
    count = None
    match = re.fullmatch(r"(?:the )?([0-9]{1,4}) (?:people|persons|friends|guests|diners):? (.+)", text)
    if match:
        count = int(match.group(1))
        text = match.group(2)
    found = [_name(part) for part in re.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+", text)]
    if count is not None and count != len(found):
        _refuse("the number of people does not fit")
    return found


def _shares(text):
    names, weights, units = [], [], set()
    for part in re.split(r"\s*[,;]\s*(?:and\s+)?|\s+(?:and|&)\s+", text.strip()):
        match = re.fullmatch(
            r"(?P<n>.+?)(?: ?[:=] ?| (?:has |gets |takes |pays )?)(?P<w>" + NUMBER + r")(?P<u> ?%| (?:shares?|parts?))?",
            part,
        )
        if match is None:
            match = re.fullmatch(r"(?P<n>.+?) ?\((?P<w>" + NUMBER + r")(?P<u> ?%| (?:shares?|parts?))?\)", part)
        if match is None:
            match = re.fullmatch(r"(?P<w>" + NUMBER + r")(?P<u> ?%| (?:shares?|parts?))? for (?P<n>.+)", part)
        if match is None:
            _refuse("unreadable share")
        names.append(_name(match.group("n")))
        weights.append(match.group("w"))
        units.add("%" if "%" in (match.group("u") or "") else "share")
    if len(units) != 1:
        _refuse("shares of different kinds")
    if any(Fraction(weight) == 0 for weight in weights):
        _refuse("a share of nothing")
    if "%" in units and sum(Fraction(weight) for weight in weights) != 100:
        _refuse("the percentages do not add up")
    return names, weights


def _items(text, names, prices, seen):
    """Read 'Ann: soup 6.35, tea 3.50; Bob: ...' and append to names and prices."""
    item = re.compile(
        r"(?P<label>[^\W\d_][^\d,;:=%()+$€£]*?)(?: for | ?[:=] ?| )(?P<price>" + AMOUNT + r")(?!\.?[0-9]| ?%)",
        re.IGNORECASE,
    )
    joint = re.compile(r" ?, ?(?:and )?| and | ?\+ ?")
    text = text.strip()
    if text.endswith(";"):
        text = text[:-1]
    for chunk in re.split(r"\s*;\s*(?:and\s+)?", text):
        head = re.fullmatch(r"(.+?)(?: ?: ?| had | ordered )(.+)", chunk)
        if head is None:
            _refuse("unreadable part of the question")
        name, rest = _name(head.group(1)), head.group(2).strip()
        row, pos = [], 0
        while True:
            match = item.match(rest, pos)
            if match is None:
                _refuse("unreadable item")
            label = match.group("label").strip()
            if re.fullmatch(WORD + r"(?: (?:& )?" + WORD + r")*", label) is None:
                _refuse("unreadable item name")
            if any(word in NOT_ITEMS for word in re.split(r"[ -]", label.lower())):
                _refuse("not a plain item")
            price = match.group("price")
            if re.fullmatch(r"[0-9]+", price):
                _refuse("a number that may be no price")
            row.append(_money(price, seen))
            pos = match.end()
            if pos == len(rest):
                break
            link = joint.match(rest, pos)
            if link is None:
                _refuse("something left over after an item")
            pos = link.end()
        names.append(name)
        prices.append(row)


def _rules(piece):
    """Read the rounding rules of one sentence; None if it is not made of them."""
    cent = r"(?:the (?:next |nearest )?|a )?(?:whole |full )?cents?\b"
    clauses = [
        (
            "tip",
            r"round (?:the )?tip to the nearest (?:whole )?cent,? \(?(?:with )?(?:exactly )?"
            r"(?:half a cent|half cents?|halves|a half cent|half)(?: (?:is|are|being|goes|going|rounded|rounds))* "
            r"(?P<v>up|down|to even)\b\)?",
        ),
        ("tip", r"round (?:the )?tip (?P<d>up|down) to " + cent),
        (
            "part",
            r"round (?:(?:each|every|each person['’]s|every person['’]s|everyone['’]s|everybody['’]s) "
            r"(?:part|share|portion|amount)|(?:all |the |all the )(?:parts|shares|portions|amounts)) down to " + cent,
        ),
        ("part", r"round down (?:each|every) (?:part|share|portion|amount) to " + cent),
        (
            "left",
            r"(?:give|hand|assign)(?: out)? (?:(?:the |any )?(?:leftover|left-over|left over|remaining|spare|extra) cents?"
            r"|(?:the |any )?cents? (?:left over|that remain|remaining)),? one(?: cent)? each,? to "
            r"(?:the (?P<v>first|last)(?: (?:people|persons|ones?|guests))? (?:named|listed|mentioned)"
            r"|(?:those|the people|the ones) (?:named|listed|mentioned) (?P<d>first|last))\b",
        ),
    ]
    joint = re.compile(r" ?[,;] (?:and then |and |then )?| and (?:then )?", re.IGNORECASE)
    found, pos = {}, 0
    while True:
        for key, pattern in clauses:
            match = re.compile(pattern, re.IGNORECASE).match(piece, pos)
            if match:
                break
        else:
            return None
        if key in found:
            return None
        groups = match.groupdict()
        value, other = groups.get("v"), groups.get("d")
        if key == "tip":
            found[key] = "half " + value.lower().replace("to ", "") if value else other.lower()
        elif key == "left":
            found[key] = (value or other).lower()
        else:
            found[key] = "down"
        pos = match.end()
        if pos == len(piece):
            return found
        link = joint.match(piece, pos)
        if link is None:
            return None
        pos = link.end()


def _tip(piece):
    """The percentage of a sentence about the tip; None if it is no such sentence."""
    for pattern in (
        r"(?:the |a )?(?:tip|gratuity)(?: is| of| will be|:| =)? ?(?P<p>" + PERCENT + r")(?: (?:of|on) the bill)?",
        r"(?:add|leave|plus|with)(?: an?)? (?P<p>" + PERCENT + r") (?:tip|gratuity)(?: on top| to the bill)?",
        r"(?:add|leave|plus|with)(?: a)? (?:tip|gratuity) of (?P<p>" + PERCENT + r")(?: on top| to the bill)?",
    ):
        match = _full(pattern, piece)
        if match:
            return _rate(match.group("p"))
    if _full(r"(?:no|without) tip|(?:the )?tip(?: is|:) (?:none|nothing|zero)", piece):
        return "0"
    return None


def _task(piece):
    """Match the sentence that says how to split; returns (kind, groups) or None."""
    verb = r"(?:please )?(?:split|divide|share)(?: up)? "
    thing = (
        r"(?:(?:a|the|this|our) (?:(?:restaurant|dinner|lunch|breakfast|bar|cafe) )?(?:bill|check|tab)"
        r"(?: of (?P<bill>" + AMOUNT + r")(?:,? (?:with|plus|and) (?:an? )?(?:(?P<t1>" + PERCENT + r") tip"
        r"|tip of (?P<t2>" + PERCENT + r")),?)?)?|it)"
    )
    late = r"(?:,? (?:with|plus) (?:an? )?(?:(?P<t3>" + PERCENT + r") tip|tip of (?P<t4>" + PERCENT + r")))?"
    among = r" (?:among|amongst|between) "
    even = r"(?:equally|evenly|in equal parts|into equal parts)"
    ratio = r"(?P<ratio>[0-9]{1,12}(?: ?: ?[0-9]{1,12})+)"
    patterns = [
        ("equal", verb + thing + r",? " + even + r",?" + among + r"(?P<names>.+?)" + late),
        ("ratio", verb + thing + among + r"(?P<names>.+?),? in (?:the |a )?(?:ratio|proportions?)(?: of)?:? " + ratio),
        ("ratio", verb + thing + r",? in (?:the |a )?(?:ratio|proportions?)(?: of)?:? " + ratio + among + r"(?P<names>.+)"),
        ("equal", verb + thing + among + r"(?P<names>.+?),? " + even + late),
        (
            "shares",
            verb + thing + r",? (?:by|in|using|according to|in proportion to|with)(?: the| these| their)?(?: following)? "
            r"(?:shares|parts)(?::|,| of:?)? (?P<shares>.+)",
        ),
        (
            "items",
            verb + thing + r",? (?:by|according to|based on) what (?:everyone|everybody|each(?: person| one| guest)?|they)"
            r"(?: has| have)? (?:had|ordered|ate|eaten|consumed)(?: ?:(?: (?P<items>.+))?)?",
        ),
        ("equal", r"(?P<names>.+?) (?:share|split|divide) " + thing + r",? " + even + late),
    ]
    for kind, pattern in patterns:
        match = _full(pattern, piece)
        if match:
            return kind, match.groupdict()
    return None


def _form(text):
    """The two separators and the currency mark of a form such as 'Ann: 12.34, Bob: 5.67'."""
    match = re.fullmatch(
        r"[^\W\d_]+(?P<sep> ?[:=] ?| -> | - | )(?P<cur>[$€£]?)[0-9]+\.[0-9]{2}(?P<mid> ?[,;|/] ?)"
        r"[^\W\d_]+(?P=sep)(?P=cur)[0-9]+\.[0-9]{2}",
        text,
    )
    if match is None:
        _refuse("unknown form of answer")
    return match.group("sep"), match.group("cur"), match.group("mid")


def _read(question):
    if not isinstance(question, str):
        _refuse("not a text")
    seen = set()
    bill = percent = task = form = None
    rules = {}
    item_names, prices = [], []
    for raw in re.split(r"\.\s+|\s*\n\s*", question.strip()):
        piece = re.sub(r"\s+", " ", raw).strip()
        piece = re.sub(r"^[-*•] ", "", piece)
        if not piece:
            continue
        answer = _full(
            r"(?:please )?(?:answer|reply|respond|write (?:it|the answer)|give the answer)(?: exactly)? "
            r"(?:like this|like so|like|as follows|as|in this form|in the form|in this format|in the format):? (?P<f>.+)",
            piece,
        )
        if answer:
            if form is not None:
                _refuse("two forms of answer")
            form = _form(answer.group("f"))
            continue
        if piece.endswith("."):
            piece = piece[:-1].rstrip()
        rate = _tip(piece)
        if rate is not None:
            if percent is not None:
                _refuse("two tips")
            percent = rate
            continue
        more = _rules(piece)
        if more is not None:
            if any(key in rules for key in more):
                _refuse("a rule stands twice")
            rules.update(more)
            continue
        stated = _full(
            r"(?:the |our )?(?:bill|check|tab)(?::| is| was| comes to| came to) (?P<bill>" + AMOUNT + r")", piece
        )
        if stated:
            if bill is not None:
                _refuse("two bills")
            bill = _money(stated.group("bill"), seen)
            continue
        how = _task(piece)
        if how is not None:
            if task is not None:
                _refuse("two tasks")
            task = how
            groups = how[1]
            if groups.get("bill"):
                if bill is not None:
                    _refuse("two bills")
                bill = _money(groups["bill"], seen)
            for key in ("t1", "t2", "t3", "t4"):
                if groups.get(key):
                    if percent is not None:
                        _refuse("two tips")
                    percent = _rate(groups[key])
            if groups.get("items"):
                _items(groups["items"], item_names, prices, seen)
            continue
        _items(piece, item_names, prices, seen)

    if task is None or percent is None:
        _refuse("no bill to split, or no tip")
    if "part" not in rules or "left" not in rules:
        _refuse("no rule for the cents")
    if "tip" not in rules and Fraction(percent) != 0:
        _refuse("no rule for the tip")
    if len(seen) > 1 or (seen and form is None):
        _refuse("unclear currency")

    kind, groups = task
    shares = None
    if kind == "items":
        if not item_names:
            _refuse("no items")
        names = item_names
        sums = [sum(Fraction(price) for price in row) for row in prices]
        if any(value == 0 for value in sums):
            _refuse("somebody had nothing")
        if bill is not None and Fraction(bill) != sum(sums):
            _refuse("the items do not add up to the bill")
    else:
        if item_names or bill is None:
            _refuse("items beside a plain split, or no bill")
        prices = None
        if kind == "shares":
            names, shares = _shares(groups["shares"])
        else:
            names = _names(groups["names"])
            if kind == "ratio":
                shares = [part.strip() for part in groups["ratio"].split(":")]
                if len(shares) != len(names) or any(int(part) == 0 for part in shares):
                    _refuse("the ratio does not fit the names")
    if len({name.casefold() for name in names}) != len(names):
        _refuse("a name stands twice")
    arguments = {
        "names": names,
        "percent": percent,
        "bill": bill,
        "shares": shares,
        "prices": prices,
        "rounding": rules.get("tip", "half up"),
        "leftover": rules["left"],
    }
    return arguments, form or (": ", "", ", ")


def parse(question: str) -> dict:
    """Read a question into the arguments of split_bill, or raise NotThisTask."""
    return _read(question)[0]


def render(result, question: str) -> str:
    """Write the parts in the form that the question asks for."""
    sep, mark, mid = _read(question)[1]
    return mid.join(name + sep + mark + amount for name, amount in result)
