import re
import unicodedata

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
           "eighteen", "nineteen", "twenty")

# In a list without commas these may be part of a sentence rather than words to sort.
LINKS = ("and", "or", "then", "but", "ignoring", "except", "excluding", "without", "reverse",
         "reversed", "descending", "also")

# The signs that a word may hold, in the order that collation tables give them
# (in the order of character codes they stand otherwise); all come before digits and letters.
SIGNS = "-.'/&#+"

WORD = r"[^\W_]+(?:[-'\u2019&./+#]{1,2}[^\W_]+)*(?:\+{1,2}|#)?"


def word_sorting(words: list[str]) -> list[str]:
    """Sort words alphabetically, keeping repeated ones.

    words: the words, in any order.
    """
    return sorted(words, key=lambda word: (word.lower(), word))


def plain(word):
    """The word in lower case without accents."""
    spread = unicodedata.normalize("NFKD", word.replace("\u2019", "'"))
    return "".join(ch for ch in spread if not unicodedata.combining(ch)).lower()


def collated(word):
    """The plain word with its signs in the order of collation tables."""
    return "".join(chr(1 + SIGNS.index(ch)) if ch in SIGNS else ch for ch in plain(word))


def natural(word):
    """The plain word with runs of digits read as numbers, which stand between signs and letters."""
    return [("0", int(bit)) if bit.isdigit() else (bit, 0)
            for bit in re.findall(r"[0-9]+|[^0-9]", plain(word))]


def settled(words):
    """Whether the usual rules (for capitals, accents, signs, digits) agree on one order of these words.

    Signs such as hyphens count, and come before digits and letters: "co-op" before "cocoa".
    """
    line = sorted(set(words))
    for rule in (str.lower, plain, collated, natural):
        keys = [rule(word) for word in line]
        if any(not a < b for a, b in zip(keys, keys[1:])):
            return False
    return True


def head_pattern():
    """The wordings that ask for words in alphabetical order."""
    number = r"(?:[0-9]{1,4}|" + "|".join(NUMBERS[2:]) + ")"
    things = (
        r"(?:(?:all )?(?:of )?(?:these|those|the|the following|the given|the listed|following|my)"
        r"(?: " + number + r")?(?: english)? (?:words|terms)(?: below| that follow)?"
        r"|(?:this|the|the following|the given|following)"
        r" (?:word list|words list|list of(?: " + number + r")? words|set of(?: " + number + r")? words"
        r"|group of(?: " + number + r")? words|list)(?: below)?)"
    )
    order = r"(?:ascending )?alphabetic(?:al)? order"
    how = (r"(?:alphabetically|(?:in|into|by) " + order + r"|in dictionary order|lexicographically)"
           r"(?:,? (?:from )?a(?: to |-)z|,? \((?:from )?a(?: to |-)z\))?")
    verb = r"(?:sort|order|arrange|put|list|place|organi[sz]e|write|rearrange|reorder)"
    polite = r"(?:please,? |kindly |(?:can|could|would|will) you (?:please )?)?"
    shapes = (
        polite + verb + " " + things + " " + how + "(?:,? please)?",
        polite + verb + " " + how + "(?: " + things + ")?",
        polite + "alphabetically " + verb + " " + things,
        polite + "alphabeti[sz]e " + things,
        "in " + order + ",? " + polite + verb + " " + things,
        "(?:what is|give|give me|write|find) the alphabetical order (?:of|for) " + things,
    )
    return "(?:" + "|".join(shapes) + ")"


def read(question):
    """The words of a question, and what separates them."""
    if not isinstance(question, str) or len(question) > 200000:
        raise NotThisTask("not a question of this task")
    label = r"(?:(?:word )?list|words) ?:"
    match = re.fullmatch(
        r"(?P<head>" + head_pattern() + r")"
        r"(?: ?:\s*" + label + r"| ?:|[.?]?\s+" + label + r")\s*(?P<body>\S[^\n]*)",
        question.strip(), flags=re.IGNORECASE)
    if not match:
        raise NotThisTask("not a request to sort words alphabetically")
    body = match.group("body").strip()
    if "," in body:
        joint = ", "
        words = re.split(r", +", body)
    else:
        joint = " "
        words = re.split(r" +", body)
    if len(words) < 2:
        raise NotThisTask("no list of words")
    for word in words:
        if not re.fullmatch(WORD, word):
            raise NotThisTask("something in the list that is not one word")
        letters = plain(word)
        if not re.fullmatch(r"[a-z0-9'&./+#-]+", letters) or not re.search(r"[a-z]", letters):
            raise NotThisTask("a word in other letters, or with none")
        if joint == " " and word.lower() in LINKS:
            raise NotThisTask("a list that may be a sentence")
    for said in re.findall(r"[a-z]+|[0-9]+", match.group("head").lower()):
        if said.isdigit():
            number = int(said)
        elif said in NUMBERS[2:]:
            number = NUMBERS.index(said)
        else:
            continue
        if number != len(words):
            raise NotThisTask("another number of words than was said")
    return words, joint


def parse(question: str) -> dict:
    words, _ = read(question)
    if not settled(words):
        raise NotThisTask("the usual rules of alphabetical order disagree on these words")
    return {"words": words}


def render(result, question: str) -> str:
    _, joint = read(question)
    return joint.join(result)
