"""For tests: the peers, where they are installed; the plain test run downloads nothing."""

import os
from pathlib import Path

import pytest
from peers.places import Places


def installed() -> Places:
    """What LATM_PEERS names. Skips the test where nothing is named; fails it where what is named does not hold all."""
    named = os.environ.get("LATM_PEERS")
    if not named:
        pytest.skip(
            "other people's MCP programs: `python tests/peers --into FOLDER` installs them, LATM_PEERS=FOLDER tests with them"
        )
    places = Places(Path(named).absolute())
    assert places.missing() == [], f"not in LATM_PEERS={named}: run `python tests/peers --into {named}`"
    return places
