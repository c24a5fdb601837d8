"""The control: the same attacks in a plain interpreter without a sandbox, where they have to succeed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from attacks.attack import FORGED, Attack
from attacks.outside import Outside
from attacks.poisoning import HOLDS, NEIGHBOUR

ENDLESS = 1.0  # seconds after which what still runs counts as endless
PLAIN = """
import json, random, sys
random.seed(0)  # as every call of a sandbox begins
asked = json.loads(sys.stdin.read())
space = {"__name__": "tool"}
exec(asked["source"], space)
print("result:", space["f"](asked["told"]))
exec(asked["neighbour"], neighbour := {})
print("neighbour:", neighbour["f"]() == asked["holds"])
"""


def unprotected(attack: Attack, outside: Outside) -> tuple[str, bool]:
    """What the attack wrote to standard output in a plain subprocess, and whether it had to be stopped."""
    asked = {"source": attack.program.source, "told": outside.told(), "neighbour": NEIGHBOUR.source, "holds": HOLDS}
    environment = {"HOME": str(outside.home), "LATM_CANARY": outside.secret, "PATH": os.defpath}
    process = subprocess.Popen(
        [sys.executable, "-c", PLAIN],
        stdin=-1,
        stdout=-1,
        stderr=-3,
        cwd=outside.cwd,
        env=environment,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(json.dumps(asked).encode(), ENDLESS if attack.proof == "endless" else 20)
        return said.decode("utf-8", "replace"), False
    except subprocess.TimeoutExpired:
        return "", True
    finally:
        process.kill()
        process.communicate()


def succeeded(attack: Attack, folder: Path) -> bool:
    """Whether the attack does here what it is meant to, by its own proof. folder: for canaries of its own."""
    outside = Outside(folder, folder)
    try:
        said, stopped = unprotected(attack, outside)
        traces = outside.traces()
    finally:
        outside.close()
    return {
        "secret": outside.secret in said,
        "trace": bool(traces),
        "loot": "result: ['" in said or 'result: ["' in said,
        "forged": f'{{"returned": "{FORGED}"}}' in said,
        "poisoned": "neighbour: True" not in said,
        "endless": stopped,
    }[attack.proof]
