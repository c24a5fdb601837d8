import re
from math import gcd

_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
]
_NUM = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,1000}"
    r"|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?![0-9])"
)
_WORD = (
    r"(?!(?:and|or|of|at|up|each|every|with|without|if|when|then|per|except|but|minus|plus|more|most|less|least"
    r"|fewer|than|under|below|who|that|which|twice|times|we|you|they|them|it|there|the|an?|some|all|have|has|are"
    r"|is|was|were|left|leftover|over|remaining|remains?|remainder|short|missing|not|no|none|nothing|in|into|on"
    r"|inside|to|from|by|among|amongst|between)\b)[^\W\d_][\w'’-]*"
)
_PHRASE = _WORD + r"(?: " + _WORD + r"){0,2}?"
_ITEM = r"(?P<item>" + _PHRASE + r")"
_BOX = r"(?P<box>" + _PHRASE + r")"
_WHO = r"(?:we|you|they|i|one|he|she)"
_BOUND = (
    r"(?:(?P<most>no more than|not more than|at most|up to|a maximum of)|(?P<under>fewer than|less than|under|below))"
    r" (?P<limit>" + _NUM + r")"
)
_ART = r"(?:an?|the|our|my|this|one)"
_FULL = r"(?:of|with|containing|holding|carrying|filled with|full of|(?:that|which) (?:holds|contains|has|carries))"
_HOLDS = r"(?:contains|holds|has|carries)"
_IN = r"(?:in|on|inside)"

# Sentences that tell what is counted, where it is, and how many there can be.
_FACTS = [
    r"there (?:is|are) an? " + _BOX + r" " + _FULL + r" " + _BOUND + r" " + _ITEM,
    r"there (?:is|are) " + _BOUND + r" " + _ITEM + r"(?: " + _IN + r" " + _ART + r" " + _BOX + r")?",
    _ART + r" " + _BOX + r" " + _HOLDS + r" " + _BOUND + r" " + _ITEM,
    _WHO + r" (?:have|has) (?:an? " + _BOX + r" " + _FULL + r" )?" + _BOUND + r" " + _ITEM,
    r"there (?:is|are) an? " + _BOX + r" " + _FULL + r"(?: some)? " + _ITEM,
    r"there are (?:some|a number of) " + _ITEM + r"(?: " + _IN + r" " + _ART + r" " + _BOX + r")?",
    _ART + r" " + _BOX + r" " + _HOLDS + r"(?: some)? " + _ITEM,
    _WHO + r" (?:have|has) (?:an? " + _BOX + r" " + _FULL + r"|some) " + _ITEM,
    r"(?:(?:if|given that|knowing that|and|but) )?there (?:is|are) " + _BOUND
    + r"(?: (?:of them|" + _ITEM + r"))?(?: " + _IN + r" (?:it|the " + _BOX + r")| in total| altogether)?",
    r"(?:(?:if|given that|knowing that|and|but) )?(?:the " + _BOX + r"|it) " + _HOLDS + r" " + _BOUND
    + r"(?: (?:of them|" + _ITEM + r"))?",
]
_SUM = r"(?: in total| in all| altogether)?"
# Sentences that ask for the number.
_ASKS = [
    r"how many " + _ITEM + r" (?:is|are)(?: there)? " + _IN + r" the " + _BOX + _SUM,
    r"how many " + _ITEM + r" (?:is|are) there" + _SUM,
    r"how many " + _ITEM + r" does the " + _BOX + r" (?:contain|hold|have|carry)" + _SUM,
    r"how many " + _ITEM + r" (?:do|does) " + _WHO + r" have" + _SUM,
    r"how many (?:of them )?are there" + _SUM,
    r"(?:what is|what's|find|give|determine|calculate|compute) the number of " + _ITEM
    + r"(?: " + _IN + r" the " + _BOX + r")?",
]
# Sentences that ask for the least number, where there is no limit.
_LEASTS = [
    r"(?:what is|what's|find|give|determine|calculate|compute) the (?:smallest|least|minimum)(?: possible)? number of "
    + _ITEM + r"(?: (?:that|there) (?:can|could) be)?(?: " + _IN + r" the " + _BOX + r")?",
]

_IF = r"(?:(?:and|also|but|finally) )?(?:if|when|whenever) "
_DIVIDE = r"(?:divide|share|split|distribute|deal|hand|give|put|arrange|pack|sort|group)s?"
_DIVIDED = r"(?:divided|shared|split|distributed|dealt|handed|given|put|arranged|packed|sorted|grouped)"
_DIVIDING = r"(?:dividing|sharing|splitting|distributing|dealing|handing|giving|putting|arranging|packing|sorting|grouping)"
_THEM = r"(?:(?:all(?: of)? )?(?:them|these|those|the " + _ITEM + r")|them all)"
_EQUAL = r"(?: (?:equally|evenly|fairly))?"
_HOW = (
    r"(?: out| up)?" + _EQUAL
    + r" (?:(?:among|amongst|between|over|into|in|to|by) (?:the )?(?P<group>" + _NUM + r")(?: " + _PHRASE + r")?"
    r"|(?:into|in|by) " + _PHRASE + r" of (?P<size>" + _NUM + r")(?: each)?)" + _EQUAL
)
# The first half of a condition: the dividing.
_DIVISIONS = [
    _IF + _WHO + r" " + _DIVIDE + r" " + _THEM + _HOW,
    _IF + r"(?:they|these|those|the " + _ITEM + r") (?:are|were|get)(?: all)? " + _DIVIDED + _HOW,
    r"(?:" + _IF + r")?" + _DIVIDED + _HOW,
    r"(?:(?:and|also|but|finally) )?(?:(?:after|by|when|on) )?" + _DIVIDING + r" " + _THEM + _HOW,
]

_LEFT = r"(?P<left>" + _NUM + r"|no|none|nothing)"
_SOME = _LEFT + r"(?: (?:of them|" + _ITEM + r"))?"
_SHORT = r"(?P<short>" + _NUM + r")(?: " + _ITEM + r")?"
_OVER = r"(?:left(?: over)?|leftover|over|remaining)"
_ARE = r"(?:is|are|will be|would be)"
# The second half: what is left over, or missing.
_RESTS = [
    _WHO + r" (?:have|has|get|gets|keep|keeps|will have|would have) " + _SOME + r" " + _OVER,
    _WHO + r" " + _ARE + r" left with " + _SOME,
    r"there " + _ARE + r" " + _SOME + r" " + _OVER,
    r"there (?:remains?|will remain) " + _SOME,
    _SOME + r" " + _ARE + r" " + _OVER,
    _SOME + r" (?:remains?|will remain)",
    _SOME + r" " + _OVER,
    r"(?:with )?(?:the|a) remainder (?:is|of) " + _LEFT,
    r"(?:it|they|this|that) leaves? " + _SOME + r"(?: over)?",
    _WHO + r" (?:are|is|come|comes|fall|falls) " + _SHORT + r" short",
    _WHO + r" (?:lack|lacks) " + _SHORT,
    _SHORT + r" " + _ARE + r" missing",
]


def remainders(groups: list[int], left: list[int], limit: int | None) -> int | None:
    """Find the only number up to a limit that leaves given remainders, or None if there is none or more than one.

    groups: the numbers of groups to divide among, each above 0; they need not be coprime.
    left: what is left over for each of them, in the same order.
    limit: the largest number there can be, or None to ask for the least number of all.
    """
    if not groups or len(groups) != len(left) or min(groups) < 1:
        raise ValueError("each number of groups must be above 0 and have its remainder")
    number, step = 0, 1
    for group, rest in zip(groups, left):
        # number + k * step must leave rest when divided by group
        common = gcd(step, group)
        gap = rest - number
        if gap % common:
            return None
        part = group // common
        if part > 1:
            k = gap // common * pow(step // common, -1, part) % part
            number += k * step
            step *= part
    if limit is None:
        return number
    if number > limit or number + step <= limit:
        return None
    return number


def _match(patterns, text):
    for pattern in patterns:
        hit = re.fullmatch(pattern, text, re.IGNORECASE)
        if hit:
            return {key: value for key, value in hit.groupdict().items() if value is not None}
    return None


def _number(text):
    text = text.lower().replace(",", "")
    if text in ("no", "none", "nothing"):
        return 0
    if text in _SMALL:
        return _SMALL.index(text)
    return int(text)


def _condition(clause):
    """The parts of the two halves of a condition, or None."""
    for gap in re.finditer(r",? then |, (?:and )?|: | ", clause):
        division = _match(_DIVISIONS, clause[:gap.start()])
        if division is not None:
            rest = _match(_RESTS, clause[gap.end():])
            if rest is not None:
                return division, rest
    for gap in re.finditer(r" (?=(?:if|when|whenever|after) )", clause, re.IGNORECASE):
        rest = _match(_RESTS, clause[:gap.start()])
        division = _match(_DIVISIONS, clause[gap.end():])
        if division is not None and rest is not None:
            return division, rest
    return None


def _same(one, other):
    """Whether two nouns are the same, one of them perhaps in the singular."""
    one, other = one.casefold(), other.casefold()
    if one == other:
        return True
    if len(one) < len(other):
        one, other = other, one
    return one == other + "s" or one == other + "es" or (other.endswith("y") and one == other[:-1] + "ies")


def parse(question: str) -> dict:
    text = " ".join(question.split())
    clauses = re.split(
        r"[.?!;]+(?: |$)|,? and (?=(?:if|when|whenever)\b)|, (?=(?:if|when|whenever)\b)", text, flags=re.IGNORECASE
    )
    groups, left, items, boxes, limits = [], [], [], [], []
    asks = leasts = 0
    for clause in clauses:
        clause = clause.strip()
        if not clause:
            continue
        parts = _match(_FACTS, clause)
        if parts is None:
            parts = _match(_ASKS, clause)
            if parts is not None:
                asks += 1
        if parts is None:
            parts = _match(_LEASTS, clause)
            if parts is not None:
                leasts += 1
        if parts is None:
            halves = _condition(clause)
            if halves is None:
                raise NotThisTask("not understood: " + clause)
            division, rest = halves
            group = _number(division.get("group") or division["size"])
            over = -_number(rest["short"]) if "short" in rest else _number(rest["left"])
            if group < 1 or abs(over) >= group:
                raise NotThisTask("more left over than can be")
            groups.append(group)
            left.append(over % group)
            items += [half["item"] for half in halves if "item" in half]
            continue
        if "item" in parts:
            items.append(parts["item"])
        if "box" in parts:
            boxes.append(parts["box"].casefold())
        if "limit" in parts:
            limits.append(_number(parts["limit"]) - (1 if "under" in parts else 0))
    if asks + leasts != 1 or not groups or not items:
        raise NotThisTask("something is missing")
    if any(not _same(items[0], item) for item in items) or len(set(boxes)) > 1:
        raise NotThisTask("more than one kind of things")
    if asks and len(limits) == 1:
        limit = limits[0]
    elif leasts and not limits and any(left):
        limit = None
    else:
        raise NotThisTask("no clear limit")
    return {"groups": groups, "left": left, "limit": limit}


def render(result, question: str) -> str:
    if result is None:
        raise NotThisTask("no number fits, or more than one")
    return str(result)
