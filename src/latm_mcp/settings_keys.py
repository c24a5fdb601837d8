"""Keys in the system's key store: one for each role, kept with the address that it goes to, and the token of `serve --http`.

Whatever the store does, it holds nobody up: it may ask the person at the screen to unlock it, and there may be none.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from latm_mcp.errors import BadInput
from latm_mcp.settings import Settings
from latm_mcp.settings_models import ROLES

SERVICE = "latm-mcp"
HTTP = "http"
OWNERS: tuple[str, ...] = (*ROLES, HTTP)
SECONDS = 5.0  # that a request waits for the store
NO_STORE = "There is no key store on this machine: keys come from the environment or from the settings file."
BUSES = Path("/run/user")  # where Linux desktops keep each user's socket for messages between programs
PERSON_SECONDS = 120.0  # for a person, who may have to unlock it

T = TypeVar("T")


class FoundKey(NamedTuple):
    """A key, or why there is none although one may have been kept. Both empty: none was kept."""

    key: str | None = None
    why_not: str = ""

    def __repr__(self) -> str:
        return f"FoundKey({'set' if self.key else None}, {self.why_not!r})"


class KeyStoreFailed(BadInput):
    """The key store is not there, is locked, or does not do as it is told."""


@dataclass(frozen=True, slots=True)
class KeyStore:
    """The key store as a person sees it. kept: whose keys it has, each with the address that the key is for."""

    name: str | None = None
    kept: Mapping[str, str | None] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What stands in the store. address: where the key may go; None for the token, which goes nowhere."""

    key: str = field(repr=False)
    address: str | None = None


class KeyFinder:
    """Looks a role's key up when it is called, for one address. A store that is still busy is not asked a second time."""

    def __init__(self, role: str, address: str | None, seconds: float = SECONDS):
        self.role, self.address = role, address
        self._seconds = seconds
        self._asking: _Asked[_Kept | None] | None = None

    def __call__(self) -> FoundKey:
        """The key; never raises for what is wrong with the store."""
        asked, self._asking = self._asking, None
        if asked is None or asked.failed:  # by now it may be unlocked
            asked = _Asked(lambda: _read(self.role), self.role)
        try:
            kept = asked.wait(self._seconds)
        except TimeoutError:
            self._asking = asked
            return FoundKey(None, _locked(self.role, self._seconds))
        except KeyStoreFailed as error:
            return FoundKey(None, str(error))
        if kept is None:
            return FoundKey()
        if kept.address != self.address:
            return FoundKey(None, elsewhere(self.role, kept.address, self.address))
        return FoundKey(kept.key)


def stored_key(role: str, address: str | None = None, seconds: float = SECONDS) -> FoundKey:
    """The key of a role that was kept for this address, or the token ("http", with no address), and why there is none."""
    return KeyFinder(role, address, seconds)()


def http_token(settings: Settings) -> str | None:
    """The token that clients of `serve --http` must show: the settings', else the key store's, else none.

    Raises: BadInput where the store cannot be read: a token may be in it, and serving without would let everybody in.
    """
    if settings.http.token is not None:
        return settings.http.token
    found = stored_key(HTTP)
    if found.why_not:
        raise BadInput(f"{found.why_not} Serving over HTTP waits for that, since its token may be in there.")
    return found.key


def keep_key(role: str, key: str, address: str | None) -> None:
    """Keep a key, in place of the one before. Raises: KeyStoreFailed, also where the store forgets what it was given."""
    text = json.dumps({"key": key, "address": address})

    def keep() -> bool:
        import keyring

        keyring.set_password(SERVICE, role, text)
        return keyring.get_password(SERVICE, role) == text

    if not _by_person(role, keep):
        raise KeyStoreFailed(f"The key store took the key and did not keep it: {_instead(role)}.")


def remove_key(role: str) -> bool:
    """Take a role's key out of the store; False where there was none. Raises: KeyStoreFailed."""

    def remove() -> bool:
        import keyring

        there = keyring.get_password(SERVICE, role) is not None
        if there:
            keyring.delete_password(SERVICE, role)
        return there

    return _by_person(role, remove)


def look(seconds: float = SECONDS) -> KeyStore:
    """What the key store is and whose keys it has; never raises for what is wrong with it."""

    def looked() -> KeyStore:
        import keyring
        import keyring.backends.fail

        store = keyring.get_keyring()
        if isinstance(store, keyring.backends.fail.Keyring):
            raise KeyStoreFailed(NO_STORE)
        kept = {role: held.address for role in OWNERS if (held := _read(role)) is not None}
        return KeyStore(str(store.name), kept)

    try:
        return _Asked(looked, None).wait(seconds)
    except TimeoutError:
        return KeyStore(problem=_locked(None, seconds))
    except KeyStoreFailed as error:
        return KeyStore(problem=str(error))


def _by_person(role: str, work: Callable[[], T]) -> T:
    try:
        return _Asked(work, role).wait(PERSON_SECONDS)
    except TimeoutError:
        raise KeyStoreFailed(_locked(role, PERSON_SECONDS)) from None


def _read(role: str) -> _Kept | None:
    import keyring
    import keyring.errors

    try:
        text = keyring.get_password(SERVICE, role)
    except keyring.errors.NoKeyringError:
        return None  # then nothing was kept
    if text is None:
        return None
    try:
        held = json.loads(text)
        return _Kept(held["key"], held["address"])
    except (ValueError, TypeError, KeyError):
        raise KeyStoreFailed(
            f"What the key store holds for {role} was not put there by latm-mcp: run `latm-mcp config key {role}`."
        ) from None


def elsewhere(role: str, meant: str | None, now: str | None) -> str:
    """Why a kept key is not used: a key goes only to the address that it was kept for."""
    return (
        f"The key that is kept for {role} is for {meant} and goes nowhere else; the endpoint is now {now}. Run "
        f"`latm-mcp config key {role}` to keep one for that."
    )


class _Asked(Generic[T]):
    """One piece of work with the key store, in a thread that nobody has to wait for, not even the end of the process."""

    def __init__(self, work: Callable[[], T], role: str | None):
        self._work, self._role = work, role
        self._done: list[T] = []
        self.failed: KeyStoreFailed | None = None
        self._thread = threading.Thread(target=self._run, name="latm-mcp key store", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> T:
        """What it came to. Raises: TimeoutError, KeyStoreFailed."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TimeoutError
        if self.failed is not None:
            raise self.failed
        return self._done[0]

    def _run(self) -> None:
        _find_bus()
        try:
            self._done.append(self._work())
        except KeyStoreFailed as error:
            self.failed = error
        except Exception as error:  # noqa: BLE001 raised to whoever waits: a store raises what it likes
            self.failed = KeyStoreFailed(_failed(self._role, error))


def _find_bus() -> None:
    """Tell the key store of a Linux desktop where it is: clients start servers without this variable."""
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ and hasattr(os, "getuid"):
        bus = BUSES / str(os.getuid()) / "bus"
        with suppress(OSError):
            if bus.is_socket() and bus.stat().st_uid == os.getuid():
                os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"


def _failed(role: str | None, error: Exception) -> str:
    # Only the kind of error: what a store says may hold what it was given.
    if type(error).__name__ == "NoKeyringError":
        return f"There is no key store on this machine: {_instead(role)}."
    if type(error).__name__ == "KeyringLocked":
        return f"The key store is locked: unlock it and try again, or {_instead(role)}."
    return f"The key store does not work here ({type(error).__name__}): {_instead(role)}."


def _locked(role: str | None, seconds: float) -> str:
    return f"The key store did not answer within {seconds:g} s: unlock it and try again, or {_instead(role)}."


def _instead(role: str | None) -> str:
    """Where else a key can be; None: anybody's."""
    if role is None:
        return "give keys in the environment or in the settings file"
    name = "token" if role == HTTP else "api_key"
    return f"set LATM_{role.upper()}_{name.upper()}, or {name} under [{role}] in the settings file"
