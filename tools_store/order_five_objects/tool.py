import heapq
import re

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}
ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[0-9]{1,2}(?:st|nd|rd|th))"
BE = r"(?:is|are|was|were)"

# Each scale: comparatives and superlatives of the end that counts as first,
# then those of the other end, then whole verbs that compare in the same senses.
SCALES = (
    ("older", "oldest",
     "newer|younger|more recent|more modern", "newest|youngest|most recent|most modern", "", ""),
    ("cheaper|less expensive|less costly", "cheapest|least expensive|least costly",
     "more expensive|pricier|costlier|more costly", "most expensive|priciest|costliest|most costly",
     "costs? less than", "costs? more than"),
    ("shorter", "shortest", "taller", "tallest", "", ""),
    ("shorter", "shortest", "longer", "longest", "", ""),
    ("lighter", "lightest", "heavier", "heaviest", "weighs? less than", "weighs? more than"),
    ("slower", "slowest", "faster|quicker", "fastest|quickest", "", ""),
    ("smaller", "smallest", "larger|bigger", "largest|biggest", "", ""),
    ("quieter", "quietest", "louder", "loudest", "", ""),
    ("thinner", "thinnest", "thicker", "thickest", "", ""),
    ("narrower", "narrowest", "wider", "widest", "", ""),
    ("shallower", "shallowest", "deeper", "deepest", "", ""),
    ("dimmer", "dimmest", "brighter", "brightest", "", ""),
    ("colder|cooler", "coldest|coolest", "hotter|warmer", "hottest|warmest", "", ""),
    ("weaker", "weakest", "stronger", "strongest", "", ""),
    ("poorer", "poorest", "richer|wealthier", "richest|wealthiest", "", ""),
    ("earlier", "earliest", "later", "latest", "", ""),
)

PREAMBLE = (
    r"the following paragraphs? (?:each )?describes? a set of (?:five|5) (?:objects|things|items)"
    r" (?:arranged|placed|ordered) in a (?:fixed|certain|specific|particular) order\."
    r"|(?:the|all|all the) (?:statements|clues) are (?:all )?(?:logically )?consistent"
    r"(?: (?:within|in) (?:each|the|this) paragraph)?\."
)

# Words in the opening sentence that could change what the clues mean.
UNSURE = ("circle", "circular", "round", "ring", "reverse", "reversed", "opposite", "mirror",
          "mirrored", "backwards", "backward", "from", "facing", "not", "except", "than",
          "left", "right", "order", "teams", "pairs")


def order_five_objects(objects: list[str], clues: list[dict[str, str | int]],
                       claims: list[dict[str, str | int]]) -> list[int]:
    """Find which claims hold in every order of the objects that fits the clues, as indexes from 0 (none if the clues contradict each other).

    objects: the different names of the objects that stand in one line.
    clues: what is known, each {"object": name, "place": place counted from 1 at the first end} or
        {"object": name, "before": name of an object that stands nearer to the last end}.
    claims: the statements to test, written like the clues.
    """
    count = len(objects)
    index = {name: i for i, name in enumerate(objects)}
    if len(index) != count:
        raise ValueError("the objects must have different names")
    low = [1] * count
    high = [count] * count
    edges = []
    for clue in clues:
        i = index[clue["object"]]
        if "place" in clue:
            low[i] = max(low[i], clue["place"])
            high[i] = min(high[i], clue["place"])
        else:
            edges.append((i, index[clue["before"]]))
    if not can_be_ordered(count, edges, low, high):
        return []
    sure = []
    for number, claim in enumerate(claims):
        i = index[claim["object"]]
        if "place" in claim:
            earlier = list(high)
            earlier[i] = min(high[i], claim["place"] - 1)
            later = list(low)
            later[i] = max(low[i], claim["place"] + 1)
            otherwise = (can_be_ordered(count, edges, low, earlier)
                         or can_be_ordered(count, edges, later, high))
        else:
            j = index[claim["before"]]
            otherwise = i == j or can_be_ordered(count, edges + [(j, i)], low, high)
        if not otherwise:
            sure.append(number)
    return sure


def can_be_ordered(count, edges, low, high):
    """Whether the objects fit into places 1..count, each within its window, every edge (a, b) with a before b."""
    low = list(low)
    high = list(high)
    after = [[] for _ in range(count)]
    waiting = [0] * count
    for a, b in edges:
        after[a].append(b)
        waiting[b] += 1
    line = [v for v in range(count) if waiting[v] == 0]
    for v in line:  # grows while it is read: a topological order
        for w in after[v]:
            low[w] = max(low[w], low[v] + 1)
            waiting[w] -= 1
            if waiting[w] == 0:
                line.append(w)
    if len(line) < count:
        return False
    for v in reversed(line):
        for w in after[v]:
            high[v] = min(high[v], high[w] - 1)
    # Windows now respect the edges, so filling each place with the most urgent object is optimal.
    by_low = sorted(range(count), key=lambda v: low[v])
    urgent = []
    taken = 0
    for place in range(1, count + 1):
        while taken < count and low[by_low[taken]] <= place:
            v = by_low[taken]
            heapq.heappush(urgent, (high[v], v))
            taken += 1
        if not urgent:
            return False
        if heapq.heappop(urgent)[0] < place:
            return False
    return True


def make_axes():
    """All the ways of ordering that the reader knows."""
    axes = []
    for first_more, first_most, last_more, last_most, first_verb, last_verb in SCALES:
        before = BE + " (?:" + first_more + ") than"
        after = BE + " (?:" + last_more + ") than"
        if first_verb:
            before += "|" + first_verb
        if last_verb:
            after += "|" + last_verb
        axes.append({
            "verb": BE, "before": before, "after": after,
            "first": first_most, "last": last_most,
            "near": "", "far": "", "start": "", "end": "", "counted": False,
        })
    seat = (r"(?:(?:is|are|was|were)(?: (?:sitting|standing|perched|placed|located|positioned|parked))?"
            r"|sits?|sat|stands?|stood)")
    axes.append({
        "verb": seat,
        "before": seat + " (?:(?:to|on) the left of|left of)",
        "after": seat + " (?:(?:to|on) the right of|right of)",
        "first": "leftmost|left-most", "last": "rightmost|right-most",
        "near": "left", "far": "right",
        "start": r"(?:on|at) the (?:far left|extreme left|left end)|(?:the )?(?:furthest|farthest) (?:to the )?left",
        "end": r"(?:on|at) the (?:far right|extreme right|right end)|(?:the )?(?:furthest|farthest) (?:to the )?right",
        "counted": False,
    })
    axes.append({
        "verb": seat,
        "before": seat + " (?:above|over|higher than)",
        "after": seat + " (?:below|under|underneath|beneath|lower than)",
        "first": "topmost|top-most|uppermost|highest", "last": "bottommost|bottom-most|lowest",
        "near": "top", "far": "bottom",
        "start": "at the (?:very )?top", "end": "at the (?:very )?bottom",
        "counted": False,
    })
    rank = (r"(?:finished|finishes|came in|came|comes|placed|ranked|ranks|ended up|ended|arrived"
            r"|is|are|was|were|stands?|stood)")
    axes.append({
        "verb": rank,
        "before": rank + " (?:above|ahead of|in front of|before|higher than|better than)",
        "after": rank + " (?:below|behind|after|lower than|worse than)",
        "first": "", "last": "",
        "near": "front|top", "far": "back|rear|bottom",
        "start": "at the (?:very )?front(?: of the (?:line|queue))?",
        "end": "at the (?:very )?back(?: of the (?:line|queue))?",
        "counted": True,
    })
    return axes


def either(words):
    """A pattern for any one of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def ordinal_value(word):
    if word in ORDINALS:
        return ORDINALS[word]
    return int(word[:-2])


def read_place(rest, axis, count, nouns):
    """The place, counted from the first end, that a predicate such as 'is the second-newest' names; None if it names none."""
    rest = re.sub(r"\b(?:next[- ]to[- ]last|penultimate)\b", "second-to-last", rest)
    verb = axis["verb"]
    if axis["near"] and count % 2 and re.fullmatch("(?:" + verb + ") in the (?:exact )?middle", rest):
        return (count + 1) // 2
    ends = (
        (axis["first"], axis["near"], axis["start"], False),
        (axis["last"], axis["far"], axis["end"], True),
    )
    tail = "(?: place| position| in line| in the line| in the queue)?"
    for most, side, edge, from_last in ends:
        forms = []
        if most:
            forms.append("(?:the )?(?:(?P<k>" + ORDINAL + ")[- ])?(?:" + most + ")"
                         "(?: (?:" + nouns + "))?(?: of (?:all|them all|the five|all five))?")
        if side:
            forms.append("(?:in )?(?:the )?(?P<k>" + ORDINAL + ")(?: (?:" + nouns + "|place|position))?"
                         " from (?:the )?(?:" + side + ")(?: end)?")
        if edge:
            forms.append(edge)
        if axis["counted"]:
            if from_last:
                forms.append("(?:in )?(?:the )?(?:(?!first|1st)(?P<k>" + ORDINAL + ")[- ]to[- ])?last" + tail)
            else:
                forms.append("(?:in )?(?:the )?(?P<k>" + ORDINAL + ")" + tail)
        for form in forms:
            match = re.fullmatch("(?:" + verb + ") (?:" + form + ")", rest)
            if match:
                word = match.groupdict().get("k")
                k = ordinal_value(word) if word else 1
                if not 1 <= k <= count:
                    return None
                return count + 1 - k if from_last else k
    return None


def read_predicate(subject, rest, axis, objects, nouns):
    """What a predicate says of the subject, as a clue; None if it is not understood."""
    thing = "(?:the )?(?P<o>" + either(objects) + ")(?: (?:" + nouns + "))?"
    for key in ("before", "after"):
        match = re.fullmatch("(?:" + axis[key] + ") " + thing, rest)
        if match:
            other = match.group("o")
            if other == subject:
                return None
            if key == "before":
                return {"object": subject, "before": other}
            return {"object": other, "before": subject}
    place = read_place(rest, axis, len(objects), nouns)
    if place is None:
        return None
    return {"object": subject, "place": place}


def read_statement(sentence, axis, objects, nouns):
    """One statement about one object, as a clue; None if it is not understood."""
    match = re.fullmatch("(?:the )?(?P<s>" + either(objects) + ")(?: (?:" + nouns + "))? (?P<rest>.+)", sentence)
    if not match:
        return None
    return read_predicate(match.group("s"), match.group("rest"), axis, objects, nouns)


def read_clues(sentence, axis, objects, nouns):
    """All the statements of a sentence (joined by 'and' and the like); None if any part is not understood."""
    whole = read_statement(sentence, axis, objects, nouns)
    if whole is not None:
        return [whole]
    for joint in re.finditer(r"[,;]? (?:and|but|while|whereas) |; ", sentence):
        left = read_statement(sentence[:joint.start()], axis, objects, nouns)
        if left is not None:
            right = read_clues(sentence[joint.end():], axis, objects, nouns)
            if right is not None:
                return [left] + right
    return None


def read_objects(text):
    """The five different names of a list such as 'a thrush, a jay, ..., and a barn owl'."""
    parts = re.split(r", ?", text)
    if parts[-1].startswith("and "):
        parts[-1] = parts[-1][4:]
    else:
        last = parts.pop().split(" and ")
        if len(last) != 2:
            raise NotThisTask("no list of objects")
        parts.extend(last)
    names = []
    for part in parts:
        name = re.sub(r"^(?:an?|the) ", "", part.strip())
        if not re.fullmatch(r"\w[\w' -]*", name):
            raise NotThisTask("an object that cannot be read")
        names.append(name)
    if len(names) != 5 or len(set(names)) != 5:
        raise NotThisTask("not five different objects")
    return names


def read_opening(sentence):
    """The objects and the pattern of the nouns for them, from the sentence that lists the five."""
    halves = re.fullmatch(r"([^:]+): ?([^:]+)\.", sentence)
    if not halves:
        raise NotThisTask("no list of objects")
    head = halves.group(1)
    if any(word in UNSURE for word in re.findall(r"[\w']+", head)):
        raise NotThisTask("an unusual arrangement")
    where = r"(?:on|in|at|inside|along|outside|under|near) (?:[\w'-]+ ){0,5}[\w'-]+"
    five = r"(?:five|5)(?: different)?"
    noun = r"(?P<noun>[a-z][\w'-]*(?: [a-z][\w'-]*){0,3}?)"
    shapes = (
        where + r",? there (?:are|were) " + five + " " + noun,
        r"there (?:are|were) " + five + " " + noun + "(?: " + where + ")?",
        r"(?:an?|the|one|my|our) (?:[\w'-]+ ){0,4}[\w'-]+"
        r" (?:sells|sold|has|had|offers|offered|holds|held|contains|contained|displays|displayed|stocks|carries|features)"
        r" " + five + " " + noun,
        five + " " + noun + r" (?:are|were|sit|sat|stand|stood|competed|played|took part|raced|ran)"
        r"(?: (?:sitting|standing|perched|placed|parked|sold|displayed|lined up|arranged))? " + where,
    )
    for shape in shapes:
        match = re.fullmatch(shape, head)
        if match:
            break
    else:
        raise NotThisTask("an opening that cannot be read")
    objects = read_objects(halves.group(2).strip())
    phrase = match.group("noun")
    nouns = {"one"}
    for word in (phrase, phrase.split(" ")[-1]):
        nouns.add(word)
        if word.endswith("ies"):
            nouns.add(word[:-3] + "y")
        if word.endswith("es"):
            nouns.add(word[:-2])
        if word.endswith("s"):
            nouns.add(word[:-1])
    nouns = {word for word in nouns if len(word) > 1}
    for name in objects:
        for word in nouns:
            if name + " " + word in objects:
                raise NotThisTask("objects that cannot be told apart")
    return objects, either(nouns)


def read_options(text):
    """The texts of the options (A), (B), ..., in lower case."""
    pieces = re.split(r"\(([A-Z])\)", text)
    labels = pieces[1::2]
    if pieces[0].strip() or not 2 <= len(labels) <= 26:
        raise NotThisTask("no options")
    if labels != [chr(65 + i) for i in range(len(labels))]:
        raise NotThisTask("options with other letters")
    options = []
    for piece in pieces[2::2]:
        option = piece.strip().lower()
        if option.endswith("."):
            option = option[:-1]
        if not option:
            raise NotThisTask("an empty option")
        options.append(option)
    return options


def read_claims(options, asked, axis, objects, nouns):
    """The options as claims; None if any is not understood. `asked` is the question in words, or empty."""
    general = (r"(?:which|what)(?: one)?(?: of the (?:following|options|statements|following statements|following options))?"
               r"(?: statement| option)? (?:is|must be|has to be) (?:true|correct)")
    claims = []
    if not asked or re.fullmatch(general, asked):
        for option in options:
            claims.append(read_statement(option, axis, objects, nouns))
    else:
        match = re.fullmatch(r"(?:who|which(?: of (?:the|these)(?: five)?)?(?: (?:" + nouns + r"))?) (?P<rest>.+)", asked)
        if not match:
            return None
        for option in options:
            name = re.fullmatch("(?:(?:the|an?) )?(?P<s>" + either(objects) + ")", option)
            if not name:
                return None
            claims.append(read_predicate(name.group("s"), match.group("rest"), axis, objects, nouns))
    if any(claim is None for claim in claims):
        return None
    return claims


def parse(question: str) -> dict:
    if not isinstance(question, str) or len(question) > 20000:
        raise NotThisTask("not a question of this task")
    text = question
    for odd, plain in (("\u2019", "'"), ("\u2018", "'"), ("\u2010", "-"), ("\u2011", "-"),
                       ("\u2012", "-"), ("\u2013", "-"), ("\u2014", "-")):
        text = text.replace(odd, plain)
    text = " ".join(text.split())
    halves = re.split(r"\b(?:answer )?(?:options|choices) ?:", text, flags=re.IGNORECASE)
    if len(halves) != 2:
        raise NotThisTask("no options")
    options = read_options(halves[1])
    sentences = re.split(r"(?<=[.?!]) ", halves[0].strip().lower())
    while sentences and re.fullmatch(PREAMBLE, sentences[0]):
        sentences.pop(0)
    if not sentences:
        raise NotThisTask("no list of objects")
    objects, nouns = read_opening(sentences.pop(0))
    asked = ""
    if sentences and sentences[-1].endswith("?"):
        asked = sentences.pop()[:-1].strip()
    if not sentences or any(not sentence.endswith(".") for sentence in sentences):
        raise NotThisTask("no clues, or something that is no clue")
    readings = []
    for axis in make_axes():
        clues = []
        for sentence in sentences:
            found = read_clues(sentence[:-1].strip(), axis, objects, nouns)
            if found is None:
                break
            clues.extend(found)
        else:
            claims = read_claims(options, asked, axis, objects, nouns)
            if claims is not None:
                reading = {"objects": objects, "clues": clues, "claims": claims}
                if reading not in readings:
                    readings.append(reading)
    if len(readings) != 1:
        raise NotThisTask("clues or options that cannot be read in one way")
    return readings[0]


def render(result, question: str) -> str:
    if len(result) != 1:
        raise NotThisTask("not exactly one option must be true")
    return "(" + chr(65 + result[0]) + ")"
