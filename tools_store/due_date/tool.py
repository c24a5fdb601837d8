import re
from datetime import date

_WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    r"(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    r"|[0-9]{1,2}(?:st|nd|rd|th)? (?:of )?" + _MONTH + r",? [0-9]{4}"
    r"|" + _MONTH + r" [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4})"
)
_DATES = _DATE + r"(?:(?:,? (?:and|&) |, ?)" + _DATE + r")*"
_START = r"(?P<start>" + _DATE + r")"
_FREE = r"(?P<free>" + _DATES + r")"

_NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9}"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen)"
)
_COUNT = r"(?P<count>" + _NUMBER + r")"
_WORK = r"(?:(?:working|business|work)[- ]days?|workdays?)"
_SPAN = _COUNT + r" " + _WORK

_DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_LIST = _DAY + r"s?(?:(?:,? (?:and|&|or) |, )" + _DAY + r"s?)*"
_REST = r"(?:(?:both|all) )?(?:the )?(?:weekends?(?: days)?(?: ?\(" + _LIST + r"\))?|" + _LIST + r")"
_DAYS = r"(?P<days>" + _REST + r")"
_RANGE = r"(?P<first>" + _DAY + r")s? ?(?:to|through|until|till|-|–) ?(?P<last>" + _DAY + r")s?"

_OUT = (
    r"(?:(?:please|also|and) ){0,2}(?:skip|leave out|exclude|ignore|omit|disregard"
    r"|do not count|don't count|do not include|don't include)"
)
_OUTING = r"(?:not counting|without counting|excluding|skipping|leaving out|ignoring|omitting)"
_NEVER = (
    r"(?:(?:do|does) not count|(?:don't|doesn't) count|(?:is|are) not counted|aren't counted"
    r"|(?:is|are) (?:not|no) (?:working|business) days?"
    r"|(?:is|are) (?:also )?(?:skipped|left out|excluded|ignored|omitted|not included|days off|non-working(?: days)?))"
    r"(?: as (?:working|business) days)?"
)
_KIND = r"(?:(?:public|bank|official|national|company|legal) )?"
_HOLIDAYS = r"(?:(?:these|the|the following|following) )?" + _KIND + r"(?:holidays?|days off)"
_OTHERS = r"(?:(?:these|the following) )" + _KIND + r"(?:holidays?|days off|dates?|days?)"
_TOO = r"(?: either| too| as well)?"

_PART = r"(?:YYYY|MM|DD)"
_ORDER = _PART + r"[-/.]" + _PART + r"[-/.]" + _PART
_SHAPE = _ORDER + r"|ISO(?: 8601)?"
_FORM = (
    r"(?:,? (?:as|in|using|in the form|in the format|in format|formatted as|written as|with the format)"
    r"(?: an?| the)? (?P<form>" + _SHAPE + r")(?: format| form)?"
    r"|,? ?\((?:as |in |format:? )?(?P<form2>" + _SHAPE + r")(?: format)?\))"
)

_WITHOUT = (
    r"(?:,? (?:when |if )?" + _OUTING + r" " + _DAYS +
    r"(?:,? (?:and|as well as) (?:also )?" + _HOLIDAYS + r":? " + _FREE + r")?"
    r"|,? (?:if|when|where) (?P<days2>" + _REST + r") " + _NEVER + r")?"
)
_LATER = (
    r"(?:later|afterwards|thereafter|after (?:that|it|this)|after (?:that|this|its) date"
    r"|from (?:then|that date|that day))"
)
_DONE = r"(?:due|payable|paid|settled|delivered|returned|answered|shipped|finished|completed|ready|sent)"
_THING = (
    r"(?:(?:an?|the|my|our|your|this) )?"
    r"(?:(?!(?:not|before|until|after|and|or|is|was)\b|[0-9]{4}[-/])[\w#'’/-]+ ){1,6}?"
)
_OF = r"(?:of|dated|from|(?:that (?:is|was) )?(?:dated|issued|sent|received|written|placed|made)(?: on)?)"
_IS = r"(?:is|was|falls|becomes|will be|must be|has to be|should be|is to be)"

# Whole sentences that both tell the numbers and ask for the date.
_QUESTIONS = [
    r"(?:which|what) (?:calendar )?date (?:is|lies|falls|comes|will be|would be)(?: exactly)? " + _SPAN
    + r" (?:after|from|past) " + _START + _WITHOUT,
    r"(?:what is|what's|find|give|determine|calculate|compute|name|state|work out|tell me) the (?:calendar )?date"
    r"(?: (?:that|which) (?:is|lies|falls|comes))?(?: exactly)? " + _SPAN + r" (?:after|from|past) " + _START + _WITHOUT,
    r"(?:which|what) date do (?:you|we|i) (?:get|reach)(?: to)? (?:if|when) (?:you|we|i) (?:add|count) "
    + _SPAN + r" (?:to|from|after) " + _START + _WITHOUT,
    r"(?:starting (?:from|on|at|with)|counting from|counted from|from|after) " + _START
    + r",? (?:which|what) (?:calendar )?date (?:is|lies|falls|comes)(?: exactly)? " + _SPAN + r"(?: " + _LATER + r")"
    + _WITHOUT,
]
# Whole sentences that tell something, but do not ask.
_FACTS = [
    r"add " + _SPAN + r" to (?:the (?:start )?date )?" + _START + _WITHOUT,
    r"(?:the )?(?:start(?:ing)?|first|given|initial|invoice)? ?date(?: is|:) ?" + _START,
    r"start(?:ing)?(?: from| on|:) ?" + _START,
    r"(?:the )?(?:number of )?" + _WORK + r"(?: to (?:add|count|be added))?: ?" + _COUNT,
    r"add " + _SPAN,
    _THING + _OF + r" " + _START + r",? " + _IS + r" " + _DONE + r"(?: exactly)? " + _SPAN + r" " + _LATER + _WITHOUT,
    _THING + _OF + r" " + _START + r",? " + _IS + r" " + _DONE + r" (?:in|after) " + _SPAN + _WITHOUT,
    _THING + r"(?:is|was) (?:dated|from|(?:issued|sent|received|written|placed|made) on) " + _START,
    r"(?:it|this) " + _IS + r" " + _DONE + r"(?: exactly)? " + _SPAN + r" " + _LATER + _WITHOUT,
    r"(?:it|this) " + _IS + r" " + _DONE + r" (?:in|after) " + _SPAN + _WITHOUT,
    _OUT + r" " + _DAYS,
    _OUT + r" " + _DAYS + r",? (?:and|as well as) (?:also )?" + _HOLIDAYS + r":? " + _FREE,
    _DAYS + r" " + _NEVER,
    r"(?:only )?" + _WORK + r" are (?:only )?" + _RANGE,
    r"(?:count only|only count) " + _RANGE,
    r"only " + _RANGE + r" counts?",
    _OUT + r" (?:" + _HOLIDAYS + r"|" + _OTHERS + r")" + _TOO + r":? " + _FREE,
    r"(?:also,? )?(?:" + _HOLIDAYS + r"|" + _OTHERS + r")(?: also)? " + _NEVER + _TOO + r": ?" + _FREE,
    r"(?:also,? )?" + _HOLIDAYS + r" " + _FREE + r"(?: also)? " + _NEVER + _TOO,
    _HOLIDAYS + r"(?:(?: is| are)?: ?| (?:is|are) )" + _FREE,
    _FREE + r" (?:is|are)(?: also)?(?: an?)? " + _KIND + r"holidays?(?: and " + _NEVER + r")?" + _TOO,
    _FREE + r"(?: also)? " + _NEVER + _TOO,
    r"(?P<none>there are no " + _KIND + r"holidays(?: to (?:consider|skip|leave out))?|(?:the )?"
    + _KIND + r"holidays?: none)",
]
# Whole sentences that only ask.
_ASKS = [
    r"(?:on |by )?(?:which|what) date (?:is|will|must|should|has) (?:it|this|that|the \w+)(?: be| to be)? " + _DONE,
    r"when (?:is|will|must|should|has) (?:it|this|that|the \w+)(?: be| to be)? " + _DONE,
    r"(?:what is|what's|which is|give|write|state|name|find|return|determine|calculate|compute|tell me)(?: me)?"
    r" the (?:(?:resulting|due|final|target|end|new) date|date|result|deadline)",
    r"(?:which|what) date (?:is (?:that|it|the result|reached)|results|do (?:you|we|i) (?:get|reach))",
]
# Sentences that only name the form of the answer, which must follow.
_REPLIES = (
    r"(?:please )?(?:answer|reply|respond|(?:give|write|state)(?: me)? (?:the|your) (?:answer|date|result)|write it|give it"
    r"|(?:answer|reply|respond) with the date|format the (?:answer|date|result))"
)


def due_date(start: str, days: int, weekend: list[str], holidays: list[str]) -> str | None:
    """Find the date that lies a number of working days after a date, or None if it lies beyond the year 9999.

    start: the date to count from, as YYYY-MM-DD; it is not counted itself.
    days: how many working days to go on, 0 or more.
    weekend: the days of the week that never count, as lower-case English names such as "saturday".
    holidays: further dates that do not count, as YYYY-MM-DD, in any order.
    """
    off = {_WEEK.index(name.lower()) for name in weekend}
    if days < 0:
        raise ValueError("the number of days must not be negative")
    if len(off) == 7:
        raise ValueError("no day of the week is left to work on")
    begin = date.fromisoformat(start).toordinal()
    if days == 0:
        return start
    end = _step(begin, days, off)
    closed = {date.fromisoformat(day).toordinal() for day in holidays}
    for day in sorted(closed):
        if day <= begin or (day - 1) % 7 in off:
            continue
        if day > end:
            break
        days += 1
        end = _step(begin, days, off)
    if end > date.max.toordinal():
        return None
    return date.fromordinal(end).isoformat()


def _step(begin, days, off):
    """The ordinal of the day that is `days` (1 or more) working days after `begin`, holidays aside."""
    weeks, more = divmod(days - 1, 7 - len(off))
    day = begin + 7 * weeks
    more += 1
    while more:
        day += 1
        if (day - 1) % 7 not in off:
            more -= 1
    return day


def _read_date(text):
    text = text.lower()
    match = re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", text)
    if match:
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    else:
        year = int(re.search(r"([0-9]{4})$", text)[1])
        month = _MONTHS.index(re.search(_MONTH, text)[0][:3]) + 1
        day = int(re.search(r"(?<![0-9])([0-9]{1,2})(?![0-9])", text)[1])
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise NotThisTask("no such date: " + text) from None


def _read_number(text):
    text = text.lower().replace(",", "")
    if text.isdigit():
        return int(text)
    if text in _SMALL:
        return _SMALL.index(text)
    words = re.split(r"[- ]", text)
    value = 20 + 10 * _TENS.index(words[0])
    return value + (_SMALL.index(words[1]) if len(words) > 1 else 0)


def _read_days(text):
    names = [name.lower() for name in re.findall(_DAY, text, re.IGNORECASE)]
    if not names:
        return ["saturday", "sunday"]
    if len(set(names)) != len(names) or len(names) > 6:
        raise NotThisTask("unclear days of the week")
    return names


def _read_range(first, last):
    """The days of the week outside first..last."""
    begin = _WEEK.index(first.lower())
    length = (_WEEK.index(last.lower()) - begin) % 7 + 1
    names = [_WEEK[(begin + i) % 7] for i in range(length, 7)]
    if not names:
        raise NotThisTask("no day of the week is left out")
    return names


def _read_form(text):
    """Check the wanted form of the answer, and give it as YYYY, MM, DD with separators."""
    text = text.upper()
    if text.startswith("ISO"):
        return "YYYY-MM-DD"
    if sorted(re.split(r"[-/.]", text)) != ["DD", "MM", "YYYY"]:
        raise NotThisTask("unknown form of a date")
    return text


def _read(sentences):
    found = {}
    asked = False

    def put(key, value):
        if key in found:
            raise NotThisTask("told twice: " + key)
        found[key] = value

    for sentence in sentences:
        match = re.fullmatch(r"(?P<rest>.+?)" + _FORM, "  " + sentence, re.IGNORECASE)
        if match is None:
            alone = re.fullmatch(r"\(?(?P<form>" + _SHAPE + r")\)?", sentence, re.IGNORECASE)
            if alone:
                put("form", _read_form(alone["form"]))
                continue
        else:
            put("form", _read_form(match["form"] or match["form2"]))
            sentence = match["rest"].strip()
            if not sentence or re.fullmatch(_REPLIES, sentence, re.IGNORECASE):
                asked = asked or "date" in sentence.lower()
                continue
        for kind, patterns in (("question", _QUESTIONS), ("fact", _FACTS), ("ask", _ASKS)):
            hit = None
            for pattern in patterns:
                hit = re.fullmatch(r"(?:please )?(?:" + pattern + r")", sentence, re.IGNORECASE)
                if hit:
                    break
            if hit:
                break
        else:
            raise NotThisTask("not understood: " + sentence)
        if kind != "fact":
            asked = True
        parts = {key: value for key, value in hit.groupdict().items() if value}
        if "start" in parts:
            put("start", _read_date(parts["start"]))
        if "count" in parts:
            put("days", _read_number(parts["count"]))
        if "days" in parts or "days2" in parts:
            put("weekend", _read_days(parts.get("days") or parts["days2"]))
        if "first" in parts:
            put("weekend", _read_range(parts["first"], parts["last"]))
        if "free" in parts:
            put("holidays", [_read_date(day) for day in re.findall(_DATE, parts["free"], re.IGNORECASE)])
        if "none" in parts:
            put("holidays", [])
    if not asked or not {"start", "days", "weekend"} <= set(found):
        raise NotThisTask("something is missing")
    return found


def _sentences(text):
    pieces = re.split(r"(?<=[.?!;])\s+|\n+", text)
    pieces = [re.sub(r"\s*[.?!;]$", "", " ".join(piece.split())) for piece in pieces]
    return [piece for piece in pieces if piece]


def _understand(question):
    """Read the question with its line ends as ends of sentences, or else as mere spaces."""
    try:
        return _read(_sentences(question))
    except NotThisTask:
        return _read(_sentences(" ".join(question.split())))


def parse(question: str) -> dict:
    found = _understand(question)
    start = found["start"]
    holidays = found.get("holidays", [])
    if found["days"] == 0:
        name = _WEEK[date.fromisoformat(start).weekday()]
        if name in found["weekend"] or start in holidays:
            raise NotThisTask("no working day to begin on, and none to add")
    return {
        "start": start,
        "days": found["days"],
        "weekend": found["weekend"],
        "holidays": holidays,
    }


def render(result, question: str) -> str:
    if result is None:
        raise NotThisTask("the date lies beyond the year 9999")
    year, month, day = result.split("-")
    form = _understand(question).get("form", "YYYY-MM-DD")
    return form.replace("YYYY", year).replace("MM", month).replace("DD", day)
