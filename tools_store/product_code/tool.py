import re
from typing import Literal

LENGTHS = {
    "EAN-8": 8, "EAN-13": 13, "UPC-A": 12, "ISBN-10": 10, "ISBN-13": 13,
    "GTIN-8": 8, "GTIN-12": 12, "GTIN-13": 13, "GTIN-14": 14,
}
# names without a length: the kinds they may stand for
FAMILIES = {
    "EAN": ["EAN-8", "EAN-13"],
    "UPC": ["UPC-A"],
    "ISBN": ["ISBN-10", "ISBN-13"],
    "GTIN": ["GTIN-8", "GTIN-12", "GTIN-13", "GTIN-14"],
}
ALIASES = {"ITF-14": "GTIN-14", "EAN-14": "GTIN-14", "UPC-12": "UPC-A"}
OPPOSITES = {"valid": "invalid", "yes": "no", "true": "false", "correct": "incorrect", "right": "wrong"}
SEPARATOR = r"[ \-\u00a0\u2010\u2011\u2013]"


def _refuse(why):
    raise NotThisTask(why)


# ---------------------------------------------------------------- the work

def _check_character(kind, body):
    """The check character that belongs to the digits before it."""
    if kind == "ISBN-10":
        total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), body))
        value = -total % 11
        return "X" if value == 10 else str(value)
    total = sum((3 if index % 2 == 0 else 1) * int(digit) for index, digit in enumerate(reversed(body)))
    return str(-total % 10)


def product_code(
    kind: Literal["EAN-8", "EAN-13", "UPC-A", "ISBN-10", "ISBN-13", "GTIN-8", "GTIN-12", "GTIN-13", "GTIN-14"],
    code: str,
    job: Literal["check", "complete"] = "check",
    output: Literal["code", "digit"] = "code",
) -> bool | str:
    """Check the check digit of a product code (true or false), or work out the missing one.

    kind: the kind of code.
    code: the code, with or without spaces and hyphens; to complete it, without its check digit or with ? in its place.
    job: whether to check the code or to complete it.
    output: when completing, whether to return the whole code without spaces and hyphens or the check digit alone.
    """
    length = LENGTHS[kind]
    plain = re.sub(SEPARATOR, "", code).upper()
    if job == "check":
        if len(plain) != length:
            return False
        body, last = plain[:-1], plain[-1]
        if re.fullmatch(r"[0-9]+", body) is None:
            return False
        return last == _check_character(kind, body)
    if job != "complete":
        raise ValueError("unknown job")
    body = plain[:-1] if plain.endswith("?") else plain
    if len(body) != length - 1 or re.fullmatch(r"[0-9]+", body) is None:
        raise ValueError("not a code that lacks only its check digit")
    last = _check_character(kind, body)
    return last if output == "digit" else body + last


# ---------------------------------------------------------------- reading

def _full(pattern, text):
    return re.fullmatch(pattern, text, re.IGNORECASE)


def _kinds(name, code):
    """The possible kinds behind a written name; refuses unknown names."""
    parts = re.fullmatch(r"([A-Z]+)[ -]?(A|[0-9]+)?", name.upper())
    if parts is None:
        _refuse("unknown kind of code")
    family, size = parts.groups()
    if size is None:
        if family not in FAMILIES:
            _refuse("unknown kind of code")
        if re.match(r"(?:8|10|12|13|14) ", code):
            _refuse("the length of the kind may stand in the code")
        return FAMILIES[family]
    kind = family + "-" + size
    kind = ALIASES.get(kind, kind)
    if kind not in LENGTHS:
        _refuse("unknown kind of code")
    return [kind]


def _check_question(sentence):
    """Arguments of a question whether a code is valid, or None."""
    code = r"(?P<code>[0-9](?:" + SEPARATOR + r"?[0-9])+(?:" + SEPARATOR + r"?X)?)"
    noun = r"(?: (?:code|number|barcode))?"
    kind = r"(?P<kind>(?:EAN|UPC|ISBN|GTIN|ITF)(?:[ -]?(?:8|10|12|13|14|A))?)" + noun
    near = r"(?P<kind>(?:EAN|UPC|ISBN|GTIN|ITF)(?:-?(?:8|10|12|13|14|A))?)" + noun + r":? "
    the = r"(?:(?:the|this)(?: following)? )?"
    good = r"(?:valid|correct)"
    right = r"(?:valid|correct|right)"
    whole = [
        r"is (?:(?:the|this) (?:code|number|barcode):? )?" + code + r" an? " + good + r" " + kind + r" ?\?",
        r"is (?:(?:the|this) (?:code|number|barcode):? )?" + code + r" (?:a )?" + good + r" as an? " + kind + r" ?\?",
        r"is " + the + near + code + r" " + good + r" ?\?",
        r"is (?:this|the following) " + kind + r" " + good + r" ?[:?] ?" + code + r" ?[?.]?",
        r"(?:please )?(?:check|tell me|say|decide|determine) (?:whether|if) " + code + r" is an? " + good + r" " + kind + r"[.?]?",
        r"(?:please )?(?:check|tell me|say|decide|determine) (?:whether|if) " + the + near + code + r" is " + good + r"[.?]?",
        r"(?:please )?(?:check|validate|verify) " + the + near + code + r"[.?]?",
    ]
    digit = [
        r"is the check digit (?:of|in) " + the + near + code + r" " + right + r" ?\?",
        r"is the check digit (?:of|in) " + code + r" " + right + r" (?:as|for) an? " + kind + r" ?\?",
        r"does " + the + near + code + r" have (?:a |the |its )?" + right + r" check digit ?\?",
        r"(?:please )?(?:check|verify) the check digit (?:of|in) " + the + near + code + r"[.?]?",
    ]
    for only_digit, patterns in ((False, whole), (True, digit)):
        for pattern in patterns:
            match = _full(pattern, sentence)
            if match:
                break
        else:
            continue
        text = match.group("code")
        plain = re.sub(SEPARATOR, "", text).upper()
        kinds = _kinds(match.group("kind"), text)
        if len(plain) < 6:
            _refuse("hardly a product code")
        fitting = [name for name in kinds if LENGTHS[name] == len(plain)]
        if len(fitting) != 1 and (len(kinds) > 1 or only_digit or "UPC" == match.group("kind").upper()):
            _refuse("the length does not fit the kind")
        name = fitting[0] if fitting else kinds[0]
        if plain.endswith("X") and name != "ISBN-10":
            _refuse("a letter in a code of digits")
        if name == "ISBN-13" and fitting and re.match(r"978|979[1-9]", plain) is None:
            if plain[-1] == _check_character(name, plain[:-1]):
                _refuse("right check digit, but the prefix of no ISBN")
        return {"kind": name, "code": text, "job": "check", "output": "code"}
    return None


def _missing_question(sentence):
    """Arguments of a question for the check digit, and the output that goes without saying; or None."""
    code = r"(?P<code>[0-9](?:" + SEPARATOR + r"?[0-9])+)(?P<end>" + SEPARATOR + r"?[?_*#])?"
    noun = r"(?: (?:code|number|barcode))?"
    kind = r"(?P<kind>(?:EAN|UPC|ISBN|GTIN|ITF)(?:[ -]?(?:8|10|12|13|14|A))?)" + noun
    near = r"(?P<kind>(?:EAN|UPC|ISBN|GTIN|ITF)(?:-?(?:8|10|12|13|14|A))?)" + noun
    shown = r"(?: ?[(,] ?(?:it is )?(?:shown|marked|written|given|replaced|denoted) (?:as|by|with) (?:an? )?[\"'`]?(?P<mark>[?_*#])[\"'`]?\)?)?"
    digit = r"(?:check|last|final|control) digit"
    gone = r"(?:missing|unknown|lost|unreadable|illegible|smudged)"
    verb = (
        r"(?:please )?(?:find|compute|calculate|work out|determine|give|fill in|what is|what's) "
        r"the (?:missing )?(?:check|control) digit"
    )
    stop = r" ?[.?]?"
    the = r"(?:(?:the|this)(?: following)? )?"
    patterns = [
        (None, r"the " + digit + r" (?:of|in|for) (?:this|the|the following) " + kind + r" is " + gone + shown + r" ?: ?" + code + stop),
        (None, r"the " + digit + r" (?:of|in|for) " + the + near + r":? " + code + r" is " + gone + shown + r"\.?"),
        (None, r"(?:this|the following) " + kind + r" (?:is missing|lacks|misses|has lost) its " + digit + shown + r" ?: ?" + code + stop),
        ("digit", verb + r" (?:of|in|for) " + the + kind + shown + r" ?: ?" + code + stop),
        ("digit", verb + r" (?:of|in|for) " + the + near + r" " + code + shown + stop),
        ("code", r"(?:please )?complete " + the + kind + shown + r" ?: ?" + code + stop),
        ("code", r"(?:please )?complete " + the + near + r" " + code + shown + stop),
    ]
    for usual, pattern in patterns:
        match = _full(pattern, sentence)
        if match is None:
            continue
        text, mark, end = match.group("code"), match.group("mark"), match.group("end")
        if mark is not None and (end is None or end[-1] != mark):
            _refuse("the mark for the missing digit is not at the end")
        if mark is None and end is not None and end[-1] != "?":
            _refuse("a sign that was not explained")
        kinds = _kinds(match.group("kind"), text)
        count = len(re.sub(SEPARATOR, "", text))
        fitting = [name for name in kinds if LENGTHS[name] == count + 1]
        if len(fitting) != 1 or match.group("kind").upper() == "GTIN":
            _refuse("the length does not fit the kind")
        arguments = {"kind": fitting[0], "code": text + (end[:-1] + "?" if end else ""), "job": "complete", "output": usual}
        return arguments
    return None


def _words(sentence):
    """The two words to answer with, as the question writes them: [yes, no]; or None."""
    word = r"[\"'`]?(?P<%s>[A-Za-z]+)[\"'`]?"
    match = _full(
        r"(?:please )?(?:answer|reply|respond|say|write|state)(?: with)?(?: only| just| either)?:? "
        + word % "a" + r"(?: or | ?/ ?)" + word % "b" + r"\.?",
        sentence,
    )
    if match is None:
        return None
    first, second = match.group("a"), match.group("b")
    if OPPOSITES.get(first.lower()) == second.lower():
        return [first, second]
    if OPPOSITES.get(second.lower()) == first.lower():
        return [second, first]
    _refuse("unknown words to answer with")


def _output(sentence):
    """What to write for a missing digit: ["digit", ""] or ["code", separators that are to go]; or None."""
    verb = r"(?:please )?(?:write|give|answer with|answer|reply with|state|return|print)(?: down)?(?: only| just)? "
    if _full(verb + r"(?:the )?(?:missing check|missing|check) digit(?: only| alone)?\.?", sentence):
        return ["digit", ""]
    match = _full(
        verb
        + r"the (?:complete|completed|full|whole) (?:code|number|barcode|(?:EAN|UPC|ISBN|GTIN|ITF)(?:[ -]?(?:8|10|12|13|14|A))?)"
        r"(?:,? without (?:any )?(?P<how>spaces (?:or|and) hyphens|hyphens (?:or|and) spaces|separators|spaces|hyphens))?\.?",
        sentence,
    )
    if match is None:
        return None
    how = (match.group("how") or "").lower()
    if how == "separators":
        how = "spaces hyphens"
    return ["code", how]


def _read(question):
    """The arguments of product_code and the words for yes and no."""
    if not isinstance(question, str):
        _refuse("not a text")
    text = re.sub(r"\s+", " ", question).strip()
    if not text or len(text) > 2000:
        _refuse("not a question of this task")
    arguments = words = output = None
    for sentence in re.split(r"(?<=[.?!]) (?=[A-Za-z])", text):
        pair = _words(sentence)
        if pair is not None:
            if words is not None:
                _refuse("two ways to answer")
            words = pair
            continue
        wanted = _output(sentence)
        if wanted is not None:
            if output is not None:
                _refuse("two ways to answer")
            output = wanted
            continue
        found = _check_question(sentence)
        if found is None:
            found = _missing_question(sentence)
        if found is None or arguments is not None:
            _refuse("not a question of this task")
        arguments = found
    if arguments is None:
        _refuse("no question")
    if arguments["job"] == "check":
        if output is not None:
            _refuse("unclear what to write")
        return arguments, words or ["valid", "invalid"]
    if words is not None:
        _refuse("unclear what to write")
    going = ""
    if output is not None:
        arguments["output"], going = output
    if arguments["output"] is None:
        _refuse("not said what to write")
    if arguments["output"] == "code":
        used = set(re.sub(r"[0-9?]", "", arguments["code"]))
        blanks = {" ", "\u00a0"}
        if used & blanks and "spaces" not in going:
            _refuse("not said whether the spaces stay")
        if used - blanks and "hyphens" not in going:
            _refuse("not said whether the hyphens stay")
    return arguments, None


def parse(question: str) -> dict:
    """Read a question into the arguments of product_code, or raise NotThisTask."""
    return _read(question)[0]


def render(result, question: str) -> str:
    """Write the result in the form that the question asks for."""
    if isinstance(result, bool):
        words = _read(question)[1] or ["valid", "invalid"]
        return words[0] if result else words[1]
    return result
