import json
import re

LEVELS = (r"(?:trace|debug|verbose|info|notice|warn|warning|error|err|severe|critical|crit"
          r"|fatal|alert|emergency|emerg|panic)")

MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

ISO_TIME = (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?")

# time LEVEL [module] message
APP_LINE = (r"(?P<time>" + ISO_TIME + r") +(?P<level>(?i:" + LEVELS + r")) +"
            r"\[(?P<module>[^\[\]\s]+(?: [^\[\]\s]+)*)\] (?P<message>\S(?:.*\S)?)")

# time host program[pid]: message
SYSTEM_LINE = (r"(?P<time>" + MONTHS + r" {1,2}\d{1,2} \d\d:\d\d:\d\d) (?P<host>\S+) "
               r"(?P<program>[^\s\[\]:]+)(?:\[(?P<pid>\d+)\])?: (?P<message>\S(?:.*\S)?)")

# the access log of a web server
ACCESS_LINE = (r'(?P<ip>\S+) (?P<ident>\S+) (?P<user>\S+) '
               r'\[(?P<time>\d\d/' + MONTHS + r'/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
               r'"(?P<request>(?P<method>[A-Z]+) (?P<url>[^\s"\\]+) (?P<protocol>HTTP/\d(?:\.\d)?))" '
               r'(?P<status>\d{3}) (?P<size>\d+|-)'
               r'(?: "(?P<referer>[^"\\]*)" "(?P<agent>[^"\\]*)")?')

# key=value, the value bare or in quotes
PAIR = (r"(?P<key>[A-Za-z_@][\w.@/-]*)="
        r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^'\\]*'|(?![\"'])[^\s\"]*)(?: +|$)")

# Other names that people use for the parts of a line whose parts are told by their places.
OTHER_NAMES = {
    "time": ("timestamp", "ts", "datetime"),
    "level": ("severity", "loglevel", "log_level"),
    "module": ("logger", "component"),
    "message": ("msg",),
    "host": ("hostname",),
    "program": ("process", "app", "service", "daemon", "prog", "proc", "appname"),
    "ip": ("client", "client_ip", "remote_addr", "addr", "address", "host"),
    "status": ("status_code", "code"),
    "size": ("bytes",),
    "url": ("uri", "target"),
    "referer": ("referrer",),
    "agent": ("user_agent", "useragent"),
}

NAME = r"[\"'`]?[A-Za-z_@][\w@-]*(?:\.[\w@-]+)*[\"'`]?"
NAME_LIST = NAME + r"(?:(?:, and |, | and )" + NAME + r")*"
ORDER = r"in (?:exactly )?(?:this|that|the following|the given) order"

# Words of an instruction that carry nothing beyond what is checked for.
GLUE = ("a above all an and answer are as be below between but by convert copied copy each "
        "every exactly extract field fields following for from get give given here in into is "
        "it its json just key keys line log make object of on one one-line only out output "
        "parse parts pick please print produce pull put read reply return separators show "
        "single single-line string strings take text that the their them these this to turn "
        "value values whose with write")


def log_line_fields(line: str, keys: list[str]) -> str:
    """Pick the named fields out of a log line and give them as one line of compact JSON.

    line: the log line.
    keys: the names of the fields, in the order in which they are to stand.
    """
    fields = _read_line(line)
    picked = {}
    for key in keys:
        value = fields.get(key)
        if value is None:
            raise ValueError("no such field, or not a clear one: " + key)
        if not (key + value).isascii():
            raise ValueError("not clear how to write letters beyond ASCII")
        picked[key] = value
    return json.dumps(picked, separators=(",", ":"))


def _read_line(line):
    """The fields of a log line; None for a field that can be read in more than one way."""
    if "\n" in line or "\r" in line or line != line.strip():
        raise ValueError("not one clean line")
    if line.startswith("{"):
        return _read_json(line)
    for pattern in (APP_LINE, SYSTEM_LINE, ACCESS_LINE):
        hit = re.fullmatch(pattern, line)
        if hit is not None:
            return _named_parts(hit.groupdict())
    return _read_pairs(line)


def _named_parts(parts):
    """The parts told by their places, under each name that is used for them."""
    message = parts.get("message")
    if message is not None and (message[0] in "\"'" and message[-1] == message[0]):
        parts["message"] = None  # quotes around it, or two quoted parts?
    url = parts.get("url")
    if url is not None:
        # the path stands with its query; a whole address or a fragment is another matter
        parts["path"] = url if re.fullmatch(r"/[^#]*", url) else None
    fields = dict(parts)
    for name, others in OTHER_NAMES.items():
        if name in parts:
            for other in others:
                fields.setdefault(other, parts[name])
    return fields


def _read_pairs(line):
    reader = re.compile(PAIR)
    fields = {}
    place = 0
    while place < len(line):
        hit = reader.match(line, place)
        if hit is None:
            raise ValueError("not a log line of a known form")
        key, value = hit["key"], hit["value"]
        if value[:1] in ("\"", "'"):
            value = value[1:-1]
            if "\\" in value:
                value = None  # as it stands, or with the escapes undone?
        fields[key] = None if key in fields else value
        place = hit.end()
    if len(fields) < 2:
        raise ValueError("not a log line of a known form")
    return fields


def _read_json(line):
    if "\\" in line:
        raise ValueError("escapes in the line")
    pairs = json.loads(line, parse_int=str, parse_float=str, parse_constant=str,
                       object_pairs_hook=list)
    fields = {}
    for key, value in pairs:
        if value is True:
            value = "true"
        elif value is False:
            value = "false"
        elif not isinstance(value, str):
            value = None
        fields[key] = None if key in fields else value
    return fields


def _split(text):
    """Ways to split the question into the instruction and the log line."""
    mark = re.search(r"(?:^|(?<=[.;:!?] )|(?<=\n))(?:The )?[Ll]og line(?: is)?:\s+", text)
    if mark is not None:
        before, after = text[:mark.start()], text[mark.end():]
        if not before.strip() and "\n" in after:
            line, _, rest = after.partition("\n")
            return [(rest, line)]
        return [(before, after)]
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) >= 4 and lines[-1].strip() == "```" and lines[-3].strip() in (
            "```", "```text", "```log"):
        lines = lines[:-3] + [lines[-2]]
    if len(lines) < 2:
        return []
    return [("\n".join(lines[:-1]), lines[-1]), ("\n".join(lines[1:]), lines[0])]


def _read_instruction(text):
    """The keys that an instruction names, or None if it is not wholly understood."""
    text = " ".join(text.split())
    forms = (
        r"(?i)\b(?:keys|key|fields|field),?(?: are)? \(?" + ORDER + r"\)?(?: are)?: ?"
        r"(?P<list>" + NAME_LIST + r")(?=[.;](?:\s|$)|$)",
        r"(?i)\b(?:keys|fields):? (?P<list>" + NAME_LIST + r"),? \(?" + ORDER + r"\)?(?=[.;,\s]|$)",
    )
    hits = []
    for form in forms:
        hits = list(re.finditer(form, text))
        if hits:
            break
    if len(hits) != 1:
        return None
    hit = hits[0]
    keys = []
    for name in re.split(r", and |, | and ", hit["list"]):
        if name[0] in "\"'`" or name[-1] in "\"'`":
            if len(name) < 3 or name[0] != name[-1]:
                return None
            name = name[1:-1]
        keys.append(name)
    if len(set(keys)) != len(keys):
        return None

    rest = (text[:hit.start()] + " , " + text[hit.end():]).lower()
    if not re.search(r"\bjson\b", rest):
        return None
    needed = (
        # without the quotes that stand around a value
        r"\bwithout (?:the |any |their )?(?:surrounding|enclosing|outer) (?:double )?"
        r"(?:quotes|quotation marks)\b",
        # compact
        r"\b(?:compact|minified|(?:without|no|with no) (?:any )?(?:extra )?(?:spaces|whitespace))"
        r"(?=[\s,.;:)]|$)",
        # all values are strings
        r"\b(?:(?:all|every|each) )?(?:the )?values? (?:are |is |as |must be |should be )"
        r"(?:all )?(?:a )?(?:json )?strings?\b",
        # as they stand
        r"\b(?:as (?:they|it) (?:stand|stands|appear|appears|are written|is written)"
        r"|verbatim|unchanged)\b",
    )
    for phrase in needed:
        rest, count = re.subn(phrase, " ", rest)
        if count == 0:
            return None
    glue = set(GLUE.split())
    for word in re.findall(r"[a-z]+(?:-[a-z]+)*", rest):
        if word not in glue:
            return None
    if re.sub(r"[a-z]+(?:-[a-z]+)*|[\s,.;:()]", "", rest):
        return None
    return keys


def parse(question: str) -> dict:
    if not isinstance(question, str):
        raise NotThisTask("not a text")
    text = question.replace("\r\n", "\n").strip("\n")
    for instruction, line in _split(text):
        keys = _read_instruction(instruction)
        if keys is None:
            continue
        line = line.lstrip(" ")
        try:
            log_line_fields(line, keys)
        except (ValueError, TypeError) as error:
            raise NotThisTask(str(error))
        return {"line": line, "keys": keys}
    raise NotThisTask("no question that picks fields out of a log line")


def render(result, question: str) -> str:
    if not isinstance(result, str):
        raise NotThisTask("no line of JSON")
    return result
