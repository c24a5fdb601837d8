import re
import unicodedata
from typing import Literal

# Nouns that mean the same thing when people swap them.
KINDS = (
    ("place", "seat", "table", "spot", "position", "chair", "desk", "station", "bench",
     "room", "bunk", "bed", "lane", "locker", "stool", "row"),
    ("gift", "present"),
    ("book", "novel"),
    ("job", "task", "chore", "duty"),
    ("hat", "cap"),
    ("drink", "beverage"),
    ("car", "vehicle"),
)

# Nouns for the people themselves: never the thing that is swapped.
PEOPLE = ("they", "each", "people", "person", "players", "player", "friends", "friend",
          "pairs", "pair", "dancers", "dancer", "members", "member", "guests", "guest")

# Words that would change the meaning of the setting.
GUARD = ("not", "never", "no", "except", "unless", "without", "if", "only", "undo", "undone",
         "back", "cancel", "cancelled", "reverse", "reversed", "refuse", "refuses", "instead",
         "but", "pretend", "pretends", "however", "almost", "nearly", "nobody", "none",
         "consider", "considers", "want", "wants", "wanted", "like", "likes", "hate", "hates",
         "wish", "wishes", "need", "needs", "dislikes", "secretly", "don't", "doesn't")

# Verbs of having, as said now (at the end), and further ones as said at the start.
HOLD_NOW = ("has", "had", "has got", "holds", "held", "is holding", "owns", "owned",
            "possesses", "possessed", "gets", "got", "carries", "carried", "is carrying",
            "wears", "wore", "is wearing", "ends up with", "ended up with", "winds up with",
            "wound up with", "is left with", "will have", "will be holding")
HOLD_START = ("buys", "bought", "receives", "received", "is given", "is handed", "is dealt",
              "is assigned", "takes", "took", "picks", "picked", "picks up", "picked up",
              "chooses", "chose", "selects", "selected", "draws", "drew", "grabs", "grabbed",
              "brings", "brought", "orders", "ordered", "adopts", "adopted", "borrows",
              "borrowed", "collects", "collected", "puts on", "put on", "starts with",
              "started with", "starts out with", "started out with", "begins with",
              "began with")

SWAP_VERB = (r"(?:swap(?:s|ped)?|switch(?:es|ed)?|trad(?:e|es|ed)|exchang(?:e|es|ed)"
             r"|(?:inter)?chang(?:e|es|ed))")
SWAP_VERB_ANY = (r"(?:swap(?:s|ped|ping)?|switch(?:es|ed|ing)?|trad(?:e|es|ed|ing)"
                 r"|exchang(?:e|es|ed|ing)|(?:inter)?chang(?:e|es|ed|ing))")

FIRSTS = ("First of all", "Firstly", "First", "To begin with", "To begin", "To start with",
          "To start")
LASTS = ("Last of all", "Lastly", "Finally", "Last")
LATER = ("And then", "After that", "After this", "Afterwards", "Afterward", "Following that",
         "Following this", "Later on", "Later", "Next", "Soon after", "Subsequently", "Then")
ORDINALS = ("Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")

HEAD = (
    r"(?P<names>[^:;?!]+?) (?:are|were) (?P<setting>[^.:;?!]+)\. "
    r"(?:At the (?:very )?(?:start|beginning|outset)(?: of [^,.:;?!]+)?|Initially"
    r"|To start(?: with)?|To begin(?: with)?|In the beginning),? "
    r"(?P<clause>(?:they|everyone|everybody|each|every|all|the) [^.:;?!]+): "
)

TRANSITION = (
    r"(?:(?:As|During|Throughout|Over|While|In|Through|Across)(?: [A-Za-z'’-]+){1,8}, )?"
    r"(?i:(?:(?:various|several|different|some|random|many|a few) )?(?:pairs|couples) of "
    r"(?:the )?[a-z]+|they(?: all)?|people|(?:the|some|these) [a-z]+(?: [a-z]+)?)"
    r"(?: (?:often|occasionally|sometimes|repeatedly|frequently|regularly|will|keep|kept))?"
    r"(?: (?:start|begin|started|began))?(?: to)?"
    r" (?P<verb>" + SWAP_VERB_ANY + r")"
    r"(?P<thing>(?: (?!with\b|in\b|among\b)[a-z]+){0,5}?)"
    r"(?: (?:in pairs|with each other|with one another|among themselves|among each other"
    r"|several times|a few times))?"
)

FINAL = (
    r"(?:(?:At|By) the (?:very )?end(?: of (?P<event>[^,.:;?!]+))?|In the end),? (?P<tail>.+)"
)


def track_swaps(start: dict[str, str], swaps: list[list[str]], ask: str,
                kind: Literal["item", "holder"]) -> str:
    """Carry out swaps between pairs of people in order and tell who ends up with what.

    start: what each person has at the start, by the person's name.
    swaps: the swaps in order, each a list of the two people who swap.
    ask: the person asked about (kind "item") or the item asked about (kind "holder").
    kind: "item" to get what the person has at the end, "holder" to get who has the item.
    """
    held = dict(start)
    for pair in swaps:
        if len(pair) != 2 or pair[0] not in held or pair[1] not in held:
            raise ValueError("a swap needs two known people")
        one, two = pair
        held[one], held[two] = held[two], held[one]
    if kind == "item":
        if ask not in held:
            raise ValueError("unknown person")
        return held[ask]
    found = [person for person, item in held.items() if item == ask]
    if len(found) != 1:
        raise ValueError("the item has no single holder")
    return found[0]


def _bare(text):
    """Text with single spaces and without a leading lower-case article."""
    return re.sub(r"^(?:a|an|the|one) (?=\S)", "", " ".join(text.split()))


def _split_options(question):
    """The body of the question and its options as (label, bare text)."""
    if not isinstance(question, str):
        raise NotThisTask("not a text")
    text = unicodedata.normalize("NFC", question).replace("\r\n", "\n").strip()
    parts = re.split(r"\n[ \t]*(?:Options|Choices):[ \t]*\n", text)
    if len(parts) != 2:
        raise NotThisTask("no single list of options")
    options = []
    for line in parts[1].split("\n"):
        if not line.strip():
            continue
        hit = re.fullmatch(r"\(([A-Z])\)\s+(\S.*)", line.strip())
        if hit is None or hit[1] != chr(ord("A") + len(options)):
            raise NotThisTask("an option that cannot be read")
        options.append((hit[1], _bare(hit[2])))
    if len(options) < 2 or len({text for _, text in options}) != len(options):
        raise NotThisTask("options that are too few or not distinct")
    return parts[0], options


def _read_names(text):
    word = r"[^\W\d_][\w'’\-]*\.?"
    name = word + r"(?: " + word + r"){0,2}?"
    if not re.fullmatch(name + r"(?:, " + name + r")*,? and " + name, text):
        raise NotThisTask("no list of names")
    names = re.split(r", and |, | and ", text)
    if len(names) < 2 or len(set(names)) != len(names):
        raise NotThisTask("names that are not distinct")
    for person in names:
        if not all(part[0].isupper() for part in person.split()):
            raise NotThisTask("not a name")
    return names


def _words(text):
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text)


def _check_plain(text):
    for word in _words(text.lower().replace("’", "'")):
        if word in GUARD:
            raise NotThisTask("a condition that is not understood: " + word)


def _forms(word):
    forms = {word}
    if word.endswith("s") and not word.endswith("ss"):
        forms.add(word[:-1])
    if word.endswith("es"):
        forms.add(word[:-2])
    if word.endswith("ies"):
        forms.add(word[:-3] + "y")
    if word.endswith("ves"):
        forms.add(word[:-3] + "f")
        forms.add(word[:-3] + "fe")
    return forms


def _same_kind(one, two):
    first, second = _forms(one), _forms(two)
    if first & second:
        return True
    return any(first & set(kind) and second & set(kind) for kind in KINDS)


def _thing_head(phrase, vocabulary):
    """The noun of a phrase such as "their new books", or None for an empty phrase."""
    words = phrase.split()
    if not words:
        return None
    if words[0] in ("around", "about"):
        words = words[1:]
    if words and words[0] in ("their", "the", "these", "those"):
        words = words[1:]
    if words and words[0] in ("new", "own"):
        words = words[1:]
    if not words:
        raise NotThisTask("swapping nothing that is named")
    for word in words[:-1]:
        if word not in vocabulary and word != "dance":
            raise NotThisTask("a thing that is not understood")
    if words[-1] in PEOPLE:
        raise NotThisTask("people are swapped, not things")
    return words[-1]


def _verb_class(verb):
    verb = re.sub(r"^(?:ends|ended|winds|wound) up (?=[a-z]+ing\b)", "is ", verb)
    verb = re.sub(r"^was\b", "is", verb)
    if verb in HOLD_NOW or verb in HOLD_START:
        return "hold"
    hit = re.fullmatch(
        r"(?:is sitting|is seated|sits|sat|sits down|sat down|is placed|is)( at| in| on)", verb)
    if hit:
        return "place" + hit[1]
    return verb


def _verbs_agree(initial, final):
    """Whether the final verb asks for just what the initial verb told."""
    group = _verb_class(initial)
    if group != _verb_class(final):
        return False
    return group != "hold" or re.sub(r"^was\b", "is", final) in HOLD_NOW


def _clauses(text, names, either):
    """The words after each person's name in the list of what they start with."""
    marks = list(re.finditer(
        r"(?P<sep>^|[,;] (?:and )?| and )(?P<person>" + either + r") (?=[a-z])", text))
    people = [mark["person"] for mark in marks]
    if sorted(people) != sorted(names) or marks[0].start() != 0:
        raise NotThisTask("not everyone has just one start")
    for index, mark in enumerate(marks[1:], 1):
        if ("and" in mark["sep"]) != (index == len(marks) - 1):
            raise NotThisTask("a broken list")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark["person"]: text[mark.end():end] for mark, end in zip(marks, ends)}


def _items_by_options(clauses, options):
    """The common verb and each person's item, where the options are the items."""
    readings = {}
    common = None
    for person, rest in clauses.items():
        found = {}
        for _, item in options:
            if not rest.endswith(" " + item):
                continue
            verb = re.sub(r" (?:a|an|the|one)$", "", rest[:-len(item) - 1])
            if re.fullmatch(r"[a-z]+(?: [a-z]+){0,3}", verb):
                found.setdefault(verb, []).append(item)
        readings[person] = found
        common = set(found) if common is None else common & set(found)
    if not common or len(common) != 1:
        raise NotThisTask("the items cannot be told from the verbs")
    verb = common.pop()
    start = {}
    for person, found in readings.items():
        if len(found[verb]) != 1:
            raise NotThisTask("an item that can be read in two ways")
        start[person] = found[verb][0]
    if set(start.values()) != {item for _, item in options}:
        raise NotThisTask("an option that nobody starts with")
    return verb, start


def _items_by_verbs(clauses):
    """The common verb and each person's item, where the options are the people."""
    fixed = sorted(HOLD_NOW + HOLD_START, key=len, reverse=True)
    known = (r"(?:(?:is|was) [a-z]+ing(?: (?:at|in|on|with|as))?"
             r"|(?:is seated|was seated|sits down|sat down|sits|sat|is placed|is|was) (?:at|in|on)"
             r"|plays|dances with|" + "|".join(re.escape(verb) for verb in fixed) + r")")
    verbs = set()
    start = {}
    for person, rest in clauses.items():
        hit = re.fullmatch(r"(" + known + r") ([^.,;:?!]+)", rest)
        if hit is None:
            raise NotThisTask("a start that cannot be read")
        verbs.add(hit[1])
        start[person] = _bare(hit[2])
    if len(verbs) != 1 or len(set(start.values())) != len(start):
        raise NotThisTask("starts that are not alike or not distinct")
    return verbs.pop(), start


def _read_swaps(rest, either):
    """What stands before the swaps, the swaps with verbs and things, what stands after."""
    links = sorted(FIRSTS + LASTS + LATER + ORDINALS
                   + tuple(word + "ly" for word in ORDINALS), key=len, reverse=True)
    thing = r"(?: (?!with\b|again\b)[a-z]+){0,4}?"
    step = (
        r"(?:(?P<link>" + "|".join(links) + r"),? )?"
        r"(?:(?P<a>" + either + r") and (?P<b>" + either + r") (?P<v>" + SWAP_VERB + r")"
        r"(?P<t>" + thing + r")(?: with each other| with one another)?(?: again)?"
        r"|(?P<c>" + either + r") (?P<w>" + SWAP_VERB + r")(?P<u>" + thing + r")"
        r" with (?P<d>" + either + r"))\. "
    )
    first = re.search(r"\. (?=" + step + r")", rest)
    if first is None:
        raise NotThisTask("no swaps")
    reader = re.compile(step)
    place = first.end()
    steps = []
    while True:
        hit = reader.match(rest, place)
        if hit is None:
            break
        if hit["a"] is not None:
            steps.append((hit["link"], hit["a"], hit["b"], hit["v"], hit["t"]))
        else:
            steps.append((hit["link"], hit["c"], hit["d"], hit["w"], hit["u"]))
        place = hit.end()
    for index, (link, one, two, _, _) in enumerate(steps):
        if one == two:
            raise NotThisTask("someone swaps alone")
        if link in FIRSTS and index != 0:
            raise NotThisTask("swaps out of order")
        if link in LASTS and index != len(steps) - 1:
            raise NotThisTask("swaps out of order")
        for number, word in enumerate(ORDINALS, 1):
            if link in (word, word + "ly") and index != number:
                raise NotThisTask("swaps out of order")
    return rest[:first.start()], steps, rest[place:]


def _check_things(uses, vocabulary, nouns):
    """Everything that is swapped must be the things that were handed out."""
    heads = []
    for verb, phrase in uses:
        head = _thing_head(phrase, vocabulary)
        if verb.startswith("chang"):
            if head is None or not (_same_kind(head, "place") or _same_kind(head, "partner")):
                raise NotThisTask("a change that may be no swap")
        if head is not None:
            heads.append(head)
    if not heads:
        raise NotThisTask("it is not said what is swapped")
    for head in heads:
        if not _same_kind(head, heads[0]):
            raise NotThisTask("different things are swapped")
        if not any(_same_kind(head, noun) for noun in nouns):
            raise NotThisTask("something else is swapped")


def _read_item_question(tail, either):
    """(person, verb, words for the kind of thing), or None if it is no such question."""
    hit = re.fullmatch(
        r"(?P<p>" + either + r") (?P<v>[a-z]+(?: [a-z]+){0,4}?)(?: (?:a|an|the))?"
        r"(?: ?(?:\?|:|\.\.\.|…|_+))?", tail)
    if hit:
        return hit["p"], hit["v"], []
    hit = re.fullmatch(
        r"(?i:which|what)(?P<k>(?: [a-z]+){0,3}) (?:does|did|will) (?P<p>" + either + r") "
        r"(?:have|hold|own|possess|get|end up with|wind up with)\?", tail)
    if hit:
        return hit["p"], "has", hit["k"].split()
    hit = re.fullmatch(
        r"(?:(?P<q>(?i:at|in|on|with)) )?(?i:which|what|whom|who)(?P<k>(?: [a-z]+){0,2}) "
        r"(?:is|was) (?P<p>" + either + r") (?P<v>[a-z]+(?: [a-z]+)?)\?", tail)
    if hit:
        verb = "is " + hit["v"] + (" " + hit["q"].lower() if hit["q"] else "")
        return hit["p"], verb, hit["k"].split()
    return None


def parse(question: str) -> dict:
    body, options = _split_options(question)
    text = " ".join(body.split())
    head = re.match(HEAD, text)
    if head is None:
        raise NotThisTask("no such setting")
    names = _read_names(head["names"])
    either = r"(?:" + "|".join(
        re.escape(name) for name in sorted(names, key=len, reverse=True)) + r")"
    _check_plain(head["setting"])
    _check_plain(head["clause"])

    before, steps, after = _read_swaps(text[head.end():], either)

    # What people start with, and perhaps a sentence that leads to the swaps.
    uses = [(verb, phrase) for _, _, _, verb, phrase in steps]
    starts = before
    cut = before.rfind(". ")
    if cut >= 0:
        lead = re.fullmatch(TRANSITION, before[cut + 2:])
        if lead is not None:
            sentence = before[cut + 2:]
            _check_plain(sentence)
            if re.search(r"\b" + either + r"\b", sentence):
                raise NotThisTask("the leading sentence tells more")
            uses.append((lead["verb"], lead["thing"]))
            starts = before[:cut]
    clauses = _clauses(starts, names, either)

    # What is asked.
    final = re.fullmatch(FINAL, after)
    if final is None:
        raise NotThisTask("something between the swaps and the question")
    if final["event"] is not None:
        words = final["event"].lower().split()
        if len(words) > 5 or any(
                word in ("first", "second", "third", "fourth", "fifth", "previous", "next", "half",
                         "last", "before")
                for word in words):
            raise NotThisTask("another time is asked about")
        _check_plain(final["event"])
    tail = final["tail"].strip()
    asked = _read_item_question(tail, either)
    if asked is not None:
        ask, final_verb, about = asked
        kind = "item"
        verb, start = _items_by_options(clauses, options)
        if not _verbs_agree(verb, final_verb):
            raise NotThisTask("the question asks for something else")
    else:
        about = []
        kind = "holder"
        if not re.fullmatch(r"(?i:who) .+\?", tail):
            raise NotThisTask("a question that cannot be read")
        if {text for _, text in options} != set(names):
            raise NotThisTask("the options are not the people")
        verb, start = _items_by_verbs(clauses)
        said = tail[4:-1].strip()
        fits = []
        for item in start.values():
            if said.endswith(" " + item):
                final_verb = re.sub(r" (?:a|an|the)$", "", said[:-len(item) - 1])
                if _verbs_agree(verb, final_verb):
                    fits.append(item)
        if len(fits) != 1:
            raise NotThisTask("the item asked about is not clear")
        ask = fits[0]
    _check_plain(verb)

    # What is swapped must be what people started with.
    nouns = set(_words(head["clause"].lower()))
    for item in start.values():
        nouns.update(word for word in _words(item) if word.islower())
    nouns -= set(PEOPLE)
    _check_things(uses, nouns, nouns)
    for word in about:
        if word not in ("color", "colour", "of") and not any(
                _same_kind(word, noun) for noun in nouns):
            raise NotThisTask("the question asks for something else")

    return {
        "start": start,
        "swaps": [[one, two] for _, one, two, _, _ in steps],
        "ask": ask,
        "kind": kind,
    }


def render(result, question: str) -> str:
    _, options = _split_options(question)
    labels = [label for label, text in options if text == result]
    if len(labels) != 1:
        raise NotThisTask("the result is not one of the options")
    return "(" + labels[0] + ")"
