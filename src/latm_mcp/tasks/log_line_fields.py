"""Log lines of four common forms, of which some fields are wanted as compact JSON."""

import json
import random
from datetime import datetime, timedelta

from latm_mcp.models import Example

DESCRIPTION = "Pick fields out of a log line and give them as one line of JSON."

FIRST = datetime(2023, 1, 1)
SPAN = 3 * 365 * 24 * 3600  # seconds from FIRST within which all lines are written
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
PATHS = "/ /login /api/v1/orders /api/v1/orders/118 /static/app.js /search?q=red+shoes /health /img/logo.png"
METHODS = "GET GET POST PUT DELETE HEAD"
STATUSES = "200 201 204 301 304 400 401 404 500 502"
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)",
    "curl/8.5.0",
    "python-requests/2.32.3",
)
HOSTS = "web-1 web-2 db01 mail gateway build-7"
PROCESSES = "sshd cron nginx postfix/smtpd systemd dockerd"
MODULES = "payments.api auth.session worker.queue db.pool mailer http.client"
LEVELS = "DEBUG INFO WARNING ERROR"
MESSAGES = (
    "Accepted publickey for deploy from 10.0.0.{} port 50{}",
    "retry {} of {} after timeout",
    'could not open "/var/lib/app/{}.lock": error {}',
    "order {} paid: total={} EUR",
    "[cache] evicted {} entries - {} ms",
    "connection {} closed by peer: reset after {} bytes",
)

WORDINGS = (
    "Give these fields of the log line as one line of JSON without spaces between its parts, "
    "all values as strings just as they stand but without surrounding quotes, keys in this order: {keys}. "
    "Log line: {line}",
    "Turn the log line below into compact one-line JSON. Keys, in this order: {keys}. "
    "All values are strings, copied as they stand but without surrounding quotes.\n{line}",
)

Line = tuple[str, dict[str, str]]


def generate(rng: random.Random) -> Example:
    """One line and 2 to 6 of its fields, in an order that the question states."""
    line, fields = rng.choice((access_line, syslog_line, app_line, key_value_line))(rng)
    keys = rng.sample(tuple(fields), rng.randint(2, min(6, len(fields))))
    answer = json.dumps({key: fields[key] for key in keys}, separators=(",", ":"))
    question = rng.choice(WORDINGS).format(keys=", ".join(keys), line=line)
    return Example(question=question, answer=answer, standing="confirmed")


def moment(rng: random.Random) -> datetime:
    """A second of three years."""
    return FIRST + timedelta(seconds=rng.randrange(SPAN))


def message(rng: random.Random) -> str:
    """A message with two numbers in it, sometimes with quotes, brackets or an equals sign."""
    return rng.choice(MESSAGES).format(rng.randrange(1, 255), rng.randrange(1, 9999))


def access_line(rng: random.Random) -> Line:
    """nginx and Apache: common log format, in half of the lines combined with referer and agent."""
    at = moment(rng)
    fields = {
        "ip": ".".join(str(rng.randrange(1, 255)) for _ in range(4)),
        "user": rng.choice(("-", "-", "alice", "bob")),
        "time": f"{at.day:02}/{MONTHS.split()[at.month - 1]}/{at:%Y:%H:%M:%S} +0000",
        "method": rng.choice(METHODS.split()),
        "path": rng.choice(PATHS.split()),
        "status": rng.choice(STATUSES.split()),
        "bytes": rng.choice(("-", str(rng.randrange(20, 99_999)), str(rng.randrange(20, 9_999)))),
    }
    line = '{ip} - {user} [{time}] "{method} {path} HTTP/1.1" {status} {bytes}'.format(**fields)
    if rng.random() < 0.5:
        fields["referer"] = rng.choice(("-", "https://shop.example/cart", "https://www.example.org/"))
        fields["agent"] = rng.choice(AGENTS)
        line += ' "{referer}" "{agent}"'.format(**fields)
    return line, fields


def syslog_line(rng: random.Random) -> Line:
    """The old BSD form, its day of the month padded with a space."""
    at = moment(rng)
    fields = {
        "time": f"{MONTHS.split()[at.month - 1]} {at.day:2} {at:%H:%M:%S}",
        "host": rng.choice(HOSTS.split()),
        "process": rng.choice(PROCESSES.split()),
        "pid": str(rng.randrange(100, 65_000)),
        "message": message(rng),
    }
    return "{time} {host} {process}[{pid}]: {message}".format(**fields), fields


def app_line(rng: random.Random) -> Line:
    """An application's own log: `2024-05-06T07:08:09Z ERROR [db.pool] message`."""
    fields = {
        "time": f"{moment(rng).isoformat()}Z",
        "level": rng.choice(LEVELS.split()),
        "module": rng.choice(MODULES.split()),
        "message": message(rng),
    }
    return "{time} {level} [{module}] {message}".format(**fields), fields


def key_value_line(rng: random.Random) -> Line:
    """logfmt; values with spaces stand in double quotes, which are no part of the value."""
    fields = {
        "ts": f"{moment(rng).isoformat()}Z",
        "level": rng.choice(LEVELS.split()).lower(),
        "caller": f"{rng.choice(MODULES.split())}:{rng.randrange(10, 900)}",
        "msg": rng.choice(("request done", "job failed", "cache miss", "started", "slow query", "user signed in")),
        "user": rng.choice(("alice", "bob", "carol", "svc-batch")),
        "took": f"{rng.randrange(1, 5000)}ms",
    }
    pairs = (f'{key}="{value}"' if " " in value else f"{key}={value}" for key, value in fields.items())
    return " ".join(pairs), fields
