import re

CLOSERS = {"(": ")", "[": "]", "{": "}", "<": ">"}

THING = r"(?:parentheses|brackets|parenthesis pairs|bracket pairs|pairs of brackets)"

SEQUENCE = (r"(?:(?:the|this) )?(?:following |given )?(?:bracket |parenthesis |parentheses )?"
            r"(?:sequence|string)(?: of " + THING + r")?(?: below)?")

QUESTION = (
    r"(?i:(?:please )?"
    # what to do
    r"(?:(?:complete|finish|continue) (?:the (?:rest|remainder|end) of )?" + SEQUENCE +
    r"|(?:complete|give|write|provide|supply|add|fill in) the (?:rest|remainder|end) of "
    + SEQUENCE + r")"
    # to what end
    r",?(?: and)? (?:making sure|make sure|ensuring|ensure|so|such)(?: that)? "
    r"(?:all |all of |every one of )?(?:the )?(?:" + THING + r"|them|of them) "
    r"(?:are|get|become) (?:all )?(?:(?:properly|correctly) closed"
    r"|closed(?: (?:properly|correctly))?)"
    r"(?:\.|:)\s*"
    # the sequence
    r"(?:(?:input|sequence|the sequence|string)(?: is)?:\s*)?)"
    r"(?P<tick>`?)(?P<sequence>[\[\](){}<>][\[\](){}<>\s]*)(?P=tick)"
    r"(?i:\s*(?:output|answer):)?\s*"
)


def close_brackets(sequence: str) -> list[str]:
    """Give the brackets that close, in the right order, all that a sequence of brackets leaves open.

    sequence: the brackets so far, of the kinds (), [], {} and <>, with or without white space between them.
    """
    waiting = []
    for sign in sequence:
        if sign.isspace():
            continue
        if sign in CLOSERS:
            waiting.append(CLOSERS[sign])
        elif not waiting or waiting.pop() != sign:
            raise ValueError("the sequence cannot be completed")
    waiting.reverse()
    return waiting


def _read_sequence(question):
    """The pieces between white space of the sequence in the question."""
    if not isinstance(question, str):
        raise NotThisTask("not a text")
    hit = re.fullmatch(QUESTION, question.strip())
    if hit is None:
        raise NotThisTask("not a question about closing brackets")
    return hit["sequence"].split()


def _joint(pieces):
    """What stands between the brackets of the sequence, or None where that is not uniform."""
    if all(len(piece) == 1 for piece in pieces):
        return " "
    if len(pieces) == 1:
        return ""
    return None


def parse(question: str) -> dict:
    pieces = _read_sequence(question)
    signs = "".join(pieces)
    try:
        rest = close_brackets(signs)
    except ValueError as error:
        raise NotThisTask(str(error))
    if not rest:
        raise NotThisTask("nothing is left to close")
    if len(rest) > 1 and _joint(pieces) is None:
        raise NotThisTask("not clear whether the answer is to have spaces")
    return {"sequence": " ".join(signs)}


def render(result, question: str) -> str:
    """Write the closing brackets spaced as the brackets of the question are."""
    if not result:
        raise NotThisTask("nothing is left to close")
    joint = _joint(_read_sequence(question))
    if joint is None:
        if len(result) > 1:
            raise NotThisTask("not clear whether the answer is to have spaces")
        joint = ""
    return joint.join(result)
